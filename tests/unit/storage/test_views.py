"""The views: what people, Grafana and Datasette read."""

from typing import TYPE_CHECKING

import pytest

from monitor.domain.result import Phases, Status, Trigger, Verdict

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


async def test_a_filter_on_the_integers_uses_the_key(world: "World") -> None:
    """The documented way of asking is the quick one."""
    plan = world.rows("EXPLAIN QUERY PLAN SELECT * FROM v_results WHERE check_id = 1 AND started_at_us > 5")
    assert any("SEARCH r USING PRIMARY KEY (check_id=? AND started_at_us>?)" in step[3] for step in plan)
    plan = world.rows("EXPLAIN QUERY PLAN SELECT * FROM v_availability_daily WHERE check_id = 1")
    assert any("SEARCH r USING PRIMARY KEY (check_id=?)" in step[3] for step in plan)


async def test_availability_is_by_utc_day(world: "World") -> None:
    """On-phase probes whose status is known."""
    await world.commit(
        world.result(0),
        world.failure(10),
        world.failure(11, trigger=Trigger.CONFIRM),
        world.result(12, Verdict(Status.UNKNOWN)),
        world.result(DAY_S),
    )
    found = world.rows("SELECT day, probes, counted, successes, availability, latency_avg_ms FROM v_availability_daily")
    assert found == [("2026-11-20", 4, 2, 1, 50.0, 250.0), ("2026-11-21", 1, 1, 1, 100.0, 250.0)]
    assert world.value("SELECT count(*) FROM v_availability_daily WHERE started_at_us % 86400000000 <> 0") == 0


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
