"""Sweeps over what would be left behind: reasons, rhythms, tariffs, limits seen long ago, balances one a day.

Owns the statements; ages are given.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Delete, Table, and_, bindparam, delete, exists, func, select, tuple_

from monitor.clock import US_PER_S
from monitor.storage import tables
from monitor.storage.fact_tables import balances, headroom
from monitor.storage.retention.sweeps import CHECKS_AT_ONCE, Bite, Budget, Sweep
from monitor.storage.rollup_tables import tariffs

HEADROOM_KEPT_US = 30 * 86_400 * US_PER_S
_DAY_US = 86_400 * US_PER_S
_REASONS_AT_ONCE = 50


class UnusedReasons:
    """Reasons that nothing refers to any more."""

    name = "reasons"

    def bite(self, connection: Connection, after: Any, budget: Budget) -> Bite:
        """From reason to reason; `after` is the last that was looked at."""
        gone, last, reasons = 0, after or 0, tables.reasons.c
        while True:
            some = select(reasons.id).where(reasons.id > last).order_by(reasons.id).limit(_REASONS_AT_ONCE)
            ids = list(connection.execute(some).scalars())
            if ids:
                gone += connection.execute(_UNUSED, {"reasons": ids}).rowcount
                budget.spend(len(ids))
                last = ids[-1]
            if len(ids) < _REASONS_AT_ONCE:
                return Bite(gone)
            if budget.is_spent:
                return Bite(gone, last)


class OfChecks:
    """What a condition says of a table that has rows of checks, some checks at a time.

    Args:
        table: with a key that begins with `check_id`.
        old: which rows go.
    """

    def __init__(self, table: Table, old: ColumnElement[bool]) -> None:
        self.name = table.name
        check = table.c.check_id
        self._delete = delete(table).where(check > bindparam("after"), check <= bindparam("last"), old)

    def bite(self, connection: Connection, after: Any, budget: Budget) -> Bite:
        """From check to check; `after` is the last that was looked at."""
        checks, gone, last = tables.checks.c, 0, after or 0
        while True:
            some = select(checks.id).where(checks.id > last).order_by(checks.id).limit(CHECKS_AT_ONCE).subquery()
            count, end = connection.execute(select(func.count(), func.max(some.c.id))).one()
            if count:
                gone += connection.execute(self._delete, {"after": last, "last": end}).rowcount
                budget.spend(count)
                last = end
            if count < CHECKS_AT_ONCE:
                return Bite(gone)
            if budget.is_spent:
                return Bite(gone, last)


class Some:
    """Rows of a small table, by a statement that takes as many as it is told (`rows`)."""

    def __init__(self, table: Table, statement: Delete) -> None:
        self.name = table.name
        self._statement = statement

    def bite(self, connection: Connection, after: Any, budget: Budget) -> Bite:
        """As many as there are rows in the budget."""
        del after
        rows = max(1, min(budget.rows, 100))
        gone = connection.execute(self._statement, {"rows": rows}).rowcount
        return Bite(gone, after=True if gone == rows else None)


def leftovers(raw_before_us: int, now_us: int) -> tuple[Sweep, ...]:
    """Everything that single results needed, and facts that nobody asks for any more.

    Args:
        raw_before_us: single results before it are gone, whatever is left.
        now_us: the present.
    """
    rhythms, day_us = tables.rhythms, raw_before_us - raw_before_us % _DAY_US
    return (
        UnusedReasons(),
        OfChecks(rhythms, rhythms.c.until_us <= raw_before_us),
        OfChecks(tariffs, _replaced(raw_before_us)),
        Some(headroom, _stale(now_us - HEADROOM_KEPT_US)),
        Some(balances, _all_but_one_a_day(day_us)),
    )


def _replaced(before_us: int) -> ColumnElement[bool]:
    """A tariff whose successor held already then."""
    later = tariffs.alias("later")
    return exists().where(
        later.c.check_id == tariffs.c.check_id, later.c.since_us > tariffs.c.since_us, later.c.since_us <= before_us
    )


def _stale(before_us: int) -> Delete:
    key = (headroom.c.endpoint, headroom.c.model, headroom.c.kind)
    return _limited(headroom, key, headroom.c.seen_at_us < before_us)


def _all_but_one_a_day(before_us: int) -> Delete:
    """The newest of each UTC day stays."""
    later = balances.alias("later")
    day_ends = (balances.c.seen_at_us // _DAY_US + 1) * _DAY_US
    same_day = and_(
        later.c.endpoint == balances.c.endpoint,
        later.c.seen_at_us > balances.c.seen_at_us,
        later.c.seen_at_us < day_ends,
    )
    key = (balances.c.endpoint, balances.c.seen_at_us)
    return _limited(balances, key, and_(balances.c.seen_at_us < before_us, exists().where(same_day)))


def _limited(table: Table, key: tuple[ColumnElement[Any], ...], old: ColumnElement[bool]) -> Delete:
    rows = bindparam("rows", type_=tables.checks.c.id.type)
    return delete(table).where(tuple_(*key).in_(select(*key).where(old).limit(rows)))


_UNUSED = delete(tables.reasons).where(
    tables.reasons.c.id.in_(bindparam("reasons", expanding=True)),
    ~exists().where(tables.results.c.reason_id == tables.reasons.c.id),
    ~exists().where(tables.states.c.reason_id == tables.reasons.c.id),
)
