"""Roll-ups are made when a stretch is over, and made again when what they were made from changes."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import Connection

from monitor.alerting.batch import RhythmChange
from monitor.clock import US_PER_S, Moment
from monitor.domain.availability import FAR_FUTURE_US, Rhythm
from monitor.storage.rollup_tables import Level
from monitor.storage.rollups.closing import BITE_S, Closer

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World

T = TypeVar("T")
HOUR_S, DAY_S = 3600, 86_400
FOR_EVER_US = FAR_FUTURE_US


class HandClock:
    """Goes as it is told; each look costs `step_s` of monotonic time."""

    def __init__(self, at: Moment, step_s: float = 0.0) -> None:
        self.at = at
        self._step_us = round(step_s * US_PER_S)

    def now(self) -> Moment:
        """The moment that was set."""
        self.at = replace(self.at, mono_us=self.at.mono_us + self._step_us)
        return self.at


def due_from(world: "World", planned_s: float, first_s: float, interval_s: float = 60.0) -> RhythmChange:
    """A rhythm that was planned at a moment and begins at another."""
    first_us, interval_us = world.start.plus_s(first_s).wall_us, round(interval_s * US_PER_S)
    rhythm = Rhythm(first_us, first_us + interval_us, interval_us, FOR_EVER_US)
    return RhythmChange("gw/chat/m", world.start.plus_s(planned_s).wall_us, rhythm)


async def begun(world: "World") -> None:
    """One check, and a daemon that lives for ever."""
    await world.journal.register([world.check()], world.start)
    await world.begin()
    world.write("UPDATE daemon_runs SET heartbeat_us = ?", FOR_EVER_US)


async def close(world: "World", at_s: float) -> None:
    """Everything that is over then."""
    await Closer(world.writer, HandClock(world.start.plus_s(at_s)), pausing=False).close()


async def test_what_is_due_after_the_clock_was_set_back_is_rolled_up(world: "World") -> None:
    """The old rhythm ends where the clock was, the new one begins where it is: that time comes twice."""
    await begun(world)
    await world.commit(rhythms=[due_from(world, 0, 10)])
    await close(world, 2 * HOUR_S)
    once = world.rows("SELECT started_at_us, due FROM rollups_5m ORDER BY 1")
    assert {due for _, due in once[:-1]} == {5}
    await world.commit(rhythms=[due_from(world, 2 * HOUR_S, 1 * HOUR_S + 10)])
    await close(world, 2 * HOUR_S + 600)
    twice = dict(world.rows("SELECT started_at_us, due FROM rollups_5m ORDER BY 1"))
    hour_us, end_us = (world.start.plus_s(at).wall_us for at in (HOUR_S, 2 * HOUR_S - 300))
    assert {due for at_us, due in twice.items() if at_us < hour_us} == {5}
    assert {due for at_us, due in twice.items() if hour_us <= at_us < end_us} == {10}


async def test_a_rhythm_that_has_ended_stays_as_it_was(world: "World") -> None:
    """Whatever the clock says when the next one ends: the time that came twice was due twice."""
    await begun(world)
    await world.commit(rhythms=[due_from(world, 0, 10)])
    await world.commit(rhythms=[due_from(world, 2 * HOUR_S, HOUR_S + 10)])
    half_past = world.start.plus_s(1.5 * HOUR_S)
    await world.commit(rhythms=[RhythmChange("gw/chat/m", half_past.wall_us, None)])
    await world.journal.end_run(half_past, "stopped")
    await world.begin(world.start.plus_s(-400 * DAY_S))
    await world.commit(rhythms=[due_from(world, -400 * DAY_S, -400 * DAY_S + 10)])
    ends = world.rows("SELECT until_us FROM rhythms ORDER BY first_due_us")
    assert [end for (end,) in ends] == [
        FOR_EVER_US,
        world.start.plus_s(2 * HOUR_S).wall_us,
        half_past.wall_us,
    ]


class Counted:
    """A writer that says how many transactions there were."""

    def __init__(self, world: "World") -> None:
        self._writer = world.writer
        self.done = 0

    async def run(self, work: Callable[[Connection], T]) -> T:
        """One."""
        self.done += 1
        return await self._writer.run(work)


async def twenty(world: "World") -> None:
    """Checks, each with a result a minute for five hours."""
    names = [f"m{number}" for number in range(20)]
    await world.journal.register([world.check(name) for name in names], world.start)
    await world.begin()
    world.write("UPDATE daemon_runs SET heartbeat_us = ?", FOR_EVER_US)
    await world.commit(*(world.result(at, check=f"gw/chat/{name}") for name in names for at in range(0, 18_000, 60)))


async def test_a_bite_takes_on_nothing_more_when_its_time_is_up(world: "World") -> None:
    """What took long is done in smaller steps, each a transaction; what is made is the same."""
    await twenty(world)
    slow = Counted(world)
    await Closer(cast("Any", slow), HandClock(world.start.plus_s(9_000), BITE_S), pausing=False).close()
    assert slow.done > 300
    slowly = world.rows("SELECT * FROM rollups_5m ORDER BY check_id, started_at_us")
    world.write("DELETE FROM rollups_5m")
    for level in Level:
        world.write("DELETE FROM meta WHERE key IN (?, ?)", level.until_key, f"{level.value}_closing_us")
    quick = Counted(world)
    await Closer(cast("Any", quick), HandClock(world.start.plus_s(9_000)), pausing=False).close()
    assert quick.done < 40
    assert world.rows("SELECT * FROM rollups_5m ORDER BY check_id, started_at_us") == slowly
