"""A report: figures over a period for every check, and for groups of them.

Owns who is in it and what is asked; `figures` reads the roll-ups, `outages` the incidents, `bad_hours` the hours, and
`row` makes the rows. What probing cost is what roll-ups have written down; what they have not is counted at the
prices that the caller knows, with the most that answers without counts can have cost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row, select

from monitor.clock import Moment
from monitor.domain.availability import HOUR_US
from monitor.domain.downtime import Observed
from monitor.storage import tables
from monitor.storage.reader import Reader, question
from monitor.storage.reports.bad_hours import BadHour, bad_hours, failures_together, worst
from monitor.storage.reports.figures import Figures, Period, Wanted, figures, spans_of
from monitor.storage.reports.outages import outages
from monitor.storage.reports.row import Account, Group, Subject, hour_row, row_of, subjects_of, trend_of
from monitor.storage.reports.sums import COUNTED
from monitor.storage.spending import Bill, Used

__all__ = ["Asked", "Group", "Period", "report", "report_rows"]

_COUNTS = Wanted(timings=(), sums=COUNTED, due=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report shows.

    Attributes:
        by: which rows, in this order.
        tags: of checks, by their id; the configuration's business.
        bill: what tokens cost of which no roll-up tells the cost.
        trend: compare with the period before, which doubles what is read.
        worst_hours: how many hours are named at most for each row.
    """

    by: tuple[Group, ...] = (Group.CHECK, Group.ENDPOINT)
    tags: Mapping[str, Sequence[str]] = field(default_factory=lambda: MappingProxyType({}))
    bill: Bill = lambda _used: None
    trend: bool = True
    worst_hours: int = 3


@dataclass(frozen=True, slots=True)
class _Past:
    """What is known of each check in one period.

    Attributes:
        told: the part of the period that can be told; None for nothing.
        accounts: in the order of the checks.
    """

    told: Observed | None
    accounts: Sequence[Account]


@question
def report(reader: Reader, period: Period, now: Moment, bill: Bill = lambda _used: None) -> list[dict[str, Any]]:
    """One row per check, then one per endpoint, with the fields of the `report` command."""
    return report_rows(reader, period, now, Asked(bill=bill))


@question
def report_rows(reader: Reader, period: Period, now: Moment, asked: Asked) -> list[dict[str, Any]]:
    """The rows that are asked for, group by group; a removed check is in it where it was probed in the period."""
    known = reader.connection.execute(select(tables.checks).order_by(tables.checks.c.id)).all()
    past = _look(reader, period, now, known, asked)
    shown = [
        (row, account)
        for row, account in zip(known, past.accounts, strict=True)
        if row.removed_at_us is None or account.tally.probes
    ]
    checks, accounts = [row for row, _ in shown], [account for _, account in shown]
    before = _look(reader, period.before(now.wall_us), now, checks, asked).accounts if asked.trend else None
    return _Writer(reader, past.told, now, asked).rows(period, checks, accounts, before)


def _look(reader: Reader, period: Period, now: Moment, checks: Sequence[Row[Any]], asked: Asked) -> _Past:
    spans = spans_of(reader, period, now)
    if not spans:
        return _Past(None, [Account() for _ in checks])
    told = Observed(spans[0].since_us, spans[-1].until_us)
    found, down = figures(reader, spans, now), outages(reader.connection, told.since_us, told.until_us)
    hours = bad_hours(reader.connection, spans) if asked.worst_hours else {}
    return _Past(
        told,
        [
            Account(
                (one := found.get(check.id) or Figures()).tally(),
                _cost(one, check, asked.bill),
                down.get(check.id, {}),
                _observed(check, told),
                [hours[check.id]] if check.id in hours else [],
            )
            for check in checks
        ],
    )


def _observed(check: Row[Any], told: Observed) -> Observed:
    until_us = told.until_us if check.removed_at_us is None else min(told.until_us, check.removed_at_us)
    return Observed(max(told.since_us, check.first_seen_us), until_us)


def _cost(found: Figures, check: Row[Any], bill: Bill) -> int | None:
    """What is written down, and the rest at present prices; None where neither is known."""
    written = found.sums["cost_nusd"] if found.sums["priced"] else None
    unpriced = found.unpriced
    rest = bill(Used(check.check, check.endpoint, check.model, *unpriced)) if any(unpriced) else None
    return rest if written is None else written + (rest or 0)


class _Writer:
    """Writes the rows of one period.

    Args:
        reader: for the worst hours of groups.
        told: the part of the period that can be told.
        now: the present.
        asked: which rows, and how much.
    """

    def __init__(self, reader: Reader, told: Observed | None, now: Moment, asked: Asked) -> None:
        self._reader = reader
        self._told = told
        self._now = now
        self._asked = asked
        self._hours: dict[int, dict[int, BadHour]] = {}

    def rows(
        self,
        period: Period,
        checks: Sequence[Row[Any]],
        accounts: Sequence[Account],
        before: Sequence[Account] | None,
    ) -> list[dict[str, Any]]:
        """Group by group."""
        subjects = [self._subject(check) for check in checks]
        found = []
        for group in self._asked.by:
            for subject, places in subjects_of(group, subjects):
                whole = _together(accounts, places)
                row = row_of(subject, whole, period, self._told)
                if before is not None:
                    row["trend"] = trend_of(row, _together(before, places))
                row["worst_hours"] = self._worst(whole, [checks[place].id for place in places])
                found.append(row)
        return found

    def _subject(self, check: Row[Any]) -> Subject:
        tags = tuple(self._asked.tags.get(check.check, ()))
        return Subject(Group.CHECK, check.check, check.endpoint, check.model, check.provider, tags)

    def _worst(self, account: Account, numbers: Sequence[int]) -> list[dict[str, Any]]:
        times = worst(failures_together(account.hours), self._asked.worst_hours)
        if len(account.hours) == 1 and len(numbers) == 1:
            (hours,) = account.hours
            return [hour_row(at_us, hours[at_us]) for at_us in times]
        return [hour_row(at_us, self._hour(at_us, numbers)) for at_us in times]

    def _hour(self, at_us: int, numbers: Sequence[int]) -> BadHour:
        """What all checks of a group counted in an hour, those without a failure too."""
        assert self._told is not None  # noqa: S101  an hour was found in it
        if at_us not in self._hours:
            since_us, until_us = max(at_us, self._told.since_us), min(at_us + HOUR_US, self._told.until_us)
            spans = spans_of(self._reader, Period("", since_us, until_us), self._now)
            found = figures(self._reader, spans, self._now, _COUNTS)
            self._hours[at_us] = {
                check: BadHour(one.sums["counted"], one.sums["successes"]) for check, one in found.items()
            }
        hours = [self._hours[at_us].get(number, BadHour()) for number in numbers]
        return BadHour(sum(hour.counted for hour in hours), sum(hour.successes for hour in hours))


def _together(accounts: Sequence[Account], places: Sequence[int]) -> Account:
    if len(places) == 1:
        return accounts[places[0]]
    return Account.sum_of(accounts[place] for place in places)
