"""Making the roll-ups of stretches that are over, in bites so small that nobody waits for them.

Owns when a stretch's turn comes, and how much is made at once; what a bite writes is the business of `making`. A pass
goes through all checks for some stretches of one level; only with its last bite do readers trust the rows. Killed
anywhere, the next one makes them again.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

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
BITE_S = 0.01
"""A bite takes on nothing more after so long."""
MOST_CELLS, FIRST_CELLS = 64, 16
"""A step makes so many roll-ups at most, however quickly the one before was made: what it meets may be far denser."""
_LOOKED_AT_ONCE = 500
_GAP_STRETCHES = 576

Nothing = Callable[[], int | None]
T = TypeVar("T")


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

    @property
    def stretches(self) -> int:
        """How many."""
        return (self.until_us - self.since_us) // self.level.length_us

    def some(self, start: int, count: int) -> Block:
        """Some checks of it."""
        return Block(self.level, self.check_ids[start : start + count], self.since_us, self.until_us)


@dataclass(slots=True)
class _Bite:
    """What became of one transaction.

    Attributes:
        start: the check with which the next goes on.
        rows: that were made; None if something has gone back meanwhile.
    """

    start: int
    rows: int | None = 0


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
        self._cells = dict.fromkeys(Level, FIRST_CELLS)
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
            until_us = min(until_us, since_us + self._cells[level] * level.length_us)
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
        rows, bite = 0, _Bite(0)
        while bite.start < len(planned.check_ids) or not bite.start:
            bite = await self._timed(partial(self._bite, planned=planned, start=bite.start))
            if bite.rows is None:
                return 0
            rows += bite.rows
        if not rows:
            self._leaping.add(planned.level)
        return rows

    def _bite(self, connection: Connection, planned: _Pass, start: int) -> _Bite:
        """As many steps as there is time for, one at least."""
        bite, began = _Bite(start), self._clock.now()
        if not planned.is_awaited(connection):
            return _Bite(start, None)
        took_s = 0.0
        while took_s < BITE_S:
            count = max(1, self._cells[planned.level] // planned.stretches)
            bite.rows = (bite.rows or 0) + make(connection, planned.some(bite.start, count))
            bite.start += count
            before_s, took_s = took_s, self._clock.now().s_since(began)
            self._adapt(planned.level, took_s - before_s)
            if bite.start >= len(planned.check_ids):
                put(connection, {planned.level.until_key: planned.until_us})
                break
        return bite

    async def _leap(self, planned: _Pass) -> None:
        """Goes on to where something begins, over all that is empty."""
        self._leaping.discard(planned.level)
        begins_us = planned.until_us
        if planned.level is Level.FIVE_MINUTES:
            begins_us = min(begins_us, await self._writer.run(partial(_first_rhythm, planned=planned)))
        for start in range(0, len(planned.check_ids), _LOOKED_AT_ONCE):
            block = planned.some(start, _LOOKED_AT_ONCE)
            found_us = await self._timed(partial(_first_of, block=block))
            begins_us = min(begins_us, planned.until_us if found_us is None else found_us)
        await self._writer.run(partial(_go_on, planned=planned, at_us=floor(begins_us, planned.level)))

    async def _timed(self, work: Callable[[Connection], T]) -> T:
        def timed(connection: Connection) -> tuple[T, float]:
            began = self._clock.now()
            gave = work(connection)
            return gave, self._clock.now().s_since(began)

        gave, took_s = await self._writer.run(timed)
        self.longest_bite_s = max(self.longest_bite_s, took_s)
        if self._pausing:
            await asyncio.sleep(took_s)
        return gave

    def _adapt(self, level: Level, took_s: float) -> None:
        if took_s > BITE_S / 2:
            self._cells[level] = max(1, self._cells[level] // 2)
        elif took_s < BITE_S / 5:
            self._cells[level] = min(MOST_CELLS, self._cells[level] * 2)


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
