"""The journal: one transaction per batch, again and again the same, and what a daemon's life leaves behind."""

import asyncio
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection

from monitor.alerting.batch import Batch, RhythmChange
from monitor.clock import US_PER_S
from monitor.domain.availability import Rhythm
from monitor.domain.check import CheckKind
from monitor.domain.health import Health
from monitor.domain.incident import Cause, IncidentEvent, IncidentEventKind, Told
from monitor.domain.reply import Usage
from monitor.domain.result import FaultDomain, Phases, Status, Trigger, Verdict
from monitor.errors import StorageError
from monitor.storage import journal
from monitor.storage.batches import BatchWriter
from monitor.storage.names import Names

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World

FAR_US = 1 << 62


async def test_a_result_is_written_as_it_was(world: "World") -> None:
    """Every column, short durations to a tenth of a millisecond."""
    await world.journal.register([world.check()], world.start)
    await world.commit(
        world.result(
            1,
            latency_ms=1234.56,
            ttft_ms=100.04,
            lag_ms=0.26,
            usage=Usage(9, 16),
            trigger=Trigger.CONFIRM,
        ),
    )
    ((row),) = world.rows("SELECT * FROM results")
    assert row == (1, world.start.wall_us + US_PER_S, 0, 1, 200, 12346, 1000, 3, None, 9, 16)


async def test_reasons_are_written_once(world: "World") -> None:
    """A thousand failures for one reason hold one text."""
    await world.commit(*(world.failure(at) for at in range(20)))
    await world.commit(*(world.failure(at) for at in range(20, 40)))
    assert world.rows("SELECT reason, fault_domain, action FROM reasons") == [
        ("HTTP 503", "endpoint", "wait_or_switch")
    ]
    assert world.value("SELECT count(*) FROM results WHERE reason_id = 1") == 40


async def test_reasons_without_end_take_no_memory_without_end(world: "World", monkeypatch: pytest.MonkeyPatch) -> None:
    """An upstream that puts a number into every answer; each is written all the same, and found again."""
    monkeypatch.setattr("monitor.storage.names.REASONS_KEPT", 3)
    verdicts = [Verdict(Status.SERVER_ERROR, FaultDomain.ENDPOINT, f"request {number}") for number in range(10)]
    await world.commit(*(world.result(at, verdict) for at, verdict in enumerate(verdicts * 2)))
    assert world.value("SELECT count(*) FROM reasons") == 10
    assert world.value("SELECT count(DISTINCT reason_id) FROM results") == 10
    assert len(world.journal._batches.names._reasons) <= 3


async def test_details_are_kept_where_there_are_any(world: "World") -> None:
    """Phases always; a request id only of a failure."""
    await world.commit(
        world.result(1, request_id="fine"),
        world.result(2, request_id="slow", phases=Phases(dns_ms=1.0, total_ms=250.0)),
        world.failure(3, request_id="broken"),
        world.failure(4),
    )
    found = world.rows("SELECT request_id, dns_100us, total_100us FROM result_details ORDER BY started_at_us")
    assert found == [("slow", 10, 2500), ("broken", None, None)]


async def test_equal_times_move_on_by_a_microsecond(world: "World") -> None:
    """Within a batch, across batches, and into the gaps that are left."""
    await world.commit(world.result(1), world.result(1), world.result(1, check="gw/chat/other"))
    await world.commit(world.result(0), world.result(1), world.result(2))
    await world.commit(world.result(0), world.failure(1))
    found = world.rows("SELECT started_at_us FROM results WHERE check_id = 1 ORDER BY 1")
    offsets = [us - world.start.wall_us for (us,) in found]
    assert offsets == [0, 1, 1_000_000, 1_000_001, 1_000_002, 1_000_003, 2_000_000]


async def test_equal_times_move_on_after_a_restart_too(world: "World") -> None:
    """What an earlier run wrote is looked up."""
    await world.commit(world.result(1))
    again = type(world.journal)(world.writer)
    await again.commit(Batch(results=[world.result(1)]))
    assert world.value("SELECT count(*) FROM results") == 2


async def test_the_same_results_again_are_not_written_twice(world: "World") -> None:
    """A caller that never heard the answer asks again, perhaps with more."""
    first, second = world.result(1), world.result(2)
    queued = world.queued()
    await world.commit(first, outbox=[queued])
    await world.commit(first, second, outbox=[queued])
    assert world.value("SELECT count(*) FROM results") == 2
    assert world.value("SELECT count(*) FROM outbox") == 1


async def test_a_cancelled_commit_can_be_repeated(world: "World") -> None:
    """It was handed over, so it was written, once."""
    batch = Batch(results=[world.result(1)], healths={"gw/chat/m": Health("gw/chat/m", world.start)})
    task = asyncio.create_task(world.journal.commit(batch))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await world.journal.commit(batch)
    assert world.value("SELECT count(*) FROM results") == 1


async def test_a_refused_batch_leaves_nothing_and_can_be_repeated(world: "World") -> None:
    """Not even the names that were learned on the way."""
    await world.writer.run(lambda connection: connection.exec_driver_sql("ALTER TABLE outbox RENAME TO away"))
    batch = Batch(
        results=[world.result(1), world.failure(2)],
        healths={"gw/chat/m": Health("gw/chat/m", world.start)},
        outbox=[world.queued()],
    )
    with pytest.raises(StorageError, match=r"no such table|does not exist"):
        await world.journal.commit(batch)
    for table in ("results", "states", "state_memory", "reasons", "checks"):
        assert world.value(f"SELECT count(*) FROM {table}") == 0  # noqa: S608  names of this test
    await world.writer.run(lambda connection: connection.exec_driver_sql("ALTER TABLE away RENAME TO outbox"))
    await world.journal.commit(batch)
    assert world.value("SELECT count(*) FROM results JOIN checks ON checks.id = check_id") == 2
    assert world.value("SELECT count(*) FROM state_memory") == 1
    assert world.value("SELECT count(*) FROM reasons") == 1


async def test_a_reason_deleted_by_another_process_is_written_again(world: "World") -> None:
    """Its cached id misses a key; the batch is written with a fresh one, and the caller notices nothing."""
    await world.commit(world.failure(1))

    def forget(connection: Connection) -> None:
        connection.exec_driver_sql("DELETE FROM results")
        connection.exec_driver_sql("DELETE FROM reasons")

    await world.writer.run(forget)
    await world.commit(world.failure(2))
    assert world.rows("SELECT r.id, reason FROM results JOIN reasons r ON r.id = reason_id") == [(2, "HTTP 503")]


async def test_a_key_that_is_violated_for_good_is_refused(world: "World") -> None:
    """Looking everything up afresh is tried once."""
    queued = world.queued(incident_id=77)
    with pytest.raises(StorageError, match=r"FOREIGN KEY|foreign key"):
        await world.commit(outbox=[queued])


async def test_text_that_no_database_takes_stops_nothing(world: "World") -> None:
    """Half a surrogate pair and a NUL from an upstream must not keep all results from being written."""
    hostile = Verdict(Status.INVALID_RESPONSE, FaultDomain.ENDPOINT, "bad \udcff\0 text")
    queued = replace(world.queued(), notification=replace(world.queued().notification, message="bad \udcff text"))
    await world.commit(world.result(1, hostile, request_id="\ud800"), outbox=[queued])
    assert world.value("SELECT reason FROM reasons") == "bad ? text"
    (claimed,) = await world.outbox.claim("ops", world.start, 10, 1)
    assert claimed.body["message"] == "bad ? text"


async def test_memory_is_written_only_when_it_changes(world: "World") -> None:
    """Most commits touch the narrow table only."""
    health = Health("gw/chat/m", world.start)
    await world.commit(healths={health.check: health})
    await world.writer.run(lambda connection: connection.exec_driver_sql("UPDATE state_memory SET memory = 'kept'"))
    await world.commit(healths={health.check: replace(health, consecutive_successes=5)})
    assert world.value("SELECT memory FROM state_memory") == "kept"
    assert world.value("SELECT consecutive_successes FROM states") == 5
    await world.commit(healths={health.check: replace(health, failed_at=(world.start,))})
    assert world.value("SELECT memory FROM state_memory") != "kept"


async def test_incidents_are_written_with_checks_and_timeline(world: "World") -> None:
    """The newest values replace the older ones; the timeline grows."""
    incident = world.incident(checks=("gw/chat/m", "gw/chat/n"))
    event = IncidentEvent(
        1, 1, IncidentEventKind.OPENED, world.start, incident.cause, incident.severity, "HTTP 503", Told.TOLD, 1
    )
    await world.commit(incidents={1: incident}, events=[event], outbox=[world.queued(incident_id=1)])
    cause = Cause(Status.AUTH_ERROR, FaultDomain.KEY)
    later = replace(incident, cause=cause, resolved_at=world.start.plus_s(90.5), checks=(*incident.checks, "gw/chat/o"))
    second = replace(event, sequence=2, kind=IncidentEventKind.RESOLVED, cause=cause, decision=Told.NO_CHANNELS)
    await world.commit(incidents={1: later}, events=[event, second])
    assert world.rows("SELECT status, fault_domain, duration_us FROM incidents") == [("AUTH_ERROR", "key", 90_500_000)]
    assert world.rows("SELECT position FROM incident_checks ORDER BY 1") == [(0,), (1,), (2,)]
    found = world.rows("SELECT kind, decision, notifications FROM incident_events ORDER BY sequence")
    assert found == [("opened", "told", 1), ("resolved", "no_channels", 1)]


async def test_an_incident_may_end_and_another_begin_in_one_batch(world: "World") -> None:
    """The key is free again in time, whatever the order in which the batch holds them."""
    await world.commit(incidents={1: world.incident(1)})
    await world.commit(incidents={2: world.incident(2), 1: world.incident(1, resolved_s=60)})
    assert world.rows("SELECT id, resolved_at_us IS NULL FROM incidents") == [(1, 0), (2, 1)]


async def test_a_rhythm_ends_where_the_next_begins(world: "World") -> None:
    """And again the same if the batch is repeated."""
    at = world.start.wall_us
    first, second = Rhythm(at, at + 10, 30, FAR_US), Rhythm(at + 1000, at + 1010, 60, FAR_US)
    changes = [RhythmChange("gw/chat/m", at, first), RhythmChange("gw/chat/m", at + 1000, second)]
    for _ in range(2):
        await world.commit(rhythms=changes)
        found = world.rows("SELECT first_due_us, phase_us, interval_us, until_us FROM rhythms ORDER BY 1")
        assert found == [(at, at + 10, 30, at + 1000), (at + 1000, at + 1010, 60, FAR_US)]
    await world.commit(rhythms=[RhythmChange("gw/chat/m", at + 2000, None)])
    assert world.rows("SELECT max(until_us) FROM rhythms") == [(at + 2000,)]


async def test_very_many_rhythms_do_not_hold_the_writer_together(
    world: "World", monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first go in transactions of their own; a refusal in between leaves the rest of the batch, to come again."""
    monkeypatch.setattr(journal, "RHYTHMS_AT_ONCE", 10)
    at, names = world.start.wall_us, [f"gw/chat/m{number}" for number in range(35)]
    began = [RhythmChange(name, at, Rhythm(at, at, US_PER_S, FAR_US)) for name in names]
    batch = Batch(results=[world.result(1)], rhythms=[*began, RhythmChange(names[0], at + 5, None)])
    pieces: list[int] = []
    write = BatchWriter.write

    def spoiled(writer: BatchWriter, connection: Connection, some: Batch) -> None:
        pieces.append(len(some.rhythms))
        write(writer, connection, some)
        if len(pieces) == 3:  # no rhythm of this one stays
            raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(BatchWriter, "write", spoiled)
    with pytest.raises(StorageError, match="I/O"):
        await world.journal.commit(batch)
    assert world.value("SELECT count(*) FROM rhythms") == 20
    assert world.value("SELECT count(*) FROM results") == 0
    await world.journal.commit(batch)
    assert pieces == [10, 10, 10, 10, 6]
    assert world.value("SELECT count(*) FROM rhythms") == 35
    assert world.rows("SELECT until_us FROM rhythms WHERE until_us < 4e18") == [(at + 5,)]
    assert world.value("SELECT count(*) FROM results") == 1


async def test_the_answer_to_a_commit_may_be_lost_before_many_rhythms(
    world: "World", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its results are still known by identity after the transactions that go before."""
    monkeypatch.setattr(journal, "RHYTHMS_AT_ONCE", 1)
    at, batch = world.start.wall_us, Batch(results=[world.result(1)])
    await world.journal.commit(batch)
    batch.rhythms += [RhythmChange(f"gw/chat/{n}", at, Rhythm(at, at, US_PER_S, FAR_US)) for n in range(3)]
    await world.journal.commit(batch)
    assert world.value("SELECT count(*) FROM results") == 1


async def test_checks_are_registered_renewed_and_marked_as_removed(world: "World") -> None:
    """A check that comes back keeps its integer."""
    a, b = world.check("a"), world.check("b")
    models = replace(world.check("x"), id="gw/models", kind=CheckKind.MODELS, model=None)
    await world.journal.register([a, b, models], world.start)
    await world.journal.register([replace(a, provider="acme")], world.start.plus_s(5))
    found = world.rows('SELECT "check", provider, removed_at_us IS NULL FROM checks ORDER BY id')
    assert found == [("gw/chat/a", "acme", 1), ("gw/chat/b", "gw", 0), ("gw/models", "gw", 0)]
    await world.journal.register([a, b], world.start.plus_s(9))
    assert world.rows(
        "SELECT id, first_seen_us FROM checks WHERE \"check\" = 'gw/chat/b' AND removed_at_us IS NULL"
    ) == [(2, world.start.wall_us)]


async def test_a_check_nobody_registered_is_known_by_its_name(world: "World") -> None:
    """A late result of a check that was just removed is written all the same."""
    await world.commit(world.result(check="gw/chat/acme/big-1"))
    found = world.rows("SELECT endpoint, kind, model, provider FROM checks")
    assert found == [("gw", "chat", "acme/big-1", "acme")]


async def test_a_run_that_was_killed_ends_at_its_last_heartbeat(world: "World") -> None:
    """Nothing was due while nobody was there to probe."""
    at = world.start.wall_us
    await world.begin()
    await world.commit(rhythms=[RhythmChange("gw/chat/m", at, Rhythm(at, at, US_PER_S, FAR_US))])
    await world.journal.heartbeat(world.start.plus_s(30))
    await world.begin(world.start.plus_s(100))
    assert world.rows("SELECT ended_at_us - started_at_us, stop_reason FROM daemon_runs ORDER BY id") == [
        (30_000_000, "ended without a word"),
        (None, None),
    ]
    assert world.value("SELECT until_us FROM rhythms") == at + 30_000_000


async def test_a_run_that_stops_says_why(world: "World") -> None:
    """Its rhythms end with it, and the next run leaves both alone."""
    at = world.start.wall_us
    await world.begin()
    await world.commit(rhythms=[RhythmChange("gw/chat/m", at, Rhythm(at, at, US_PER_S, FAR_US))])
    await world.journal.end_run(world.start.plus_s(50), "SIGTERM")
    await world.begin(world.start.plus_s(100))
    (first, _) = world.rows("SELECT ended_at_us, stop_reason FROM daemon_runs ORDER BY id")
    assert first == (at + 50_000_000, "SIGTERM")
    assert world.value("SELECT until_us FROM rhythms") == at + 50_000_000


async def test_commits_are_heartbeats_every_few_seconds(world: "World") -> None:
    """A busy daemon needs no other; a page a second is not written for it."""
    await world.begin()
    for at_s in (1, 3, 6, 8):
        await world.commit(world.result(at_s))
    assert world.value("SELECT heartbeat_us - started_at_us FROM daemon_runs") == 6_250_000


async def test_names_are_looked_up_once(world: "World") -> None:
    """The second time costs no statement."""

    def work(connection: Connection) -> list[int | None]:
        names = Names()
        verdict = world.failure().verdict
        first = [
            names.check(connection, "gw/chat/m", 0),
            names.reason(connection, verdict),
            names.newest(connection, [1])[1],
        ]
        connection.exec_driver_sql("DELETE FROM reasons")
        return [*first, names.check(connection, "gw/chat/m", 0), names.reason(connection, verdict)]

    assert await world.writer.run(work) == [1, 1, -1, 1, 1]


async def test_what_is_recorded_is_found_by_its_key(world: "World") -> None:
    """Whatever else there is beside it, of checks that nobody knows too."""
    there = [world.result(at_s, check=check) for at_s in range(300) for check in ("gw/chat/m", "gw/chat/n")]
    await world.commit(*there[:500])
    asked = [*there[100:], world.result(0.5), world.result(0, check="gw/chat/nobody")]
    expected = {(one.check, one.started_at.wall_us) for one in there[100:500]}
    assert await world.journal.recorded(asked) == expected
    assert await world.journal.recorded([]) == set()
