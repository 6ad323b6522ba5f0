"""Forgetting what is old, and nothing that others still need."""

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, func, select

from monitor.alerting.batch import RhythmChange
from monitor.clock import US_PER_S, Moment
from monitor.domain.ages import Ages
from monitor.domain.availability import Rhythm
from monitor.domain.health import Health, advance
from monitor.domain.result import Phases
from monitor.storage import tables
from monitor.storage.fact_tables import balances, headroom
from monitor.storage.retention.bites import BITE_S, LEAST_ROWS, MOST_ROWS
from monitor.storage.retention.forecast import would_go
from monitor.storage.retention.retention import PRUNED_KEY, Fit, Pruned, Retention
from monitor.storage.rollup_tables import Level, tariffs

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World

# On PostgreSQL whole weeks go: tests/unit/storage/postgresql/test_housekeeping.py.
of_single_rows = pytest.mark.parametrize("opened", ["sqlite"], indirect=True)

DAY_S = 86_400
STRETCH_S = 300  # the start of the world is a boundary of five minutes, and 20 minutes before one of an hour
AGES = Ages(DAY_S, DAY_S, DAY_S)


class SlowClock:
    """Time stands still but for `step_s` at each look."""

    def __init__(self, now: Moment, step_s: float = 0.0) -> None:
        self._now = now
        self._step_s = step_s

    def now(self) -> Moment:
        """The present moment."""
        self._now = self._now.plus_s(self._step_s)
        return self._now


async def at_once(seconds: float) -> None:
    """No rest."""
    del seconds


def _roll_up_row(at_us: int) -> dict[str, object]:
    """A row of any level."""
    values: dict[str, object] = {column.name: 0 for column in Level.DAY.table.columns}
    return values | {"check_id": 1, "started_at_us": at_us, "latency_sketch": b"", "ttft_sketch": b""}


async def made(world: "World", until_s: float = 1000 * DAY_S) -> None:
    """Roll-ups of every level are said to be made until then."""
    until_us = world.start.plus_s(until_s).wall_us

    def work(connection: Connection) -> None:
        for level in Level:
            row = {"key": level.until_key, "value": str(until_us)}
            connection.execute(tables.meta.delete().where(tables.meta.c.key == level.until_key))
            connection.execute(tables.meta.insert().values(row))

    await world.writer.run(work)


async def prune(world: "World", at_s: float, ages: Ages = AGES, step_s: float = 0.0) -> Pruned:
    """Once, so long after the start."""
    return await Retention(world.writer, SlowClock(world.start.plus_s(at_s), step_s), rest=at_once).prune(ages)


@of_single_rows
async def test_what_is_older_goes_and_the_rest_stays(world: "World") -> None:
    """By whole stretches of five minutes, with details and reasons that nothing refers to any more."""
    old = world.result(5, world.failure().verdict, phases=Phases(total_ms=1.0))
    at_s = (STRETCH_S - 0.000001, STRETCH_S, STRETCH_S + 1)
    await world.commit(old, *(world.result(at) for at in at_s), world.result(STRETCH_S + 2, check="gw/chat/n"))
    await made(world)
    pruned = await prune(world, DAY_S + STRETCH_S + 10)
    assert pruned == Pruned({"results": 2, "result_details": 1, "reasons": 1})
    assert world.value("SELECT count(*) FROM results") == 3
    assert (PRUNED_KEY, str(world.start.plus_s(STRETCH_S).wall_us)) in world.rows("SELECT key, value FROM meta")
    assert await prune(world, DAY_S + STRETCH_S + 10) == Pruned()


@of_single_rows
async def test_no_result_goes_before_its_roll_up_is_made(world: "World") -> None:
    """Whatever its age; then only as far as roll-ups are made."""
    await world.commit(*(world.result(at) for at in range(0, 1200, 100)))
    assert (await prune(world, 400 * DAY_S)).rows == {}
    await made(world, until_s=650)
    assert (await prune(world, 400 * DAY_S)).rows == {"results": 6}


@pytest.mark.parametrize(
    ("level", "coarser", "length_s"),
    [(Level.FIVE_MINUTES, Level.HOUR, 3600), (Level.HOUR, Level.DAY, DAY_S), (Level.DAY, None, DAY_S)],
)
async def test_each_level_waits_for_the_next(
    world: "World", level: Level, coarser: Level | None, length_s: int
) -> None:
    """A row goes when it is older than its age, and the whole row that it is a part of is made."""
    await world.commit(world.result(0))
    day_us = DAY_S * US_PER_S
    first_us = world.start.wall_us - world.start.wall_us % day_us + day_us
    step_us = level.length_us

    def work(connection: Connection) -> None:
        connection.execute(level.table.insert(), [_roll_up_row(first_us + turn * step_us) for turn in range(100)])

    await world.writer.run(work)
    ages = Ages(DAY_S, DAY_S, DAY_S, DAY_S)
    far_s = 2000.0 * DAY_S
    if coarser is not None:
        assert (await prune(world, far_s, ages)).rows == {}
        # A coarser row that is made but for its last moment protects all its parts.
        until_s = (first_us - world.start.wall_us + 2 * length_s * US_PER_S - 1) / US_PER_S
        await made(world, until_s)
    else:
        await made(world)
        far_s = (first_us - world.start.wall_us) / US_PER_S + 2 * DAY_S + 10
    gone = (await prune(world, far_s, ages)).rows[level.value]
    assert gone == min(100, length_s * US_PER_S // step_us)
    from_us = first_us + length_s * US_PER_S
    assert (level.from_key, str(from_us)) in world.rows("SELECT key, value FROM meta")
    assert (
        await world.ask(lambda reader: reader.connection.scalar(select(func.min(level.table.c.started_at_us))))
        == from_us
    )


async def test_days_are_kept_for_ever_unless_an_age_is_set(world: "World") -> None:
    """They are what is left of years."""
    await world.commit(world.result(0))
    await world.writer.run(lambda c: c.execute(Level.DAY.table.insert(), [_roll_up_row(0)]))
    await made(world)
    await prune(world, 20_000 * DAY_S)
    assert world.value("SELECT count(*) FROM rollups_daily") == 1


@of_single_rows
async def test_reasons_that_something_refers_to_stay(world: "World") -> None:
    """A check that has been down for longer than the retention still says why."""
    failure = world.failure()
    health = advance(world.check(), Health("gw/chat/m", world.start), failure).health
    await world.commit(failure, healths={health.check: health})
    await made(world)
    await prune(world, 2 * DAY_S)
    assert world.value("SELECT count(*) FROM results") == 0
    assert world.value("SELECT reason FROM reasons JOIN states ON reason_id = reasons.id") == "HTTP 503"


@of_single_rows
async def test_many_reasons_go_in_bites(world: "World") -> None:
    """Also those behind the first bite."""
    verdict = world.failure().verdict
    await world.commit(
        *(world.result(at, type(verdict)(verdict.status, reason=f"reason {at}")) for at in range(250)),
        world.failure(2 * DAY_S),
    )
    await made(world)
    pruned = await prune(world, 2 * DAY_S, step_s=BITE_S)
    assert pruned.rows == {"results": 250, "reasons": 250}
    assert world.value("SELECT count(*) FROM reasons") == 1


@of_single_rows
async def test_a_written_reason_may_come_back(world: "World") -> None:
    """The journal of the same process does not stumble over the deletion."""
    await world.commit(world.failure(0))
    await made(world)
    await prune(world, 2 * DAY_S)
    await world.commit(world.failure(2 * DAY_S))
    assert world.value("SELECT reason FROM results JOIN reasons ON reasons.id = reason_id") == "HTTP 503"


@of_single_rows
async def test_bites_adapt_to_the_disk(world: "World") -> None:
    """Smaller where a bite took long, larger where it did not, within bounds."""
    await made(world)
    for step_s, expected in ((2 * BITE_S, LEAST_ROWS), (0.0, MOST_ROWS)):
        await world.commit(*(world.result(at / 100, check=f"gw/chat/{n}") for n in range(2) for at in range(10_000)))
        retention = Retention(world.writer, SlowClock(world.start.plus_s(2 * DAY_S), step_s), rest=at_once)
        assert (await retention.prune(AGES)).rows["results"] == 20_000
        assert retention._bites._rows["results"] == expected


async def test_incidents_and_their_notifications_are_kept(world: "World") -> None:
    """They are few, and what people ask for years later."""
    await world.commit(incidents={1: world.incident(resolved_s=5)}, outbox=[world.queued(incident_id=1)])
    await made(world)
    await prune(world, 400 * DAY_S)
    assert world.value("SELECT count(*) FROM incidents JOIN outbox ON incident_id = incidents.id") == 1


@of_single_rows
async def test_rhythms_go_with_the_results_that_they_were_for(world: "World") -> None:
    """One that ended before what is kept begins says nothing any more."""
    at, step = world.start.wall_us, 100 * US_PER_S
    await world.begin()
    await world.commit(
        *(world.result(at_s) for at_s in range(0, 2000, 100)),
        rhythms=[
            RhythmChange("gw/chat/m", at, Rhythm(at, at + step, step, 1 << 62)),
            RhythmChange("gw/chat/m", at + 5 * step, Rhythm(at + 5 * step, at + 6 * step, step, 1 << 62)),
        ],
    )
    await made(world)
    pruned = await prune(world, DAY_S + 1000)
    assert pruned.rows == {"results": 9, "rhythms": 1}


async def test_what_is_seen_of_limits_and_accounts_is_thinned(world: "World") -> None:
    """Limits seen long ago go; of balances beyond the age of results the newest of each day stays."""
    day_us, now_s = DAY_S * US_PER_S, 400 * DAY_S
    midnight_us = world.start.wall_us - world.start.wall_us % day_us
    recent_us = world.start.plus_s(now_s).wall_us - 10

    def work(connection: Connection) -> None:
        seen = (*(midnight_us + hour * day_us // 24 for hour in range(48)), recent_us, recent_us + 1)
        for at_us in seen:
            connection.execute(balances.insert().values(endpoint="gw", seen_at_us=at_us, amount=1.0))
        for model, at_us in (("old", midnight_us), ("new", recent_us)):
            of_model = {"endpoint": "gw", "model": model, "kind": "requests", "seen_at_us": at_us}
            connection.execute(headroom.insert().values(of_model))
        for since_us in (0, midnight_us, midnight_us + 1, recent_us):
            tariff = {"check_id": 1, "since_us": since_us, "uncounted_input": 1, "uncounted_output": 1}
            connection.execute(tariffs.insert().values(tariff))

    await world.commit(world.result(0))
    await world.writer.run(work)
    await made(world)
    pruned = await prune(world, now_s)
    assert pruned.rows == {"results": 1, "headroom": 1, "balances": 46, "tariffs": 2}
    assert world.rows("SELECT model FROM headroom") == [("new",)]
    assert [
        (at - midnight_us) // day_us for (at,) in world.rows("SELECT seen_at_us FROM balances ORDER BY 1 LIMIT 2")
    ] == [0, 1]
    assert world.rows("SELECT min(since_us) FROM tariffs") == [(midnight_us + 1,)]


@of_single_rows
async def test_what_would_go_is_told_beforehand(world: "World") -> None:
    """Nothing is deleted by asking."""
    await world.commit(*(world.result(at) for at in range(0, 1200, 100)))
    await made(world, until_s=650)
    now_us = world.start.plus_s(400 * DAY_S).wall_us
    assert await world.ask(would_go, AGES, now_us) == {"results": 6}
    assert await world.ask(would_go, AGES, now_us) == {"results": 6}
    assert (await prune(world, 400 * DAY_S)).rows == {"results": 6}
    assert await world.ask(would_go, AGES, now_us) == {}


async def test_a_limit_of_size_is_said_once(world: "World") -> None:
    """Whatever is restarted; another limit, or a graver finding, is news again."""
    retention = Retention(world.writer, SlowClock(world.start))
    ages = Ages(DAY_S, DAY_S, DAY_S, size_limit=100)
    assert await retention.is_news(ages, Fit.SHORTENED)
    assert not await Retention(world.writer, SlowClock(world.start)).is_news(ages, Fit.SHORTENED)
    assert await retention.is_news(ages, Fit.OUT_OF_REACH)


async def test_a_doubt_is_remembered(world: "World") -> None:
    """By whatever is started next."""
    await Retention(world.writer, SlowClock(world.start)).doubt_clock(42)
    later = Retention(world.writer, SlowClock(world.start))
    assert await later.clock_doubted_since_us() == 42
    await later.doubt_clock(0)
    assert await later.clock_doubted_since_us() == 0
