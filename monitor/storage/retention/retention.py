"""Forgetting what is older than it is kept, and making room where there is a limit of size.

Owns what goes, in which order and up to when; that is written down before the first row goes, so that nobody takes for
complete what is not. Nothing goes before the next coarser level was made of it (`domain.ages`). How it goes is the
business of `sweeps`, `leftovers` and the engine's `housekeeping`. Incidents, their timelines, and notifications stay.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from monitor.clock import Clock
from monitor.domain.ages import NEWEST_KEPT, Ages, Grain, allowed_us
from monitor.storage import dialect, tables
from monitor.storage.retention.bites import Bites, Rest
from monitor.storage.retention.engine import housekeeping_of
from monitor.storage.retention.housekeeping import Housekeeping
from monitor.storage.retention.leftovers import leftovers
from monitor.storage.retention.sweeps import OldRows, Sweep
from monitor.storage.rollup_tables import Level
from monitor.storage.rollups.marks import come_back
from monitor.storage.writer import Writer

PRUNED_KEY = "pruned_before_us"
RAN_KEY = "retention_ran_at_us"
TOLD_KEY = "size_limit_told"
DOUBTED_KEY = "clock_doubted_since_us"
LEVELS: Mapping[Grain, Level] = MappingProxyType(
    {Grain.FIVE_MINUTES: Level.FIVE_MINUTES, Grain.HOURS: Level.HOUR, Grain.DAYS: Level.DAY}
)
_FROM_KEYS = {Grain.RAW: PRUNED_KEY, **{grain: level.from_key for grain, level in LEVELS.items()}}
_SHARE_LEFT = 0.95  # a limit is undercut a little, so that it is not met again at once
_STEP_US = 3_600_000_000

Cutoffs = dict[Grain, int]


class Fit(StrEnum):
    """What a limit of size has led to."""

    UNLIMITED = "unlimited"
    FITS = "fits"
    SHORTENED = "shortened"
    OUT_OF_REACH = "out_of_reach"


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was done.

    Attributes:
        rows: deleted, by table; tables of which nothing was deleted are missing.
        fit: whether the database is as small as it has to be.
        pages: given back to the disk.
    """

    rows: Mapping[str, int] = field(default_factory=dict)
    fit: Fit = Fit.UNLIMITED
    pages: int = 0


class Retention:
    """Deletes what is older than its time, through the one writer.

    Args:
        writer: the one writer.
        clock: says what is old, and measures how long a bite took.
        housekeeping: how the engine forgets; by default that of the writer's.
        rest: leaves the writer alone between two bites.
    """

    def __init__(
        self, writer: Writer, clock: Clock, housekeeping: Housekeeping | None = None, rest: Rest = asyncio.sleep
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._engine = housekeeping_of(writer.dialect) if housekeeping is None else housekeeping
        self._bites = Bites(writer, clock, rest, self._engine.make_room)

    async def prune(self, ages: Ages) -> Pruned:
        """Deletes what is older than `ages`, and more where the limit of size asks for it; gives room back.

        May be cancelled between two bites and called again.

        Raises:
            StorageError: the database refused; what was deleted so far stays deleted.
        """
        now_us, rows = self._clock.now().wall_us, Counter[str]()
        await self._bites.run(partial(come_back, now_us=now_us))
        cutoffs = await self._bites.run(partial(_move_cutoffs, engine=self._engine, ages=ages, now_us=now_us))
        for grain in Grain:
            await self._sweep(grain, cutoffs[grain], rows)
        for sweep in leftovers(cutoffs[Grain.RAW], now_us):
            rows[sweep.name] += await self._bites.all(sweep)
        fit = await self._fit(ages.size_limit, now_us, rows)
        back = self._engine.give_back()
        pages = await self._bites.all(back) if back is not None else 0
        await self._bites.run(lambda connection: _write(connection, RAN_KEY, str(now_us)))
        return Pruned({name: count for name, count in rows.items() if count}, fit, pages)

    async def is_too_large(self, limit: int | None) -> bool:
        """True if the database takes more than `limit` bytes."""
        return limit is not None and await self._writer.run(self._engine.used_bytes) > limit

    @property
    def longest_bite_s(self) -> float:
        """The longest time that a bite has held the writer, in seconds."""
        return self._bites.longest_s

    async def ran_at_us(self) -> int:
        """When `prune` last came to its end, in this run or an earlier one; 0 if it never did."""
        return await self._writer.run(lambda connection: _fact(connection, RAN_KEY))

    async def clock_doubted_since_us(self) -> int:
        """Since when, by that clock, the wall clock may be wrong; 0 if nobody doubts it. Survives restarts."""
        return await self._writer.run(lambda connection: _fact(connection, DOUBTED_KEY))

    async def doubt_clock(self, since_us: int) -> None:
        """The wall clock may be wrong since then; 0: it is believed again."""
        await self._writer.run(lambda connection: _write(connection, DOUBTED_KEY, str(since_us)))

    async def is_news(self, ages: Ages, fit: Fit) -> bool:
        """True once for each thing that a limit of size leads to, whatever is restarted meanwhile."""
        news = f"{ages.size_limit} {fit}"

        def work(connection: Connection) -> bool:
            told = connection.execute(select(tables.meta.c.value).where(tables.meta.c.key == TOLD_KEY)).scalar()
            _write(connection, TOLD_KEY, news)
            return told != news

        return await self._writer.run(work)

    async def kept_since_us(self) -> int:
        """From when on single results are complete."""
        return await self._writer.run(pruned_before_us)

    async def _sweep(self, grain: Grain, before_us: int, rows: Counter[str]) -> None:
        for sweep in self._sweeps(grain, before_us) if before_us else ():
            rows[sweep.name] += await self._bites.all(sweep)

    def _sweeps(self, grain: Grain, before_us: int) -> tuple[Sweep, ...]:
        if grain is Grain.RAW:
            return tuple(self._engine.raw(before_us))
        return (OldRows(LEVELS[grain].table, before_us),)

    async def _fit(self, limit: int | None, now_us: int, rows: Counter[str]) -> Fit:
        """Shortens what may be shortened until the database takes less than its limit, the finest first."""
        if limit is None:
            return Fit.UNLIMITED
        if not await self.is_too_large(limit):
            return Fit.FITS
        for grain, newest_us in NEWEST_KEPT.items():
            if not self._engine.shrinks_by(grain):
                continue
            while (used := await self._writer.run(self._engine.used_bytes)) > limit * _SHARE_LEFT:
                share = 1 - limit * _SHARE_LEFT / used
                wanted = _Shorter(grain, share, now_us - newest_us)
                before_us = await self._bites.run(partial(_shorten, engine=self._engine, wanted=wanted))
                if before_us is None:
                    break
                await self._sweep(grain, before_us, rows)
            else:
                return Fit.SHORTENED
        return Fit.OUT_OF_REACH if await self.is_too_large(limit) else Fit.SHORTENED


def pruned_before_us(connection: Connection) -> int:
    """Nothing that started before this moment is complete any more; 0 if nothing was ever deleted."""
    return _fact(connection, PRUNED_KEY)


def cutoffs_in_force(connection: Connection) -> Cutoffs:
    """From when on the rows of each kind are complete; 0 where nothing was ever deleted."""
    return {grain: _fact(connection, key) for grain, key in _FROM_KEYS.items()}


def made_until_us(connection: Connection) -> Cutoffs:
    """Until when the rows of each level are made."""
    return {grain: _fact(connection, level.until_key) for grain, level in LEVELS.items()}


def cutoffs_wished(connection: Connection, engine: Housekeeping, ages: Ages, now_us: int) -> Cutoffs:
    """Up to when rows would go now by their ages; never earlier than what went before."""
    made, gone = made_until_us(connection), cutoffs_in_force(connection)
    wished = {grain: ages.cutoff_us(grain, now_us, made) for grain in Grain}
    wished[Grain.RAW] = engine.whole(wished[Grain.RAW])
    return {grain: max(gone[grain], before_us) for grain, before_us in wished.items()}


def _move_cutoffs(connection: Connection, engine: Housekeeping, ages: Ages, now_us: int) -> Cutoffs:
    gone, wished = cutoffs_in_force(connection), cutoffs_wished(connection, engine, ages, now_us)
    for grain, before_us in wished.items():
        if before_us > gone[grain]:
            _remember(connection, grain, before_us)
    return wished


class _Shorter(NamedTuple):
    """What is to be kept for less long: a share of the rows of one kind, but for those after a moment."""

    grain: Grain
    share: float
    latest_us: int


def _shorten(connection: Connection, engine: Housekeeping, wanted: _Shorter) -> int | None:
    """A later moment, up to which that share goes; None if none may go any more."""
    grain, share, latest_us = wanted
    gone_us = cutoffs_in_force(connection)[grain]
    first_us = connection.execute(select(func.min(tables.checks.c.first_seen_us))).scalar() or latest_us
    from_us = max(gone_us, first_us)
    step_us = max(_STEP_US, engine.step_us, round((latest_us - from_us) * share))
    before_us = allowed_us(grain, min(from_us + step_us, latest_us), made_until_us(connection))
    if grain is Grain.RAW:
        before_us = engine.whole(before_us)
    if before_us <= gone_us:
        return None
    _remember(connection, grain, before_us)
    return before_us


def _remember(connection: Connection, grain: Grain, before_us: int) -> None:
    _write(connection, _FROM_KEYS[grain], str(before_us))


def _write(connection: Connection, key: str, value: str) -> None:
    connection.exec_driver_sql(dialect.upsert_sql(connection.dialect, tables.meta), (key, value))


def _fact(connection: Connection, key: str) -> int:
    query = select(tables.meta.c.value).where(tables.meta.c.key == key)
    return int(connection.execute(query).scalar() or 0)
