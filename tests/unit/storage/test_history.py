"""Questions about single results, states and the daemon: the rows of the interface."""

import re
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.clock import US_PER_S, iso
from monitor.domain.health import Health, advance
from monitor.domain.result import Phases, Status, Verdict
from monitor.storage import history
from monitor.storage.history import Selection
from monitor.storage.sqlite.lock import DaemonLock

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World

START_US = 1_795_200_000 * US_PER_S
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


async def test_a_row_has_the_fields_of_the_interface(world: "World") -> None:
    """In their order, absent values null."""
    await world.journal.register([world.check("acme/big")], world.start)
    failure = world.failure(
        1.5,
        check="gw/chat/acme/big",
        request_id="req-1",
        answered_by="gpt-4o-mini",
        latency_ms=1500.04,
        lag_ms=1.2,
        phases=Phases(total_ms=1500.0),
    )
    await world.commit(failure, world.result(2, check="gw/chat/acme/big", latency_ms=None))
    newest, older = await world.ask(history.results, Selection())
    assert older == {
        "check": "gw/chat/acme/big",
        "endpoint": "gw",
        "kind": "chat",
        "model": "acme/big",
        "status": "SERVER_ERROR",
        "fault_domain": "endpoint",
        "http_status": 503,
        "latency_ms": 1500.0,
        "ttft_ms": None,
        "lag_ms": 1.2,
        "reason": "HTTP 503",
        "action": "wait_or_switch",
        "request_id": "req-1",
        "started_at": "2026-11-20T18:40:01.500Z",
        "answered_by": "gpt-4o-mini",
    }
    assert list(newest) == list(older)
    nulls = {name for name, value in newest.items() if value is None}
    assert nulls == {"fault_domain", "latency_ms", "ttft_ms", "reason", "action", "request_id", "answered_by"}


results = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from(["gw/chat/a", "gw/chat/b", "two/chat/a"]), st.sampled_from(Status)),
    max_size=40,
)
moments_us = st.none() | st.integers(0, 30).map(lambda at_s: START_US + at_s * US_PER_S)
selections = st.builds(
    Selection,
    check=st.none() | st.just("gw/chat/a"),
    endpoint=st.none() | st.just("gw"),
    model=st.none() | st.just("a"),
    statuses=st.lists(st.sampled_from(Status), max_size=3, unique=True).map(tuple),
    since_us=moments_us,
    until_us=moments_us,
    limit=st.integers(0, 12),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(written=results, selection=selections)
async def test_results_are_those_asked_for_newest_first(
    world: "World", written: list[tuple[int, str, Status]], selection: Selection
) -> None:
    """As a plain filter over everything would give them."""
    await world.writer.run(lambda connection: connection.exec_driver_sql("DELETE FROM results"))
    world.journal._batches.forget()
    await world.commit(*(world.result(at, Verdict(status), name) for at, name, status in written))
    everything = await world.ask(history.results, Selection(limit=1000))
    assert len(everything) == len(written)
    wanted = sorted((row["started_at"] for row in everything if _is_selected(row, selection)), reverse=True)
    found = await world.ask(history.results, selection)
    assert [row["started_at"] for row in found] == wanted[: selection.limit]
    assert all(_is_selected(row, selection) for row in found)


def _is_selected(row: dict[str, Any], selection: Selection) -> bool:
    return (
        selection.check in {None, row["check"]}
        and selection.endpoint in {None, row["endpoint"]}
        and selection.model in {None, row["model"]}
        and (not selection.statuses or row["status"] in selection.statuses)
        and (selection.since_us is None or row["started_at"] >= iso(selection.since_us))
        and (selection.until_us is None or row["started_at"] < iso(selection.until_us))
    )


async def test_every_check_that_ever_was_is_known(world: "World") -> None:
    """Also one that was removed: its history can be asked for."""
    await world.journal.register([world.check("a"), world.check("b")], world.start)
    await world.journal.register([world.check("b")], world.start)
    assert await world.ask(history.known_checks) == ["gw/chat/a", "gw/chat/b"]


async def test_status_tells_of_every_configured_check(world: "World") -> None:
    """One that was never probed is PENDING since it was first seen; a removed one is not told of."""
    await world.journal.register([world.check(name) for name in "abc"], world.start)
    await world.journal.register([world.check("a"), world.check("b")], world.start)
    health = Health("gw/chat/a", world.start)
    for at in range(4):
        health = advance(world.check("a"), health, world.failure(at, check="gw/chat/a")).health
    await world.commit(healths={health.check: health})
    down, pending = await world.ask(history.status_rows, world.start.plus_s(60))
    assert down == {
        "check": "gw/chat/a",
        "endpoint": "gw",
        "model": "a",
        "state": "DOWN",
        "since": "2026-11-20T18:40:00.000Z",
        "status": "SERVER_ERROR",
        "consecutive_failures": 4,
        "availability_24h": 0.0,
    }
    assert (pending["state"], pending["status"], pending["availability_24h"]) == ("PENDING", None, None)
    assert list(pending) == list(down)
    assert ISO.fullmatch(pending["since"])


async def test_the_daemon_is_alive_while_it_holds_the_lock(world: "World") -> None:
    """Its pid, its last sign of life, what waits and what died."""
    assert await world.ask(history.daemon) == {
        "alive": False,
        "pid": None,
        "last_commit": None,
        "outbox_pending": 0,
        "dead": 0,
    }
    await world.begin()
    health = Health("gw/chat/m", world.start, latest_at=world.start.plus_s(3))
    await world.commit(healths={health.check: health}, outbox=[world.queued("a"), world.queued("b", "hook")])
    (row,) = await world.outbox.claim("ops", world.start, 20, 1)
    await world.outbox.settle_dead(row, world.start, "HTTP 404")
    with DaemonLock(world.path) as _:
        found = await world.ask(history.daemon)
    assert found["alive"] is True
    assert isinstance(found["pid"], int)
    assert (found["last_commit"], found["outbox_pending"], found["dead"]) == ("2026-11-20T18:40:03.000Z", 1, 1)


async def test_the_backlog_is_by_channel(world: "World") -> None:
    """As the outbox itself counts it."""
    await world.commit(outbox=[world.queued("a"), world.queued("b"), world.queued("b", "hook")])
    assert {name: waiting.pending for name, waiting in (await world.ask(history.backlog)).items()} == {
        "hook": 1,
        "ops": 2,
    }
