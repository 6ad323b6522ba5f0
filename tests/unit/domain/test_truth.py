"""Whether an answer is what was expected: each expectation, fulfilled and not, and what is judged leniently."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.ask import Ask, Tool, ToolTurn
from monitor.domain.check import Check, CheckKind
from monitor.domain.classify import classify
from monitor.domain.expect import Expect
from monitor.domain.outcome import Answer
from monitor.domain.patterns import PatternError, check_pattern, is_found
from monitor.domain.reading import Reading
from monitor.domain.redact import Redactor
from monitor.domain.reply import Reply, ToolCall, Usage
from monitor.domain.result import FaultDomain, Finding, Phases, Status
from monitor.domain.truth import is_cut, shortfall
from monitor.protocols.openai import OpenAi

TOOL = Tool("weather", "of a town", {"properties": {"town": {"type": "string"}}, "required": ["town"]})
CALL = ToolCall("c1", "weather", '{"town": "Oslo"}')
CHAT = Check("gw/chat/gpt-4.1", "gw", CheckKind.CHAT, "gpt-4.1", "gw")


def asked(**more: Any) -> Ask:
    """A question with these expectations."""
    return Ask("m", "prompt", 16, **more)


def said(text: str, **more: Any) -> Reply:
    """An answer with this text."""
    return Reply(Reading.ANSWER, text=text, **more)


@pytest.mark.parametrize(
    ("ask", "text", "lacks"),
    [
        (asked(expected="violet window"), "violet window", None),
        (asked(expected="violet window"), '"Violet Window."', None),
        (asked(expected="violet window"), "VIOLET\nWINDOW and so on", None),
        (asked(expected="4821"), "The number is 4,821.", None),
        (asked(expected="violet window"), "OK", 'the challenge violet window is not in the answer: "OK"'),
        (asked(expect=Expect(matches="(?i)paris")), "It is PARIS.", None),
        (asked(expect=Expect(matches="^Paris$")), "It is Paris.", 'does not match "^Paris$": "It is Paris."'),
        (asked(expect=Expect(min_length=3)), " OK ", "2 characters, expected at least 3"),
        (asked(expect=Expect(min_length=2)), " OK ", None),
        (asked(expect=Expect(json=True)), '{"ok": true}', None),
        (asked(expect=Expect(json=True)), '```json\n{"ok": true}\n```', None),
        (asked(expect=Expect(json=True)), '```\n{"ok": true}\n```', None),
        (asked(expect=Expect(json=True)), 'Sure: {"ok": true}', 'no JSON object: "Sure: {"ok": true}"'),
        (asked(expect=Expect(json=True)), "[1]", 'no JSON object: "[1]"'),
        (asked(expect=Expect(json=True)), '{"ok": tru', 'no JSON object: "{"ok": tru"'),
        (asked(expect=Expect(json=True), expected="4821"), '{"number": 4821}', None),
        (asked(expect=Expect()), "", None),
        (asked(), "anything", None),
    ],
)
def test_a_text_is_held_to_what_is_expected(ask: Ask, text: str, lacks: str | None) -> None:
    """What people would call the same is the same; the reason quotes what came."""
    assert shortfall(ask, said(text)) == lacks


@pytest.mark.parametrize(
    ("calls", "lacks"),
    [
        ((CALL,), None),
        ((), "did not call the function weather"),
        ((ToolCall("c", "time", "{}"),), 'called "time" instead of weather'),
        ((ToolCall("c", "weather", ""),), 'called weather with arguments that are no JSON object: ""'),
        ((ToolCall("c", "weather", '["Oslo"]'),), 'called weather with arguments that are no JSON object: "["Oslo"]"'),
        ((ToolCall("c", "weather", "{}"),), "called weather without the argument town"),
        ((ToolCall("c", "weather", '{"town": 4}'),), "called weather with an argument town that is no string"),
        (
            (ToolCall("c", "weather", '{"town": "Rome"}'),),
            'called weather with other arguments than it was told: "{"town": "Rome"}"',
        ),
    ],
)
def test_a_call_must_be_of_the_function_with_arguments_of_its_shape(
    calls: tuple[ToolCall, ...], lacks: str | None
) -> None:
    """The first turn is about the call only."""
    ask = asked(tool=TOOL, argument="Oslo", expect=Expect(tool=True, json=True))
    assert shortfall(ask, said("", tool_calls=calls)) == lacks


def test_a_whole_number_is_asked_for_and_a_truth_value_is_none() -> None:
    """Python takes True for a number; JSON does not."""
    tool = Tool("f", "", {"properties": {"n": {"type": "integer"}}, "required": ["n"]})
    assert shortfall(asked(tool=tool), said("", tool_calls=(ToolCall("c", "f", '{"n": 1}'),))) is None
    assert shortfall(asked(tool=tool), said("", tool_calls=(ToolCall("c", "f", '{"n": true}'),))) is not None


def test_the_second_turn_must_answer() -> None:
    """With what the function gave, if that is the challenge; another call is no answer."""
    ask = asked(tool=TOOL, turn=ToolTurn(CALL, '{"station_number": 4821}'), expected="4821")
    assert shortfall(ask, said("It is 4821.")) is None
    assert shortfall(ask, said("It is 17.")) is not None
    assert shortfall(ask, said("", tool_calls=(CALL,))) == "called the function again instead of answering"
    assert shortfall(ask, said(" ")) == "no answer after the call"


def test_an_embedding_is_held_to_nothing() -> None:
    """There is no text in it."""
    assert shortfall(asked(expected="x", expect=Expect(json=True)), said("", size=768)) is None


@pytest.mark.parametrize(
    ("reply", "cut"),
    [
        (said("a", finish="length"), True),
        (said("a", finish="max_tokens"), True),
        (said("a", finish="stop"), False),
        (said("a"), False),
        (said("a", usage=Usage(output_tokens=16)), True),
        (said("a", finish="stop", usage=Usage(output_tokens=15)), False),
        (said("a", finish="stop", usage=Usage(output_tokens=16)), True),
        (said("a", usage=Usage(output_tokens=17)), True),
        (said("a", finish="stop", usage=Usage(output_tokens=17)), False),
    ],
)
def test_a_reply_is_cut_by_its_finish_or_its_count(reply: Reply, cut: bool) -> None:  # noqa: FBT001  a column
    """As many tokens as were allowed tell it too; but who stopped beyond them was not cut by them."""
    assert is_cut(asked(), reply) is cut


@given(st.text(max_size=300), st.text(max_size=300), st.sampled_from(("", "stop", "length")))
def test_whatever_is_said_is_judged(text: str, arguments: str, finish: str) -> None:
    """Nothing raises."""
    reply = said(text, finish=finish, tool_calls=(ToolCall("", "weather", arguments),))
    for ask in (asked(tool=TOOL, argument="Oslo"), asked(expected="x", expect=Expect(json=True, matches="a+"))):
        assert shortfall(ask, reply) is None or shortfall(ask, reply)
        assert is_cut(ask, reply) in (True, False)


def test_a_pattern_takes_time_that_grows_with_the_text_only() -> None:
    """Where Python's own engine would not come back in this century."""
    assert not is_found("^(a+)+$", "a" * 16_000 + "b")
    assert is_found("b$", "\udcff b")


@pytest.mark.parametrize("pattern", ["(", "(?=a)", r"(a)\1"])
def test_what_cannot_be_matched_so_is_refused(pattern: str) -> None:
    """Neither look-around nor back-references; the message says why."""
    with pytest.raises(PatternError, match="is no RE2 pattern"):
        check_pattern(pattern)


def found(body: str, ask: Ask, *, total_ms: float = 1.0, **headers: str) -> Finding:
    """What becomes of a completion."""
    answer = Answer(200, headers, body.encode(), phases=Phases(total_ms=total_ms))
    return classify(CHAT, answer, dialect=OpenAi(), redactor=Redactor([]), now_s=0.0, ask=ask)


def completion(text: str, finish: str = "stop", model: str = "gpt-4.1") -> str:
    """A chat completion."""
    choice = f'{{"message":{{"content":"{text}"}},"finish_reason":"{finish}"}}'
    return f'{{"model":"{model}","choices":[{choice}]}}'


def test_an_unexpected_answer_is_the_models_fault() -> None:
    """With its reason, and who gave it where that is another."""
    finding = found(completion("no"), asked(expected="violet"))
    verdict = finding.verdict
    assert (verdict.status, verdict.fault_domain) == (Status.INVALID_RESPONSE, FaultDomain.MODEL)
    assert verdict.reason == 'not as expected: the challenge violet is not in the answer: "no"'
    assert finding.reading is Reading.NOT_EXPECTED
    other = found(completion("no", model="gpt-4o-mini"), asked(expected="violet")).verdict
    assert other.status is Status.INVALID_RESPONSE
    assert (other.reason or "").endswith("; answered by gpt-4o-mini instead of gpt-4.1")


def test_an_answer_that_was_cut_is_alive() -> None:
    """It may have been about to fulfil what was expected: UP, with the reason."""
    finding = found(completion("no", "length"), asked(expected="violet"))
    assert (finding.verdict.status, finding.reading) == (Status.UP, Reading.CUT_SHORT)
    assert (finding.verdict.reason or "").startswith("alive, but cut by the token limit")


def test_no_content_within_the_limit_and_the_content_filter_are_judged_by_nothing() -> None:
    """Alive is alive."""
    assert found(completion("", "length"), asked(expected="violet")).reading is Reading.LENGTH
    assert found(completion("", "content_filter"), asked(expected="violet")).verdict.status is Status.UP


def test_reasons_of_a_slow_answer_of_another_are_joined() -> None:
    """Who answered comes first, and is what people are advised about."""
    verdict = found(completion("x", model="gpt-4o"), asked(), total_ms=6000.0).verdict
    assert verdict.status is Status.DEGRADED
    assert verdict.reason == "answered by gpt-4o instead of gpt-4.1; slow: 6 s, limit 5 s"
    assert verdict.action == "check_routing"


def test_a_hostile_name_is_cleaned() -> None:
    """What upstream says of itself is as hostile as anything."""
    key = "sk-proj-" + "Zq81LmPw0xYt55KcVb9d"
    body = completion("x", model=f"gpt-4o-{key}")
    answer = Answer(200, {}, body.encode())
    finding = classify(CHAT, answer, dialect=OpenAi(), redactor=Redactor([key]), now_s=0.0, ask=asked())
    assert key not in (finding.verdict.reason or "")
    assert key not in (finding.answered_by or "")
