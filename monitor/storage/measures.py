"""What rules over windows are judged by: counts and percentiles of many checks at once, from single results.

The definitions are those of `report`. One statement answers a question for hundreds of checks, so that it costs what
its rows cost; which windows are asked for, and how often, is decided by who asks. Synchronous: call it in a thread.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Select, bindparam, func, select

from monitor.clock import US_PER_S, Moment
from monitor.domain.rules import Counts, CountsOf, Percentile, PercentileOf, Question, Timing
from monitor.storage import tables
from monitor.storage.codes import MAINTENANCE_CODE, ON_PHASE_CODE, SUCCESS_CODES, UNKNOWN_CODE
from monitor.storage.reader import Reader, question
from monitor.storage.report import Period, awaited_until_us, rhythms_in
from monitor.storage.retention import pruned_before_us

CHECKS_AT_ONCE = 500
_TENTHS_PER_MS = 10
_RESULT = tables.results.c
_COLUMNS = {Timing.LATENCY: _RESULT.latency_100us, Timing.TTFT: _RESULT.ttft_100us}


@dataclass(slots=True)
class Answers:
    """By question, then by check; a check without a result in the window is missing."""

    counts: dict[CountsOf, dict[str, Counts]] = field(default_factory=dict)
    percentiles: dict[PercentileOf, dict[str, Percentile]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Some checks by their number in the database, and the window that ends now."""

    names: Mapping[int, str]
    span: Period

    def bites(self) -> Iterator[dict[str, Any]]:
        """Parameters of a statement, a few hundred checks at a time."""
        numbers = list(self.names)
        for start in range(0, len(numbers), CHECKS_AT_ONCE):
            some = numbers[start : start + CHECKS_AT_ONCE]
            yield {"checks": some, "since": self.span.since_us, "until": self.span.until_us}


@question
def measure(reader: Reader, asked: Mapping[Question, Sequence[str]], now: Moment) -> Answers:
    """Answers every question for the checks beside it; each window is the time before `now`."""
    names = {row.check: row.id for row in reader.connection.execute(select(tables.checks.c.check, tables.checks.c.id))}
    complete_us, answers = pruned_before_us(reader.connection), Answers()
    for wanted, checks in asked.items():
        since_us = max(now.wall_us - round(wanted.window_s * US_PER_S), complete_us)
        numbers = {names[check]: check for check in checks if check in names}
        task = _Asked(numbers, Period("", since_us, now.wall_us))
        match wanted:
            case CountsOf():
                answers.counts[wanted] = _counts(reader, task, now, due=wanted.due)
            case PercentileOf():
                answers.percentiles[wanted] = _percentiles(reader, task, wanted)
    return answers


def _counts(reader: Reader, asked: _Asked, now: Moment, *, due: bool) -> dict[str, Counts]:
    rows = [row for bite in asked.bites() for row in reader.connection.execute(_COUNTS, bite)]
    found = {row.check_id: Counts(row.successes, row.counted) for row in rows}
    if due:
        newest = {row.check_id: (row.newest_us, row.excused) for row in rows}
        turns = _turns(reader, asked, {number: newest_us for number, (newest_us, _) in newest.items()}, now)
        for number in asked.names:
            _, excused = newest.get(number, (-1, 0))
            found[number] = replace(found.get(number, Counts()), due=max(0, turns[number] - excused))
    return {asked.names[number]: counts for number, counts in found.items()}


def _turns(reader: Reader, asked: _Asked, newest: Mapping[int, int], now: Moment) -> dict[int, int]:
    """How many turns each check had in the window."""
    rhythms, since_us = rhythms_in(reader.connection, asked.span), asked.span.since_us
    ends = {number: min(now.wall_us, awaited_until_us(newest.get(number, -1), now)) for number in asked.names}
    return {number: sum(rhythm.due(since_us, end) for rhythm in rhythms[number]) for number, end in ends.items()}


def _percentiles(reader: Reader, asked: _Asked, wanted: PercentileOf) -> dict[str, Percentile]:
    statement, found = _PERCENTILES[wanted.timing], {}
    for bite in asked.bites():
        for row in reader.connection.execute(statement, {**bite, "percentile": wanted.percentile}):
            found[asked.names[row.check_id]] = Percentile(row.samples, row.value / _TENTHS_PER_MS)
    return found


def _counting() -> Select[Any]:
    """Per check: successes, counted, turns during maintenance, and the newest turn of all."""
    on_phase, counts = _RESULT.trigger == ON_PHASE_CODE, _RESULT.status != UNKNOWN_CODE
    return (
        select(
            _RESULT.check_id,
            func.count().filter(on_phase, _RESULT.status.in_(SUCCESS_CODES)).label("successes"),
            func.count().filter(on_phase, counts).label("counted"),
            func.count().filter(_RESULT.trigger == MAINTENANCE_CODE).label("excused"),
            func.max(_RESULT.started_at_us).label("newest_us"),
        )
        .where(*_window(), _RESULT.trigger.in_((ON_PHASE_CODE, MAINTENANCE_CODE)))
        .group_by(_RESULT.check_id)
    )


def _ranking(timing: Timing) -> Select[Any]:
    """Per check: how many answers, and the one at the rank of the percentile."""
    value = _COLUMNS[timing]
    answers = (
        select(
            _RESULT.check_id,
            value.label("value"),
            func.row_number().over(partition_by=_RESULT.check_id, order_by=value).label("rank"),
            func.count().over(partition_by=_RESULT.check_id).label("samples"),
        )
        .where(
            *_window(),
            _RESULT.trigger == ON_PHASE_CODE,
            _RESULT.status.in_(SUCCESS_CODES),
            value.is_not(None),
        )
        .subquery()
    )
    rank = (answers.c.samples * bindparam("percentile", type_=_RESULT.check_id.type) + 99) // 100  # rounded up
    return select(answers.c.check_id, answers.c.value, answers.c.samples).where(answers.c.rank == rank)


def _window() -> tuple[Any, ...]:
    return (
        _RESULT.check_id.in_(bindparam("checks", expanding=True)),
        _RESULT.started_at_us >= bindparam("since"),
        _RESULT.started_at_us < bindparam("until"),
    )


_COUNTS = _counting()
_PERCENTILES = {timing: _ranking(timing) for timing in Timing}
