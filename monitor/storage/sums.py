"""What the rows of a span come to, per check: roll-ups of one length, or single results. One statement for many checks.

Owns the SQL. What the columns mean is told in `rollup_tables`: sums over roll-ups and over the results that they were
made from are equal. Which spans are asked for is decided in `figures`.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from operator import add
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, bindparam, case, func, literal, select

from monitor.domain.stretches import SINGLE, Span
from monitor.storage import tables
from monitor.storage.codes import MAINTENANCE_CODE, ON_PHASE_CODE, STATUS_CODES, SUCCESS_CODES, UNKNOWN_CODE
from monitor.storage.rollup_tables import STATUS_COLUMNS, Level
from monitor.storage.spending import uncounted

CHECKS_AT_ONCE = 500
Timings = tuple[str, ...]
TIMINGS: Timings = ("latency", "ttft")
_UNPRICED = ("input_tokens", "output_tokens", "uncounted")
SUMMED = (
    *("due", "excused", "counted", "successes"),
    *STATUS_COLUMNS.values(),
    *(f"{timing}_{part}" for timing in TIMINGS for part in ("count", "sum_100us")),
    *("answered", *_UNPRICED, "cost_nusd", "priced", *(f"unpriced_{name}" for name in _UNPRICED)),
)
"""What is added up, in order. `priced` is how many roll-ups know their cost, `unpriced_...` what the others used."""

_PLACE = {name: place for place, name in enumerate(SUMMED)}
_DUE = _PLACE["due"]
_LEVELS = {level.length_us: level for level in Level}
_RESULT = tables.results.c
_MODELS = select(tables.checks.c.id).where(tables.checks.c.model.is_not(None))
_TIMED = {"latency": _RESULT.latency_100us, "ttft": _RESULT.ttft_100us}


@dataclass(slots=True)
class Sums:
    """What the rows of one check come to.

    Attributes:
        values: in the order of `SUMMED`.
        least: the least of each of `TIMINGS`, tenths of a millisecond; None where there is none.
        most: the most of each.
        newest_us: when the newest turn among single results began; -1 if none did.
    """

    values: list[int] = field(default_factory=lambda: [0] * len(SUMMED))
    least: list[int | None] = field(default_factory=lambda: [None] * len(TIMINGS))
    most: list[int | None] = field(default_factory=lambda: [None] * len(TIMINGS))
    newest_us: int = -1

    def __getitem__(self, name: str) -> int:
        return self.values[_PLACE[name]]

    def add(self, row: tuple[Any, ...]) -> None:
        """One row of a statement, without its check."""
        end = len(SUMMED)
        self.values = list(map(add, self.values, map(int, row[:end])))
        for timing in range(len(TIMINGS)):
            least, most = row[end + 2 * timing : end + 2 * timing + 2]
            if least is not None:
                self.least[timing] = min(least, least if self.least[timing] is None else self.least[timing])
                self.most[timing] = max(most, most if self.most[timing] is None else self.most[timing])
        self.newest_us = max(self.newest_us, row[-1])

    def add_due(self, turns: int) -> None:
        """Turns of single results, which stand in no row."""
        self.values[_DUE] += turns


def add_sums(connection: Connection, span: Span, checks: Collection[int] | None, into: Mapping[int, Sums]) -> None:
    """Adds what the rows of a span come to.

    Args:
        connection: of a reader.
        span: its rows are added.
        checks: only these; None is all.
        into: by check; makes what is missing, as a `defaultdict` does.
    """
    for row in _rows(connection, span, checks, _summing):
        into[row[0]].add(tuple(row[1:]))


def sketches(
    connection: Connection, span: Span, checks: Collection[int] | None, wanted: Timings
) -> Iterator[tuple[Any, ...]]:
    """The check of every roll-up in a span, and its sketch of each wanted timing."""
    yield from _rows(connection, span, checks, partial(_sketching, wanted=wanted))


def durations(
    connection: Connection, span: Span, checks: Collection[int] | None, wanted: Timings
) -> Iterator[tuple[Any, ...]]:
    """The check of every answer that counts in a span of single results, and each wanted timing of it."""
    yield from _rows(connection, span, checks, partial(_timing, wanted=wanted))


def _rows(connection: Connection, span: Span, checks: Collection[int] | None, make: Any) -> Iterator[Any]:
    values = {"since": span.since_us, "until": span.until_us}
    if checks is None:
        yield from connection.execute(make(span.length_us, chosen=False), values)
        return
    numbers = list(checks)
    for start in range(0, len(numbers), CHECKS_AT_ONCE):
        some = numbers[start : start + CHECKS_AT_ONCE]
        yield from connection.execute(make(span.length_us, chosen=True), {**values, "checks": some})


@cache
def _summing(length_us: int, *, chosen: bool) -> Select[Any]:
    if length_us == SINGLE:
        return _within(tables.results, _of_results(), chosen=chosen).group_by(_RESULT.check_id)
    table = _LEVELS[length_us].table
    return _within(table, _of_rollups(table), chosen=chosen).group_by(table.c.check_id)


@cache
def _sketching(length_us: int, *, chosen: bool, wanted: Timings) -> Select[Any]:
    table = _LEVELS[length_us].table
    return _within(table, [table.c[f"{timing}_sketch"] for timing in wanted], chosen=chosen)


@cache
def _timing(_length_us: int, *, chosen: bool, wanted: Timings) -> Select[Any]:
    return _within(tables.results, [_TIMED[timing] for timing in wanted], chosen=chosen).where(_answers())


def _within(table: Table, columns: list[Any], *, chosen: bool) -> Select[Any]:
    """Rows of a table in a span, each check one range of the key: without naming checks SQLite reads all there is."""
    numbers: Any = bindparam("checks", expanding=True) if chosen else select(tables.checks.c.id)
    at = table.c.started_at_us
    inside = (table.c.check_id.in_(numbers), at >= bindparam("since"), at < bindparam("until"))
    return select(table.c.check_id, *columns).where(*inside)


def _of_rollups(table: Table) -> list[Any]:
    columns = table.c
    unpriced = {
        f"unpriced_{name}": func.coalesce(func.sum(case((columns.cost_nusd.is_(None), columns[name]), else_=0)), 0)
        for name in _UNPRICED
    }
    special = {"priced": func.count(columns.cost_nusd), **unpriced}
    sums = [special[name] if name in special else func.coalesce(func.sum(columns[name]), 0) for name in SUMMED]
    edges = [
        edge
        for timing in TIMINGS
        for edge in (func.min(columns[f"{timing}_min_100us"]), func.max(columns[f"{timing}_max_100us"]))
    ]
    return [*sums, *edges, literal(-1)]


def _of_results() -> list[Any]:
    on_phase, maintenance = _RESULT.trigger == ON_PHASE_CODE, _RESULT.trigger == MAINTENANCE_CODE
    given = {
        "due": literal(0),
        "excused": func.count().filter(maintenance),
        "counted": func.count().filter(on_phase, _RESULT.status != UNKNOWN_CODE),
        "successes": func.count().filter(on_phase, _RESULT.status.in_(SUCCESS_CODES)),
        **{
            column: func.count().filter(_RESULT.status == STATUS_CODES[status])
            for status, column in STATUS_COLUMNS.items()
        },
        "answered": func.count(func.coalesce(_RESULT.input_tokens, _RESULT.output_tokens)),
        "input_tokens": func.coalesce(func.sum(_RESULT.input_tokens), 0),
        "output_tokens": func.coalesce(func.sum(_RESULT.output_tokens), 0),
        "uncounted": func.count().filter(uncounted(), _RESULT.check_id.in_(_MODELS)),
        "cost_nusd": literal(0),
        "priced": literal(0),
    }
    for timing, column in _TIMED.items():
        given[f"{timing}_count"] = func.count(column).filter(_answers())
        given[f"{timing}_sum_100us"] = func.coalesce(func.sum(column).filter(_answers()), 0)
    given |= {f"unpriced_{name}": given[name] for name in _UNPRICED}
    edges = [edge.filter(_answers()) for column in _TIMED.values() for edge in (func.min(column), func.max(column))]
    newest = func.max(_RESULT.started_at_us).filter(_RESULT.trigger.in_((ON_PHASE_CODE, MAINTENANCE_CODE)))
    return [*(given[name] for name in SUMMED), *edges, func.coalesce(newest, -1)]


def _answers() -> ColumnElement[bool]:
    """On-phase answers worth having: what percentiles are made of."""
    return and_(_RESULT.trigger == ON_PHASE_CODE, _RESULT.status.in_(SUCCESS_CODES))
