"""Making the roll-ups of stretches that are over, in bites so small that nobody waits for them.

Owns when a stretch's turn comes, and how much is made at once; what a bite writes is the business of `making`. A pass
goes through all checks for some stretches of one level; only with its last bite do readers trust the rows. Killed
anywhere, the next one makes them again.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection, Select, Table, bindparam, func, select

from monitor.clock import US_PER_S, Clock
from monitor.storage import tables
from monitor.storage.rollup_tables import Level
from monitor.storage.rollups.making import make
from monitor.storage.rollups.marks import FINER, closing_key, floor, marks, put
from monitor.storage.rollups.sources import Block
from monitor.storage.writer import Writer

GRACE_US = 60 * US_PER_S
"""So long after its end a stretch is closed: nearly every probe of it has come by then."""
BITE_S = 0.015
"""A bite is made smaller or larger so that it takes about this long."""
MOST_CHECKS = 500
MOST_STRETCHES = 288
FIRST_CHECKS, FIRST_STRETCHES = 16, 12
_GAP_STRETCHES = 2 * MOST_STRETCHES

Nothing = Callable[[], int | None]


@dataclass(frozen=True, slots=True)
class _Pass:
    """All checks over some stretches of a level.

    Attributes:
        is_leap: the stretches are too many, and perhaps without anything: first it is found out where something begins.
    """

    level: Level
    since_us: int
    until_us: int
    check_ids: tuple[int, ...]
    is_leap: bool = False

    def is_awaited(self, connection: Connection) -> bool:
        """Whether its rows are still those that come next: nothing has gone back meanwhile."""
        mark = marks(connection)[self.level]
        return (mark.until_us, mark.closing_us) == (self.since_us, self.until_us)

    def some(self, start: int, count: int) -> Block:
        """A bite of it."""
        return Block(self.level, self.check_ids[start : start + count], self.since_us, self.until_us)


class Closer:
    """Makes roll-ups, through the one writer.

    Args:
        writer: the one writer.
        clock: says which stretches are over, and measures how long a bite took.
        unwritten_us: when the oldest result started that is not in the database yet; None without any.
        pausing: leaves the writer and the processor to others for as long as each bite took.
    """

    def __init__(
        self, writer: Writer, clock: Clock, unwritten_us: Nothing = lambda: None, *, pausing: bool = True
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._unwritten_us = unwritten_us
        self._pausing = pausing
        self._checks = FIRST_CHECKS
        self._stretches = FIRST_STRETCHES
        self._leaping = set(Level)
        self.longest_bite_s = 0.0

    async def close(self, told: Callable[[int], object] = lambda _until_us: None) -> int:
        """Makes every roll-up whose stretch is over; how many rows that gave.

        May be cancelled anywhere and called again.

        Args:
            told: up to when roll-ups of five minutes are made, after each pass.

        Raises:
            StorageError: the database refused; what was made so far stays.
        """
        rows = 0
        for level in Level:
            while (planned := await self._writer.run(partial(self._plan, level=level))) is not None:
                if planned.is_leap:
                    await self._leap(planned)
                    continue
                rows += await self._run(planned)
                told(planned.until_us)
        return rows

    def _plan(self, connection: Connection, level: Level) -> _Pass | None:
        known = marks(connection)
        since_us, limit_us = known[level].until_us, self._limit_us(connection, level)
        if since_us is None:
            since_us = known.complete_from_us(level)
            put(connection, {level.from_key: since_us, level.until_key: since_us})
        until_us = floor(limit_us, level)
        if until_us <= since_us:
            return None
        is_leap = level in self._leaping and until_us - since_us >= _GAP_STRETCHES * level.length_us
        if not is_leap:
            until_us = min(until_us, since_us + self._stretches * level.length_us)
        put(connection, {closing_key(level): until_us})
        check_ids = tuple(connection.execute(_CHECK_IDS).scalars())
        return _Pass(level, since_us, until_us, check_ids, is_leap=is_leap)

    def _limit_us(self, connection: Connection, level: Level) -> int:
        """Nothing after this moment is over."""
        if level in FINER:
            return marks(connection)[FINER[level]].until_us or 0
        run, now_us = tables.daemon_runs, self._clock.now().wall_us
        alive = select(func.coalesce(run.c.ended_at_us, run.c.heartbeat_us)).order_by(run.c.id.desc()).limit(1)
        moments = (now_us, self._unwritten_us())
        limit_us = min(moment for moment in moments if moment is not None) - GRACE_US
        alive_us = connection.execute(alive).scalar()
        return limit_us if alive_us is None else min(limit_us, alive_us)

    async def _run(self, planned: _Pass) -> int:
        """Makes its rows; 0 if something has gone back meanwhile."""
        rows, start, smallest = 0, 0, MOST_CHECKS
        while start < len(planned.check_ids) or not start:
            size = self._checks
            is_last = start + size >= len(planned.check_ids)
            bite = partial(_bite, planned=planned, block=planned.some(start, size), is_last=is_last)
            gave, took_s = await self._timed(bite)
            if gave is None:
                return 0
            rows, start, smallest = rows + gave, start + size, min(smallest, size)
            self._adapt(took_s)
            if took_s > BITE_S and size == 1:
                self._stretches = max(1, self._stretches // 2)
        if smallest >= FIRST_CHECKS:
            self._stretches = min(MOST_STRETCHES, 2 * self._stretches)
        if not rows:
            self._leaping.add(planned.level)
        return rows

    async def _leap(self, planned: _Pass) -> None:
        """Goes on to where something begins, over all that is empty."""
        self._leaping.discard(planned.level)
        begins_us = planned.until_us
        if planned.level is Level.FIVE_MINUTES:
            begins_us = min(begins_us, await self._writer.run(partial(_first_rhythm, planned=planned)))
        for start in range(0, len(planned.check_ids), MOST_CHECKS):
            block = planned.some(start, MOST_CHECKS)
            found_us, _ = await self._timed(partial(_first_of, block=block))
            begins_us = min(begins_us, planned.until_us if found_us is None else found_us)
        await self._writer.run(partial(_go_on, planned=planned, at_us=floor(begins_us, planned.level)))

    async def _timed(self, work: Callable[[Connection], int | None]) -> tuple[int | None, float]:
        def timed(connection: Connection) -> tuple[int | None, float]:
            began = self._clock.now()
            gave = work(connection)
            return gave, self._clock.now().s_since(began)

        gave, took_s = await self._writer.run(timed)
        self.longest_bite_s = max(self.longest_bite_s, took_s)
        if self._pausing:
            await asyncio.sleep(took_s)
        return gave, took_s

    def _adapt(self, took_s: float) -> None:
        if took_s > BITE_S:
            self._checks = max(1, self._checks // 2)
        elif took_s < BITE_S / 3:
            self._checks = min(MOST_CHECKS, self._checks * 2)


def _bite(connection: Connection, planned: _Pass, block: Block, *, is_last: bool) -> int | None:
    if not planned.is_awaited(connection):
        return None
    rows = make(connection, block)
    if is_last:
        put(connection, {planned.level.until_key: planned.until_us})
    return rows


def _go_on(connection: Connection, planned: _Pass, at_us: int) -> None:
    if planned.is_awaited(connection):
        put(connection, {planned.level.until_key: max(planned.since_us, at_us), closing_key(planned.level): 0})


def _first_rhythm(connection: Connection, planned: _Pass) -> int:
    """When the first turn after the beginning was, at the earliest."""
    rhythms = tables.rhythms.c
    first_us = connection.execute(select(func.min(rhythms.first_due_us)).where(rhythms.until_us > planned.since_us))
    found_us = first_us.scalar()
    return planned.until_us if found_us is None else max(found_us, planned.since_us)


def _first_of(connection: Connection, block: Block) -> int | None:
    """When the first row began from which the block is made."""
    finer = FINER.get(block.level)
    query = _FIRST[tables.results.name if finer is None else finer.value]
    found: int | None = connection.execute(query, {"checks": list(block.check_ids), "since": block.since_us}).scalar()
    return found


def _first(table: Table) -> Select[Any]:
    checks = tables.checks
    of_check = select(func.min(table.c.started_at_us)).where(
        table.c.check_id == checks.c.id, table.c.started_at_us >= bindparam("since")
    )
    chosen = checks.c.id.in_(bindparam("checks", expanding=True))
    return select(func.min(of_check.scalar_subquery())).where(chosen)


_CHECK_IDS = select(tables.checks.c.id).order_by(tables.checks.c.id)
_FIRST = {table.name: _first(table) for table in (tables.results, *(finer.table for finer in FINER.values()))}
