"""What the rows of a span come to, per check: roll-ups of one length, or single results. One statement for many checks.

Owns the SQL. What the columns mean is told in `rollup_tables`: sums over roll-ups and over the results that they were
made from are equal. Which spans are asked for is decided in `figures`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Select,
    Table,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    select,
)

from monitor.domain.stretches import SINGLE, Span
from monitor.storage import dialect, tables
from monitor.storage.codes import MAINTENANCE_CODE, ON_PHASE_CODE, STATUS_CODES, SUCCESS_CODES, UNKNOWN_CODE
from monitor.storage.rollup_tables import STATUS_COLUMNS, Level
from monitor.storage.spending import uncounted

_CHOSEN = "/* checks */"
"""Where their numbers stand in a statement: hundreds of parameters would cost more than all the rest."""
_KINDS = 256
Names = tuple[str, ...]
Timings = tuple[str, ...]
TIMINGS: Timings = ("latency", "ttft")
_UNPRICED = ("input_tokens", "output_tokens", "uncounted")
_STORED = (
    *("due", "excused", "counted", "successes"),
    *STATUS_COLUMNS.values(),
    *(f"{timing}_{part}" for timing in TIMINGS for part in ("count", "sum_100us")),
    *("answered", *_UNPRICED, "cost_nusd"),
)
SUMMED: Names = (*_STORED, "priced", *(f"unpriced_{name}" for name in _UNPRICED))
"""What is added up, in order. `priced` is how many roll-ups know their cost, `unpriced_...` what the others used."""

COUNTED: Names = ("counted", "successes")
"""What availability is made of; adding up less costs less."""
EXPECTED: Names = ("due", "excused")
"""What coverage needs besides."""

_PLACE = {name: place for place, name in enumerate(SUMMED)}
_DUE = _PLACE["due"]
_LEVELS = {level.length_us: level for level in Level}
_RESULT = tables.results.c
_MODELS = select(tables.checks.c.id).where(tables.checks.c.model.is_not(None))
_NOUGHT: ColumnElement[int] = literal_column("0")
_UNKNOWN: ColumnElement[int] = literal_column("NULL")
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

    def add(self, values: Iterable[tuple[int, int]], edges: Sequence[int | None], newest_us: int) -> None:
        """What rows come to.

        Args:
            values: the place in `SUMMED` and what is added there.
            edges: the least and the most of each of `TIMINGS`.
            newest_us: of single results.
        """
        ours = self.values
        for place, value in values:
            ours[place] += int(value)  # PostgreSQL's sums are no int
        for timing in range(len(TIMINGS)):
            least, most = edges[2 * timing : 2 * timing + 2]
            if least is not None and most is not None:
                before = self.least[timing], self.most[timing]
                self.least[timing] = least if before[0] is None else min(least, before[0])
                self.most[timing] = most if before[1] is None else max(most, before[1])
        self.newest_us = max(self.newest_us, newest_us)

    def add_due(self, turns: int) -> None:
        """Turns of single results, which stand in no row."""
        self.values[_DUE] += turns


def add_sums(
    connection: Connection, span: Span, checks: Collection[int] | None, into: Mapping[int, Sums], names: Names = SUMMED
) -> None:
    """Adds what the rows of a span come to.

    Args:
        connection: of a reader.
        span: its rows are added.
        checks: only these; None is all.
        into: by check; makes what is missing, as a `defaultdict` does.
        names: what is added up; all else stays 0. Of a timing whose count is among them the edges are told, too.
    """
    places, end = [_PLACE[name] for name in names], 1 + len(names)
    for row in _rows(connection, span, checks, _summing, names):
        into[row[0]].add(zip(places, row[1:end], strict=True), row[end:-1], row[-1])


def sketches(
    connection: Connection, span: Span, checks: Collection[int] | None, wanted: Timings
) -> Iterator[tuple[int, list[Sequence[bytes]]]]:
    """Of each check the sketches of its roll-ups in a span, for each wanted timing."""
    rows = _rows(connection, span, checks, _sketching, wanted)
    for check, several in groupby(rows, itemgetter(0)):
        _, *columns = zip(*several, strict=True)
        yield check, list(columns)


def durations(
    connection: Connection, span: Span, checks: Collection[int] | None, wanted: Timings
) -> Iterator[tuple[Any, ...]]:
    """The check of every answer that counts in a span of single results, and each wanted timing of it."""
    yield from _rows(connection, span, checks, _timing, wanted)


def _rows(
    connection: Connection, span: Span, checks: Collection[int] | None, make: Any, what: Names
) -> list[tuple[Any, ...]]:
    """As the driver gives them: what SQLAlchemy makes of a row costs more than the row."""
    ask = _asking(connection.dialect, make, what, span.length_us, chosen=checks is not None)
    text = ask.text if checks is None else ask.text.replace(_CHOSEN, ",".join(map(str, sorted(checks))) or "NULL")
    with connection.exec_driver_sql(text, ask.parameters(since=span.since_us, until=span.until_us)) as result:
        cursor: Any = result.cursor
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


@lru_cache(_KINDS)
def _asking(sql: Dialect, make: Any, what: Names, length_us: int, *, chosen: bool) -> dialect.Prepared:
    return dialect.prepared_with(sql, make(length_us, what, chosen=chosen))


def _summing(length_us: int, names: Names, *, chosen: bool) -> Select[Any]:
    table = tables.results if length_us == SINGLE else _LEVELS[length_us].table
    given, edges, newest = _of_results() if length_us == SINGLE else _of_rollups(table)
    wanted = [edge if f"{timing}_count" in names else _UNKNOWN for timing in TIMINGS for edge in edges[timing]]
    return _within(table, [*(given[name] for name in names), *wanted, newest], chosen=chosen).group_by(table.c.check_id)


def _sketching(length_us: int, wanted: Timings, *, chosen: bool) -> Select[Any]:
    table = _LEVELS[length_us].table
    columns = [table.c[f"{timing}_sketch"] for timing in wanted]
    return _within(table, columns, chosen=chosen).order_by(table.c.check_id)


def _timing(_length_us: int, wanted: Timings, *, chosen: bool) -> Select[Any]:
    return _within(tables.results, [_TIMED[timing] for timing in wanted], chosen=chosen).where(_answers())


def _within(table: Table, columns: list[Any], *, chosen: bool) -> Select[Any]:
    """Rows of a table in a span, each check one range of the key: without naming checks SQLite reads all there is."""
    numbers: Any = [literal_column(_CHOSEN)] if chosen else select(tables.checks.c.id)
    at = table.c.started_at_us
    inside = (table.c.check_id.in_(numbers), at >= bindparam("since", 0, at.type), at < bindparam("until", 0, at.type))
    return select(table.c.check_id, *columns).where(*inside)


def _of_rollups(table: Table) -> tuple[dict[str, Any], dict[str, Any], Any]:
    """What is added up, by name; the least and the most of each timing; no newest turn."""
    columns = table.c
    given: dict[str, Any] = {name: func.coalesce(func.sum(columns[name]), 0) for name in _STORED}
    given["priced"] = func.count(columns.cost_nusd)
    for name in _UNPRICED:
        given[f"unpriced_{name}"] = func.coalesce(
            func.sum(case((columns.cost_nusd.is_(None), columns[name]), else_=0)), 0
        )
    edges = {
        timing: (func.min(columns[f"{timing}_min_100us"]), func.max(columns[f"{timing}_max_100us"]))
        for timing in TIMINGS
    }
    return given, edges, literal_column("-1")


def _of_results() -> tuple[dict[str, Any], dict[str, Any], Any]:
    """The same of single results."""
    on_phase, maintenance = _RESULT.trigger == ON_PHASE_CODE, _RESULT.trigger == MAINTENANCE_CODE
    given: dict[str, Any] = dict.fromkeys(SUMMED, _NOUGHT)
    given |= {
        "excused": func.count().filter(maintenance),
        "counted": func.count().filter(on_phase, _RESULT.status != UNKNOWN_CODE),
        "successes": func.count().filter(on_phase, _RESULT.status.in_(SUCCESS_CODES)),
        "answered": func.count(func.coalesce(_RESULT.input_tokens, _RESULT.output_tokens)),
        "input_tokens": func.coalesce(func.sum(_RESULT.input_tokens), _NOUGHT),
        "output_tokens": func.coalesce(func.sum(_RESULT.output_tokens), _NOUGHT),
        "uncounted": func.count().filter(uncounted(), _RESULT.check_id.in_(_MODELS)),
    }
    for status, column in STATUS_COLUMNS.items():
        given[column] = func.count().filter(_RESULT.status == STATUS_CODES[status])
    for timing, duration in _TIMED.items():
        given[f"{timing}_count"] = func.count(duration).filter(_answers())
        given[f"{timing}_sum_100us"] = func.coalesce(func.sum(duration).filter(_answers()), _NOUGHT)
    given |= {f"unpriced_{name}": given[name] for name in _UNPRICED}
    edges = {
        timing: (func.min(duration).filter(_answers()), func.max(duration).filter(_answers()))
        for timing, duration in _TIMED.items()
    }
    newest = func.max(_RESULT.started_at_us).filter(_RESULT.trigger.in_((ON_PHASE_CODE, MAINTENANCE_CODE)))
    return given, edges, func.coalesce(newest, -1)


def _answers() -> ColumnElement[bool]:
    """On-phase answers worth having: what percentiles are made of."""
    return and_(_RESULT.trigger == ON_PHASE_CODE, _RESULT.status.in_(SUCCESS_CODES))
