"""Whatever comes back, classification ends in a legal finding, and UP means that there was an answer."""

import json
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.check import Check, CheckKind
from monitor.domain.classify import REASON_LIMIT, classify, judge
from monitor.domain.outcome import Answer, NoAnswer, NoAnswerKind, Outcome
from monitor.domain.redact import Redactor
from monitor.domain.result import Finding, Phases, Status
from monitor.domain.retry_after import MAX_RETRY_AFTER_S
from monitor.protocols.openai import OpenAi

CHECKS = (
    Check("gw/chat/m", "gw", CheckKind.CHAT, "m", "gw"),
    Check("gw/models", "gw", CheckKind.MODELS, None, "gw"),
)
SECRET = "sk-proj-Zq81LmPw0xYt55KcVb9d-abcd"
REDACTOR = Redactor([SECRET])
READ_THE_PROMPT = {"content-filter", "budget-ended"}
ALIVE_WITHOUT_WORDS = {"filtered", "length", "content-filter", "incomplete-list"}

WORDS = [
    "error",
    "message",
    "code",
    "type",
    "status",
    "details",
    "choices",
    "content",
    "finish_reason",
    "stop",
    "length",
    "content_filter",
    "data",
    "object",
    "list",
    "id",
    "models",
    "usage",
    "prompt_tokens",
    "completion_tokens",
    "param",
    "max_tokens",
    "metadata",
    "raw",
    "detail",
    "success",
    "base_resp",
    "status_code",
    "retryDelay",
    "request_id",
    "role",
    "reasoning",
    "tool_calls",
    "delta",
    "reason",
    "innererror",
    "text",
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([*WORDS, "Loading model", "model not found", SECRET, "insufficient_quota", "502", ""])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5)
        | st.fixed_dictionaries({"choices": st.lists(inner, max_size=3)})
        | st.fixed_dictionaries({"message": inner, "finish_reason": inner})
        | st.fixed_dictionaries({"error": inner})
    ),
    max_leaves=25,
)
BODIES = (
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | JSON.map(lambda value: json.dumps(value).encode())
    | JSON.map(lambda value: b"data: " + json.dumps(value).encode() + b"\n\n")
)
HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "retry-after", "retry-after-ms", "location", "x-request-id", "x-ratelimit-reset"]),
    st.text(max_size=40) | st.sampled_from(["text/html", "5", SECRET, f"https://{SECRET}@x.org/", SECRET[3:20]]),
    max_size=4,
)
CODES = st.sampled_from([200, 200, 201, 204, 302, 400, 401, 402, 403, 404, 408, 422, 429, 498, 500, 502, 503, 529])
PHASES = st.builds(Phases, total_ms=st.none() | st.floats())
ANSWERS = st.builds(Answer, CODES | st.integers(-1, 1000), HEADERS, BODIES, PHASES)
SILENCES = st.builds(NoAnswer, st.sampled_from(NoAnswerKind), st.text(max_size=40), st.none() | CODES, HEADERS, PHASES)


def assert_legal(check: Check, finding: Finding) -> None:
    """The rules that every finding keeps."""
    verdict = finding.verdict
    assert (verdict.fault_domain is None) == (verdict.status is Status.UP)
    assert (verdict.action is None) == (verdict.status is Status.UP)
    assert verdict.status is Status.UP or verdict.reason
    assert verdict.reason is None or (0 < len(verdict.reason) <= REASON_LIMIT and verdict.reason.isprintable())
    assert verdict.retry_after_s is None or 0 < verdict.retry_after_s <= MAX_RETRY_AFTER_S
    assert not verdict.loading or verdict.status is Status.OVERLOADED
    assert check.kind is CheckKind.CHAT or verdict.status is not Status.MODEL_NOT_FOUND
    assert finding.request_id is None or (finding.request_id.isascii() and 0 < len(finding.request_id) <= 64)
    for tokens in (finding.usage.input_tokens, finding.usage.output_tokens):
        assert tokens is None or 0 <= tokens < 2**31
    told = f"{verdict.reason} {finding.request_id}".lower()
    assert not any(SECRET.lower()[i : i + 6] in told for i in range(len(SECRET) - 5))


@given(check=st.sampled_from(CHECKS), outcome=ANSWERS | SILENCES, list_is_404=st.booleans(), now_s=st.floats(0, 4e9))
@settings(max_examples=600, deadline=None)
def test_any_outcome_gives_a_legal_finding(check: Check, outcome: Outcome, list_is_404: bool, now_s: float) -> None:  # noqa: FBT001  hypothesis passes by name
    """Nothing raises, whatever the bytes, headers and code are, and every finding is legal."""
    finding = classify(
        check,
        outcome,
        dialect=OpenAi(),
        redactor=REDACTOR,
        now_s=now_s,
        configured_models=("m", "acme/x"),
        list_is_404=list_is_404,
    )
    assert_legal(check, finding)


@given(document=JSON)
@settings(max_examples=600, deadline=None)
def test_a_success_holds_an_answer(document: Any) -> None:
    """A completion is a success only if something was said, or if a filter or the token limit stopped it."""
    body = json.dumps(document).encode()
    row = judge(CHECKS[0], Answer(200, {}, body), OpenAi()).row
    if not row.ruling.status.is_success or row.name in ALIVE_WITHOUT_WORDS:
        return
    read = json.loads(body)
    messages = [choice.get("message") for choice in read["choices"] if isinstance(choice, dict)]
    said = [value for message in messages if isinstance(message, dict) for value in message.values() if value]
    assert said


@given(document=JSON)
@settings(max_examples=300, deadline=None)
def test_a_good_list_holds_ids(document: Any) -> None:
    """A model list is a success only if there is a list, with ids in it unless it is empty."""
    row = judge(CHECKS[1], Answer(200, {}, json.dumps(document).encode()), OpenAi()).row
    if row.ruling.status.is_success and row.name not in ALIVE_WITHOUT_WORDS:
        entries = document if isinstance(document, list) else document.get("data") or document.get("models")
        assert any(isinstance(entry, dict) and entry.get(key) for entry in entries for key in ("id", "name", "model"))


@given(check=st.sampled_from(CHECKS), code=st.integers(400, 599), document=JSON)
@settings(max_examples=300, deadline=None)
def test_an_error_code_is_never_a_success(check: Check, code: int, document: Any) -> None:
    """From 400 on only what says that the prompt was read counts as alive: the filter, and the end of the budget."""
    try:
        body = orjson.dumps(document)
    except TypeError:
        body = json.dumps(document).encode()
    row = judge(check, Answer(code, {}, body), OpenAi()).row
    assert not row.ruling.status.is_success or (row.name in READ_THE_PROMPT and code in (400, 403))
