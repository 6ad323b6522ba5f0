"""Everything that was recorded over a time, once more in the order in which it became known.

Read piece by piece, so that a month of it takes no more memory than an hour. Owns the order; what follows from the
results is the business of whoever listens.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, bindparam, select

from monitor.clock import US_PER_S, Moment
from monitor.domain.action import Action
from monitor.domain.result import FaultDomain, Result, Status, Trigger, Verdict
from monitor.storage import tables
from monitor.storage.codes import STATUSES, TRIGGER_CODES
from monitor.storage.faults import DatabaseFault, storage_error
from monitor.storage.reader import Reader, question

ROWS_AT_ONCE = 20_000
FIRST_SPAN_US = 60 * US_PER_S
SPAN_AT_MOST_US = 86_400 * US_PER_S
REASONS_AT_MOST = 20_000
_US_PER_TENTH_MS = 100
_FOURFOLD = 4.0

_TRIGGERS = {code: trigger for trigger, code in TRIGGER_CODES.items()}
# Whether a turn came during maintenance is for the calendar to say that it is replayed under.
_TRIGGERS[TRIGGER_CODES[Trigger.MAINTENANCE]] = Trigger.ON_PHASE


@dataclass(frozen=True, slots=True)
class Span:
    """A time, in microseconds since 1970: `since_us` inclusive, `until_us` exclusive."""

    since_us: int
    until_us: int


@question
def first_and_last(reader: Reader) -> Span | None:
    """The time of which anything is recorded; None if nothing is."""
    row, check = tables.results, tables.checks
    edges = []
    for order in (row.c.started_at_us.asc(), row.c.started_at_us.desc()):
        newest = select(row.c.started_at_us).where(row.c.check_id == check.c.id).order_by(order).limit(1)
        edges.append([us for (us,) in reader.connection.execute(select(newest.scalar_subquery())) if us is not None])
    first, last = edges
    return Span(min(first), max(last) + 1) if first else None


def recorded(reader: Reader, span: Span) -> Iterator[Result]:
    """Every result that began within a span, in the order in which they ended; wall time serves as monotonic time.

    How long a probe without an answer took is not recorded: it ends when it began. Neither are phases, `Retry-After`
    and whether a model was being loaded.

    Raises:
        StorageError: the database refuses.
    """
    try:
        yield from _Recording(reader.connection).results(span)
    except DatabaseFault as fault:
        raise storage_error(fault) from fault


class _Recording:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._names = {
            row.id: row.check for row in connection.execute(select(tables.checks.c.id, tables.checks.c.check))
        }
        self._verdicts: dict[tuple[int, int | None], Verdict] = {}

    def results(self, span: Span) -> Iterator[Result]:
        width, at, waiting = FIRST_SPAN_US, span.since_us, list[tuple[int, Any]]()
        query = _between()
        while at < span.until_us:
            ends = min(at + width, span.until_us)
            rows = self._connection.execute(query, {"since": at, "until": ends}).all()
            waiting.extend((row[1] + (row[5] or 0) * _US_PER_TENTH_MS, row) for row in rows)
            waiting.sort(key=itemgetter(0))
            # What began later ends later than this: the rest waits for company.
            known = next((place for place, (us, _) in enumerate(waiting) if us >= ends), len(waiting))
            yield from (self._result(us, row) for us, row in waiting[:known])
            del waiting[:known]
            at = ends
            width = min(round(width * _growth(len(rows))), SPAN_AT_MOST_US)
        yield from (self._result(us, row) for us, row in waiting)

    def _result(self, finished_us: int, row: Any) -> Result:
        check_id, started_us, status, trigger, http_status, latency, reason_id = row
        return Result(
            self._names[check_id],
            Moment(started_us, started_us),
            Moment(finished_us, finished_us),
            _TRIGGERS[trigger],
            self._verdict(status, reason_id),
            http_status,
            None if latency is None else latency / 10,
        )

    def _verdict(self, status: int, reason_id: int | None) -> Verdict:
        known = self._verdicts.get((status, reason_id))
        if known is None:
            if len(self._verdicts) >= REASONS_AT_MOST:
                self._verdicts.clear()
            known = self._verdicts[status, reason_id] = self._read_verdict(STATUSES[status], reason_id)
        return known

    def _read_verdict(self, status: Status, reason_id: int | None) -> Verdict:
        reason = tables.reasons
        row = self._connection.execute(select(reason).where(reason.c.id == reason_id)).one_or_none()
        if row is None:
            return Verdict(status)
        fault = FaultDomain(row.fault_domain) if row.fault_domain else None
        return Verdict(status, fault, row.reason or None, Action(row.action) if row.action else None)


def _between() -> Any:
    """A range of each check's own rows, which lie together: the whole table is never walked."""
    row = tables.results.c
    return select(
        row.check_id, row.started_at_us, row.status, row.trigger, row.http_status, row.latency_100us, row.reason_id
    ).where(
        row.check_id.in_(select(tables.checks.c.id)),
        row.started_at_us >= bindparam("since"),
        row.started_at_us < bindparam("until"),
    )


def _growth(rows: int) -> float:
    """By how much the next piece may be longer than one that had so many rows."""
    return min(_FOURFOLD, max(1 / _FOURFOLD, ROWS_AT_ONCE / max(rows, 1)))
