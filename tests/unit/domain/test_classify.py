"""Every row of the classification tables rules where it should, and nothing else does."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.domain.action import Action, Language, sentence
from monitor.domain.answer_rows import NO_ANSWER_ROWS, READING_ROWS, SLOW_ROWS, STAND_IN_ROWS
from monitor.domain.check import Check, CheckKind
from monitor.domain.classify import classify, judge
from monitor.domain.error_rows import ERROR_ROWS, IN_BAND_ROW
from monitor.domain.outcome import Answer, NoAnswer, NoAnswerKind, Outcome
from monitor.domain.redact import Redactor
from monitor.domain.result import FaultDomain, Finding, Phases, Status
from monitor.protocols.openai import OpenAi

OPENAI = OpenAi()
CASES = tomllib.loads((Path(__file__).parents[2] / "data" / "classification.toml").read_text("utf-8"))["case"]
CHAT = Check("gw/chat/acme/m1", "gw", CheckKind.CHAT, "acme/m1", "acme")
MODELS = Check("gw/models", "gw", CheckKind.MODELS, None, "gw")
REDACTOR = Redactor(["sk-proj-Zq81LmPw0xYt55KcVb9d-abcd"])
GOOD = b'{"choices":[{"message":{"content":"pong"}}],"usage":{"prompt_tokens":9,"completion_tokens":2}}'
ROWS = (*NO_ANSWER_ROWS, *READING_ROWS, *STAND_IN_ROWS, *SLOW_ROWS, *ERROR_ROWS, IN_BAND_ROW)
ELSEWHERE = {row.name for row in (*NO_ANSWER_ROWS, *SLOW_ROWS)} | {
    "damaged",
    "cut-stream",
    "corrupt-stream",
    "empty-stream",
    "not-streamed",
    "no-embedding",
    "cut-short",
    "not-expected",
}


def find(check: Check, outcome: Outcome, **more: Any) -> Finding:
    """The finding with the test's redactor, at the beginning of time."""
    return classify(check, outcome, dialect=OPENAI, redactor=REDACTOR, now_s=0.0, **more)


def case_id(case: dict[str, Any]) -> str:
    """How a case is named in the test's output."""
    return f"{case['row']}: {case['about']}" if "about" in case else str(case["row"])


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_each_answer_is_ruled_by_its_row(case: dict[str, Any]) -> None:
    """Each recorded answer gets the row, status, fault domain, reason and hints that it should."""
    check = MODELS if case.get("check") == "models" else replace(CHAT, model=case.get("model", CHAT.model))
    answer = Answer(case.get("http", 200), case.get("headers", {}), case.get("body", "").encode())
    finding = find(
        check,
        answer,
        configured_models=case.get("configured", ()),
        list_is_404=case.get("list_is_404", False),
    )
    verdict = finding.verdict
    assert judge(check, answer, OPENAI, None, case.get("configured", ())).row.name == case["row"]
    assert (verdict.status, verdict.fault_domain) == (case["status"], case.get("fault"))
    assert verdict.loading == case.get("loading", False)
    assert verdict.retry_after_s == case.get("retry_after_s")
    assert finding.token_parameter_refused == case.get("refused", False)
    for name, seen in (("reason", verdict.reason), ("action", verdict.action), ("request_id", finding.request_id)):
        assert name not in case or seen == case[name]


@pytest.mark.parametrize(
    ("kind", "status", "fault"),
    [
        (NoAnswerKind.DNS, Status.CONNECTION_ERROR, FaultDomain.NETWORK),
        (NoAnswerKind.NO_ROUTE, Status.CONNECTION_ERROR, FaultDomain.NETWORK),
        (NoAnswerKind.REFUSED, Status.CONNECTION_ERROR, FaultDomain.ENDPOINT),
        (NoAnswerKind.RESET, Status.CONNECTION_ERROR, FaultDomain.ENDPOINT),
        (NoAnswerKind.TLS, Status.CONNECTION_ERROR, FaultDomain.ENDPOINT),
        (NoAnswerKind.PROXY, Status.CONNECTION_ERROR, FaultDomain.NETWORK),
        (NoAnswerKind.CONNECT_TIMEOUT, Status.TIMEOUT, FaultDomain.NETWORK),
        (NoAnswerKind.READ_TIMEOUT, Status.TIMEOUT, FaultDomain.ENDPOINT),
        (NoAnswerKind.CUT_IN_BODY, Status.INVALID_RESPONSE, FaultDomain.ENDPOINT),
        (NoAnswerKind.TOO_LARGE, Status.INVALID_RESPONSE, FaultDomain.ENDPOINT),
        (NoAnswerKind.UNDECODABLE, Status.INVALID_RESPONSE, FaultDomain.ENDPOINT),
        (NoAnswerKind.INTERNAL, Status.UNKNOWN, FaultDomain.MONITOR),
    ],
)
def test_each_way_of_no_answer(kind: NoAnswerKind, status: Status, fault: FaultDomain) -> None:
    """Silence is ruled by its kind, and its detail is the reason."""
    verdict = find(CHAT, NoAnswer(kind, "what the system said")).verdict
    assert (verdict.status, verdict.fault_domain, verdict.reason) == (status, fault, "what the system said")


def test_every_row_is_hit() -> None:
    """No row of the tables is without a case, names are unique, and every kind of silence has a row."""
    assert {case["row"] for case in CASES} == {row.name for row in ROWS} - ELSEWHERE
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert {judge(CHAT, NoAnswer(kind, ""), OPENAI).row for kind in NoAnswerKind} == set(NO_ANSWER_ROWS)


def test_every_advice_is_given_by_some_row_and_fits_its_status() -> None:
    """Every advice is used; failures and slow answers have a fault and an advice, plain successes have none."""
    elsewhere = {Action.CHECK_MODEL_AND_URL, Action.ASK_ANEW, Action.RAISE_CAP, None}
    advised = {row.ruling.action for row in ROWS} | elsewhere
    assert advised == {*Action, None}
    for row in ROWS:
        is_up = row.ruling.status is Status.UP
        assert (row.ruling.fault is None) == is_up
        assert (row.ruling.action is None) == is_up


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("action", Action)
def test_every_advice_has_a_sentence(action: Action, language: Language) -> None:
    """Every advice can be told in every language."""
    assert sentence(action, language)


def test_a_broken_off_body_leaves_the_code_its_say() -> None:
    """A 401 or 503 whose body was cut is still a 401 or 503; a 403 page is still a page."""
    cut = NoAnswer(NoAnswerKind.CUT_IN_BODY, "cut after 17 bytes", http_status=401)
    verdict = find(CHAT, cut).verdict
    assert (verdict.status, verdict.reason) == (Status.AUTH_ERROR, "HTTP 401: cut after 17 bytes")
    page = replace(cut, http_status=403, headers={"content-type": "text/html"})
    assert find(CHAT, page).verdict.fault_domain is FaultDomain.NETWORK
    assert find(CHAT, replace(cut, http_status=200)).verdict.status is Status.INVALID_RESPONSE


def test_a_silent_no_answer_has_a_reason_all_the_same() -> None:
    """An empty detail is replaced by the row's own words."""
    assert find(CHAT, NoAnswer(NoAnswerKind.DNS, "")).verdict.reason == "the host name does not resolve"


@pytest.mark.parametrize(("check", "fault"), [(CHAT, FaultDomain.MODEL), (MODELS, FaultDomain.ENDPOINT)])
def test_slow_answers_are_degraded(check: Check, fault: FaultDomain) -> None:
    """Longer than `slow_after` is DEGRADED; exactly as long is not; off is off; a failure stays a failure."""
    body = GOOD if check is CHAT else b'{"data":[{"id":"a"}]}'
    slow = Answer(200, {}, body, Phases(total_ms=6204.0))
    verdict = find(check, slow).verdict
    assert (verdict.status, verdict.fault_domain) == (Status.DEGRADED, fault)
    assert verdict.reason == "slow: 6.2 s, limit 5 s"
    assert verdict.action is Action.WAIT_OR_SWITCH
    assert find(check, replace(slow, phases=Phases(total_ms=5000.0))).verdict.status is Status.UP
    assert find(replace(check, slow_after_s=None), slow).verdict.status is Status.UP
    assert find(check, replace(slow, http_status=500)).verdict.status is Status.SERVER_ERROR


def test_a_slow_answer_keeps_its_other_reason() -> None:
    """A slow list that lacks a model says both."""
    slow = Answer(200, {}, b'{"data":[{"id":"a"}]}', Phases(total_ms=9000.0))
    reason = find(MODELS, slow, configured_models=["qq"]).verdict.reason
    assert reason == "slow: 9 s, limit 5 s; not in the model list: qq"


def test_a_body_that_is_not_utf8_is_no_answer() -> None:
    """What no client can decode is not UP, even where the rest of it looks well."""
    broken = GOOD.replace(b"pong", b"p\xffng")
    verdict = find(CHAT, Answer(200, {}, broken)).verdict
    assert (verdict.status, verdict.reason) == (Status.INVALID_RESPONSE, "HTTP 200: the answer is not valid UTF-8")
    honest = GOOD.replace(b"pong", "p\ufffdng".encode())
    assert find(CHAT, Answer(200, {}, b"\xef\xbb\xbf" + honest)).verdict.status is Status.UP


@pytest.mark.parametrize("body", [b"[" * 400_000, b'{"a":' * 200_000, b"9" * 900_000, b'{"choices":' + b"[" * 5000])
def test_bodies_made_to_break_a_parser(body: bytes) -> None:
    """Deep nesting and huge numbers are no answer, and nothing worse."""
    assert find(CHAT, Answer(200, {}, body)).verdict.status is Status.INVALID_RESPONSE


def test_tokens_are_counted_under_either_name() -> None:
    """Token counts come from `usage`, under the names of both APIs."""
    assert find(CHAT, Answer(200, {}, GOOD)).usage.input_tokens == 9
    other = GOOD.replace(b"prompt_tokens", b"input_tokens").replace(b"completion_tokens", b"output_tokens")
    finding = find(CHAT, Answer(200, {}, other))
    assert (finding.usage.input_tokens, finding.usage.output_tokens) == (9, 2)


@pytest.mark.parametrize("value", [b"-1", b'"9"', b"1.5", b"true", b"null", b"99999999999999999999", b"[]"])
def test_nonsense_token_counts_are_none(value: bytes) -> None:
    """Negative, huge and mistyped counts are as good as none; a whole float counts."""
    odd = GOOD.replace(b'"prompt_tokens":9', b'"prompt_tokens":' + value)
    assert find(CHAT, Answer(200, {}, odd)).usage.input_tokens is None
    assert find(CHAT, Answer(200, {}, GOOD.replace(b":9", b":9.0"))).usage.input_tokens == 9
    assert find(CHAT, Answer(200, {}, GOOD.replace(b'{"prompt', b'17,"x":{"prompt'))).usage.input_tokens is None


def test_the_request_id_is_cleaned_and_never_a_secret() -> None:
    """Only harmless letters remain of it, at most 64; one that holds a part of the key is dropped."""
    assert find(CHAT, Answer(200, {"x-request-id": "req_1 <b>\x1b2"}, GOOD)).request_id == "req_1b2"
    assert find(CHAT, Answer(200, {"cf-ray": "a" * 99}, GOOD)).request_id == "a" * 64
    assert find(CHAT, Answer(200, {"request-id": "Zq8/1Lm/Pw0/xYt"}, GOOD)).request_id is None
    assert find(CHAT, Answer(200, {"request-id": "///"}, GOOD)).request_id is None
    assert find(CHAT, NoAnswer(NoAnswerKind.RESET, "", headers={"x-request-id": "r"})).request_id == "r"


def test_a_redirect_tells_the_host_only() -> None:
    """Neither path, query nor user of a redirect's target is quoted."""
    location = "https://user:hunter22@login.example.com/a?next=secret"
    reason = find(CHAT, Answer(302, {"location": location}, b"")).verdict.reason
    assert reason == "HTTP 302: redirects to login.example.com"


def test_a_retry_hint_is_kept_for_failures_only() -> None:
    """A hint on an answer that is well is of no use."""
    headers = {"retry-after": "7"}
    assert find(CHAT, Answer(200, headers, GOOD)).verdict.retry_after_s is None
    assert find(CHAT, Answer(500, headers, b"")).verdict.retry_after_s == 7.0


def test_hostile_words_do_not_survive_in_a_reason() -> None:
    """Markup, mentions, escapes and the key are gone from what is stored and sent."""
    body = b'{"error":{"message":"<!channel> <b>bad</b> \\u001b[31m key sk-proj-Zq81LmPw0xYt55KcVb9d-abcd"}}'
    reason = find(CHAT, Answer(500, {}, body)).verdict.reason or ""
    assert "Zq81Lm" not in reason
    assert not {"<", ">", "\x1b"} & set(reason)
