"""Making all roll-ups again from results, or comparing them with what results say.

Owns the way through the past, day by day, and where it was left when it was killed. Only stretches whose results are
complete are looked at; older roll-ups stand for themselves. Nobody else may write meanwhile.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, func, select

from monitor.domain.sketch import SketchError
from monitor.domain.tally import Tally
from monitor.storage import tables
from monitor.storage.columns import Values
from monitor.storage.registry import newest_run
from monitor.storage.rollup_tables import Level
from monitor.storage.rollups.making import replace
from monitor.storage.rollups.marks import marks, put
from monitor.storage.rollups.rows import values_of
from monitor.storage.rollups.sources import Block, Cell, Tallies, folded, from_results, stored
from monitor.storage.writer import Writer

PROGRESS_KEY = "rebuilt_until"
CHECKS_AT_ONCE = 20
_DAY_US = Level.DAY.length_us


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What came of it.

    Attributes:
        rows: how many roll-ups results say there should be, by level.
        differing: how many of those that stood there, or should have stood there, were others.
    """

    rows: Mapping[Level, int]
    differing: Mapping[Level, int]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is looked at.

    Attributes:
        spans: from when until when, for each level.
        results: from when until when results are read.
        life: another one whenever a daemon or a retention run has come in between.
    """

    spans: Mapping[Level, tuple[int, int]]
    results: tuple[int, int]
    check_ids: tuple[int, ...]
    first_us: int
    life: str

    @property
    def days(self) -> range:
        """When each UTC day begins that holds anything."""
        return range(self.first_us // _DAY_US * _DAY_US, self.results[1], _DAY_US)


Told = Callable[[int, int], object]
"""How many days of how many are done."""


async def rebuild(writer: Writer, told: Told = lambda _done, _of: None, *, only_compare: bool = False) -> Rebuilt:
    """Makes every roll-up again whose results are complete; those that stand there already as they should stay.

    Killed half-way, the next call goes on where this one was, unless a daemon has run since.

    Raises:
        StorageError: the database refused; what was made so far stays.
    """
    rows, differing = Counter[Level](), Counter[Level]()
    plan = await writer.run(_planned)
    done_us = 0 if only_compare else await writer.run(partial(_left_at, plan=plan))
    for number, day_us in enumerate(plan.days):
        told(number, len(plan.days))
        if day_us < done_us:
            continue
        for start in range(0, len(plan.check_ids), CHECKS_AT_ONCE):
            some = Block(Level.DAY, plan.check_ids[start : start + CHECKS_AT_ONCE], day_us, day_us + _DAY_US)
            found = await writer.run(partial(_one, plan=plan, day=some, only_compare=only_compare))
            rows.update(found.rows)
            differing.update(found.differing)
        if not only_compare:
            await writer.run(partial(_leave_at, plan=plan, until_us=day_us + _DAY_US))
    told(len(plan.days), len(plan.days))
    if not only_compare:
        await writer.run(_forget_progress)
    return Rebuilt(rows, differing)


def _planned(connection: Connection) -> _Plan:
    known = marks(connection)
    five = Level.FIVE_MINUTES
    results = (-(-known.pruned_us // five.length_us) * five.length_us, known[five].until_us or 0)
    spans = {level: (max(results[0], known[level].from_us), known[level].until_us or 0) for level in Level}
    check_ids = tuple(connection.execute(select(tables.checks.c.id).order_by(tables.checks.c.id)).scalars())
    life = f"{newest_run(connection)}-{known.pruned_us}"
    return _Plan(spans, results, check_ids, max(results[0], _begins_us(connection, results[1])), life)


def _begins_us(connection: Connection, until_us: int) -> int:
    """When the first thing happened of which roll-ups are made, or the first of them began."""
    columns = (
        tables.results.c.started_at_us,
        tables.rhythms.c.first_due_us,
        *(one.table.c.started_at_us for one in Level),
    )
    found = [connection.execute(select(func.min(column))).scalar() for column in columns]
    return min((us for us in found if us is not None), default=until_us)


def _one(connection: Connection, plan: _Plan, day: Block, *, only_compare: bool) -> Rebuilt:
    """Some checks over one day, all levels."""
    rows, differing = Counter[Level](), Counter[Level]()
    five = Level.FIVE_MINUTES
    since_us, until_us = max(day.since_us, plan.results[0]), min(day.until_us, plan.results[1])
    right = from_results(connection, Block(five, day.check_ids, since_us, until_us))
    for level in Level:
        first_us = -(-max(plan.spans[level][0], day.since_us) // level.length_us) * level.length_us
        block = Block(level, day.check_ids, first_us, min(plan.spans[level][1], day.until_us))
        made = {
            cell: tally
            for cell, tally in (right if level is five else folded(right, level)).items()
            if block.since_us <= cell[1] < block.until_us
        }
        wrong = _differing(stored(connection, block), made)
        rows[level] += len(made)
        differing[level] += wrong
        if wrong and not only_compare:
            replace(connection, block, made)
    return Rebuilt(rows, differing)


def _differing(stood: Tallies, right: Tallies) -> int:
    return sum(_values(cell, stood.get(cell)) != _values(cell, right.get(cell)) for cell in stood.keys() | right.keys())


def _values(cell: Cell, tally: Tally | None) -> Values | None:
    try:
        return None if tally is None else values_of(*cell, tally)
    except SketchError:
        return ()


def _left_at(connection: Connection, plan: _Plan) -> int:
    query = select(tables.meta.c.value).where(tables.meta.c.key == PROGRESS_KEY)
    life, _, until = (connection.execute(query).scalar() or "").partition(" ")
    return int(until) if life == plan.life and until else 0


def _leave_at(connection: Connection, plan: _Plan, until_us: int) -> None:
    put(connection, {PROGRESS_KEY: f"{plan.life} {until_us}"})


def _forget_progress(connection: Connection) -> None:
    connection.execute(tables.meta.delete().where(tables.meta.c.key == PROGRESS_KEY))
