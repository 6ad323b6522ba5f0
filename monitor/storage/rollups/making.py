"""Roll-ups in the database: written where they belong, and made again where what they were made from has changed.

Owns the statements that write roll-ups. When a stretch's turn comes is the business of `closing`, what a roll-up says
that of `sources`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, Dialect, bindparam, delete, or_, select

from monitor.domain.tally import Tally
from monitor.storage import dialect, tables
from monitor.storage.rollup_tables import Level
from monitor.storage.rollups.marks import closing_key, floor, marks
from monitor.storage.rollups.rows import values_of
from monitor.storage.rollups.sources import Block, Cell, made, within

_DELETE = {level: delete(level.table).where(*within(level.table)) for level in Level}


def replace(connection: Connection, block: Block, tallies: Mapping[Cell, Tally]) -> int:
    """Writes the block's rows in the place of whatever stood there; how many there are now."""
    connection.execute(_DELETE[block.level], block.parameters())
    return write(connection, block.level, tallies)


def write(connection: Connection, level: Level, tallies: Mapping[Cell, Tally]) -> int:
    """Writes rows; none of them may stand there already."""
    rows = [values_of(*cell, tally) for cell, tally in sorted(tallies.items())]
    if rows:
        connection.exec_driver_sql(dialect.insert_sql(connection.dialect, level.table), rows)
    return len(rows)


def make(connection: Connection, block: Block) -> int:
    """Makes the block's rows, or makes them again; how many there are."""
    return replace(connection, block, made(connection, block))


class Latecomers:
    """Results that came after the roll-ups of their time were made, or while they were.

    Args:
        sql: the dialect that the question which every batch asks is prepared for.
    """

    def __init__(self, sql: Dialect) -> None:
        name, value = tables.meta.c
        keys = or_(name == bindparam("until_key"), name == bindparam("closing_key"))
        self._ask_reached = dialect.prepared(sql, select(value).where(keys))
        self._keys = (Level.FIVE_MINUTES.until_key, closing_key(Level.FIVE_MINUTES))

    def admit(self, connection: Connection, written: Iterable[Cell]) -> None:
        """Makes those roll-ups again, in the transaction that has written the results.

        Args:
            connection: in that transaction.
            written: the number of the check and the start of each result.
        """
        values = connection.exec_driver_sql(self._ask_reached, self._keys).scalars()
        reached_us = max(map(int, values), default=0)
        late = [cell for cell in written if cell[1] < reached_us]
        if late:
            remake(connection, late)


def remake(connection: Connection, changed: Iterable[Cell]) -> None:
    """Makes every roll-up again that is made and holds one of these results; what cannot be made again stays.

    Args:
        connection: in a transaction.
        changed: the number of the check and the start of each result.
    """
    known, cells = marks(connection), set(changed)
    for level in Level:
        from_us, reached_us = known.complete_from_us(level), known[level].reached_us
        starts: defaultdict[int, set[int]] = defaultdict(set)
        for check_id, at_us in cells:
            start_us = floor(at_us, level)
            if from_us <= start_us < reached_us:
                starts[start_us].add(check_id)
        for start_us, check_ids in starts.items():
            make(connection, Block(level, sorted(check_ids), start_us, start_us + level.length_us))
