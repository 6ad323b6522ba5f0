"""What roll-ups are made from: single results and rhythms for five minutes, the next finer roll-ups for the others.

Owns which result counts where ("What counts" of the documentation of availability). Everything here reads only.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, Table, bindparam, case, select

from monitor.domain.availability import Rhythm
from monitor.domain.sketch import MOST, SketchError
from monitor.domain.tally import Tally, Timing
from monitor.domain.tariff import Tariffs, Used
from monitor.storage import tables
from monitor.storage.codes import MAINTENANCE_CODE, ON_PHASE_CODE, STATUSES, SUCCESS_CODES, UNKNOWN_CODE
from monitor.storage.rollup_tables import Level
from monitor.storage.rollups.marks import FINER, floor
from monitor.storage.rollups.rows import tally_of, without_damage
from monitor.storage.rollups.tariffs import tariffs_of
from monitor.storage.spending import uncounted

Cell = tuple[int, int]
"""The number of a check, and when a stretch began."""

_Result = Sequence[Any]
"""The columns of a result that roll-ups are made from, in the order of `_COLUMNS`, and whether it is uncounted."""
_COLUMNS = (
    "check_id",
    "started_at_us",
    "status",
    "trigger",
    "latency_100us",
    "ttft_100us",
    "input_tokens",
    "output_tokens",
)

Tallies = dict[Cell, Tally]
"""By cell; where nothing was due and nothing probed, there is none."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some checks over some whole stretches of a level.

    Attributes:
        since_us: inclusive.
        until_us: exclusive.
    """

    level: Level
    check_ids: Sequence[int]
    since_us: int
    until_us: int

    def parameters(self) -> dict[str, Any]:
        """For a statement that is `within` it."""
        return {"checks": list(self.check_ids), "since": self.since_us, "until": self.until_us}

    def at(self, level: Level) -> "Block":
        """The same checks and time at another level."""
        return Block(level, self.check_ids, self.since_us, self.until_us)


def within(table: Table) -> tuple[Any, ...]:
    """The rows of a table that began in a block."""
    columns = table.c
    return (
        columns.check_id.in_(bindparam("checks", expanding=True)),
        columns.started_at_us >= bindparam("since"),
        columns.started_at_us < bindparam("until"),
    )


def made(connection: Connection, block: Block) -> Tallies:
    """The block's roll-ups, from what they are made from as it stands in the database."""
    if block.level is Level.FIVE_MINUTES:
        return from_results(connection, block)
    return folded(stored(connection, block.at(FINER[block.level])), block.level)


def stored(connection: Connection, block: Block) -> Tallies:
    """The block's roll-ups as they stand in the database."""
    rows = connection.execute(_STORED[block.level], block.parameters())
    return {(row[0], row[1]): tally_of(row) for row in rows.fetchall()}


def folded(finer: Mapping[Cell, Tally], level: Level) -> Tallies:
    """Finer roll-ups, added up."""
    parts: defaultdict[Cell, list[Tally]] = defaultdict(list)
    for (check_id, started_at_us), tally in finer.items():
        parts[check_id, floor(started_at_us, level)].append(tally)
    return {cell: _sum_of(several) for cell, several in parts.items()}


def from_results(connection: Connection, block: Block) -> Tallies:
    """Roll-ups of five minutes, from single results, rhythms and tariffs."""
    length_us, parameters = Level.FIVE_MINUTES.length_us, block.parameters()
    due = Counter[Cell]()
    for row in connection.execute(_RHYTHMS, parameters):
        for cell, turns in _turns(row, block):
            due[cell] += turns
    cells: defaultdict[Cell, list[_Result]] = defaultdict(list)
    for row in connection.execute(_RESULTS, parameters).fetchall():
        cells[row[0], row[1] // length_us * length_us].append(row)
    known: Mapping[int, Tariffs] = tariffs_of(connection, block.check_ids) if cells else {}
    tallies = {cell: _tally(results, known[cell[0]]) for cell, results in cells.items()}
    for cell, turns in due.items():
        tallies.setdefault(cell, Tally()).due = turns
    return tallies


def _sum_of(parts: Sequence[Tally]) -> Tally:
    total = Tally.sum_of(parts)
    try:
        sound = all(timing.sketch.count == timing.count <= MOST for timing in (total.latency, total.ttft))
    except SketchError:
        sound = False
    # A file that was damaged must not stop what comes after it; whoever reads such a row is told.
    return total if sound else Tally.sum_of(map(without_damage, parts))


def _turns(row: Any, block: Block) -> Iterator[tuple[Cell, int]]:
    """How many turns of a rhythm fall into each stretch of the block in which there are any."""
    level = Level.FIVE_MINUTES
    rhythm = Rhythm(row.first_due_us, row.phase_us, row.interval_us, row.until_us)
    first_us = max(block.since_us, floor(rhythm.first_due_us, level))
    for start_us in range(first_us, min(block.until_us, rhythm.until_us), level.length_us):
        turns = rhythm.due(start_us, start_us + level.length_us)
        if turns:
            yield (row.check_id, start_us), turns


def _tally(results: Sequence[_Result], tariffs: Tariffs) -> Tally:
    """One check's results of five minutes, oldest first."""
    tally, codes = Tally(), Counter[int]()
    used: defaultdict[int, Used] = defaultdict(Used)
    latencies, first_tokens = list[int | None](), list[int | None]()
    for _, at_us, status, trigger, latency, ttft, taken, given, silent in results:
        codes[status] += 1
        if trigger == MAINTENANCE_CODE:
            tally.excused += 1
        elif trigger == ON_PHASE_CODE and status != UNKNOWN_CODE:
            tally.counted += 1
            if status in SUCCESS_CODES:
                tally.successes += 1
                latencies.append(latency)
                first_tokens.append(ttft)
        if taken is not None or given is not None:
            _count(used[tariffs.place_at(at_us)], taken, given)
        elif silent:
            used[tariffs.place_at(at_us)].uncounted += 1
    for code, count in codes.items():
        tally.by_status[STATUSES[code]] = count
    tally.latency, tally.ttft = map(_timing, (latencies, first_tokens))
    for place, some in used.items():
        _charge(tally, some, tariffs.nusd(place, some))
    return tally


def _timing(values: Sequence[int | None]) -> Timing:
    return Timing.of([value for value in values if value is not None])


def _count(used: Used, taken: int | None, given: int | None) -> None:
    used.answered += 1
    used.input_tokens += taken or 0
    used.output_tokens += given or 0


def _charge(tally: Tally, used: Used, nusd: int | None) -> None:
    tally.answered += used.answered
    tally.input_tokens += used.input_tokens
    tally.output_tokens += used.output_tokens
    tally.uncounted += used.uncounted
    if nusd is not None:
        tally.cost_nusd = (tally.cost_nusd or 0) + nusd


def _results() -> Select[Any]:
    results, checks = tables.results, tables.checks
    silent = case((uncounted(), case((checks.c.model.is_not(None), 1), else_=0)), else_=0)
    columns = [results.c[name] for name in _COLUMNS]
    return (
        select(*columns, silent.label("silent"))
        .join(checks, checks.c.id == results.c.check_id)
        .where(*within(results))
        .order_by(results.c.check_id, results.c.started_at_us)
    )


def _rhythms() -> Select[Any]:
    rhythms = tables.rhythms
    return select(rhythms).where(
        rhythms.c.check_id.in_(bindparam("checks", expanding=True)),
        rhythms.c.until_us > bindparam("since"),
        rhythms.c.first_due_us < bindparam("until"),
    )


_RESULTS = _results()
_RHYTHMS = _rhythms()
_STORED = {level: select(level.table).where(*within(level.table)) for level in Level}
