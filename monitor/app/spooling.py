"""While the database does not take results they go to a file on this machine as well, and from there to the next run.

Owns when the spool is written, read and emptied; the file is `storage.spool`, what a result means is the ledger's. Only
where the database is another machine's: on a disk that refuses the database, a file would be refused too.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import structlog

from monitor.clock import Clock, iso
from monitor.domain.renaming import Renaming
from monitor.domain.result import Result
from monitor.errors import StartError
from monitor.ledger import Ledger
from monitor.storage.journal import Journal
from monitor.storage.spool import Spool

EVERY_S = 0.25
TOGETHER = 5_000
NO_ANSWER_S = 2.0
"""A commit that takes longer may be one that is never answered."""
REPLAYED_WITHIN_S = 60.0

log = structlog.get_logger("relaywatch.spool")


class Spooling:
    """Takes over from an earlier run, then keeps what the database refuses.

    Args:
        path: of the spool.
        instance: the name of the database.
        clock: anchors the times of an earlier run.
    """

    _ledger: Ledger

    def __init__(self, path: Path, instance: str, clock: Clock) -> None:
        self._spool = Spool(path, instance)
        self._clock = clock
        self._found: list[Result] = []
        self._until = 0
        self._said = False
        self._at_work = asyncio.Lock()

    @property
    def results(self) -> int:
        """How many wait on this machine's disk."""
        return self._spool.results

    async def read(self) -> int:
        """What an earlier run left behind.

        Returns:
            Until when that run is known to have lived, in microseconds since 1970; 0 if it left nothing.

        Raises:
            StartError: the file cannot be read.
        """
        try:
            found = await asyncio.to_thread(self._spool.read, self._clock.now())
        except OSError as fault:
            raise StartError(
                f"cannot read the spool {self._spool.path}: {fault.strerror}",
                hint="results that were not recorded wait in it; see that this user may read it, or move it away",
            ) from fault
        if found.damaged_bytes:
            log.warning("spool_damaged", bytes=found.damaged_bytes, path=str(self._spool.path))
        self._found = found.results
        return max((result.finished_at.wall_us for result in self._found), default=0)

    async def replay(self, ledger: Ledger, journal: Journal, renaming: Renaming) -> None:
        """Give the ledger what an earlier run could not record, as it came; before the first probe.

        Raises:
            StartError: the database takes nothing again; the spool stays.
        """
        self._ledger = ledger
        found, self._found = self._found, []
        if not found:
            return
        results = [replace(one, check=renaming.check(one.check)) for one in found]
        known = await journal.recorded(results)
        fresh = [one for one in results if (one.check, one.started_at.wall_us) not in known]
        try:
            async with asyncio.timeout(REPLAYED_WITHIN_S):
                for first in range(0, len(fresh), TOGETHER):
                    await ledger.replay(fresh[first : first + TOGETHER])
        except TimeoutError:
            raise StartError(
                "the database does not take the results that wait in the spool",
                hint=f"they stay in {self._spool.path}; start again when it does",
            ) from None
        await asyncio.to_thread(self._spool.clear)
        since = iso(found[0].started_at.wall_us)
        log.info("spool_replayed", results=len(fresh), known=len(found) - len(fresh), since=since)

    async def run(self) -> None:
        """Keep what is refused until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.look()

    async def look(self) -> int:
        """Write down what was refused since the last look, or forget it when the database has it; how many wait."""
        await asyncio.shield(self._look())
        return self.results

    async def _look(self) -> None:
        async with self._at_work:
            ledger = self._ledger
            if ledger.refusing_since is not None or ledger.busy_s(self._clock.now()) > NO_ANSWER_S:
                await self._keep(ledger.unwritten(self._until), ledger.arrived)
            elif self._spool.results and ledger.written >= self._until:
                await self._forget()

    async def _keep(self, results: Sequence[Result], until: int) -> None:
        if not results:
            return
        try:
            kept = await asyncio.to_thread(self._spool.append, results)
        except OSError as fault:
            self._say("spool_refused", error=fault.strerror)
            return
        self._until = until
        if kept < len(results):
            self._say("spool_full", results=self._spool.results)

    async def _forget(self) -> None:
        try:
            await asyncio.to_thread(self._spool.clear)
        except OSError as fault:
            self._say("spool_refused", error=fault.strerror)
        else:
            self._said = False

    def _say(self, event: str, **facts: object) -> None:
        """Once per outage: what follows waits in memory only, and is lost if the daemon dies."""
        if not self._said:
            log.error(event, path=str(self._spool.path), **facts)
        self._said = True
