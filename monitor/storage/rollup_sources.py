"""What roll-ups are made from: single results and rhythms for five minutes, the next finer roll-ups for the others.

Owns which result counts where ("What counts" of the documentation of availability). Everything here reads only.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, Table, bindparam, case, select

from monitor.domain.availability import Rhythm
from monitor.domain.sketch import SketchError
from monitor.domain.tally import Tally, Timing
from monitor.domain.tariff import Tariffs, Used
from monitor.storage import tables
from monitor.storage.codes import MAINTENANCE_CODE, ON_PHASE_CODE, STATUSES, SUCCESS_CODES, UNKNOWN_CODE
from monitor.storage.rollup_marks import FINER, floor
from monitor.storage.rollup_rows import tally_of, without_damage
from monitor.storage.rollup_tables import Level
from monitor.storage.spending import uncounted
from monitor.storage.tariffs import tariffs_of

Cell = tuple[int, int]
"""The number of a check, and when a stretch began."""

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


class _Result(NamedTuple):
    """The columns of a result that roll-ups are made from."""

    check_id: int
    started_at_us: int
    status: int
    trigger: int
    latency_100us: int | None
    ttft_100us: int | None
    input_tokens: int | None
    output_tokens: int | None
    silent: int


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
    return {(row.check_id, row.started_at_us): tally_of(row) for row in rows}


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
    for row in connection.execute(_RESULTS, parameters):
        cells[row[0], row[1] // length_us * length_us].append(_Result._make(row))
    known: Mapping[int, Tariffs] = tariffs_of(connection, block.check_ids) if cells else {}
    tallies = {cell: _tally(results, known[cell[0]]) for cell, results in cells.items()}
    for cell, turns in due.items():
        tallies.setdefault(cell, Tally()).due = turns
    return tallies


def _sum_of(parts: Sequence[Tally]) -> Tally:
    total = Tally.sum_of(parts)
    try:
        sound = all(timing.sketch.count == timing.count for timing in (total.latency, total.ttft))
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
    counted = [one for one in results if one.trigger == ON_PHASE_CODE and one.status != UNKNOWN_CODE]
    good = [one for one in counted if one.status in SUCCESS_CODES]
    used = _used(results, tariffs)
    costs = [cost for place, some in used.items() if (cost := tariffs.nusd(place, some)) is not None]
    by_code = Counter([one.status for one in results])
    return Tally(
        excused=sum(one.trigger == MAINTENANCE_CODE for one in results),
        counted=len(counted),
        successes=len(good),
        by_status=Counter({STATUSES[code]: count for code, count in by_code.items()}),
        answered=sum(some.answered for some in used.values()),
        input_tokens=sum(some.input_tokens for some in used.values()),
        output_tokens=sum(some.output_tokens for some in used.values()),
        uncounted=sum(some.uncounted for some in used.values()),
        cost_nusd=sum(costs) if costs else None,
        latency=Timing.of([one.latency_100us for one in good if one.latency_100us is not None]),
        ttft=Timing.of([one.ttft_100us for one in good if one.ttft_100us is not None]),
    )


def _used(results: Sequence[_Result], tariffs: Tariffs) -> dict[int, Used]:
    """What was used under each tariff, by its number."""
    used: defaultdict[int, Used] = defaultdict(Used)
    for one in results:
        if one.input_tokens is None and one.output_tokens is None:
            if one.silent:
                used[tariffs.place_at(one.started_at_us)].uncounted += 1
            continue
        under = used[tariffs.place_at(one.started_at_us)]
        under.answered += 1
        under.input_tokens += one.input_tokens or 0
        under.output_tokens += one.output_tokens or 0
    return used


def _results() -> Select[Any]:
    results, checks = tables.results, tables.checks
    silent = case((uncounted(), case((checks.c.model.is_not(None), 1), else_=0)), else_=0)
    columns = [results.c[name] for name in _Result._fields[:-1]]
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
