"""How PostgreSQL forgets: by whole weeks, without waiting for readers, and no further than a limit of size asks for."""

from typing import TYPE_CHECKING

import pytest

from monitor.clock import Moment
from monitor.domain.ages import Ages, Grain
from monitor.domain.result import Phases
from monitor.storage.past.result_list import ResultList
from monitor.storage.past.selection import Selection
from monitor.storage.postgresql.housekeeping import WeeksAndRows
from monitor.storage.postgresql.partitions import WEEK_US
from monitor.storage.retention.forecast import would_go
from monitor.storage.retention.retention import PRUNED_KEY, Fit, Pruned, Retention
from monitor.storage.rollup_tables import Level

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World

pytestmark = pytest.mark.parametrize("opened", ["postgresql"], indirect=True)

DAY_S = 86_400
WEEK_S = 7 * DAY_S
WEEKS = 5
MONTH = Ages(30 * DAY_S, 1000 * DAY_S, 1000 * DAY_S)
PARTITIONS = "SELECT count(*) FROM pg_inherits WHERE inhparent IN ('results'::regclass, 'result_details'::regclass)"


class Then:
    """Always the same moment."""

    def __init__(self, now: Moment) -> None:
        self._now = now

    def now(self) -> Moment:
        """It."""
        return self._now


async def at_once(seconds: float) -> None:
    """No rest."""
    del seconds


def monday(world: "World") -> Moment:
    """The first one after the start."""
    weeks = WeeksAndRows()
    return Moment(weeks.whole(world.start.wall_us + WEEK_US), 0)


async def weeks_of_results(world: "World", each: int = 1) -> None:
    """Some a week, from a Monday on, with details; every roll-up is said to be made."""
    first_s = (monday(world).wall_us - world.start.wall_us) / 1e6
    for week in range(WEEKS):
        at_s = (first_s + week * WEEK_S + DAY_S + number for number in range(each))
        await world.commit(*(world.result(at, phases=Phases(total_ms=1.0)) for at in at_s))
    for level in Level:
        world.write("DELETE FROM meta WHERE key = ?", level.until_key)
        world.write("INSERT INTO meta VALUES (?, ?)", level.until_key, str(1 << 62))


async def prune(world: "World", now: Moment, ages: Ages = MONTH) -> Pruned:
    """Once."""
    return await Retention(world.writer, Then(now), rest=at_once).prune(ages)


async def test_whole_weeks_go_and_the_others_are_told(world: "World") -> None:
    """What is older than its age but in a week that is not over stays, and is shown; the mark says from when."""
    await weeks_of_results(world)
    now = monday(world).plus_s(30 * DAY_S + 2 * WEEK_S + DAY_S + 60)
    assert await world.ask(would_go, MONTH, now.wall_us) == {"results": 2, "result_details": 2}
    assert (await prune(world, now)).rows == {"results": 2, "result_details": 2}
    assert world.value(PARTITIONS) == 2 * (WEEKS - 2)
    assert (PRUNED_KEY, str(monday(world).plus_s(2 * WEEK_S).wall_us)) in world.rows("SELECT key, value FROM meta")
    assert len(await world.ask(lambda reader: list(ResultList(reader, Selection(limit=10))))) == WEEKS - 2
    assert await prune(world, now) == Pruned()


async def test_a_late_result_of_a_week_that_went(world: "World") -> None:
    """Its week is made once more, though the writer had known it before."""
    await weeks_of_results(world)
    await prune(world, monday(world).plus_s(30 * DAY_S + WEEK_S))
    late_s = (monday(world).wall_us - world.start.wall_us) / 1e6 + 2 * DAY_S
    await world.commit(world.result(late_s))
    assert world.value("SELECT count(*) FROM results") == WEEKS


async def test_a_week_that_is_read_stays_for_the_next_time(world: "World") -> None:
    """Nobody waits: neither the writer for a long reader, nor other readers behind the writer."""
    await weeks_of_results(world)
    now = monday(world).plus_s(30 * DAY_S + 2 * WEEK_S)
    reader = world.database.snapshot()
    try:
        reader.exec_driver_sql("SELECT count(*) FROM results").scalar()
        assert (await prune(world, now)).rows == {"result_details": 2}
        assert world.value("SELECT count(*) FROM results") == WEEKS
    finally:
        reader.close()
    assert (await prune(world, now)).rows == {"results": 2}


async def test_a_limit_of_size_takes_the_oldest_weeks(world: "World") -> None:
    """As many as it asks for; roll-ups, whose room would not come back, stay."""
    await weeks_of_results(world, each=300)
    used = await world.writer.run(WeeksAndRows().used_bytes)
    now = monday(world).plus_s(WEEKS * WEEK_S)
    fit = (await prune(world, now, Ages(1e9, 1e9, 1e9, size_limit=used - 20_000))).fit
    left = world.value("SELECT count(*) FROM results")
    assert fit is Fit.SHORTENED
    assert 0 < left < 300 * WEEKS
    assert left % 300 == 0
    fit = (await prune(world, now, Ages(1e9, 1e9, 1e9, size_limit=10_000))).fit
    assert fit is Fit.OUT_OF_REACH
    assert world.value("SELECT count(*) FROM results") <= left


async def test_a_large_table_is_estimated(world: "World", monkeypatch: pytest.MonkeyPatch) -> None:
    """From some of its pages, here from all of them; a small one is counted."""
    await weeks_of_results(world)
    sizes = await world.writer.run(lambda connection: WeeksAndRows().table_sizes(connection, ["results"]))
    assert (sizes["results"].rows, sizes["results"].exact) == (WEEKS, True)
    assert (sizes["results"].size or 0) > 0
    monkeypatch.setattr("monitor.storage.postgresql.housekeeping.COUNTED_BYTES", 0)
    sizes = await world.writer.run(lambda connection: WeeksAndRows().table_sizes(connection, ["results"]))
    assert (sizes["results"].rows, sizes["results"].exact) == (WEEKS, False)


def test_deleted_rows_give_no_room_back(opened: object) -> None:
    """Only weeks that are dropped do."""
    del opened
    assert [grain for grain in Grain if WeeksAndRows().shrinks_by(grain)] == [Grain.RAW]
