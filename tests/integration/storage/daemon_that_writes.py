"""Commits one batch after the other and says which are acknowledged, until it is killed. Started by the tests.

Usage: daemon_that_writes.py DATABASE FIRST
"""

import asyncio
import sys
from pathlib import Path

from monitor.alerting.batch import Batch, DaemonRun, Queued
from monitor.alerting.notification import Event, Notification
from monitor.clock import Moment
from monitor.domain.health import Health
from monitor.domain.result import FaultDomain, Phases, Result, Status, Trigger, Verdict
from monitor.storage.engine import open_for_writing
from monitor.storage.journal import Journal
from monitor.storage.sqlite.database import SqliteDatabase
from monitor.storage.sqlite.lock import DaemonLock
from monitor.storage.writer import Writer

START = Moment(1_795_200_000_000_000, 0)
CHECKS = [f"gw/chat/{number}" for number in range(20)]


def batch(number: int) -> Batch:
    """Twenty results, their healths, and one notification: all or nothing of it must survive."""
    at = START.plus_s(number)
    verdict = Verdict(Status.TIMEOUT, FaultDomain.ENDPOINT, f"late in batch {number}")
    return Batch(
        results=[Result(check, at, at, Trigger.ON_PHASE, verdict, phases=Phases(total_ms=1.0)) for check in CHECKS],
        healths={check: Health(check, START, consecutive_failures=number) for check in CHECKS},
        outbox=[Queued("ops", Notification(f"n{number}", Event.NOTICE, "warning", "gw", "t", "m"), None, 0, at)],
    )


async def main() -> None:
    """Until killed."""
    path, number = Path(sys.argv[1]), int(sys.argv[2])
    held = await asyncio.to_thread(DaemonLock, path)
    writer = Writer(await asyncio.to_thread(open_for_writing, SqliteDatabase(path)))
    journal = Journal(writer)
    await journal.begin_run(DaemonRun("1", 1, "h", START.plus_s(number)))
    while held:
        await journal.commit(batch(number))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        number += 1


asyncio.run(main())
