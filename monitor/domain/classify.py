"""From the outcome of an exchange to a finding: status, fault domain, reason, advice.

A small engine over tables. Owns the order in which an outcome is looked at and how a reason is worded; the rules are
rows of `answer_rows` and `error_rows`, and `docs/classification.md` shows them all. Pure: never raises, reads no clock.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from monitor.domain.answer_rows import NO_ANSWER_ROWS
from monitor.domain.ask import Ask
from monitor.domain.body import Body, Shape, is_html, read_body
from monitor.domain.check import Check, CheckKind
from monitor.domain.dialect import Dialect
from monitor.domain.error_rows import ERROR_ROWS, IN_BAND_ROW
from monitor.domain.error_shapes import UpstreamError, error_of
from monitor.domain.judgement import Judgement, by_reading
from monitor.domain.limits import Limit, limits_of
from monitor.domain.model_list import ModelList, read_model_list
from monitor.domain.outcome import Answer, NoAnswer, NoAnswerKind, Outcome
from monitor.domain.reading import Reading
from monitor.domain.redact import Redactor
from monitor.domain.refusal_rows import least_tokens
from monitor.domain.reply import NOT_COUNTED, Reply
from monitor.domain.result import FaultDomain, Finding, Refusal, Status, Verdict
from monitor.domain.retry_after import retry_after_s
from monitor.domain.rulings import IN_BAND, ErrorRow, Evidence, ReadingRow
from monitor.domain.stream import Streamed
from monitor.domain.success import weighed

REASON_LIMIT = 200
_MODEL_LIMIT = 128
_WORDS_LOOKED_AT = 4096
_REQUEST_ID_LIMIT = 64
_REQUEST_ID_HEADERS = (
    "x-request-id",
    "request-id",
    "x-litellm-call-id",
    "apim-request-id",
    "x-ms-request-id",
    "x-oneapi-request-id",
    "x-amzn-requestid",
    "cf-ray",
)
_NOT_IN_REQUEST_ID = re.compile(r"[^A-Za-z0-9._:-]")
_BROKEN_OFF = frozenset({NoAnswerKind.CUT_IN_BODY, NoAnswerKind.TOO_LARGE, NoAnswerKind.UNDECODABLE})
_UNREAD_AS = {
    Shape.HTML: Reading.HTML,
    Shape.STREAM: Reading.STREAM,
    Shape.TEXT: Reading.TEXT,
    Shape.EMPTY: Reading.EMPTY_BODY,
}
_PLAIN_UP = Verdict(Status.UP)


def classify(
    check: Check,
    outcome: Outcome,
    *,
    dialect: Dialect,
    redactor: Redactor,
    now_s: float,
    ask: Ask | None = None,
    configured_models: Sequence[str] = (),
    list_is_404: bool = False,
) -> Finding:
    """All that can be read from one outcome; never raises.

    Args:
        check: what was probed.
        outcome: what came back.
        dialect: reads answers of the check's protocol.
        ask: what the model was asked; None for a model list.
        redactor: knows the secrets that must not be in a reason.
        now_s: seconds since 1970, against which dates in retry hints are read.
        configured_models: the ids that a model list should contain.
        list_is_404: the last probe of the endpoint's model list gave 404.
    """
    judgement = judge(check, outcome, dialect, ask, configured_models)
    verdict = _PLAIN_UP
    if judgement.row.ruling.status is not Status.UP or judgement.says is not None:
        verdict = _verdict(check, outcome, judgement, redactor=redactor, now_s=now_s, list_is_404=list_is_404)
    return _finding(
        verdict,
        judgement,
        request_id=_request_id(outcome.headers, judgement.error, redactor),
        answered_by=_answered_by(ask, judgement.reply, redactor),
        limits=limits_of(outcome.headers, now_s),
    )


def _finding(
    verdict: Verdict,
    judgement: Judgement,
    *,
    request_id: str | None,
    answered_by: str | None,
    limits: tuple[Limit, ...],
) -> Finding:
    row, reply = judgement.row, judgement.reply
    error_row = row if isinstance(row, ErrorRow) else None
    return Finding(
        verdict,
        request_id,
        NOT_COUNTED if reply is None else reply.usage,
        token_parameter_refused=error_row is not None and error_row.refuses_max_tokens,
        answered_by=answered_by,
        reading=row.reading if isinstance(row, ReadingRow | ErrorRow) else None,
        limits=limits,
        listed=judgement.listed,
        kinds=judgement.kinds,
        refused=None if error_row is None else error_row.refuses,
        least_tokens=_least_tokens(judgement),
        calls=() if reply is None else reply.tool_calls,
    )


def _answered_by(ask: Ask | None, reply: Reply | None, redactor: Redactor) -> str | None:
    """Who says that it answered; what stands in the configuration need not be cleaned."""
    name = None if reply is None else reply.model
    return name if name is None or (ask is not None and name == ask.model) else redactor.clean(name, _MODEL_LIMIT)


def judge(
    check: Check, outcome: Outcome, dialect: Dialect, ask: Ask | None = None, configured_models: Sequence[str] = ()
) -> Judgement:
    """The row that rules, before anything is redacted; for `classify`, and for whoever must explain it."""
    if isinstance(outcome, NoAnswer):
        return _judge_silence(check, outcome)
    judgement = _judge_answer(check, outcome, dialect, ask, configured_models)
    return weighed(check, outcome, ask, judgement) if judgement.row.ruling.status is Status.UP else judgement


def _judge_silence(check: Check, silence: NoAnswer) -> Judgement:
    if silence.kind in _BROKEN_OFF and (silence.http_status or 0) in range(400, 600):
        shape = Shape.HTML if is_html(silence.headers.get("content-type", "")) else Shape.EMPTY
        return _judge_error(check, silence.http_status or 0, shape, UpstreamError(), unread=silence.detail)
    stream = silence.stream
    if stream is not None and (silence.kind is NoAnswerKind.CUT_IN_BODY or stream.reply.error is not None):
        return _judge_stream(check, silence.http_status or 0, stream)
    row = next(row for row in NO_ANSWER_ROWS if silence.kind in row.kinds)
    return Judgement(row, silence.detail)


def _judge_answer(
    check: Check, answer: Answer, dialect: Dialect, ask: Ask | None, configured_models: Sequence[str]
) -> Judgement:
    code = answer.http_status
    if 200 <= code < 300:  # noqa: PLR2004  HTTP's own classes of codes
        if answer.stream is not None:
            return _judge_stream(check, code, answer.stream)
        return _judge_good_code(check, answer, dialect, ask, configured_models)
    if 300 <= code < 400:  # noqa: PLR2004
        return by_reading(Reading.REDIRECT, code, _host(answer.headers.get("location")))
    if not 400 <= code < 600:  # noqa: PLR2004
        return by_reading(Reading.ODD_STATUS, code)
    body = read_body(answer.body, answer.headers.get("content-type", ""))
    return _judge_error(check, code, body.shape, error_of(body) or UpstreamError())


def _judge_good_code(
    check: Check, answer: Answer, dialect: Dialect, ask: Ask | None, configured_models: Sequence[str]
) -> Judgement:
    code, body = answer.http_status, read_body(answer.body, answer.headers.get("content-type", ""))
    if body.shape is not Shape.JSON:
        return _judge_unread(check, code, body)
    if check.kind is CheckKind.MODELS:
        return _judge_list(check, code, read_model_list(body.document, configured_models), body)
    reply = dialect.read(body.document)
    if reply.error is not None:
        return _judge_error(check, code, body.shape, reply.error, reply=reply)
    if body.damaged:
        return by_reading(Reading.DAMAGED, code, reply=reply)
    if ask is not None and ask.stream:
        return by_reading(Reading.NOT_STREAMED, code, reply=reply)
    return by_reading(reply.reading, code, reply.finish or "none", reply)


def _judge_list(check: Check, code: int, models: ModelList, body: Body) -> Judgement:
    if models.error is not None:
        return _judge_error(check, code, body.shape, models.error)
    judgement = by_reading(Reading.DAMAGED if body.damaged else models.reading, code, models.lacks or "")
    return replace(judgement, listed=models.listed, kinds=models.kinds)


def _judge_stream(check: Check, code: int, stream: Streamed) -> Judgement:
    reply = stream.reply
    if reply.error is not None:
        return _judge_error(check, code, Shape.JSON, reply.error, reply=reply)
    if stream.corrupt is not None:
        return by_reading(Reading.CORRUPT_STREAM, code, stream.corrupt, reply)
    if not stream.events:
        return by_reading(Reading.EMPTY_STREAM, code, reply=reply)
    if not stream.whole:
        return by_reading(Reading.CUT_STREAM, code, str(stream.times.pieces), reply)
    return by_reading(reply.reading, code, reply.finish or "none", reply)


def _judge_unread(check: Check, code: int, body: Body) -> Judgement:
    """A good code, and a body that is not JSON: its words may still tell what is wrong."""
    error = error_of(body)
    if error is not None:
        judgement = _judge_error(check, code, body.shape, error)
        if judgement.row is not IN_BAND_ROW:
            return judgement
    return by_reading(_UNREAD_AS[body.shape], code, body.text)


def _judge_error(
    check: Check,
    code: int,
    shape: Shape,
    error: UpstreamError,
    *,
    unread: str = "",
    reply: Reply | None = None,
) -> Judgement:
    in_band = code < 400  # noqa: PLR2004  the first code that is an error
    effective = (error.http_status or IN_BAND) if in_band else code
    words = " ".join(error.message[:_WORDS_LOOKED_AT].split())
    evidence = Evidence(check.kind, effective, shape, error, words)
    row = next((row for row in ERROR_ROWS if row.matches(evidence)), IN_BAND_ROW)
    said = row.says or words or unread or _said_by_shape(shape) or ", ".join(sorted(error.codes))
    prefix = f"HTTP {code}, but an error" if in_band else f"HTTP {code}"
    says = row.says or (f"{prefix}: {said}" if said else prefix)
    return Judgement(row, says, error, reply)


def _said_by_shape(shape: Shape) -> str:
    if shape is Shape.HTML:
        return "an HTML page instead of JSON"
    return "an empty body" if shape is Shape.EMPTY else ""


def _verdict(
    check: Check,
    outcome: Outcome,
    judgement: Judgement,
    *,
    redactor: Redactor,
    now_s: float,
    list_is_404: bool,
) -> Verdict:
    row, ruling, error = judgement.row, judgement.row.ruling, judgement.error or UpstreamError()
    fault, action = ruling.fault, ruling.action
    if fault is FaultDomain.MODEL and check.kind is CheckKind.MODELS and not ruling.loading:
        fault = FaultDomain.ENDPOINT  # a list has no model that could be at fault
    if list_is_404 and isinstance(row, ErrorRow) and row.action_without_list is not None:
        action = row.action_without_list
    wait_s = None
    if not ruling.status.is_success:
        wait_s = retry_after_s(
            outcome.headers,
            now_s=now_s,
            waits=error.waits,
            message=error.message,
            limited=ruling.status is Status.RATE_LIMITED,
        )
    reason = redactor.clean(judgement.says or "", REASON_LIMIT) or row.when
    return Verdict(ruling.status, fault, reason, action, wait_s, ruling.loading)


def _least_tokens(judgement: Judgement) -> int | None:
    row, error = judgement.row, judgement.error
    if error is None or not isinstance(row, ErrorRow) or row.refuses is not Refusal.FEW_TOKENS:
        return None
    return least_tokens(error.message[:_WORDS_LOOKED_AT])


def _request_id(headers: Mapping[str, str], error: UpstreamError | None, redactor: Redactor) -> str | None:
    """The request's id in letters that act nowhere; none at all if it smells of a secret."""
    raw = next((headers[name] for name in _REQUEST_ID_HEADERS if headers.get(name)), None)
    if raw is None:
        raw = error.request_id if error is not None else None
    if not raw:
        return None
    cleaned = _NOT_IN_REQUEST_ID.sub("", raw[: 4 * _REQUEST_ID_LIMIT])
    return cleaned[:_REQUEST_ID_LIMIT] if cleaned and redactor.is_harmless(cleaned) else None


def _host(location: str | None) -> str:
    """Only the host of where a redirect leads: path and query may hold what nobody should see."""
    try:
        host = urlsplit((location or "").strip()).hostname
    except ValueError:
        host = None
    return host or ("another path" if location else "nowhere")
