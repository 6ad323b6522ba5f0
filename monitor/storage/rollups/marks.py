"""Up to where roll-ups are made, and from where they are complete: a few numbers in `meta`.

Owns these numbers and when they go back. A level's rows may be trusted from `from_key` until `until_key`; while a pass
makes those after it, `closing` says how far that pass goes, so that what changes meanwhile is made again.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Exists, Select, exists, select

from monitor.storage import dialect, tables
from monitor.storage.rollup_tables import Level

PRUNED_KEY = "pruned_before_us"
FINER = {Level.HOUR: Level.FIVE_MINUTES, Level.DAY: Level.HOUR}
"""What a level's rows are made from; those of five minutes from single results."""


def closing_key(level: Level) -> str:
    """The key in `meta` under which it stands how far the pass goes that makes this level's rows."""
    return f"{level.value}_closing_us"


@dataclass(frozen=True, slots=True)
class Mark:
    """Of one level, in microseconds since 1970.

    Attributes:
        from_us: rows that began earlier were deleted, or never made because results were.
        until_us: rows that began before are made; None before the first pass.
        closing_us: rows that began before are being made; not more than `until_us` between two passes.
    """

    from_us: int = 0
    until_us: int | None = None
    closing_us: int = 0

    @property
    def reached_us(self) -> int:
        """Whatever changes before this moment changes a row that is made, or may be made already."""
        return max(self.until_us or 0, self.closing_us)


@dataclass(frozen=True, slots=True)
class Marks:
    """Of all levels.

    Attributes:
        pruned_us: results that started before were deleted.
    """

    levels: Mapping[Level, Mark]
    pruned_us: int = 0

    def __getitem__(self, level: Level) -> Mark:
        return self.levels[level]

    def complete_from_us(self, level: Level) -> int:
        """From when on a level's rows can be made, or made again: a boundary of it."""
        finer = FINER.get(level)
        known_us = self.pruned_us if finer is None else self[finer].from_us
        return -(-max(known_us, self[level].from_us) // level.length_us) * level.length_us


_KEYS = [PRUNED_KEY, *(key for one in Level for key in (one.from_key, one.until_key, closing_key(one)))]
_KNOWN = select(tables.meta.c.key, tables.meta.c.value).where(tables.meta.c.key.in_(_KEYS))


def marks(connection: Connection) -> Marks:
    """As they stand."""
    known = {row.key: int(row.value) for row in connection.execute(_KNOWN)}
    levels = {
        level: Mark(known.get(level.from_key, 0), known.get(level.until_key), known.get(closing_key(level), 0))
        for level in Level
    }
    return Marks(levels, known.get(PRUNED_KEY, 0))


def put(connection: Connection, values: Mapping[str, int | str]) -> None:
    """Writes values under their keys."""
    sql = dialect.upsert_sql(connection.dialect, tables.meta)
    for key, value in values.items():
        connection.exec_driver_sql(sql, (key, str(value)))


def go_back(connection: Connection, at_us: int) -> None:
    """What was due from `at_us` on is another than it was, so roll-ups of that time are made again.

    A pass under way notices that it is not awaited any more, and begins again. Nothing goes back to where what roll-ups
    are made from was deleted.
    """
    known = marks(connection)
    for level in Level:
        mark = known[level]
        if mark.until_us is None or at_us >= mark.reached_us:
            continue
        again_us = max(at_us // level.length_us * level.length_us, known.complete_from_us(level))
        put(connection, {level.until_key: min(mark.until_us, again_us), closing_key(level): 0})


def come_back(connection: Connection, now_us: int) -> None:
    """Marks of a clock that was far ahead come back to the present: what is recorded from now on is complete.

    They do only where nothing was recorded between now and then: else it may be the clock of today that is wrong, and
    what was deleted would be taken for complete.
    """
    known = marks(connection)
    from_us = {PRUNED_KEY: known.pruned_us, **{level.from_key: known[level].from_us for level in Level}}
    ahead = {key: at_us for key, at_us in from_us.items() if at_us > now_us}
    if ahead and not _is_history(connection, now_us + Level.DAY.length_us, max(ahead.values())):
        put(connection, dict.fromkeys(ahead, now_us))
        go_back(connection, now_us)


def _is_history(connection: Connection, since_us: int, until_us: int) -> bool:
    """Whether anything was rolled up in that time."""
    every = select(tables.checks.c.id)
    return any(
        connection.execute(select(_anything(level, every, since_us, until_us))).scalar()
        for level in (Level.HOUR, Level.DAY)
    )


def _anything(level: Level, checks: Select[tuple[int]], since_us: int, until_us: int) -> Exists:
    row = level.table.c
    return exists().where(row.check_id.in_(checks), row.started_at_us >= since_us, row.started_at_us < until_us)


def floor(at_us: int, level: Level) -> int:
    """When the stretch began that holds a moment."""
    return at_us // level.length_us * level.length_us
