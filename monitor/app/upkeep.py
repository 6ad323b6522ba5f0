"""What the daemon does for itself now and then: the sign of life in the database, roll-ups, a short log."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from monitor.app.progress import Progress
from monitor.clock import Clock
from monitor.errors import StorageError
from monitor.ledger import Ledger
from monitor.storage.database import LogMover
from monitor.storage.journal import Journal
from monitor.storage.rollups.closing import Closer
from monitor.storage.writer import Writer

HEARTBEAT_EVERY_S = 10.0
ROLL_UP_EVERY_S = 15.0
LOG_LOOK_EVERY_S = 2.0

log = structlog.get_logger("relaywatch.daemon")


async def beat(journal: Journal, progress: Progress, clock: Clock, say: Callable[[], None]) -> None:
    """Say in the database that the daemon lives, and to systemd (`say`) what it does; runs until cancelled."""
    while True:
        await asyncio.sleep(HEARTBEAT_EVERY_S)
        with suppress(StorageError):  # the ledger says so
            await journal.heartbeat(clock.now())
            progress.wrote_at = clock.now()
        say()


def oldest_unwritten_us(ledger: Ledger) -> int | None:
    """When the first result started that is not on disk yet, in microseconds since 1970; None without any."""
    return next((result.started_at.wall_us for result in ledger.unwritten(0)), None)


async def move_log(mover: LogMover, writer: Writer) -> None:
    """Keep the database's log short: what is in it is moved beside the writer, and a rest within; until cancelled."""
    while True:
        await asyncio.sleep(LOG_LOOK_EVERY_S)
        if await asyncio.to_thread(mover.look):
            with suppress(StorageError):  # the ledger says so
                await writer.run(lambda _connection: mover.finish())


async def roll_up(closer: Closer) -> None:
    """Make the roll-ups of what is over; runs until cancelled."""
    while True:
        await asyncio.sleep(ROLL_UP_EVERY_S)
        try:
            rows = await closer.close()
        except StorageError as error:
            log.warning("rollups_refused", error=error.message)
        else:
            if rows:
                log.debug("rollups_made", rows=rows, longest_bite_s=round(closer.longest_bite_s, 4))
