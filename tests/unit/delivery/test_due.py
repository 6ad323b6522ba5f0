"""The outbox keeps the promises on which delivery counts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.alerting.batch import Batch, DaemonRun, Queued
from monitor.alerting.notification import Event, Notification
from monitor.clock import US_PER_S, Moment
from monitor.delivery.due import Outbox
from monitor.domain.check import Check, CheckKind
from monitor.domain.incident import Cause, Incident
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import FaultDomain, Status
from monitor.domain.severity import Severity
from monitor.storage.engine import open_for_writing
from monitor.storage.journal import Journal
from monitor.storage.outbox import outbox as real
from monitor.storage.sqlite.database import SqliteDatabase
from monitor.storage.writer import Writer

NOW = Moment(1_795_200_000 * US_PER_S, 1_000 * US_PER_S)
Put = Callable[[Queued], Awaitable[None]]


@pytest.fixture
async def outbox_and_put(tmp_path: Path) -> AsyncIterator[tuple[Outbox, Put]]:
    """An empty outbox, and what the ledger's commit does to it."""
    engine = await asyncio.to_thread(open_for_writing, SqliteDatabase(tmp_path / "x.db"))
    writer = Writer(engine)
    journal = Journal(writer)
    await journal.register([Check("gw/chat/m", "gw", CheckKind.CHAT, "m", "gw")], NOW)
    await journal.begin_run(DaemonRun("1", 1, "here", NOW))

    async def put(queued: Queued) -> None:
        incidents = {} if queued.incident_id is None else {queued.incident_id: _incident(queued.incident_id)}
        await journal.commit(Batch(incidents=incidents, outbox=[queued]))

    yield real.Outbox(writer), put
    await writer.stop()
    await asyncio.to_thread(engine.dispose)


@pytest.fixture
def outbox(outbox_and_put: tuple[Outbox, Put]) -> Outbox:
    """The outbox."""
    return outbox_and_put[0]


@pytest.fixture
def put(outbox_and_put: tuple[Outbox, Put], lost: Notification) -> Callable[..., Awaitable[None]]:
    """Commits one message of an incident, or a notice."""

    async def commit(incident: int | None, sequence: int, channel: str = "ops", event: Event = Event.OPENED) -> None:
        note = replace(lost, id=f"{incident}-{sequence}", event=event)
        await outbox_and_put[1](Queued(channel, note, incident, sequence, NOW))

    return commit


async def test_only_the_first_unsettled_of_an_incident_can_be_claimed(outbox: Outbox, put: Any) -> None:
    """Order per incident is the outbox's promise; other incidents, notices and channels do not wait."""
    for incident, sequence, channel in ((1, 1, "ops"), (1, 2, "ops"), (2, 1, "ops"), (None, 0, "ops"), (1, 1, "hook")):
        await put(incident, sequence, channel)
    assert _ids(await outbox.claim("ops", NOW, 20.0, 10)) == ["1-1", "2-1", "None-0"]
    assert _ids(await outbox.claim("ops", NOW, 20.0, 10)) == []
    assert _ids(await outbox.claim("hook", NOW, 20.0, 10)) == ["1-1"]


async def test_the_limit_holds_and_the_oldest_goes_first(outbox: Outbox, put: Any) -> None:
    """What is not claimed stays due."""
    for incident in (1, 2, 3):
        await put(incident, 1)
    assert _ids(await outbox.claim("ops", NOW, 20.0, 2)) == ["1-1", "2-1"]
    assert await outbox.next_due_s("ops", NOW) == 0.0
    assert _ids(await outbox.claim("ops", NOW, 20.0, 2)) == ["3-1"]


async def test_sent_and_dead_let_the_next_one_go(outbox: Outbox, put: Any) -> None:
    """`resolved` goes even if `opened` died."""
    for sequence in (1, 2, 3):
        await put(1, sequence)
    (first,) = await outbox.claim("ops", NOW, 20.0, 10)
    assert await outbox.settle_sent(first, NOW)
    (second,) = await outbox.claim("ops", NOW, 20.0, 10)
    assert await outbox.settle_dead(second, NOW, "HTTP 410")
    (third,) = await outbox.claim("ops", NOW, 20.0, 10)
    assert third.notification_id == "1-3"
    assert await outbox.settle_sent(third, NOW)
    assert await outbox.next_due_s("ops", NOW) is None


async def test_a_retry_is_due_at_its_time_and_counts(outbox: Outbox, put: Any) -> None:
    """Not before; the attempts begun so far are told with the claim."""
    await put(1, 1)
    (row,) = await outbox.claim("ops", NOW, 20.0, 10)
    assert row.attempts == 0
    assert await outbox.settle_retry(row, NOW, NOW.plus_s(30), "HTTP 503")
    assert await outbox.next_due_s("ops", NOW) == 30.0
    assert not await outbox.claim("ops", NOW.plus_s(29), 20.0, 10)
    (again,) = await outbox.claim("ops", NOW.plus_s(30), 20.0, 10)
    assert (again.attempts, again.notification_id, again.body) == (1, row.notification_id, row.body)


async def test_a_lease_runs_out_and_its_holder_loses_the_word(outbox: Outbox, put: Any) -> None:
    """Who claimed later decides, but a message that was sent is sent, whoever says so."""
    await put(1, 1)
    (early,) = await outbox.claim("ops", NOW, 20.0, 10)
    assert await outbox.next_due_s("ops", NOW) == 20.0
    (late,) = await outbox.claim("ops", NOW.plus_s(20), 20.0, 10)
    assert not await outbox.settle_retry(early, NOW, NOW, "too late")
    assert not await outbox.settle_dead(early, NOW, "too late")
    assert await outbox.settle_sent(early, NOW)
    assert late.row_id == early.row_id
    assert not await outbox.claim("ops", NOW.plus_s(100), 20.0, 10)


async def test_a_new_run_voids_leases(outbox: Outbox, put: Any) -> None:
    """What an earlier run had in flight is due at once, with the same id."""
    await put(1, 1)
    (before,) = await outbox.claim("ops", NOW, 20.0, 10)
    await outbox.void_leases(NOW.plus_s(1))
    (after,) = await outbox.claim("ops", NOW.plus_s(1), 20.0, 10)
    assert before.notification_id == after.notification_id


async def test_a_notice_is_due_at_once(outbox_and_put: tuple[Outbox, Put], lost_notice: Notification) -> None:
    """And comes back as it went in."""
    outbox, put = outbox_and_put
    await put(Queued("ops", lost_notice, None, 0, NOW))
    (row,) = await outbox.claim("ops", NOW, 20.0, 10)
    assert row.incident_id is None
    assert Notification.from_body(row.body) == lost_notice


async def test_the_first_thread_of_an_incident_is_given_back(outbox: Outbox, put: Any) -> None:
    """With every later message on that channel, and on no other; a later thread does not take its place."""
    for incident, sequence, channel in ((1, 1, "ops"), (1, 2, "ops"), (1, 3, "ops"), (2, 1, "ops"), (1, 1, "hook")):
        await put(incident, sequence, channel)
    first, other = await outbox.claim("ops", NOW, 20.0, 10)
    assert (first.thread, other.thread) == (None, None)
    await outbox.settle_sent(first, NOW, "C1:7")
    await outbox.settle_sent(other, NOW)
    (second,) = await outbox.claim("ops", NOW, 20.0, 10)
    assert second.thread == "C1:7"
    await outbox.settle_sent(second, NOW, "C1:8")
    (third,) = await outbox.claim("ops", NOW, 20.0, 10)
    (elsewhere,) = await outbox.claim("hook", NOW, 20.0, 10)
    assert (third.thread, elsewhere.thread) == ("C1:7", None)


async def test_an_end_stands_for_a_beginning_that_nobody_heard(outbox: Outbox, put: Any) -> None:
    """Also one that is being retried; but not one in somebody's hands, nor on a channel that was told."""
    for channel in ("ops", "hook", "held"):
        await put(1, 1, channel)
    (opened,) = await outbox.claim("ops", NOW, 20.0, 10)
    await outbox.settle_retry(opened, NOW, NOW.plus_s(30), "HTTP 503")
    (told,) = await outbox.claim("hook", NOW, 20.0, 10)
    await outbox.settle_sent(told, NOW)
    await outbox.claim("held", NOW, 20.0, 10)
    for channel in ("ops", "hook", "held"):
        await put(1, 2, channel, Event.UPDATED)
        await put(1, 3, channel, Event.RESOLVED)
    assert not await outbox.claim("ops", NOW.plus_s(29), 20.0, 10)
    (both,) = await outbox.claim("ops", NOW.plus_s(30), 20.0, 10)
    assert (both.notification_id, both.merged_since_us) == ("1-3", NOW.wall_us)
    (update,) = await outbox.claim("hook", NOW, 20.0, 10)
    assert (update.notification_id, update.merged_since_us) == ("1-2", None)
    assert _ids(await outbox.claim("held", NOW, 20.0, 10)) == []
    await outbox.settle_retry(both, NOW.plus_s(31), NOW.plus_s(40), "HTTP 503")
    (again,) = await outbox.claim("ops", NOW.plus_s(40), 20.0, 10)
    assert (again.notification_id, again.merged_since_us, again.attempts) == ("1-3", NOW.wall_us, 1)
    assert await outbox.settle_sent(again, NOW.plus_s(41))
    assert await outbox.next_due_s("ops", NOW.plus_s(41)) is None


async def test_a_reminder_gives_way_to_newer_news(outbox: Outbox, put: Any) -> None:
    """The last one of several is told; alone it is told as ever."""
    for sequence in (1, 2, 3):
        await put(1, sequence, event=Event.REMINDER)
    (newest,) = await outbox.claim("ops", NOW, 20.0, 10)
    assert (newest.notification_id, newest.merged_since_us) == ("1-3", None)


def _ids(rows: Any) -> list[str]:
    return [row.notification_id for row in rows]


def _incident(number: int) -> Incident:
    return Incident(
        id=number,
        key=f"gw/chat/m{number}",
        kind=IncidentKind.OUTAGE,
        endpoint="gw",
        checks=("gw/chat/m",),
        severity=Severity.CRITICAL,
        cause=Cause(Status.TIMEOUT, FaultDomain.ENDPOINT),
        because=None,
        reason=None,
        action=None,
        started_at=NOW,
        detected_at=NOW,
    )
