"""All roll-ups once more, from what they were made from; and whether they are what they should be."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pytest
from sqlalchemy import Connection

from monitor.alerting.batch import RhythmChange
from monitor.clock import US_PER_S, Moment
from monitor.domain.availability import FAR_FUTURE_US, Rhythm
from monitor.domain.result import Status, Verdict
from monitor.storage.rollup_tables import Level
from monitor.storage.rollups.closing import Closer
from monitor.storage.rollups.rebuild import PROGRESS_KEY, rebuild

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World

T = TypeVar("T")
DAY_S, STEP_S = 86_400, 1200
DAYS = 3
TABLES = tuple(level.value for level in Level)


class Then:
    """Always the same moment."""

    def __init__(self, at: Moment) -> None:
        self._at = at

    def now(self) -> Moment:
        """It."""
        return self._at


class DyingError(Exception):
    """The process is gone."""


class Dying:
    """A writer that takes so many transactions and no more."""

    def __init__(self, world: "World", lives: int) -> None:
        self._writer = world.writer
        self.lives = lives

    async def run(self, work: Callable[[Connection], T]) -> T:
        """One, or none any more."""
        if self.lives == 0:
            raise DyingError
        self.lives -= 1
        return await self._writer.run(work)


@pytest.fixture
async def past(world: "World") -> "World":
    """Some days of two checks, rolled up."""
    await world.journal.register([world.check("a"), world.check("b")], world.start)
    await world.begin()
    first_us, step_us = world.start.wall_us + 7, STEP_S * US_PER_S
    for name in ("gw/chat/a", "gw/chat/b"):
        rhythm = Rhythm(first_us, first_us + step_us, step_us, FAR_FUTURE_US)
        statuses = (Status.UP, Status.UP, Status.TIMEOUT, Status.UNKNOWN)
        results = [
            world.result(turn * STEP_S, Verdict(statuses[turn % 4]), name, latency_ms=100.0 + turn)
            for turn in range(DAYS * DAY_S // STEP_S)
        ]
        await world.commit(*results, rhythms=[RhythmChange(name, world.start.wall_us, rhythm)])
    now = world.start.plus_s(DAYS * DAY_S)
    world.write("UPDATE daemon_runs SET heartbeat_us = ?", now.wall_us)
    await Closer(world.writer, Then(now), pausing=False).close()
    return world


def everything(world: "World") -> list[list[tuple[Any, ...]]]:
    """Every roll-up."""
    return [world.rows(f"SELECT * FROM {table} ORDER BY check_id, started_at_us") for table in TABLES]  # noqa: S608


def spoil(world: "World") -> int:
    """Of each level one row says something else, one is gone and one is too much; how many that are."""
    for table in TABLES:
        first, second, *_ = [at for (at,) in world.rows(f"SELECT started_at_us FROM {table} WHERE check_id = 1")]  # noqa: S608
        world.write(f"UPDATE {table} SET successes = 99 WHERE check_id = 1 AND started_at_us = ?", first)  # noqa: S608
        world.write(f"DELETE FROM {table} WHERE check_id = 1 AND started_at_us = ?", second)  # noqa: S608
        world.write(f"UPDATE {table} SET latency_sketch = ? WHERE check_id = 2 AND started_at_us = ?", b"\x00", first)  # noqa: S608
    return 3 * len(TABLES)


async def test_what_stands_there_as_it_should_differs_nowhere(past: "World") -> None:
    """Neither compared nor made again."""
    before = everything(past)
    for only_compare in (True, False):
        found = await rebuild(past.writer, only_compare=only_compare)
        assert dict(found.rows) == {level: len(rows) for level, rows in zip(Level, before, strict=True)}
        assert not any(found.differing.values())
    assert everything(past) == before


async def test_what_was_spoilt_is_found_and_made_again(past: "World") -> None:
    """Comparing changes nothing."""
    before, wrong = everything(past), spoil(past)
    spoilt = everything(past)
    found = await rebuild(past.writer, only_compare=True)
    assert sum(found.differing.values()) == wrong
    assert everything(past) == spoilt != before
    assert sum((await rebuild(past.writer)).differing.values()) == wrong
    assert everything(past) == before


async def test_roll_ups_whose_results_are_gone_stand_for_themselves(past: "World") -> None:
    """They are neither wrong nor made of less."""
    spoil(past)
    middle_us = past.start.plus_s(1.6 * DAY_S).wall_us // 300_000_000 * 300_000_000
    past.write("DELETE FROM results WHERE started_at_us < ?", middle_us)
    past.write("INSERT INTO meta VALUES ('pruned_before_us', ?)", str(middle_us))
    before = everything(past)
    assert not any((await rebuild(past.writer)).differing.values())
    assert everything(past) == before


async def test_killed_it_goes_on_where_it_was(past: "World") -> None:
    """Unless a daemon has run since: then it begins anew."""
    before, _ = everything(past), spoil(past)
    dying = Dying(past, lives=6)
    with pytest.raises(DyingError):
        await rebuild(cast("Any", dying))
    days: list[int] = []
    left = past.value(f"SELECT value FROM meta WHERE key = '{PROGRESS_KEY}'")  # noqa: S608  a constant
    rest = Dying(past, lives=1000)
    await rebuild(cast("Any", rest), lambda done, _of: days.append(done))
    assert everything(past) == before
    assert 1000 - rest.lives < 3 + 2 * max(days)
    past.write("INSERT INTO meta VALUES (?, ?)", PROGRESS_KEY, left)
    spoil(past)
    await past.begin(past.start.plus_s(DAYS * DAY_S))
    await rebuild(past.writer)
    assert everything(past) == before


async def test_a_database_without_roll_ups_has_none_to_make_again(world: "World") -> None:
    """Nothing was closed yet."""
    await world.commit(world.result())
    assert not any((await rebuild(world.writer)).rows.values())
