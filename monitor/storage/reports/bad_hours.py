"""The hours in which probes of a check failed, so that the worst can be named; hours are those of UTC.

Days without a failure are not looked into, so that a good month costs next to nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, bindparam, func, select

from monitor.domain.availability import HOUR_US
from monitor.domain.stretches import SINGLE, Span
from monitor.storage import tables
from monitor.storage.codes import ON_PHASE_CODE, SUCCESS_CODES, UNKNOWN_CODE
from monitor.storage.rollup_tables import Level

_LEVELS = {level.length_us: level for level in Level}


@dataclass(slots=True)
class BadHour:
    """What was counted in an hour, or in the part of it that lies in the period."""

    counted: int = 0
    successes: int = 0

    @property
    def failures(self) -> int:
        """On-phase probes that failed."""
        return self.counted - self.successes


BadHours = dict[int, BadHour]


def bad_hours(connection: Connection, spans: Sequence[Span]) -> defaultdict[int, BadHours]:
    """By check, then by the hour's first moment: those in which a probe failed."""
    found: defaultdict[int, BadHours] = defaultdict(dict)
    for span in spans:
        for check, hour_us, counted, successes in connection.execute(
            _statement(span.length_us), {"since": span.since_us, "until": span.until_us}
        ):
            hour = found[check].setdefault(int(hour_us), BadHour())
            hour.counted += int(counted)
            hour.successes += int(successes)
    return found


def failures_together(several: Iterable[BadHours]) -> Counter[int]:
    """How many probes of several checks failed in each hour."""
    failures: Counter[int] = Counter()
    for hours in several:
        failures.update({at_us: hour.failures for at_us, hour in hours.items() if hour.failures})
    return failures


def worst(failures: Counter[int], most: int) -> list[int]:
    """The hours with the most failures; of equally many, the newest."""
    return sorted(failures, key=lambda at_us: (-failures[at_us], -at_us))[:most]


@cache
def _statement(length_us: int) -> Select[Any]:
    if length_us == SINGLE:
        return _of_results()
    return _of_days() if _LEVELS[length_us] is Level.DAY else _of_rollups(_LEVELS[length_us])


def _of_days() -> Select[Any]:
    """The hours of the days in which something failed; where those are deleted, nothing is known of hours."""
    day, hour = Level.DAY.table.c, Level.HOUR.table.c
    of_day = and_(
        hour.check_id == day.check_id,
        hour.started_at_us >= day.started_at_us,
        hour.started_at_us < day.started_at_us + Level.DAY.length_us,
    )
    query = select(hour.check_id, hour.started_at_us, hour.counted, hour.successes)
    joined = query.join_from(Level.DAY.table, Level.HOUR.table, of_day)
    return joined.where(*_during(Level.DAY.table), day.successes < day.counted, hour.successes < hour.counted)


def _of_rollups(level: Level) -> Select[Any]:
    row = level.table.c
    hour = (row.started_at_us - row.started_at_us % HOUR_US).label("hour_us")
    query = select(row.check_id, hour, func.sum(row.counted), func.sum(row.successes))
    return query.where(*_during(level.table)).group_by(row.check_id, hour.name)


def _of_results() -> Select[Any]:
    row = tables.results.c
    hour = (row.started_at_us - row.started_at_us % HOUR_US).label("hour_us")
    successes = func.count().filter(row.status.in_(SUCCESS_CODES))
    counts = (row.trigger == ON_PHASE_CODE, row.status != UNKNOWN_CODE)
    query = select(row.check_id, hour, func.count(), successes)
    return query.where(*_during(tables.results), *counts).group_by(row.check_id, hour.name)


def _during(table: Table) -> tuple[ColumnElement[bool], ...]:
    """Each check one range of the key: without naming checks SQLite reads all there is."""
    at = table.c.started_at_us
    return table.c.check_id.in_(select(tables.checks.c.id)), at >= bindparam("since"), at < bindparam("until")
