"""Timelines of silence: silences, maintenance windows, flapping, and channels outside their hours."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.clock import US_PER_S, SystemClock
from tests.acceptance.play import TOLD, A, B, C, lasts

if TYPE_CHECKING:
    from monitor.simulator.gateway import Gateway
    from tests.acceptance.play import Outcomes, Play

SILENCE = ("silence", "add", "--reason", "a move", "--by", "kim")
LOOKED_AT_S = 16.0
"""The end of a window is noticed within so long."""


async def a_silence_hides_until_it_is_ended(play: "Play") -> None:
    """Nobody is told of what fails under it; once it is ended, what still fails is told, and then its end."""
    await play.gateway(A, C)
    await play.hook()
    play.configure()
    silenced = play.command(0.1, *SILENCE, "--model", A, "--for", "1h")
    down = play.fails(0.2, A, after=silenced.done)
    ended = play.command(4.0, "silence", "expire", "1", after=down)
    opened = play.expect("hook", "opened", after=ended, within=(0.0, 6.0))
    up = play.heals(0.5, A, after=opened)
    play.expect("hook", "resolved", after=up, within=TOLD)


async def a_silence_ends_by_itself(play: "Play") -> None:
    """After its time what still fails is told, and what ended under it is not."""
    await play.gateway(A, B, C)
    await play.hook()
    play.configure()
    silenced = play.command(0.1, *SILENCE, "--check", "gw/*", "--for", "12s")
    down = play.fails(0.2, B, after=silenced.done)
    up = play.heals(2.5, B, after=down)
    play.fails(2.0, A, after=up)
    opened = play.expect("hook", "opened", after=silenced, within=(11.7, 20.0), about=A)
    up = play.heals(0.5, A, after=opened)
    play.expect("hook", "resolved", after=up, within=TOLD, about=A)
    play.at_last(lambda: _ended_untold(play))


def _ended_untold(play: "Play") -> None:
    decided = "SELECT key, e.kind, decision FROM incident_events e JOIN incidents ON id = incident_id ORDER BY e.rowid"
    assert play.daemon.rows(decided)[:2] == [
        (f"gw/chat/{B}", "opened", "silenced"),
        (f"gw/chat/{B}", "resolved", "ended_untold"),
    ]


async def the_end_of_what_was_told_is_told_though_it_is_silenced(play: "Play") -> None:
    """People who know of an outage must hear that it is over."""
    await play.gateway(A, C)
    await play.hook()
    play.configure(alerting={"reminder": "8s"})
    down = play.fails(0.5, A)
    opened = play.expect("hook", "opened", after=down, within=TOLD)
    silenced = play.command(0.2, *SILENCE, "--all-checks", "--until-resolved", after=opened)
    up = play.heals(6.0, A, after=silenced.done)
    play.expect("hook", "resolved", after=up, within=TOLD)


@lasts(30)
async def maintenance_is_told_after_it_and_counts_nowhere(play: "Play") -> None:
    """A window of nine seconds: what fails in it only is never told, what still fails after it is, then."""
    await play.gateway(A, B, C)
    await play.hook()
    play.configure()
    planned = play.reloads(0.1, _with_a_window)
    down = play.fails(3.2, B, after=planned)
    healed = play.heals(2.5, B, after=down)
    play.fails(1.5, A, after=healed)
    opened = play.expect("hook", "opened", after=planned, within=(10.7, 12.0 + LOOKED_AT_S), about=A)
    up = play.heals(0.5, A, after=opened)
    play.expect("hook", "resolved", after=up, within=TOLD, about=A)
    play.at_last(lambda: _counts_nowhere(play))


def _with_a_window(text: str) -> str:
    """Two to three seconds from now, for nine seconds."""
    start = datetime.fromtimestamp(SystemClock().now().wall_us // US_PER_S + 3, tz=UTC)
    return f'{text}\n[[maintenance]]\nname = "move"\nstart = {start.isoformat()}\nduration = "9s"\n'


async def _counts_nowhere(play: "Play") -> None:
    report = (await play.daemon.command("report", "--window", "24h", "--format", "json")).json
    (row,) = (row for row in report if row["check"] == f"gw/chat/{B}")
    assert row["availability"] == 100.0
    failed = 'SELECT DISTINCT "trigger" FROM v_results WHERE "check" = ? AND status = \'OVERLOADED\''
    assert ("on_phase",) not in play.daemon.rows(failed, f"gw/chat/{B}")
    assert ("maintenance",) in play.daemon.rows(failed, f"gw/chat/{B}")


async def flapping_is_one_notice_and_one_at_its_end(play: "Play") -> None:
    """Silence in between, though it goes down meanwhile; the end tells the true state, and then the outage is told."""
    gateway = await play.gateway(A, C)
    await play.hook()
    play.configure(alerting={"flapping": True}, interval="250ms", confirm_interval="1h", failure_threshold=3)
    flaps = play.at(0.2, "it fails every other time", lambda: _flap(play, gateway))
    began = play.expect("hook", "opened", after=flaps, within=(0.0, 6.0), about="flapping:")
    down = play.fails(0.0, A, after=began)
    play.expect("hook", "resolved", after=down, within=(2.0, 12.0), about="flapping:", says="is DOWN")
    opened = play.expect("hook", "opened", after=down, within=(2.0, 14.0), about=f"gw/chat/{A}")
    up = play.heals(0.2, A, after=opened)
    play.expect("hook", "resolved", after=up, within=TOLD, about=f"gw/chat/{A}")


async def _flap(play: "Play", gateway: "Gateway") -> None:
    """Each request for the model changes what the next one gets, until that is noticed."""
    ends = time.monotonic() + 10
    while not play.hooks["hook"].accepted and time.monotonic() < ends:
        play.strike("gw", 503 if gateway.requests[A] % 2 else None, A)
        await asyncio.sleep(0.002)  # a request wakes nobody here


async def a_channel_outside_its_hours_hears_nothing(play: "Play") -> None:
    """Neither of the beginning nor of the end; the other channel hears both."""
    day = SystemClock().now().wall_us // US_PER_S
    later = datetime.fromtimestamp(day, tz=UTC) + timedelta(days=3)
    await play.gateway(A, C)
    await play.hook()
    await play.hook("office", f'hours = {{ days = "{later:%a}" }}'.lower())
    play.configure()
    down = play.fails(0.5, A)
    opened = play.expect("hook", "opened", after=down, within=TOLD)
    up = play.heals(1.0, A, after=opened)
    play.expect("hook", "resolved", after=up, within=TOLD)
    play.at_last(lambda: _is_explained(play))


def _is_explained(play: "Play") -> None:
    ((why,),) = play.daemon.rows("SELECT explanation FROM incident_events WHERE kind = 'opened'")
    assert '"office":"outside_hours"' in why


SCENES = (
    a_silence_hides_until_it_is_ended,
    a_silence_ends_by_itself,
    the_end_of_what_was_told_is_told_though_it_is_silenced,
    maintenance_is_told_after_it_and_counts_nowhere,
    flapping_is_one_notice_and_one_at_its_end,
    a_channel_outside_its_hours_hears_nothing,
)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_timeline(scene: Any, outcomes: "Outcomes") -> None:
    """What arrives, where and when, is what the scene expects, and nothing else."""
    outcomes.show(scene)
