"""What probing has used, as the database remembers it: days, the results that no day's row has yet, averages.

A day's row is written about once a minute. What was recorded after it is found among the results themselves, so that a
daemon that was killed has lost and doubled nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, func, or_, select

from monitor.domain.caps import US_PER_DAY
from monitor.domain.check import CheckKind
from monitor.domain.kept import Spending
from monitor.domain.reply import Usage
from monitor.domain.result import FaultDomain, Status
from monitor.domain.tokens import FIRST_REFUSAL, Average
from monitor.storage import tables
from monitor.storage.codes import STATUS_CODES, STATUSES
from monitor.storage.fact_tables import spending
from monitor.storage.reader import Reader, question

_FIRST_LOOK_US = 3600 * 1_000_000


@dataclass(frozen=True, slots=True)
class Untold:
    """One result that no row of `spending` holds yet."""

    check: str
    started_at_us: int
    usage: Usage
    status: Status
    fault: FaultDomain | None
    http_status: int | None


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a new life of the daemon goes on from.

    Attributes:
        days: the rows of the newest day on record and of the one before.
        untold: results of those days and later that are not in them, oldest first.
        month: what endpoints spent earlier in this month, in billionths of a dollar, by endpoint; `days` left out.
    """

    days: tuple[Spending, ...] = ()
    untold: tuple[Untold, ...] = ()
    month: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Used:
    """What the probes of one check have used.

    Attributes:
        uncounted: answers without counts, which may have cost something all the same.
    """

    check: str
    endpoint: str
    model: str | None
    input_tokens: int
    output_tokens: int
    uncounted: int


Bill = Callable[[Used], int | None]
"""What that cost, in billionths of a US dollar; None where no price is known."""


def remembered(connection: Connection, now_us: int, month_began: int) -> Remembered:
    """What is known of spending, to go on from.

    Args:
        connection: in a transaction.
        now_us: wall time.
        month_began: the first day of the present month, in days since 1970-01-01.
    """
    newest = connection.execute(select(func.max(spending.c.day))).scalar()
    today = now_us // US_PER_DAY
    first = today - 1 if newest is None else newest - 1
    floor_us = now_us - _FIRST_LOOK_US if newest is None else 0
    checks = tables.checks
    days = select(spending, checks.c.check).join(checks, checks.c.id == spending.c.check_id)
    rows = connection.execute(days.where(spending.c.day >= first)).all()
    looked_at = sorted({first, first + 1, first + 2, today})
    untold = [one for day in looked_at for one in _untold(connection, day, floor_us)]
    earlier = and_(spending.c.day >= month_began, spending.c.day < first)
    month = (
        select(checks.c.endpoint, func.sum(spending.c.cost_nusd))
        .join(checks, checks.c.id == spending.c.check_id)
        .where(earlier, spending.c.cost_nusd.is_not(None))
        .group_by(checks.c.endpoint)
    )
    return Remembered(
        tuple(map(_spending_of, rows)),
        tuple(sorted(untold, key=lambda one: one.started_at_us)),
        tuple((endpoint, int(total)) for endpoint, total in connection.execute(month)),
    )


@question
def averages(reader: Reader, since_day: int) -> dict[str, Average]:
    """What probes have used since a day (days since 1970-01-01), by check; checks without counts are not in it."""
    columns = spending.c
    query = (
        select(
            tables.checks.c.check,
            func.sum(columns.probes),
            func.sum(columns.input_tokens),
            func.sum(columns.output_tokens),
        )
        .join(tables.checks, tables.checks.c.id == columns.check_id)
        .where(columns.day >= since_day, columns.probes > 0)
        .group_by(tables.checks.c.check)
    )
    return {
        check: Average(probes, taken / probes, given / probes)
        for check, probes, taken, given in reader.connection.execute(query)
    }


def uncounted() -> ColumnElement[bool]:
    """Without counts, and perhaps charged: the rule of `domain.tokens`, in SQL."""
    columns, reasons = tables.results.c, tables.reasons.c
    of_network = exists().where(
        reasons.id == columns.reason_id, reasons.fault_domain == str(FaultDomain.NETWORK)
    )  # asked of the few that came so far, by its key
    return and_(
        columns.input_tokens.is_(None),
        columns.output_tokens.is_(None),
        or_(
            columns.http_status < FIRST_REFUSAL,
            and_(
                columns.http_status.is_(None),
                columns.status == STATUS_CODES[Status.TIMEOUT],
                ~of_network,
            ),
        ),
    )


def _untold(connection: Connection, day: int, floor_us: int) -> Iterator[Untold]:
    results, checks, reasons = tables.results, tables.checks, tables.reasons
    began_us = max(day * US_PER_DAY, floor_us)
    row_of_day = and_(spending.c.check_id == checks.c.id, spending.c.day == day)
    query = (
        select(
            checks.c.check,
            results.c.started_at_us,
            results.c.input_tokens,
            results.c.output_tokens,
            results.c.status,
            results.c.http_status,
            reasons.c.fault_domain,
        )
        .select_from(checks)
        .outerjoin(spending, row_of_day)
        .join(
            results,
            and_(
                results.c.check_id == checks.c.id,
                results.c.started_at_us > func.coalesce(spending.c.until_us, began_us - 1),
                results.c.started_at_us < (day + 1) * US_PER_DAY,
            ),
        )
        .outerjoin(reasons, reasons.c.id == results.c.reason_id)
        .where(checks.c.kind == str(CheckKind.CHAT))
    )
    for row in connection.execute(query):
        fault = FaultDomain(row.fault_domain) if row.fault_domain else None
        usage = Usage(row.input_tokens, row.output_tokens)
        yield Untold(row.check, row.started_at_us, usage, STATUSES[row.status], fault, row.http_status)


def _spending_of(row: Row[Any]) -> Spending:
    return Spending(
        row.day,
        row.check,
        row.probes,
        row.estimated,
        row.input_tokens,
        row.output_tokens,
        row.cost_nusd,
        row.until_us,
    )
