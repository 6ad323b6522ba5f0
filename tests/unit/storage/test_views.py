"""The views: what people, Grafana and Datasette read."""

from typing import TYPE_CHECKING

import pytest

from monitor.domain.incident import Acknowledgement, Scope
from monitor.domain.result import Phases, Status, Trigger, Verdict
from monitor.storage.rollup_tables import Level
from monitor.storage.tables import meta

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World

DAY_S = 86_400


async def test_results_are_readable(world: "World") -> None:
    """Names and an ISO time beside the integers."""
    await world.commit(world.failure(1.25, request_id="r", trigger=Trigger.CONFIRM, phases=Phases(dns_ms=1.5)))
    found = world.rows(
        'SELECT check_id, "check", endpoint, model, status, "trigger", http_status, latency_ms, reason, fault_domain,'
        " action, request_id, dns_ms, started_at FROM v_results",
    )
    names = ("gw/chat/m", "gw", "m", "SERVER_ERROR", "confirm")
    why = ("HTTP 503", "endpoint", "wait_or_switch", "r")
    assert found == [(1, *names, 503, 250.0, *why, 1.5, "2026-11-20T18:40:01.250Z")]
    await world.commit(world.result(2))
    assert world.rows("SELECT reason, action, fault_domain FROM v_results WHERE status = 'UP'") == [(None, None, None)]


async def test_every_status_and_trigger_has_its_word(world: "World") -> None:
    """None shows as null."""
    await world.commit(
        *(world.result(at, Verdict(status)) for at, status in enumerate(Status)),
        *(world.result(100 + at, trigger=trigger) for at, trigger in enumerate(Trigger)),
    )
    assert {status for (status,) in world.rows("SELECT status FROM v_results")} == {str(status) for status in Status}
    assert {word for (word,) in world.rows('SELECT "trigger" FROM v_results')} == {str(word) for word in Trigger}


@pytest.mark.parametrize("opened", ["sqlite"], indirect=True)
async def test_a_filter_on_the_integers_uses_the_key(world: "World") -> None:
    """The documented way of asking is the quick one."""
    plan = world.rows("EXPLAIN QUERY PLAN SELECT * FROM v_results WHERE check_id = 1 AND started_at_us > 5")
    assert any("SEARCH r USING PRIMARY KEY (check_id=? AND started_at_us>?)" in step[3] for step in plan)
    for which in ("check_id = 1 AND started_at_us > 5", "started_at_us > 5"):
        plan = world.rows(f"EXPLAIN QUERY PLAN SELECT * FROM v_availability_daily WHERE {which}")  # noqa: S608
        steps = [step[3] for step in plan]
        assert any("SEARCH d USING PRIMARY KEY (check_id=? AND started_at_us>?" in step for step in steps)
        assert any("SEARCH r USING PRIMARY KEY (check_id=? AND started_at_us>?" in step for step in steps)
        assert not any(step.startswith(("SCAN d USING", "SCAN r")) for step in steps)


async def test_availability_is_by_utc_day(world: "World") -> None:
    """On-phase probes whose status is known."""
    await world.commit(
        world.result(0),
        world.failure(10),
        world.failure(11, trigger=Trigger.CONFIRM),
        world.result(12, Verdict(Status.UNKNOWN)),
        world.result(DAY_S),
    )
    found = world.rows(
        "SELECT day, probes, counted, successes, availability, latency_avg_ms FROM v_availability_daily ORDER BY day"
    )
    assert found == [("2026-11-20", 4, 2, 1, 50.0, 250.0), ("2026-11-21", 1, 1, 1, 100.0, 250.0)]

    odd = "started_at_us <> started_at_us / 86400000000 * 86400000000"
    assert world.value(f"SELECT count(*) FROM v_availability_daily WHERE {odd}") == 0  # noqa: S608  of this test


async def test_incidents_and_notifications_are_readable(world: "World") -> None:
    """An incident of two checks is two rows; a notification is one."""
    await world.commit(
        incidents={1: world.incident(checks=("gw/chat/m", "gw/chat/n"), resolved_s=90)},
        outbox=[world.queued(incident_id=1), world.queued("notice", sequence=0)],
    )
    assert world.rows('SELECT id, "check", status, duration_s, started_at, resolved_at FROM v_incidents') == [
        (1, name, "SERVER_ERROR", 90.0, "2026-11-20T18:40:00.000Z", "2026-11-20T18:41:30.000Z")
        for name in ("gw/chat/m", "gw/chat/n")
    ]
    found = world.rows(
        "SELECT channel, event, state, incident_id, check_id, created_at FROM v_notifications ORDER BY id"
    )
    created = "2026-11-20T18:40:00.000Z"
    assert found == [("ops", "opened", "pending", 1, 1, created), ("ops", "opened", "pending", None, None, created)]


@pytest.mark.parametrize("view", ["v_results", "v_availability_daily", "v_incidents", "v_notifications"])
async def test_every_view_has_the_integers_to_filter_on(world: "World", view: str) -> None:
    """As the documentation promises."""
    assert world.rows(f"SELECT check_id, started_at_us FROM {view}") == []  # noqa: S608  names of this test


DAY_US, HOUR_US = DAY_S * 1_000_000, 3_600_000_000
TODAY_US = 1_795_200_000_000_000 // DAY_US * DAY_US


async def test_a_day_is_its_roll_up_or_what_there_is_of_it(world: "World") -> None:
    """Closed days come from their rows; of the open one whatever is closed of it, and the results after that."""
    await world.commit(world.result(0), world.failure(60), world.result(61, trigger=Trigger.CONFIRM))
    noon_us, later_us = TODAY_US + 12 * HOUR_US, TODAY_US + 18 * HOUR_US
    await _roll_up(world, Level.DAY, TODAY_US - DAY_US, probes=2880, counted=2800, successes=2799, due=2880)
    await _roll_up(world, Level.DAY, TODAY_US, probes=9)  # beyond the mark: not to be trusted
    await _roll_up(world, Level.HOUR, TODAY_US, probes=120, counted=100, successes=90, latency_count=1)
    await _roll_up(world, Level.HOUR, noon_us, probes=9)
    await _roll_up(world, Level.FIVE_MINUTES, noon_us, probes=10, counted=10, successes=9)
    await _roll_up(world, Level.FIVE_MINUTES, later_us, probes=9)
    await _mark(world, rollups_daily=TODAY_US, rollups_hourly=noon_us, rollups_5m=later_us)
    columns = "day, probes, counted, successes, due, cost_usd, coverage, latency_avg_ms"
    found = world.rows(f"SELECT {columns} FROM v_availability_daily ORDER BY day")  # noqa: S608  of this test
    closed, running = found
    assert closed[:6] == ("2026-11-19", 2880, 2800, 2799, 2880, 0.5)
    assert float(closed[6]) == pytest.approx(100.0 * 2800 / 2880)
    assert running[:7] == ("2026-11-20", 133, 112, 100, None, None, None)
    assert float(running[7]) == (250.0 + 300.0) / 2


async def test_what_is_not_caught_up_counts_as_before(world: "World") -> None:
    """After an upgrade, until the first roll-ups are made, every result is asked."""
    await world.commit(world.result(0), world.result(DAY_S))
    assert world.rows("SELECT day, counted FROM v_availability_daily ORDER BY day") == [
        ("2026-11-20", 1),
        ("2026-11-21", 1),
    ]


async def test_an_incident_shows_who_is_on_it(world: "World") -> None:
    """Scope, provider and acknowledgement."""
    taken = Acknowledgement("alice", world.start.plus_s(60), "on it")
    await world.commit(incidents={1: world.incident(scope=Scope.ENDPOINT, acknowledged=taken)})
    found = world.rows("SELECT scope, provider, acknowledged_by, acknowledged_at, acknowledgement FROM v_incidents")
    assert found == [("endpoint", None, "alice", "2026-11-20T18:41:00.000Z", "on it")]


async def _roll_up(world: "World", level: Level, at_us: int, **known: int) -> None:
    """A row of check 1; what is not given is 0, an average of 300 ms, a cost of half a dollar."""
    blank = {name: b"" if name.endswith("sketch") else 0 for name in level.table.columns.keys()}  # noqa: SIM118
    sums = {"latency_sum_100us": 3000 * known.get("latency_count", 0), "cost_nusd": 500_000_000}
    row = {**blank, **sums, **known, "check_id": 1, "started_at_us": at_us}
    await world.writer.run(lambda connection: connection.execute(level.table.insert().values(row)) and None)


async def _mark(world: "World", **until_us: int) -> None:
    rows = [{"key": f"{name}_until_us", "value": str(us)} for name, us in until_us.items()]
    await world.writer.run(lambda connection: connection.execute(meta.insert(), rows) and None)
