"""Incidents as people ask for them: newest first, filtered, from any position, as many as there are.

Owns the list and the row of the interface; what is known of one incident beyond that is told by `timeline`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, Select, func, or_, select

from monitor.clock import US_PER_S, Moment, iso
from monitor.domain.cursor import Position
from monitor.domain.result import FaultDomain
from monitor.domain.severity import Severity
from monitor.storage import tables
from monitor.storage.faults import DatabaseFault, storage_error
from monitor.storage.reader import Reader
from monitor.storage.restore import checks_of

IncidentState = Literal["open", "resolved", "all"]
PAGE = 500


@dataclass(frozen=True, slots=True)
class IncidentSelection:
    """Which incidents are asked for; None is any, and so is an empty tuple.

    Attributes:
        endpoint: that of the incident or of a check of it.
        provider: that of a check of it.
        since_us: it was going on at this moment or later.
        until_us: it began before this moment.
        limit: at most as many; None is all.
        after: only those that come after this position.
    """

    state: IncidentState = "all"
    endpoint: str | None = None
    check: str | None = None
    provider: str | None = None
    faults: tuple[FaultDomain, ...] = ()
    severities: tuple[Severity, ...] = ()
    since_us: int | None = None
    until_us: int | None = None
    limit: int | None = 100
    after: Position | None = None


class IncidentList:
    """The incidents of a selection, newest first; to be walked once, on one thread.

    Args:
        reader: the snapshot from which all of them come.
        selection: which.
        now: until when those that are open have lasted.

    Attributes:
        last: where the last row stands that was given; before the first, where it goes on.
        more: whether there are others beyond the limit; known once all were given.
    """

    def __init__(self, reader: Reader, selection: IncidentSelection, now: Moment) -> None:
        self.last: Position | None = selection.after
        self.more = False
        self._connection = reader.connection
        self._wanted = selection
        self._now = now
        self._given = 0
        self._first_id = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Rows with the fields of the `incidents` command."""
        for page in self.pages():
            yield from page

    def pages(self) -> Iterator[list[dict[str, Any]]]:
        """The same in the pieces in which they were read.

        Raises:
            StorageError: the database refuses.
        """
        try:
            while rows := self._page():
                yield rows
        except DatabaseFault as fault:
            raise storage_error(fault) from fault

    def share(self) -> float:
        """How much of the work is done, by numbers or by rows, from 0 to 1."""
        if self.last is None or not self._first_id:
            return 0.0
        by_rows = self._given / self._wanted.limit if self._wanted.limit else 0.0
        return min(1.0, max(by_rows, (self._first_id - self.last.id) / self._first_id))

    def _page(self) -> list[dict[str, Any]]:
        limit = self._wanted.limit
        left = PAGE if limit is None else min(PAGE, limit - self._given)
        if left <= 0:
            return []
        incident = tables.incidents
        query = select(incident).where(*_filters(self._wanted)).order_by(incident.c.id.desc()).limit(left + 1)
        if self.last is not None:
            query = query.where(incident.c.id < self.last.id)
        found = self._connection.execute(query).all()
        rows = found[:left]
        self.more = len(found) > left
        if not rows:
            return []
        self._first_id = self._first_id or rows[0].id
        self.last = Position(0, rows[-1].id)
        self._given += len(rows)
        concerned = checks_of(self._connection, incident.c.id.in_([row.id for row in rows]))
        return [incident_fields(row, concerned[row.id], self._now) for row in rows]


def incident_fields(row: Row[Any], checks: Sequence[str], now: Moment) -> dict[str, Any]:
    """A row of `incidents` with the fields of the `incidents` command, in their order."""
    duration_us = max(0, now.wall_us - row.started_at_us) if row.duration_us is None else row.duration_us
    return {
        "id": row.id,
        "key": row.key,
        "endpoint": row.endpoint,
        "severity": row.severity,
        "status": row.status,
        "fault_domain": row.fault_domain,
        "checks": list(checks),
        "started_at": iso(row.started_at_us),
        "detected_at": iso(row.detected_at_us),
        "resolved_at": None if row.resolved_at_us is None else iso(row.resolved_at_us),
        "duration_s": round(duration_us / US_PER_S, 3),
        "acknowledged": row.acknowledged_by is not None,
        "kind": row.kind,
        "scope": row.scope,
        "acknowledged_by": row.acknowledged_by,
    }


def _filters(wanted: IncidentSelection) -> list[ColumnElement[bool]]:
    incident = tables.incidents.c
    found: list[ColumnElement[bool]] = []
    if wanted.state != "all":
        resolved = incident.resolved_at_us
        found.append(resolved.is_(None) if wanted.state == "open" else resolved.is_not(None))
    if wanted.endpoint is not None:
        of_check = incident.id.in_(_with_check(tables.checks.c.endpoint == wanted.endpoint))
        found.append(or_(incident.endpoint == wanted.endpoint, of_check))
    if wanted.check is not None:
        found.append(incident.id.in_(_with_check(tables.checks.c.check == wanted.check)))
    if wanted.provider is not None:
        found.append(incident.id.in_(_with_check(tables.checks.c.provider == wanted.provider)))
    if wanted.faults:
        found.append(incident.fault_domain.in_(list(map(str, wanted.faults))))
    if wanted.severities:
        found.append(incident.severity.in_(list(map(str, wanted.severities))))
    if wanted.since_us is not None:
        found.append(func.coalesce(incident.resolved_at_us, 2**62) >= wanted.since_us)
    if wanted.until_us is not None:
        found.append(incident.started_at_us < wanted.until_us)
    return found


def _with_check(which: ColumnElement[bool]) -> Select[Any]:
    """The ids of incidents that concern such a check."""
    link, check = tables.incident_checks, tables.checks
    return select(link.c.incident_id).join(check, check.c.id == link.c.check_id).where(which)
