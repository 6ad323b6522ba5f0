"""Forgetting single results, and nothing that others still need."""

from typing import TYPE_CHECKING

from monitor.alerting.batch import RhythmChange
from monitor.clock import US_PER_S, Moment
from monitor.domain.availability import Rhythm
from monitor.domain.health import Health, advance
from monitor.domain.result import Phases
from monitor.storage.report import Period, report
from monitor.storage.retention import BITE_S, LEAST_ROWS, MOST_ROWS, Pruned, Retention

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World

DAY_S = 86_400


class SlowClock:
    """Time stands still but for `step_s` at each look."""

    def __init__(self, now: Moment, step_s: float = 0.0) -> None:
        self._now = now
        self._step_s = step_s

    def now(self) -> Moment:
        """The present moment."""
        self._now = self._now.plus_s(self._step_s)
        return self._now


async def test_what_is_older_goes_and_the_rest_stays(world: "World") -> None:
    """To the microsecond, with details and reasons that nothing refers to any more."""
    old = world.result(5, world.failure().verdict, phases=Phases(total_ms=1.0))
    await world.commit(old, world.result(9.999999), world.result(10), world.result(11, check="gw/chat/n"))
    pruned = await Retention(world.writer, SlowClock(world.start.plus_s(DAY_S + 10))).prune(DAY_S)
    assert pruned == Pruned(results=2, details=1, reasons=1, rhythms=0)
    assert world.value("SELECT count(*) FROM results") == 2
    again = await Retention(world.writer, SlowClock(world.start.plus_s(DAY_S + 10))).prune(DAY_S)
    assert again == Pruned(0, 0, 0, 0)


async def test_reasons_that_something_refers_to_stay(world: "World") -> None:
    """A check that has been down for longer than the retention still says why."""
    failure = world.failure()
    health = advance(world.check(), Health("gw/chat/m", world.start), failure).health
    await world.commit(failure, healths={health.check: health})
    await Retention(world.writer, SlowClock(world.start.plus_s(2 * DAY_S))).prune(DAY_S)
    assert world.value("SELECT count(*) FROM results") == 0
    assert world.value("SELECT reason FROM reasons JOIN states ON reason_id = reasons.id") == "HTTP 503"


async def test_many_reasons_go_in_bites(world: "World") -> None:
    """Also those behind the first bite."""
    verdict = world.failure().verdict
    await world.commit(
        *(world.result(at, type(verdict)(verdict.status, reason=f"reason {at}")) for at in range(250)),
        world.failure(2 * DAY_S),
    )
    pruned = await Retention(world.writer, SlowClock(world.start.plus_s(2 * DAY_S))).prune(DAY_S)
    assert (pruned.results, pruned.reasons) == (250, 250)
    assert world.value("SELECT count(*) FROM reasons") == 1


async def test_a_written_reason_may_come_back(world: "World") -> None:
    """The journal of the same process does not stumble over the deletion."""
    await world.commit(world.failure(0))
    await Retention(world.writer, SlowClock(world.start.plus_s(2 * DAY_S))).prune(DAY_S)
    await world.commit(world.failure(2 * DAY_S))
    assert world.value("SELECT reason FROM results JOIN reasons ON reasons.id = reason_id") == "HTTP 503"


async def test_bites_adapt_to_the_disk(world: "World") -> None:
    """Smaller where a bite took long, larger where it did not, within bounds."""
    for step_s, expected in ((2 * BITE_S, LEAST_ROWS), (0.0, MOST_ROWS)):
        await world.commit(*(world.result(at / 100) for at in range(12_000)))
        retention = Retention(world.writer, SlowClock(world.start.plus_s(2 * DAY_S), step_s))
        assert (await retention.prune(DAY_S)).results == 12_000
        assert retention._rows == expected


async def test_incidents_and_their_notifications_are_kept(world: "World") -> None:
    """They are few, and what people ask for years later."""
    await world.commit(incidents={1: world.incident(resolved_s=5)}, outbox=[world.queued(incident_id=1)])
    await Retention(world.writer, SlowClock(world.start.plus_s(400 * DAY_S))).prune(DAY_S)
    assert world.value("SELECT count(*) FROM incidents JOIN outbox ON incident_id = incidents.id") == 1


async def test_coverage_is_not_bent_by_what_was_deleted(world: "World") -> None:
    """Turns before the retention are not due, and rhythms that lie wholly there go."""
    at, step = world.start.wall_us, 10 * US_PER_S
    await world.begin()
    await world.commit(
        *(world.result(at_s) for at_s in range(0, 200, 10)),
        rhythms=[
            RhythmChange("gw/chat/m", at, Rhythm(at, at + step, step, 1 << 62)),
            RhythmChange("gw/chat/m", at + 5 * step, Rhythm(at + 5 * step, at + 6 * step, step, 1 << 62)),
        ],
    )
    await world.journal.end_run(world.start.plus_s(200), "done")
    pruned = await Retention(world.writer, SlowClock(world.start.plus_s(DAY_S + 100))).prune(DAY_S)
    assert (pruned.results, pruned.rhythms) == (10, 1)
    row, _ = await world.ask(report, Period("all", at, at + 1000 * US_PER_S), world.start.plus_s(300))
    assert (row["probes"], row["coverage"]) == (10, 100.0)
