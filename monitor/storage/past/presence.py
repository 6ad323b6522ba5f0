"""When results of some statuses can have been recorded at all, as roll-ups tell.

A search for a rare status through months of single results would look at every one of them. Roll-ups count probes by
status, so the days and hours without any are known. Owns that knowledge; what no roll-up covers counts as possible.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, or_, select

from monitor.domain.result import Status
from monitor.storage import tables
from monitor.storage.rollup_tables import STATUS_COLUMNS, Level

_WITHIN = {Level.DAY: Level.HOUR}


class Stretch(NamedTuple):
    """A stretch of time, its end exclusive, in microseconds since 1970."""

    since_us: int
    until_us: int


class Presence:
    """Where to look for results.

    Args:
        connection: the snapshot.
        checks: selects the ids of the checks concerned.
        statuses: at least one.
        backwards: newest first.
    """

    def __init__(
        self, connection: Connection, checks: Select[Any], statuses: Iterable[Status], *, backwards: bool
    ) -> None:
        self._connection = connection
        self._checks = checks
        self._columns = [STATUS_COLUMNS[status] for status in statuses]
        self._backwards = backwards
        self._known = {level: _known(connection, level) for level in (Level.DAY, Level.HOUR)}

    def stretches(self, span: Stretch) -> Iterator[Stretch]:
        """The parts of `span` that may hold such results, in order, without overlap; adjacent ones are one."""
        return _joined(self._within(span, Level.DAY))

    def _within(self, span: Stretch, level: Level | None) -> Iterator[Stretch]:
        if level is None:
            yield span
            return
        known = self._known[level]
        since_us = max(span.since_us, min(known.since_us, span.until_us))
        until_us = min(span.until_us, max(known.until_us, since_us))
        counted = Stretch(since_us, until_us)
        parts = [Stretch(span.since_us, since_us), counted, Stretch(until_us, span.until_us)]
        for part in reversed(parts) if self._backwards else parts:
            if part.since_us < part.until_us:
                for seen in self._seen(part, level) if part is counted else (part,):
                    yield from self._within(seen, _WITHIN.get(level))

    def _seen(self, span: Stretch, level: Level) -> Sequence[Stretch]:
        """The stretches of a level's rows that counted one, cut to `span`."""
        table = level.table
        began = table.c.started_at_us
        query = (
            select(began)
            .where(table.c.check_id.in_(self._checks))
            .where(began > span.since_us - level.length_us, began < span.until_us)
            .where(or_(*(table.c[column] > 0 for column in self._columns)))
            .distinct()
        )
        found = sorted(self._connection.execute(query).scalars(), reverse=self._backwards)
        return [Stretch(max(at, span.since_us), min(at + level.length_us, span.until_us)) for at in found]


def _known(connection: Connection, level: Level) -> Stretch:
    """Between which moments a level's rows are complete: a row that is not there counted nothing."""
    table = tables.meta
    query = select(table.c.key, table.c.value).where(table.c.key.in_((level.from_key, level.until_key)))
    stored = {row.key: int(row.value) for row in connection.execute(query)}
    length_us = level.length_us
    return Stretch(
        -(-stored.get(level.from_key, 0) // length_us) * length_us,
        stored.get(level.until_key, 0) // length_us * length_us,
    )


def _joined(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    last: Stretch | None = None
    for stretch in stretches:
        if last is not None and (last.since_us == stretch.until_us or last.until_us == stretch.since_us):
            last = Stretch(min(last.since_us, stretch.since_us), max(last.until_us, stretch.until_us))
            continue
        if last is not None:
            yield last
        last = stretch
    if last is not None:
        yield last
