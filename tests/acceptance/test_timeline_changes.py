"""Timelines of rules, reloads and names, a broken file, and the dead-man switch."""

import sqlite3
import sys
from contextlib import ExitStack, closing, contextmanager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.simulator.pings import PingSink
from tests.acceptance.play import TOLD, A, B, C, lasts
from tests.acceptance.timeline import Arrival

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.simulator.pings import Ping
    from tests.acceptance.play import Outcomes, Play

HURRY = Path(__file__).with_name("daemon_in_a_hurry.py")
RULE = '{ below = "80%", recovery = "85%", window = "1m", min_samples = 10 }'


@lasts(30)
async def an_availability_below_its_limit_is_told_with_the_figures(play: "Play") -> None:
    """No streak is long enough for an outage; the share is too low, and later it is high enough."""
    await play.gateway(A, C, more=f"availability_rule = {RULE}")
    await play.hook()
    play.daemon.inside = [sys.executable, str(HURRY)]
    play.configure(interval="250ms", failure_threshold=100)
    down = play.fails(2.0, A)
    opened = play.expect(
        "hook", "opened", after=down, within=(0.5, 12.0), about="availability:", says="limit is 80%|below"
    )
    up = play.heals(0.1, A, after=opened)
    play.expect("hook", "resolved", after=up, within=(0.5, 20.0), about="availability:", says="%")


async def what_a_reload_removes_is_told_to_be_closed(play: "Play") -> None:
    """The outage of a model that is no longer configured is over, without a recovery; what stays is untouched."""
    await play.gateway(A, B, C)
    await play.hook()
    play.configure()
    down = play.fails(0.5, A)
    opened = play.expect("hook", "opened", after=down, within=TOLD, about=A)
    gone = play.reloads(0.5, lambda text: text.replace(f'"{A}", ', ""), after=opened)
    closed = play.expect("hook", "resolved", after=gone, within=(0.0, 6.0), about=A, says="no longer configured")
    other = play.fails(0.5, B, after=closed)
    opened = play.expect("hook", "opened", after=other, within=TOLD, about=B)
    up = play.heals(0.5, B, after=opened)
    play.expect("hook", "resolved", after=up, within=TOLD, about=B)


async def what_is_renamed_while_it_is_down_is_the_same_outage(play: "Play") -> None:
    """Told once, and its end under the new name, in the same thread of Slack."""
    await play.gateway(A, C)
    await play.hook()
    slack = await play.bot()
    play.configure()
    down = play.fails(0.5, A)
    opened = play.expect("hook", "opened", after=down, within=TOLD, about=f"gw/chat/{A}")
    play.expect("bot", "message", after=down, within=TOLD)
    renamed = play.reloads(0.5, _with_another_name, after=opened)
    up = play.heals(2.0, A, after=renamed)
    play.expect("hook", "resolved", after=up, within=TOLD, about=f"relay/chat/{A}", says="relay")
    play.expect("bot", "broadcast", after=up, within=TOLD)
    play.at_last(lambda: _is_the_same(slack.sink.messages))


def _with_another_name(text: str) -> str:
    return text.replace('name = "gw"', 'name = "relay"\nrenamed_from = "gw"')


def _is_the_same(messages: Any) -> None:
    first, answer = messages
    assert answer.thread_ts == first.ts
    assert "UP AGAIN" in first.text


async def a_broken_file_starts_what_was_valid_last_and_says_so(play: "Play") -> None:
    """A critical notice to every channel; outages are told as ever."""
    await play.gateway(A, C)
    await play.hook()
    play.daemon.options = ["--last-good"]
    play.configure()
    copied = play.at(0.2, "the copy is kept", lambda: _kept(play))
    broken = play.at(0.1, "a typo and a start", lambda: _breaks(play), after=copied)
    notice = play.expect("hook", "notice", after=broken, within=(0.0, 15.0), says="timout")
    down = play.fails(1.0, A, after=notice)
    opened = play.expect("hook", "opened", after=down, within=TOLD)
    up = play.heals(0.5, A, after=opened)
    play.expect("hook", "resolved", after=up, within=TOLD)


async def _kept(play: "Play") -> None:
    await play.daemon.until(lambda: any(play.daemon.folder.glob("*.last-good*")), 10, "the copy")


async def _breaks(play: "Play") -> None:
    assert await play.daemon.stop() == 0
    play.daemon.path.write_text(play.daemon.path.read_text().replace("\ntimeout =", "\ntimout ="))
    await play.daemon.launch()


@lasts(90)
async def a_database_that_refuses_is_heard_outside(play: "Play") -> None:
    """Start, well, fail once nothing was written for half a minute, well again; the channel is told of both as well."""
    service = await play.world.enter(PingSink())
    await play.gateway(A, C)
    await play.hook()
    play.listen("pings", lambda: _news(service.pings))
    play.configure(f'[deadman]\nurl = "{service.url}"\ninterval = "10s"\n')
    play.expect("pings", "start", within=(-20.0, 1.0))
    well = play.expect("pings", "well", within=(0.0, 13.0))
    house = ExitStack()
    refuses = play.at(0.2, "the database is locked", lambda: house.enter_context(_locked(play)), after=well)
    fail = play.expect("pings", "fail", after=refuses, within=(30.0, 60.0), says="the database refuses for")
    notice = play.expect("hook", "notice", after=refuses, within=(30.0, 60.0), says="record")
    play.at(0.1, "both have heard of it", lambda: None, after=notice)
    free = play.at(0.1, "the database is free", house.close, after=fail)
    play.expect("hook", "notice", after=free, within=(0.0, 14.0), says="again")
    play.expect("pings", "well", after=free, within=(0.0, 14.0))


@contextmanager
def _locked(play: "Play") -> "Iterator[None]":
    with closing(sqlite3.connect(play.daemon.database, isolation_level=None, timeout=5)) as lock:
        lock.execute("BEGIN IMMEDIATE")
        yield


def _news(pings: "Sequence[Ping]") -> list[Arrival]:
    """The pings that say something else than the one before."""
    changes = [next(same) for _, same in groupby(pings, lambda ping: ping.signal)]
    return [Arrival(ping.at_mono_s, ping.signal or "well", "", ping.body) for ping in changes]


SCENES = (
    an_availability_below_its_limit_is_told_with_the_figures,
    what_a_reload_removes_is_told_to_be_closed,
    what_is_renamed_while_it_is_down_is_the_same_outage,
    a_broken_file_starts_what_was_valid_last_and_says_so,
    a_database_that_refuses_is_heard_outside,
)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_timeline(scene: Any, outcomes: "Outcomes") -> None:
    """What arrives, where and when, is what the scene expects, and nothing else."""
    outcomes.show(scene)
