"""Timelines of the life of an incident: group wait, changes, reminders, escalation, acknowledgement."""

import json
import signal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.play import TOLD, A, B, C

if TYPE_CHECKING:
    from tests.acceptance.play import Outcomes, Play
    from tests.acceptance.timeline import Act, Expected

SINCE_IT_IS_BACK = (-2.0, 5.0)
"""A reminder that came due meanwhile may be told before the start is noticed here."""


async def two_that_fail_together_are_one_message(play: "Play") -> None:
    """The first waits for the second, which is in doubt; both stand in one message, and in one when it is over."""
    await play.gateway(A, B, C)
    await play.hook()
    play.configure()
    down = play.fails(0.5, A, B)
    opened = play.expect("hook", "opened", after=down, within=TOLD)
    up = play.heals(1.5, A, B, after=opened)
    resolved = play.expect("hook", "resolved", after=up, within=TOLD)
    play.at_last(lambda: _of_both(opened, resolved))


def _of_both(opened: "Expected", resolved: "Expected") -> None:
    for told in (opened, resolved):
        assert told.arrival is not None
        assert sorted(told.arrival.body["incident"]["checks"]) == [f"gw/chat/{A}", f"gw/chat/{B}"]


async def what_ends_inside_the_wait_is_recorded_and_not_told(play: "Play") -> None:
    """While another model is in doubt the message waits; the outage is over before, so nobody needs to know."""
    doubtful = f'["{A}", {{ id = "{B}", failure_threshold = 60 }}, "{C}"]'
    await play.gateway(A, B, C, entries=doubtful)
    await play.hook()
    play.configure(alerting={"group_wait": "20s"})
    play.fails(0.5, B)
    play.fails(0.3, A)
    seen = play.at(3.0, "the incident is there", lambda: _is_held(play))
    play.heals(0.1, A, after=seen)
    play.heals(3.0, B, after=seen)
    play.at(3.5, "all is over", lambda: None, after=seen)
    play.at_last(lambda: _is_recorded(play))


def _is_held(play: "Play") -> None:
    assert play.decisions() == [("opened", "group_wait")]


def _is_recorded(play: "Play") -> None:
    assert play.decisions() == [("opened", "group_wait"), ("resolved", "ended_untold")]
    ((why,),) = play.daemon.rows("SELECT explanation FROM incident_events WHERE kind = 'resolved'")
    assert json.loads(why) == {"withheld": "group_wait", "hook": "not_told_of_it"}


async def a_changed_cause_answers_in_the_thread(play: "Play") -> None:
    """503 becomes 500: an update, in Slack as an answer in the thread; the first message shows the present state."""
    await play.gateway(A, C)
    await play.hook()
    slack = await play.bot()
    play.configure()
    down = play.fails(0.5, A, status=503)
    opened = play.expect("hook", "opened", after=down, within=TOLD, says="overloaded")
    play.expect("bot", "message", after=down, within=TOLD)
    other = play.fails(1.0, A, status=500, after=opened)
    updated = play.expect("hook", "updated", after=other, within=TOLD, says="server error")
    play.expect("bot", "answer", after=other, within=TOLD, says="server error")
    up = play.heals(1.0, A, after=updated)
    play.expect("hook", "resolved", after=up, within=TOLD)
    play.expect("bot", "broadcast", after=up, within=TOLD)
    play.at_last(lambda: _is_one_thread(slack.sink.messages, slack.sink.refusals))


def _is_one_thread(messages: Any, refusals: Any) -> None:
    first, *answers = messages
    assert [answer.thread_ts for answer in answers] == [first.ts, first.ts]
    assert first.edits == 2
    assert "UP AGAIN" in first.text
    assert not refusals


async def reminders_survive_a_stop_and_a_kill(play: "Play") -> None:
    """Every two seconds, whatever happens to the process: not early, not lost, none twice."""
    await play.gateway(A, C)
    await play.hook()
    play.configure(alerting={"reminder": "2s"})
    down = play.fails(0.5, A)
    opened = play.expect("hook", "opened", after=down, within=TOLD)
    first = play.expect("hook", "reminder", after=opened, within=(1.7, 5.0))
    again = play.restarts(0.5, signal.SIGTERM, after=first)
    second = play.expect("hook", "reminder", after=again.done, within=SINCE_IT_IS_BACK)
    again = play.restarts(0.5, signal.SIGKILL, after=second)
    third = play.expect("hook", "reminder", after=again.done, within=SINCE_IT_IS_BACK)
    up = play.heals(0.2, A, after=third)
    play.expect("hook", "resolved", after=up, within=TOLD)
    play.at_last(lambda: _were_never_early(play))


def _were_never_early(play: "Play") -> None:
    at = "SELECT at_us FROM incident_events WHERE kind IN ('opened', 'reminder') ORDER BY sequence"
    moments = [us for (us,) in play.daemon.rows(at)]
    assert len(moments) == 4
    assert all(after - before >= 2_000_000 for before, after in pairwise(moments))


async def what_nobody_attends_to_is_escalated(play: "Play") -> None:
    """After two seconds the boss is told too, and everybody of the escalation; the end is told to both."""
    await play.gateway(A, C)
    await play.hook()
    await play.hook("boss", "escalations_only = true")
    play.configure('[[alerting.escalations]]\nafter = "2s"\nchannels = ["boss"]\n')
    down = play.fails(0.5, A)
    opened = play.expect("hook", "opened", after=down, within=TOLD)
    play.expect("hook", "escalated", after=opened, within=(1.7, 5.0))
    escalated = play.expect("boss", "escalated", after=opened, within=(1.7, 5.0), says="Nobody has acknowledged it")
    up = play.heals(0.5, A, after=escalated)
    for channel in ("hook", "boss"):
        play.expect(channel, "resolved", after=up, within=TOLD)


async def an_acknowledgement_stops_reminders_and_escalation(play: "Play") -> None:
    """It is named in the message; from then on nothing is told before the end."""
    await play.gateway(A, C)
    await play.hook()
    await play.hook("boss", "escalations_only = true")
    steps = '[[alerting.escalations]]\nafter = "7s"\nchannels = ["boss"]\n'
    play.configure(steps, alerting={"reminder": "6s"})
    down = play.fails(0.5, A)
    opened = play.expect("hook", "opened", after=down, within=TOLD)
    ack = play.command(0.2, "ack", "1", "--by", "kim", "--note", "ticket 4711", after=opened)
    play.expect("hook", "updated", after=ack, within=(0.0, 9.0), says="kim.*ticket 4711")
    up = play.heals(9.0, A, after=opened)
    play.expect("hook", "resolved", after=up, within=TOLD)


async def an_acknowledged_unknown_model_stays_quiet(play: "Play") -> None:
    """It comes back and is gone again: nobody is told a second time. Another trouble of it is news."""
    await play.gateway(A, C)
    await play.hook()
    play.configure()
    gone = play.fails(0.5, A, status=404)
    opened = play.expect("hook", "opened", after=gone, within=TOLD, says="does not know|not found|unknown")
    ack = play.command(0.1, "ack", "1", "--by", "kim", after=opened)
    updated = play.expect("hook", "updated", after=ack, within=(0.0, 9.0))
    back = play.heals(0.5, A, after=updated)
    resolved = play.expect("hook", "resolved", after=back, within=TOLD)
    again = _again(play, resolved)
    other = play.fails(1.0, A, status=503, after=again)
    reopened = play.expect("hook", "opened", after=other, within=TOLD)
    end = play.heals(0.2, A, after=reopened)
    play.expect("hook", "resolved", after=end, within=TOLD)


def _again(play: "Play", resolved: "Expected") -> "Act":
    play.fails(0.2, A, status=404, after=resolved)
    quiet = play.at(4.0, "it is down again, and nobody was told", lambda: _is_quiet(play), after=resolved)
    return play.heals(0.1, A, after=quiet)


def _is_quiet(play: "Play") -> None:
    assert play.decisions()[-1] == ("opened", "silenced")


SCENES = (
    two_that_fail_together_are_one_message,
    what_ends_inside_the_wait_is_recorded_and_not_told,
    a_changed_cause_answers_in_the_thread,
    reminders_survive_a_stop_and_a_kill,
    what_nobody_attends_to_is_escalated,
    an_acknowledgement_stops_reminders_and_escalation,
    an_acknowledged_unknown_model_stays_quiet,
)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_timeline(scene: Any, outcomes: "Outcomes") -> None:
    """What arrives, where and when, is what the scene expects, and nothing else."""
    outcomes.show(scene)
