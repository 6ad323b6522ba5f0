"""What models are asked: in full and plainly, with what was learned, and the second turn of a tool call."""

from dataclasses import replace
from typing import Any

import pytest

from monitor.domain.ask import Ask
from monitor.domain.check import Check, CheckKind
from monitor.domain.expect import Expect
from monitor.domain.kept import Learned
from monitor.domain.reading import Reading
from monitor.domain.reply import Reply, ToolCall
from monitor.domain.result import Finding, Refusal, Status, Trigger, Verdict
from monitor.domain.truth import shortfall
from monitor.probes.lessons import Lessons
from monitor.probes.questions import Questions

CHAT = Check("gw/chat/m", "gw", CheckKind.CHAT, "m", "gw")
UP = Finding(Verdict(Status.UP), reading=Reading.ANSWER)


def asked(check: Check, questions: Questions | None = None, trigger: Trigger = Trigger.ON_PHASE) -> Ask:
    """The next question."""
    ask = (questions or Questions()).ask(check, trigger)
    assert ask is not None
    return ask


def expecting(**wishes: Any) -> Check:
    """A check with these expectations."""
    return replace(CHAT, expect=Expect(**wishes))


@pytest.mark.parametrize(
    "check",
    [
        CHAT,
        expecting(challenge=True),
        expecting(challenge=True, json=True),
        expecting(json=True),
        expecting(matches="x"),
        expecting(prompt="Which day is it?", min_length=3),
        expecting(tool=True),
    ],
)
def test_no_question_is_asked_twice(check: Check) -> None:
    """A cache has nothing to answer with; towns repeat, but what the function gives does not."""
    prompts = {asked(check).prompt for _ in range(40)}
    assert len(prompts) > (5 if check.expect is not None and check.expect.tool else 30)


def test_who_repeats_the_challenge_fulfils_it() -> None:
    """What is asked for stands in the prompt, as JSON where that is expected."""
    plain, as_json = asked(expecting(challenge=True)), asked(expecting(challenge=True, json=True))
    assert plain.expected is not None
    assert shortfall(plain, Reply(Reading.ANSWER, text=plain.prompt)) is None
    assert shortfall(as_json, Reply(Reading.ANSWER, text=as_json.prompt.split(": ", 1)[1])) is None
    assert shortfall(plain, Reply(Reading.ANSWER, text="OK")) is not None


def test_a_question_of_the_operators_own_is_asked() -> None:
    """With a few letters that no cache knows."""
    assert asked(expecting(prompt="Which day is it?", min_length=3)).prompt.startswith("Which day is it? (")


def test_a_tool_call_has_its_second_turn() -> None:
    """What the function gives is drawn then, and the challenge is to say it."""
    questions = Questions()
    ask = asked(expecting(tool=True, challenge=True), questions)
    assert ask.tool is not None
    call = ToolCall("c1", ask.tool.name, f'{{"town": "{ask.argument}"}}')
    assert shortfall(ask, Reply(Reading.ANSWER, tool_calls=(call,))) is None
    turn = questions.second_turn(ask, replace(UP, calls=(call,)))
    assert turn is not None
    assert turn.turn is not None
    assert turn.expected is not None
    assert turn.expected in turn.turn.result
    assert shortfall(turn, Reply(Reading.ANSWER, text=f"It is {turn.expected}.")) is None
    assert questions.second_turn(turn, replace(UP, calls=(call,))) is None


@pytest.mark.parametrize(
    "finding",
    [
        UP,
        Finding(Verdict(Status.INVALID_RESPONSE), reading=Reading.NOT_EXPECTED, calls=(ToolCall(),)),
        Finding(Verdict(Status.UP), reading=Reading.CUT_SHORT, calls=(ToolCall(),)),
        Finding(Verdict(Status.UP), reading=Reading.FILTERED, calls=(ToolCall(),)),
    ],
)
def test_without_a_good_call_there_is_no_second_turn(finding: Finding) -> None:
    """The probe is over."""
    questions = Questions()
    assert questions.second_turn(asked(expecting(tool=True), questions), finding) is None


def test_without_a_tool_there_is_no_second_turn() -> None:
    """Whatever the model called."""
    assert Questions().second_turn(asked(CHAT), replace(UP, calls=(ToolCall(),))) is None
    assert Questions().second_turn(None, UP) is None


def test_in_between_the_question_is_plain() -> None:
    """Neither streamed nor held to anything."""
    check = replace(expecting(challenge=True), stream=True, full_every=3)
    questions, seen = Questions(), []
    for _ in range(4):
        ask = asked(check, questions)
        questions.learn(check, ask, UP, Trigger.ON_PHASE)
        seen.append((ask.full, ask.stream, ask.expect is not None))
    assert seen == [(True, True, True), (False, False, False), (False, False, False), (True, True, True)]
    assert asked(check, questions, Trigger.MANUAL).full


def test_what_was_learned_shapes_the_next_question_and_is_told_on() -> None:
    """Once per lesson."""
    lessons, kept = Lessons(), list[Learned]()
    lessons.remember([Learned(CHAT.id, max_tokens=64)], kept.append)
    questions = Questions(lessons)
    ask = asked(CHAT, questions)
    assert ask.max_tokens == 64
    refusal = Finding(Verdict(Status.CLIENT_ERROR), refused=Refusal.COUNTS)
    assert questions.learn(CHAT, ask, refusal)
    assert not asked(CHAT, questions).with_counts
    assert not questions.learn(CHAT, asked(CHAT, questions), refusal)
    assert not questions.learn(CHAT, asked(CHAT, questions), UP)
    assert kept == [Learned(CHAT.id, max_tokens=64, without_counts=True)]


def test_what_is_known_counts_before_what_is_remembered() -> None:
    """Probes may have taught something before the database was read."""
    lessons = Lessons()
    lessons.put(Learned(CHAT.id, other_limit=True))
    lessons.remember([Learned(CHAT.id), Learned("gw/chat/n", max_tokens=32)], lambda _: None)
    assert lessons.of(CHAT.id) == Learned(CHAT.id, other_limit=True)
    assert lessons.of("gw/chat/n") == Learned("gw/chat/n", max_tokens=32)


def test_another_endpoint_is_another_memory() -> None:
    """What is forgotten is told on, so that no restart brings it back."""
    lessons, kept = Lessons(), list[Learned]()
    lessons.remember([Learned(CHAT.id, max_tokens=64), Learned("two/chat/m", max_tokens=32)], kept.append)
    assert lessons.apart().of(CHAT.id) is None
    lessons.forget("gw")
    assert (lessons.of(CHAT.id), lessons.of("two/chat/m")) == (None, Learned("two/chat/m", max_tokens=32))
    assert kept == [Learned(CHAT.id)]
