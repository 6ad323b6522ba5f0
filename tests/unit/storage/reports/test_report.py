"""Figures over a period."""

from typing import TYPE_CHECKING, Any

import pytest

from monitor.alerting.batch import RhythmChange
from monitor.clock import US_PER_S
from monitor.domain.availability import Rhythm
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.reply import Usage
from monitor.domain.result import FaultDomain, Status, Trigger, Verdict
from monitor.domain.sketch import RELATIVE_ERROR
from monitor.storage.reports.report import Period, report
from monitor.storage.spending import Used

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World

FIELDS = (
    "check endpoint model window availability coverage probes by_status latency_p50_ms latency_p95_ms latency_p99_ms "
    "latency_avg_ms latency_max_ms ttft_p50_ms ttft_p95_ms ttft_p99_ms incidents downtime_s mttr_s mtbf_s tokens cost "
    "by provider tags since until observed_s nines downtime_by_fault trend worst_hours"
)
UNKNOWN = Verdict(Status.UNKNOWN)
FAR_US = 1 << 62


async def _rows(
    world: "World", until_s: float = 100, since_s: float = 0, now_s: float | None = None
) -> list[dict[str, Any]]:
    period = Period("24h", world.start.plus_s(since_s).wall_us, world.start.plus_s(until_s).wall_us)
    return await world.ask(report, period, world.start.plus_s(until_s if now_s is None else now_s))


async def _every(world: "World", interval_s: float, check: str = "gw/chat/m") -> None:
    at = world.start.wall_us
    rhythm = Rhythm(at, at + round(interval_s * US_PER_S), round(interval_s * US_PER_S), FAR_US)
    await world.commit(rhythms=[RhythmChange(check, at, rhythm)])


async def test_a_row_has_the_fields_of_the_interface(world: "World") -> None:
    """Checks first, then endpoints without check and model; nothing probed is null, not nought."""
    await world.journal.register([world.check("a"), world.check("b", "two")], world.start)
    rows = await _rows(world)
    assert [(row["check"], row["endpoint"], row["model"]) for row in rows] == [
        ("gw/chat/a", "gw", "a"),
        ("two/chat/b", "two", "b"),
        (None, "gw", None),
        (None, "two", None),
    ]
    for row in rows:
        assert " ".join(row) == FIELDS
        assert (row["probes"], row["by_status"], row["incidents"], row["downtime_s"]) == (0, {}, 0, 0.0)
        absent = {name for name, value in row.items() if value is None} - {"check", "model", "provider"}
        assert absent == {*FIELDS.split()} - {
            *(
                "check",
                "endpoint",
                "model",
                "window",
                "probes",
                "by_status",
                "incidents",
                "downtime_s",
                "by",
                "provider",
            ),
            *("tags", "since", "until", "observed_s", "downtime_by_fault", "worst_hours"),
        }


async def test_only_on_phase_probes_count_but_every_probe_is_shown(world: "World") -> None:
    """A minute's outage must not count double; UNKNOWN is nobody's fault."""
    await world.commit(
        world.result(0),
        world.result(10, Verdict(Status.DEGRADED)),
        world.failure(20),
        world.failure(25, trigger=Trigger.CONFIRM),
        world.result(30, UNKNOWN),
        world.result(40),
    )
    row, endpoint = await _rows(world)
    assert row["availability"] == endpoint["availability"] == 75.0
    assert row["probes"] == 6
    assert row["by_status"] == {"UP": 2, "DEGRADED": 1, "SERVER_ERROR": 2, "UNKNOWN": 1}


async def test_coverage_is_counted_of_due(world: "World") -> None:
    """UNKNOWN lowers it, a missing probe too; the one that is still under way does not."""
    await world.begin()
    await _every(world, 10)
    await world.commit(*(world.result(at, UNKNOWN if at == 30 else None) for at in (0, 10, 20, 30, 50, 60, 70, 80, 90)))
    async with world.held():
        (row, _) = await _rows(world, until_s=101)
        assert row["coverage"] == pytest.approx(80.0)
        (row, _) = await _rows(world, until_s=200)
        assert row["coverage"] == pytest.approx(100 * 8 / 17)


async def test_maintenance_counts_nowhere_and_its_turns_were_not_due(world: "World") -> None:
    """Neither in availability nor percentiles, and it leaves no hole in coverage; a turn that was missed does."""
    await world.begin()
    await _every(world, 10)
    window = [world.failure(at, latency_ms=9999.0, trigger=Trigger.MAINTENANCE) for at in (30, 40, 50)]
    await world.commit(*(world.result(at, latency_ms=10.0) for at in (0, 10, 20, 70, 80)), *window, world.result(90))
    async with world.held():
        row, endpoint = await _rows(world, until_s=101)
        for figures in (row, endpoint):
            assert (figures["availability"], figures["latency_max_ms"]) == (100.0, 250.0)
            assert figures["coverage"] == pytest.approx(100 * 6 / 7)
            assert figures["by_status"] == {"UP": 6, "SERVER_ERROR": 3}
        (row, _) = await _rows(world, since_s=30, until_s=51, now_s=100)
        assert (row["availability"], row["coverage"]) == (None, None)


async def test_a_turn_under_maintenance_has_come(world: "World") -> None:
    """What was due before the newest of them is missed, although it was due only just now."""
    await world.begin()
    await _every(world, 10)
    await world.commit(world.result(0), world.result(20, trigger=Trigger.MAINTENANCE))
    async with world.held():
        (row, _) = await _rows(world, until_s=21)
    assert row["coverage"] == 50.0


async def test_nothing_is_due_after_the_daemon_has_died(world: "World") -> None:
    """Even before the next one writes that down."""
    await world.begin()
    await _every(world, 10)
    await world.commit(*(world.result(at) for at in range(0, 100, 10)))
    (row, _) = await _rows(world, until_s=1000)
    assert row["coverage"] == 100.0


async def test_the_period_cuts_results_and_turns_alike(world: "World") -> None:
    """Its first moment is in it, its last is not."""
    await world.begin()
    await _every(world, 10)
    await world.commit(*(world.result(at) for at in range(0, 100, 10)))
    async with world.held():
        (row, _) = await _rows(world, since_s=20, until_s=50, now_s=100)
    assert (row["probes"], row["coverage"]) == (3, 100.0)


async def test_percentiles_are_by_nearest_rank_over_successes(world: "World") -> None:
    """Of UP and DEGRADED, on phase; failures have latencies that mean something else."""
    await world.commit(
        *(world.result(at, latency_ms=float(at), ttft_ms=at / 10) for at in range(1, 101)),
        world.failure(101, latency_ms=9999.0),
        world.result(102, latency_ms=9999.0, trigger=Trigger.CONFIRM),
    )
    row, endpoint = await _rows(world, until_s=200)
    for figures in (row, endpoint):
        latencies = [figures[f"latency_{share}_ms"] for share in ("p50", "p95", "p99")]
        assert latencies == pytest.approx([50.0, 95.0, 99.0], rel=RELATIVE_ERROR)
        assert (figures["latency_avg_ms"], figures["latency_max_ms"]) == (50.5, 100.0)
        first_tokens = [figures[f"ttft_{share}_ms"] for share in ("p50", "p95", "p99")]
        assert first_tokens == pytest.approx([5.0, 9.5, 9.9], rel=RELATIVE_ERROR)


async def test_an_endpoint_is_all_its_checks_together(world: "World") -> None:
    """Percentiles of all answers, not means of percentiles."""
    await world.commit(
        *(world.result(at, check="gw/chat/a", latency_ms=10.0) for at in range(9)),
        world.result(9, check="gw/chat/b", latency_ms=500.0),
    )
    *_, endpoint = await _rows(world)
    assert (endpoint["probes"], endpoint["latency_p50_ms"]) == (10, 10.0)
    assert endpoint["latency_p99_ms"] == pytest.approx(500.0, rel=RELATIVE_ERROR)


async def test_tokens_are_counted_of_every_probe(world: "World") -> None:
    """A confirm probe costs as much as any other."""
    await world.commit(
        world.result(1, usage=Usage(10, 5)),
        world.result(2, usage=Usage(10), trigger=Trigger.CONFIRM),
        world.failure(3),
    )
    (row, _) = await _rows(world)
    assert row["tokens"] == 25


async def test_downtime_is_the_part_of_outages_in_the_period(world: "World") -> None:
    """Mean time to recover is of whole outages that have ended; slowness is no downtime."""
    at = world.start.plus_s
    await world.journal.register([world.check()], world.start.plus_s(-1000))
    await world.commit(
        incidents={
            1: world.incident(1, started_at=at(-20), resolved_s=10),
            2: world.incident(2, started_at=at(80)),
            3: world.incident(3, kind=IncidentKind.SLOW, key="slow:gw/chat/m", started_at=at(20)),
            4: world.incident(4, started_at=at(-100), resolved_s=-50),
        },
    )
    row, endpoint = await _rows(world)
    for figures in (row, endpoint):
        assert (figures["incidents"], figures["downtime_s"], figures["mttr_s"], figures["mtbf_s"]) == (
            2,
            30.0,
            30.0,
            35.0,
        )


async def test_outages_at_the_same_time_count_once_for_an_endpoint(world: "World") -> None:
    """It was not down twice as long because two models were."""
    at = world.start.plus_s
    await world.journal.register([world.check("a"), world.check("b")], world.start)
    await world.commit(
        incidents={
            1: world.incident(1, "gw/chat/a", started_at=at(10), resolved_s=40),
            2: world.incident(2, "gw/chat/b", started_at=at(30), resolved_s=60),
        },
    )
    *checks, endpoint = await _rows(world)
    assert [row["downtime_s"] for row in checks] == [30.0, 30.0]
    assert (endpoint["incidents"], endpoint["downtime_s"]) == (2, 50.0)


async def test_a_removed_check_is_shown_where_it_was_probed(world: "World") -> None:
    """Its past does not vanish, but an empty row is not kept for ever."""
    await world.commit(world.result(check="gw/chat/old"))
    await world.journal.register([world.check("new")], world.start)
    assert [row["check"] for row in await _rows(world)] == ["gw/chat/old", "gw/chat/new", None]
    assert [row["check"] for row in await _rows(world, since_s=50)] == ["gw/chat/new", None]


async def test_what_it_cost_is_asked_of_who_knows_prices(world: "World") -> None:
    """With counted tokens, and the answers that may have cost something though nobody counted; sums where known."""
    late = Verdict(Status.TIMEOUT, FaultDomain.ENDPOINT, "no answer in time")
    unreached = Verdict(Status.TIMEOUT, FaultDomain.NETWORK, "no connection in time")
    await world.commit(
        world.result(0, usage=Usage(10, 5)),
        world.result(1, usage=Usage(7, 3), trigger=Trigger.CONFIRM),
        world.result(2),
        world.result(3, late, http_status=None),
        world.result(4, unreached, http_status=None),
        world.failure(5),
        world.result(6, check="gw/chat/unpriced", usage=Usage(1, 1)),
        world.result(7, check="gw/models"),
    )
    asked: list[Used] = []

    def bill(used: Used) -> int | None:
        asked.append(used)
        return None if used.model == "unpriced" else 1_500_000_000

    period = Period("24h", world.start.wall_us, world.start.plus_s(100).wall_us)
    rows = await world.ask(report, period, world.start.plus_s(100), bill)
    assert asked == [Used("gw/chat/m", "gw", "m", 17, 8, 2), Used("gw/chat/unpriced", "gw", "unpriced", 1, 1, 0)]
    assert [(row["check"], row["tokens"], row["cost"]) for row in rows] == [
        ("gw/chat/m", 25, 1.5),
        ("gw/chat/unpriced", 2, None),
        ("gw/models", None, None),
        (None, 27, 1.5),
    ]
