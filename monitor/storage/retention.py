"""Forgetting single results after their time, in bites so small that nobody waits for them.

Incidents, their events and notifications are kept; so are rhythms as long as any of their time is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, Table, delete, exists, select

from monitor.clock import US_PER_S, Clock
from monitor.storage import dialect, tables
from monitor.storage.writer import Writer

PRUNED_KEY = "pruned_before_us"
# A bite is made smaller or larger so that it takes about this long.
BITE_S = 0.015
LEAST_ROWS, MOST_ROWS = 50, 5_000
REASONS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was deleted, in rows."""

    results: int
    details: int
    reasons: int
    rhythms: int


class Retention:
    """Deletes what is older than its time, through the one writer.

    Args:
        writer: the one writer.
        clock: measures how long a bite took.
    """

    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._writer = writer
        self._clock = clock
        self._rows = 500

    async def prune(self, keep_s: float) -> Pruned:
        """Deletes results that started more than `keep_s` seconds ago, and what only they needed.

        May be cancelled between two bites and called again.

        Raises:
            StorageError: the database refused; what was deleted so far stays deleted.
        """
        before_us = self._clock.now().wall_us - round(keep_s * US_PER_S)
        await self._writer.run(lambda connection: _remember(connection, before_us))
        results = details = 0
        for check_id in await self._writer.run(_check_ids):
            results += await self._prune_check(tables.results, check_id, before_us)
            details += await self._prune_check(tables.result_details, check_id, before_us)
        reasons = await self._prune_reasons()
        rhythms = await self._writer.run(lambda connection: _delete_rhythms(connection, before_us))
        return Pruned(results, details, reasons, rhythms)

    async def _prune_check(self, table: Table, check_id: int, before_us: int) -> int:
        total = 0
        while True:
            rows = self._rows
            deleted, took_s = await self._writer.run(self._timed(table, check_id, before_us, rows))
            self._adapt(deleted, took_s)
            total += deleted
            if deleted < rows:
                return total

    def _timed(
        self, table: Table, check_id: int, before_us: int, rows: int
    ) -> Callable[[Connection], tuple[int, float]]:
        def work(connection: Connection) -> tuple[int, float]:
            began = self._clock.now()
            deleted = _bite(connection, table, check_id, before_us, rows)
            return deleted, self._clock.now().s_since(began)

        return work

    def _adapt(self, deleted: int, took_s: float) -> None:
        if took_s > BITE_S:
            self._rows = max(LEAST_ROWS, self._rows // 2)
        elif deleted == self._rows and took_s < BITE_S / 3:
            self._rows = min(MOST_ROWS, self._rows * 2)

    async def _prune_reasons(self) -> int:
        total, last = 0, 0
        while True:
            deleted, following = await self._writer.run(partial(_bite_reasons, after=last))
            total += deleted
            if following is None:
                return total
            last = following


def pruned_before_us(connection: Connection) -> int:
    """Nothing that started before this moment is complete any more; 0 if nothing was ever deleted."""
    query = select(tables.meta.c.value).where(tables.meta.c.key == PRUNED_KEY)
    return int(connection.execute(query).scalar() or 0)


def _remember(connection: Connection, before_us: int) -> None:
    if before_us > pruned_before_us(connection):
        sql = dialect.upsert_sql(connection.dialect, tables.meta)
        connection.exec_driver_sql(sql, (PRUNED_KEY, str(before_us)))


def _check_ids(connection: Connection) -> list[int]:
    return list(connection.execute(select(tables.checks.c.id)).scalars())


def _bite(connection: Connection, table: Table, check_id: int, before_us: int, rows: int) -> int:
    columns = table.c
    old = (columns.check_id == check_id, columns.started_at_us < before_us)
    oldest = select(columns.started_at_us).where(*old).order_by(columns.started_at_us)
    end_us = connection.execute(oldest.offset(rows).limit(1)).scalar()
    until = before_us if end_us is None else end_us
    return connection.execute(delete(table).where(columns.check_id == check_id, columns.started_at_us < until)).rowcount


def _bite_reasons(connection: Connection, after: int) -> tuple[int, int | None]:
    reasons = tables.reasons
    ids = list(
        connection.execute(
            select(reasons.c.id).where(reasons.c.id > after).order_by(reasons.c.id).limit(REASONS_AT_ONCE)
        ).scalars(),
    )
    if not ids:
        return 0, None
    unused = delete(reasons).where(
        reasons.c.id.in_(ids),
        ~exists().where(tables.results.c.reason_id == reasons.c.id),
        ~exists().where(tables.states.c.reason_id == reasons.c.id),
    )
    return connection.execute(unused).rowcount, ids[-1]


def _delete_rhythms(connection: Connection, before_us: int) -> int:
    return connection.execute(delete(tables.rhythms).where(tables.rhythms.c.until_us <= before_us)).rowcount
