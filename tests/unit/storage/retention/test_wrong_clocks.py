"""A clock that was far ahead for a while takes no more with it than it has to; one that is far behind takes nothing."""

from typing import TYPE_CHECKING

from monitor.alerting.batch import RhythmChange
from monitor.clock import US_PER_S, Moment
from monitor.domain.ages import Ages
from monitor.domain.availability import FAR_FUTURE_US, Rhythm
from monitor.storage.reports.figures import Period, tallies
from monitor.storage.retention.retention import Retention
from monitor.storage.rollup_tables import Level
from monitor.storage.rollups.closing import Closer

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World

HOUR_S, DAY_S = 3600, 86_400
YEAR_S = 365 * DAY_S
AGES = Ages(90 * DAY_S, 90 * DAY_S, 730 * DAY_S)


class StoppedClock:
    """Always the same moment."""

    def __init__(self, at: Moment) -> None:
        self._at = at

    def now(self) -> Moment:
        """It."""
        return self._at


async def at_once(seconds: float) -> None:
    """No rest."""
    del seconds


async def lives(world: "World", since_s: int, until_s: int, *, planned_s: float | None = None) -> None:
    """A result a minute, each of them due, and upkeep at the end.

    Args:
        world: the database.
        since_s: after the start, as the clock says.
        until_s: the same.
        planned_s: when the rhythm before ended, by the clock as it was then.
    """
    first_us, minute_us = world.start.plus_s(since_s).wall_us, 60 * US_PER_S
    rhythm = Rhythm(first_us, first_us + minute_us, minute_us, FAR_FUTURE_US)
    at_us = world.start.plus_s(since_s if planned_s is None else planned_s).wall_us
    results = [world.result(at) for at in range(since_s, until_s, 60)]
    await world.commit(*results, rhythms=[RhythmChange("gw/chat/m", at_us, rhythm)])
    now = world.start.plus_s(until_s)
    await world.journal.heartbeat(now)
    await upkeep(world, now)


async def upkeep(world: "World", now: Moment) -> None:
    """Roll-ups, then forgetting."""
    await Closer(world.writer, StoppedClock(now), pausing=False).close()
    await Retention(world.writer, StoppedClock(now), rest=at_once).prune(AGES)


async def test_what_comes_after_a_clock_was_a_year_ahead_is_history_again(world: "World") -> None:
    """What it has deleted is gone; what is recorded from then on is kept, rolled up and told."""
    await world.journal.register([world.check()], world.start)
    await world.begin()
    await lives(world, 0, 3 * DAY_S)
    await lives(world, YEAR_S, YEAR_S + HOUR_S, planned_s=3 * DAY_S)
    assert world.value("SELECT min(started_at_us) FROM results") == world.start.plus_s(YEAR_S).wall_us
    back_s = 3 * DAY_S + HOUR_S
    await lives(world, back_s, back_s + 60, planned_s=YEAR_S + HOUR_S)
    await lives(world, back_s + 300, back_s + 2 * DAY_S)
    now = world.start.plus_s(back_s + 2 * DAY_S)
    period = Period("", world.start.plus_s(back_s + 300).wall_us, now.wall_us)
    (tally,) = (await world.ask(tallies, period, now)).values()
    assert tally.counted == len(range(back_s + 300, back_s + 2 * DAY_S, 60)) == tally.due
    rolled_us = world.value("SELECT value FROM meta WHERE key = 'rollups_hourly_until_us'")
    assert now.plus_s(-2 * HOUR_S).wall_us < int(rolled_us) <= now.wall_us
    days = Period("", world.start.wall_us, world.start.plus_s(2 * DAY_S).wall_us)
    (before,) = (await world.ask(tallies, days, now)).values()
    assert before.counted > DAY_S // 60


async def test_a_clock_that_is_far_behind_claims_nothing(world: "World") -> None:
    """What was deleted is not taken for complete, and roll-ups of it stay."""
    await world.journal.register([world.check()], world.start)
    await world.begin()
    await lives(world, 0, 3 * DAY_S)
    await lives(world, 100 * DAY_S, 101 * DAY_S)
    keys = ("pruned_before_us", *(level.from_key for level in Level))
    marks = f"SELECT key, value FROM meta WHERE key IN {keys} ORDER BY 1"  # noqa: S608  constants
    before, rows = world.rows(marks), world.rows("SELECT * FROM rollups_daily ORDER BY started_at_us")
    await upkeep(world, world.start.plus_s(-1000 * DAY_S))
    await upkeep(world, world.start.plus_s(101 * DAY_S))
    assert world.rows(marks) == before
    assert world.rows("SELECT * FROM rollups_daily ORDER BY started_at_us") == rows
