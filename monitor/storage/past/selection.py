"""Which results are asked for, and the same in SQL. No database is touched here."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from monitor.domain.cursor import Position
from monitor.domain.result import FaultDomain, Status, Trigger
from monitor.storage import tables
from monitor.storage.codes import STATUS_CODES, TRIGGER_CODES


@dataclass(frozen=True, slots=True)
class Selection:
    """Which results are asked for; None is any, and so is an empty tuple.

    Attributes:
        endpoints: any of these.
        faults: whose fault it was; successes are nobody's.
        since_us: the first moment, inclusive.
        until_us: the last, exclusive.
        limit: at most as many; None is all.
        after: only what lies beyond this position, in the order asked for.
        oldest_first: in the order in which they happened.
    """

    check: str | None = None
    endpoint: str | None = None
    model: str | None = None
    provider: str | None = None
    endpoints: tuple[str, ...] | None = None
    statuses: tuple[Status, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    faults: tuple[FaultDomain, ...] = ()
    since_us: int | None = None
    until_us: int | None = None
    limit: int | None = 100
    after: Position | None = None
    oldest_first: bool = False


def check_ids(selection: Selection) -> Select[Any]:
    """The ids of the checks concerned."""
    check = tables.checks.c
    wanted = {
        check.check: selection.check,
        check.endpoint: selection.endpoint,
        check.model: selection.model,
        check.provider: selection.provider,
    }
    query = select(check.id).where(*(column == value for column, value in wanted.items() if value is not None))
    return query if selection.endpoints is None else query.where(check.endpoint.in_(selection.endpoints))


def filters(selection: Selection) -> list[ColumnElement[bool]]:
    """What must hold of a row of `results`, beside its check and its time."""
    row, reason = tables.results.c, tables.reasons.c
    found: list[ColumnElement[bool]] = []
    if selection.statuses:
        found.append(row.status.in_([STATUS_CODES[status] for status in selection.statuses]))
    if selection.triggers:
        found.append(row.trigger.in_([TRIGGER_CODES[trigger] for trigger in selection.triggers]))
    if selection.faults:
        blamed = select(reason.id).where(reason.fault_domain.in_(list(map(str, selection.faults))))
        found.append(row.reason_id.in_(blamed))
    return found
