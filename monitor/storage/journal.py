"""The ledger's way to the database: the life of a daemon run, the checks it watches, and one transaction per batch.

Owns nothing of what a row holds (`rows`) nor of the hot path's statements (`batches`).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from sqlalchemy import Connection, select, tuple_, update

from monitor.alerting.batch import Batch, DaemonRun, Restored
from monitor.clock import US_PER_S, Moment
from monitor.domain.check import Check
from monitor.domain.prices import Prices
from monitor.domain.renaming import NOTHING_RENAMED, Renaming
from monitor.domain.result import Result
from monitor.domain.tariff import present_tariffs
from monitor.errors import StorageError
from monitor.storage import registry, tables
from monitor.storage.batches import BatchWriter
from monitor.storage.faults import DatabaseFault, is_integrity_fault
from monitor.storage.restore import restore
from monitor.storage.rollup_tables import leadership
from monitor.storage.rollups.tariffs import note_tariffs
from monitor.storage.writer import Writer

HEARTBEAT_EVERY_US = 5 * US_PER_S
ASKED_TOGETHER = 200
RHYTHMS_AT_ONCE = 1000


class Journal:
    """Writes what the ledger decides, and reads it back at start.

    A batch that failed may be committed again, with more in it or less: results that were written already are known by
    identity, everything else by its key.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._batches = BatchWriter(writer.dialect)
        self._run_id: int | None = None
        self._heartbeat_us = 0

    async def restore(self, checks: Sequence[Check], now: Moment) -> Restored:
        """What the database remembers of `checks` and of every check with an open incident."""
        return await self._writer.run(lambda connection: restore(connection, [check.id for check in checks], now))

    async def register(
        self,
        checks: Sequence[Check],
        now: Moment,
        renaming: Renaming = NOTHING_RENAMED,
        prices: Prices | None = None,
    ) -> registry.Renamed:
        """The checks that are configured now, some under a new name; all others are marked as removed.

        Args:
            checks: in the order of the file.
            now: when this came into force.
            renaming: former names.
            prices: what tokens cost from now on; None leaves it as it was.
        """
        # Before the writer is held: ten thousand take up to a tenth of a second.
        tariffs = {} if prices is None else present_tariffs(checks, prices)

        def work(connection: Connection) -> registry.Renamed:
            self._batches.forget()
            renamed = registry.rename(connection, renaming) if renaming else registry.Renamed({})
            self._batches.names.renamed(renamed.checks)
            registry.register(connection, checks, now)
            if prices is not None:
                note_tariffs(connection, tariffs, now.wall_us)
            return renamed

        return await self._writer.run(work)

    async def recorded(self, results: Collection[Result]) -> set[tuple[str, int]]:
        """Which of these results the database has: check and start, in microseconds since 1970."""
        wanted = sorted({(result.check, result.started_at.wall_us) for result in results})

        def work(connection: Connection) -> set[tuple[str, int]]:
            places = range(0, len(wanted), ASKED_TOGETHER)
            return {one for first in places for one in _found(connection, wanted[first : first + ASKED_TOGETHER])}

        return await self._writer.run(work)

    async def lived_until(self, at_us: int) -> None:
        """The last run is known to have lived until then, longer than it could say itself; before `begin_run`."""
        run = tables.daemon_runs
        later = update(run).where(run.c.ended_at_us.is_(None), run.c.heartbeat_us < at_us).values(heartbeat_us=at_us)
        await self._writer.run(lambda connection: connection.execute(later))

    async def begin_run(self, run: DaemonRun) -> None:
        """A new life of the daemon; one that did not end is closed where its heartbeat stopped, its rhythms too."""

        def work(connection: Connection) -> None:
            registry.close_earlier_runs(connection)
            self._run_id = registry.insert_run(connection, run)
            connection.execute(update(leadership).values(run_id=self._run_id))  # no row where nobody else can write
            self._heartbeat_us = run.started_at.wall_us

        await self._writer.run(work)

    async def heartbeat(self, now: Moment) -> None:
        """The daemon is alive. Commits say so too every few seconds; this is for when there are none."""
        await self._writer.run(lambda connection: self._beat(connection, now.wall_us))

    async def end_run(self, now: Moment, reason: str) -> None:
        """The daemon stops in good order; whatever was due ends here."""

        def work(connection: Connection) -> None:
            run = tables.daemon_runs
            ended = {"heartbeat_us": now.wall_us, "ended_at_us": now.wall_us, "stop_reason": reason}
            connection.execute(update(run).where(run.c.id == self._run_id).values(ended))
            registry.end_rhythms(connection, now.wall_us)

        await self._writer.run(work)

    async def commit(self, batch: Batch) -> None:
        """Everything in `batch` in one transaction.

        Of very many changes of rhythm the first go before it in transactions of their own: at a start and at an end
        each check has one. They are taken out of the batch; to write them once more would change nothing.

        Raises:
            StorageError: nothing of what is still in the batch was written; it may be committed again.
        """
        while len(batch.rhythms) > RHYTHMS_AT_ONCE:
            await self._commit(Batch(rhythms=batch.rhythms[:RHYTHMS_AT_ONCE]))
            del batch.rhythms[:RHYTHMS_AT_ONCE]
        await self._commit(batch)

    async def _commit(self, batch: Batch) -> None:
        try:
            await self._writer.run(*self._writing(batch))
        except StorageError as refusal:
            if not (isinstance(refusal.__cause__, DatabaseFault) and is_integrity_fault(refusal.__cause__)):
                raise
            # A cached id is gone (retention in another process). The caches are empty now: once more, with fresh ones.
            await self._writer.run(*self._writing(batch))

    def _writing(self, batch: Batch) -> tuple[Callable[[Connection], None], Callable[[bool], None]]:
        sent = Batch()

        def work(connection: Connection) -> None:
            nonlocal sent
            # As it is now: by the time that the fate of a commit is known, there may be more in the batch.
            sent = replace(batch, results=list(batch.results), incidents=dict(batch.incidents))
            self._batches.write(connection, sent)
            if batch.results:
                finished_us = batch.results[-1].finished_at.wall_us
                if abs(finished_us - self._heartbeat_us) >= HEARTBEAT_EVERY_US:
                    self._beat(connection, finished_us)

        def settled(committed: bool) -> None:  # noqa: FBT001  the writer's callback
            self._batches.settled(sent, committed=committed)

        return work, settled

    def _beat(self, connection: Connection, at_us: int) -> None:
        self._heartbeat_us = at_us
        if self._run_id is not None:
            run = tables.daemon_runs
            connection.execute(update(run).where(run.c.id == self._run_id).values(heartbeat_us=at_us))


def _found(connection: Connection, wanted: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Those of these results that there are; each is looked up by its key, however many others there are."""
    result, check = tables.results.c, tables.checks.c
    named = select(check.check, check.id).where(check.check.in_({name for name, _ in wanted}))
    ids = {row.check: row.id for row in connection.execute(named)}
    keys = {(ids[name], at_us): (name, at_us) for name, at_us in wanted if name in ids}
    key = tuple_(result.check_id, result.started_at_us)
    there = select(result.check_id, result.started_at_us).where(key.in_(list(keys)))
    return [keys[number, at_us] for number, at_us in connection.execute(there)] if keys else []
