"""Why people were told, or not: every decision and every fate of a message in words."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.alerting.reasons import REASONS
from monitor.alerting.texts import Voice
from monitor.cli.explain import explained, outcome, so_far
from monitor.domain.action import Language
from monitor.domain.incident import Told

VOICE = Voice(Language.EN, ZoneInfo("Asia/Seoul"))


def event(sequence: int = 1, kind: str = "opened", decision: str = "told", **explanation: str) -> dict[str, Any]:
    """A row of a timeline."""
    return {
        "sequence": sequence,
        "event": kind,
        "at": "2026-11-21T12:00:10.000Z",
        "status": "TIMEOUT",
        "severity": "critical",
        "decision": decision,
        "notifications": sum(why == "told" for why in explanation.values()),
        "explanation": explanation,
    }


def delivery(channel: str = "ops", sequence: int = 1, **fields: Any) -> dict[str, Any]:
    """A row of the deliveries."""
    return {
        "channel": channel,
        "sequence": sequence,
        "state": "sent",
        "attempts": 1,
        "error": None,
        "created_at": "2026-11-21T12:00:10.000Z",
        "next_attempt": None,
        "settled_at": "2026-11-21T12:00:11.000Z",
        "fell_back_to": None,
        **fields,
    }


def incident(*events: dict[str, Any], deliveries: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """What `incidents show` knows."""
    return {"timeline": list(events), "deliveries": list(deliveries), "resolved_at": None, "withheld": None}


def said(row: dict[str, Any], *deliveries: dict[str, Any], voice: Voice = VOICE) -> tuple[str, ...]:
    """The sentences about one event."""
    (one,) = explained(incident(row, deliveries=deliveries), voice)
    return one.said


def test_each_channel_has_its_own_reason() -> None:
    """Who was told and when, who was not and why, and what comes of it."""
    row = event(ops="told", night="outside_hours", mail="severity_not_routed")
    assert said(row, delivery()) == (
        "ops: told at 2026-11-21 21:00:11 KST",
        "night: not told: it is outside the channel's hours (told when they begin, if it still lasts)",
        "mail: not told: the channel does not want this severity (told if the incident becomes as severe as it wants)",
    )


@pytest.mark.parametrize("told", Told)
def test_every_decision_about_all_has_its_words(told: Told) -> None:
    """None is shown as a code."""
    (sentence,) = said(event(decision=told))
    assert sentence.startswith(f"nobody was told: {REASONS[told].why[0]}")


def test_in_korean() -> None:
    """Of the configured language."""
    voice = Voice(Language.KO, ZoneInfo("Asia/Seoul"))
    (sentence,) = said(event(decision="silenced"), voice=voice)
    assert sentence.startswith("아무에게도 알리지 않음: 실패한 모든 체크가 침묵 설정에 포함됨")


def test_what_a_later_version_wrote() -> None:
    """Shown as it is rather than not at all."""
    assert said(event(decision="of_tomorrow")) == ("nobody was told: of_tomorrow",)


def test_an_acknowledgement_names_who() -> None:
    """And what they said, without what could act on a screen."""
    row = event(kind="acknowledged", by="kim\x1b[2J", note="on\nit", ops="told")
    assert said(row, delivery()) == ("kim: on it", "ops: told at 2026-11-21 21:00:11 KST")


def test_a_channel_that_is_called_like_a_note() -> None:
    """It has a message, so it is a channel."""
    assert said(event(note="told"), delivery("note")) == ("note: told at 2026-11-21 21:00:11 KST",)


def test_the_end_of_what_nobody_was_told() -> None:
    """Why, and why not of the end either."""
    row = event(kind="resolved", decision="ended_untold", withheld="group_wait", ops="not_told_of_it")
    before, ops = said(row)
    assert before.startswith("nobody had been told of it by then: it waits for the rest of the same outage")
    assert ops.startswith("ops: not told: the channel has not been told of the incident")


def test_one_that_was_told_before_is_not_told_again() -> None:
    """Another channel joins."""
    row = event(2, "announced", ops="told", night="told")
    assert said(row, delivery("night", 2))[0] == "ops: told before, so not told again"


def test_a_check_that_was_removed() -> None:
    """Why it ended, and who was told so."""
    row = event(kind="resolved", decision="check_removed", because="check_removed", ops="told")
    assert said(row, delivery()) == (
        "what it is about is no longer configured (a recovery was not seen)",
        "ops: told at 2026-11-21 21:00:11 KST",
    )


def test_a_channel_that_stood_in() -> None:
    """It was not asked for, and was told because another one failed."""
    row = event(ops="told")
    late = delivery(state="dead", attempts=9, error="HTTP 500", fell_back_to="mail")
    assert said(row, late, delivery("mail")) == (
        "ops: given up after 9 tries: HTTP 500; mail was told instead",
        "mail: told at 2026-11-21 21:00:11 KST, in place of another channel",
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "told at 2026-11-21 21:00:11 KST"),
        (
            {"settled_at": "2026-11-21T12:56:10.000Z", "attempts": 12},
            "told at 2026-11-21 21:56:10 KST, 56 min late, at try 12",
        ),
        ({"state": "pending", "settled_at": None, "attempts": 0}, "on its way"),
        ({"state": "leased", "settled_at": None}, "on its way"),
        (
            {
                "state": "pending",
                "settled_at": None,
                "attempts": 3,
                "error": "HTTP 500 {x}\x1b[2J",
                "next_attempt": "2026-11-21T12:01:00.000Z",
            },
            "not taken in 3 tries, next 2026-11-21 21:01:00 KST; last error: HTTP 500 {x}",
        ),
        ({"state": "merged"}, "not sent on its own: told together with a later one"),
    ],
)
def test_what_became_of_a_message(fields: dict[str, Any], expected: str) -> None:
    """Sent, late, waiting, given up, told with another."""
    assert outcome(delivery(**fields), VOICE) == expected


def test_why_nobody_has_been_told_so_far() -> None:
    """Only while it is open and nobody was."""
    open_one = {**incident(), "withheld": "maintenance"}
    sentence = so_far(open_one, VOICE)
    assert sentence is not None
    assert sentence.startswith("nobody has been told so far: a maintenance window covers everything that fails")
    assert so_far({**open_one, "resolved_at": "2026-11-21T13:00:00.000Z"}, VOICE) is None
    assert so_far(incident(), VOICE) is None
