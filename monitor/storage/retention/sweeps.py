"""Deleting in bites: what a sweep is, and the sweeps over rows that are clustered by check and time.

Owns no age and no order: what goes, and when, is decided in `retention`; how long a bite may take, in `bites`.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, Table, bindparam, delete, func, select

from monitor.clock import Clock, Moment
from monitor.storage import tables

ROWS_AT_ONCE = 250
"""Of one statement, so that the time is looked at between two."""
CHECKS_AT_ONCE = 100
_LOOK_ROWS = 5  # what it costs to find that a check has nothing old, in deleted rows


class Budget:
    """What one bite may take: so many rows, and no longer than until a moment.

    Args:
        rows: or whatever else the sweep counts: pages, say.
        within_s: the time for its statements; the commit comes on top.
    """

    def __init__(self, rows: int, within_s: float, clock: Clock) -> None:
        self.rows = rows
        self._clock = clock
        self._until: Moment = clock.now().plus_s(within_s)

    def spend(self, rows: int) -> None:
        """So much was done."""
        self.rows -= rows

    @property
    def is_spent(self) -> bool:
        """True when the bite has to end."""
        return self.rows <= 0 or self._clock.now().s_since(self._until) >= 0


@dataclass(frozen=True, slots=True)
class Bite:
    """What one bite did.

    Attributes:
        gone: rows that were deleted.
        after: where the next one goes on; None when the sweep is over.
    """

    gone: int
    after: Any = None


class Sweep(Protocol):
    """Something that is deleted in bites; each is a transaction, and may be the last for now."""

    @property
    def name(self) -> str:
        """What goes; sweeps of one name are adapted together."""
        ...

    def bite(self, connection: Connection, after: Any, budget: Budget) -> Bite:
        """Do some of it.

        Args:
            connection: in a transaction.
            after: what the bite before said; None at first.
            budget: at least one step is taken even if it is spent.
        """
        ...


class OldRows:
    """Every row of a table that began before a moment; the table is clustered by check and time.

    Args:
        table: with the key `check_id`, `started_at_us`.
        before_us: exclusive.
    """

    def __init__(self, table: Table, before_us: int) -> None:
        self.name = table.name
        self._before_us = before_us
        check, at = table.c.check_id, table.c.started_at_us
        oldest = select(func.min(at)).where(check == tables.checks.c.id).scalar_subquery()
        some = select(tables.checks.c.id, oldest.label("oldest_us")).where(tables.checks.c.id > bindparam("last"))
        self._some = some.order_by(tables.checks.c.id).limit(CHECKS_AT_ONCE)
        ours = check == bindparam("check")
        self._end = (
            select(at)
            .where(ours, at < bindparam("until"))
            .order_by(at)
            .offset(bindparam("rows", type_=tables.checks.c.id.type))
            .limit(1)
        )
        self._delete = delete(table).where(ours, at < bindparam("until"))

    def bite(self, connection: Connection, after: Any, budget: Budget) -> Bite:
        """From check to check; `after` is the last that has nothing old any more."""
        gone, last = 0, after or 0
        while True:
            found = connection.execute(self._some, {"last": last}).all()
            for check_id, oldest_us in found:
                budget.spend(_LOOK_ROWS)
                if oldest_us is not None and oldest_us < self._before_us:
                    gone += self._of_check(connection, check_id, budget)
                    if budget.is_spent:
                        return Bite(gone, last)  # perhaps not all of this check
                last = check_id
            if len(found) < CHECKS_AT_ONCE:
                return Bite(gone)
            if budget.is_spent:
                return Bite(gone, last)

    def _of_check(self, connection: Connection, check_id: int, budget: Budget) -> int:
        gone = 0
        while True:
            rows = max(1, min(ROWS_AT_ONCE, budget.rows))
            wanted = {"check": check_id, "until": self._before_us}
            end_us = connection.execute(self._end, {**wanted, "rows": rows}).scalar()
            until_us = self._before_us if end_us is None else end_us
            deleted = connection.execute(self._delete, {**wanted, "until": until_us}).rowcount
            budget.spend(deleted)
            gone += deleted
            if end_us is None or budget.is_spent:
                return gone
