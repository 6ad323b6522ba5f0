"""What is fuzzed: each target takes any bytes, and an assertion fails if something is wrong with what became of them.

Targets read the first bytes of an input as choices (which protocol, which code, where the network cuts) and the rest as
what the other side sent. So one corpus of inputs serves mutation and coverage-guided engines alike.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import cycle

from monitor.domain.ask import Ask
from monitor.domain.body import Shape, read_body
from monitor.domain.check import Check, CheckKind
from monitor.domain.classify import REASON_LIMIT, classify
from monitor.domain.error_shapes import error_in, error_of, marked_error
from monitor.domain.limits import limits_of
from monitor.domain.outcome import Answer, NoAnswer, NoAnswerKind, Outcome
from monitor.domain.redact import Redactor
from monitor.domain.reply import TEXT_KEPT
from monitor.domain.result import Finding, Status
from monitor.domain.retry_after import retry_after_s
from monitor.domain.sse import Event, SseParser
from monitor.domain.stream import Streamed, StreamRecorder
from monitor.probes.body import MAX_BODY_BYTES, BodyFault, Decoder
from monitor.protocols.registry import BUILT_IN

PROTOCOLS = tuple(BUILT_IN.values())
SECRET = "sk-proj-Zq81LmPw0xYt55KcVb9d-abcd"
REDACTOR = Redactor([SECRET])
CODES = (200, 200, 200, 201, 204, 302, 400, 401, 402, 403, 404, 408, 422, 429, 498, 500, 502, 503, 504, 529)
TYPES = ("application/json", "text/event-stream", "text/html", "text/plain", "")
CUTS = ((1 << 20,), (1,), (2, 3, 5, 7), (64, 1), (1448,))
LONGEST_CUT_TO_BYTES = 20_000
MOST_PIECES = 128
CHAT = Check("gw/chat/acme/m", "gw", CheckKind.CHAT, "acme/m", "acme", stream=True)
LIST = Check("gw/models", "gw", CheckKind.MODELS, None, "gw")
ASK = Ask("acme/m", "Say OK.", 16)
HEADERS = (
    "retry-after",
    "retry-after-ms",
    "x-ratelimit-reset",
    "x-ratelimit-remaining-requests",
    "x-request-id",
    "date",
)

Target = Callable[[bytes], None]


def _pieces(raw: bytes, choice: int) -> Iterator[bytes]:
    sizes = CUTS[choice % len(CUTS)] if len(raw) <= LONGEST_CUT_TO_BYTES else CUTS[choice % 2 * 4]
    start = 0
    for size in cycle(sizes):
        if start >= len(raw):
            return
        yield raw[start : start + size]
        start += size


def sse(data: bytes) -> None:
    """Events are the same however the bytes are cut."""
    choice, raw = data[0] if data else 0, data[1:]
    assert _events(_pieces(raw, choice)) == _events(iter((raw,)))


def _events(parts: Iterator[bytes]) -> list[Event | None]:
    parser = SseParser()
    return [*(event for part in parts for event in parser.feed(part)), parser.close()]


def stream(data: bytes) -> None:
    """A stream is recorded within its bounds, the same however it is cut, and judged."""
    first, second, raw = (data[0], data[1], data[2:]) if len(data) > 1 else (0, 0, data)
    number = first % len(PROTOCOLS)
    recorded = _recorded(number, _pieces(raw, second))
    assert recorded == _recorded(number, iter((raw,)))
    ask = replace(ASK, stream=True)
    if recorded is None:
        _judged(number, Answer(200, {}, raw[:MAX_BODY_BYTES]), ask)
        return
    assert recorded.times.pieces <= MOST_PIECES
    assert len(recorded.reply.text) <= TEXT_KEPT
    assert all(len(call.arguments) <= TEXT_KEPT for call in recorded.reply.tool_calls)
    finding = _judged(number, Answer(200, {}, b"", stream=recorded), ask)
    refused_by_filter = recorded.reply.error is not None
    if finding.verdict.status.is_success:
        assert recorded.whole or refused_by_filter
        assert recorded.corrupt is None
    cut = _judged(number, NoAnswer(NoAnswerKind.CUT_IN_BODY, "cut", 200, stream=recorded), ask)
    assert not cut.verdict.status.is_success or recorded.whole or refused_by_filter


def _recorded(number: int, parts: Iterator[bytes]) -> Streamed | None:
    recorder = StreamRecorder(PROTOCOLS[number], MOST_PIECES)
    for part in parts:
        recorder.feed(part, 1.0)
        if recorder.enough:
            break
    return recorder.close()


def answer(data: bytes) -> None:
    """Any body under any code is judged, as a completion and as a model list."""
    first, second, third, raw = (*data[:3], data[3:]) if len(data) > 3 else (0, 0, 0, data)
    headers = {"content-type": TYPES[third % len(TYPES)]}
    outcome = Answer(CODES[second % len(CODES)], headers, raw[:MAX_BODY_BYTES])
    _judged(first % len(PROTOCOLS), outcome, ASK)
    _judged(first % len(PROTOCOLS), outcome, None)


def _judged(number: int, outcome: Outcome, ask: Ask | None) -> Finding:
    check = LIST if ask is None else CHAT
    finding = classify(
        check,
        outcome,
        dialect=PROTOCOLS[number],
        redactor=REDACTOR,
        now_s=1_800_000_000.0,
        ask=ask,
        configured_models=("acme/m", "acme/other"),
    )
    verdict = finding.verdict
    assert (verdict.fault_domain is None) == (verdict.status is Status.UP)
    assert verdict.status is Status.UP or verdict.reason
    assert verdict.reason is None or (len(verdict.reason) <= REASON_LIMIT and verdict.reason.isprintable())
    assert SECRET not in f"{verdict.reason}{finding.request_id}{finding.answered_by}"
    assert verdict.retry_after_s is None or 0 < verdict.retry_after_s <= 86_400
    if isinstance(outcome, Answer) and outcome.http_status >= 400 and verdict.status.is_success:
        assert outcome.http_status in (400, 403)
    return finding


def document(data: bytes) -> None:
    """Any JSON value is read by every protocol, as an answer and as an event."""
    name, _, raw = data.partition(b"\n")
    body = read_body(raw[:MAX_BODY_BYTES])
    if body.shape is not Shape.JSON:
        return
    for protocol in PROTOCOLS:
        reply = protocol.read(body.document)
        assert len(reply.text) <= TEXT_KEPT
        protocol.piece(name.decode("utf-8", "replace"), body.document)


def shapes(data: bytes) -> None:
    """Any body is searched for an error."""
    body = read_body(data[:MAX_BODY_BYTES])
    for error in (error_of(body), error_in(body.document), marked_error(body.document)):
        assert error is None or error.http_status is None or 400 <= error.http_status <= 599


def hints(data: bytes) -> None:
    """Any header and any message is searched for a wait and for limits."""
    lines = data.decode("utf-8", "replace").split("\n")
    headers: Mapping[str, str] = dict(zip(HEADERS, lines, strict=False))
    wait_s = retry_after_s(headers, now_s=1_800_000_000.0, waits=lines[:4], message=lines[-1], limited=True)
    assert wait_s is None or 0 < wait_s <= 86_400
    for number, line in enumerate(lines[:8]):
        limits_of({f"x-ratelimit-{('limit', 'remaining', 'reset')[number % 3]}-requests": line}, 1_800_000_000.0)
        limits_of({f"anthropic-ratelimit-tokens-{('limit', 'remaining', 'reset')[number % 3]}": line}, 1_800_000_000.0)


def encoding(data: bytes) -> None:
    """Any bytes under any encoding are taken apart within the bound."""
    first, second, raw = (data[0], data[1], data[2:]) if len(data) > 1 else (0, 0, data)
    decoder = Decoder(("gzip", "deflate", "identity", "x-gzip")[first % 4])
    size = 0
    for part in _pieces(raw, second):
        plain = decoder.feed(part)
        if isinstance(plain, BodyFault):
            return
        size += len(plain)
    decoder.close()
    assert size <= MAX_BODY_BYTES


TARGETS: Mapping[str, Target] = {
    target.__name__: target for target in (sse, stream, answer, document, shapes, hints, encoding)
}


def prefix(name: str, choices: tuple[int, int, int]) -> bytes:
    """The bytes that a target reads as choices."""
    length = {"sse": 1, "stream": 2, "answer": 3, "encoding": 2}.get(name, 0)
    return b"\n" if name == "document" else bytes(choices[:length])


def as_json(raw: bytes) -> object:
    """The JSON value of these bytes; None where they are none."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None
