"""What the daemon does for itself now and then: the sign of life in the database, and forgetting old results."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from monitor.app.progress import Progress
from monitor.clock import Clock
from monitor.errors import StorageError
from monitor.storage.journal import Journal
from monitor.storage.retention import Retention

HEARTBEAT_EVERY_S = 10.0
PRUNE_EVERY_S = 3600.0

log = structlog.get_logger("relaywatch.daemon")


async def beat(journal: Journal, progress: Progress, clock: Clock, say: Callable[[], None]) -> None:
    """Say in the database that the daemon lives, and to systemd (`say`) what it does; runs until cancelled."""
    while True:
        await asyncio.sleep(HEARTBEAT_EVERY_S)
        with suppress(StorageError):  # the ledger says so
            await journal.heartbeat(clock.now())
            progress.wrote_at = clock.now()
        say()


async def prune(retention: Retention, keep_s: Callable[[], float]) -> None:
    """Delete results that are older than they are to be kept, in seconds; runs until cancelled."""
    while True:
        await asyncio.sleep(PRUNE_EVERY_S)
        try:
            pruned = await retention.prune(keep_s())
        except StorageError as error:
            log.warning("retention_refused", error=error.message)
        else:
            log.debug("retention_done", results=pruned.results)
