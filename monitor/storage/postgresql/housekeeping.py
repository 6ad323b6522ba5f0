"""How a PostgreSQL database forgets: weeks of results are dropped, and the server uses the room of all else again.

Rows that are deleted one by one leave the server with dead ones to find among very many, and give nothing back to its
disk; so results stay until their week is over, up to a week longer than they have to.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from monitor.domain.ages import Grain
from monitor.storage import tables
from monitor.storage.postgresql import partitions
from monitor.storage.retention.housekeeping import TableSize
from monitor.storage.retention.sweeps import Bite, Budget, Sweep

COUNTED_BYTES = 16_000_000
"""Larger tables are estimated from some of their pages."""
_LOOKED_AT_BYTES = 4_000_000

_USED = """
SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'm')
"""
# The tree of a table that has no partitions is empty.
_SIZE = """
SELECT pg_total_relation_size(named.id) + COALESCE((
  SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree(named.id) WHERE relid <> named.id), 0)
FROM (SELECT %s::regclass AS id) AS named
"""


def used_bytes(connection: Connection) -> int:
    """Tables and indexes of the schema, what is free in them included."""
    return int(connection.exec_driver_sql(_USED).scalar() or 0)


class WeeksAndRows:
    """Of one database."""

    step_us = partitions.WEEK_US

    def whole(self, before_us: int) -> int:
        """The Monday before."""
        return max(0, partitions.since_of(partitions.week_of(before_us)))

    def shrinks_by(self, grain: Grain) -> bool:
        """Only weeks give their room back; that of deleted rows is used again."""
        return grain is Grain.RAW

    def raw(self, before_us: int) -> Sequence[Sweep]:
        """Week by week; one that somebody reads right now stays for the next time."""
        return tuple(OldWeeks(name, before_us) for name in partitions.PARTITIONED)

    def give_back(self) -> None:
        """The server sees to that."""

    def make_room(self, connection: Connection) -> None:
        """Nothing can be done from here."""

    def used_bytes(self, connection: Connection) -> int:
        """See the function of this name."""
        return used_bytes(connection)

    def table_sizes(self, connection: Connection, names: Sequence[str]) -> dict[str, TableSize]:
        """Counted where that is quick."""
        return {name: _size_of(connection, name) for name in names}


class OldWeeks:
    """Every week of a table that was over before a moment; a bite is a week.

    Args:
        table: one of `partitions.PARTITIONED`.
        before_us: exclusive.
    """

    def __init__(self, table: str, before_us: int) -> None:
        self.name = table
        self._before_us = before_us

    def bite(self, connection: Connection, after: Any, budget: Budget) -> Bite:
        """The oldest week that has not been tried; `after` is when the last one began."""
        del budget
        old = [
            one
            for one in partitions.known(connection)
            if one.table == self.name and one.until_us <= self._before_us and (after is None or one.since_us > after)
        ]
        if not old:
            return Bite(0)
        gone = partitions.drop(connection, old[0])
        return Bite(gone, old[0].since_us if len(old) > 1 else None)


def _size_of(connection: Connection, name: str) -> TableSize:
    size = int(connection.exec_driver_sql(_SIZE, (name,)).scalar() or 0)
    quoted = connection.dialect.identifier_preparer.format_table(tables.metadata.tables[name])
    if size <= COUNTED_BYTES:
        return TableSize(connection.exec_driver_sql(f"SELECT count(*) FROM {quoted}").scalar_one(), size)  # noqa: S608
    percent = min(100.0, 100 * _LOOKED_AT_BYTES / size)
    sampled = f"SELECT count(*) FROM {quoted} TABLESAMPLE SYSTEM ({percent:.9f})"  # noqa: S608  a table of ours
    return TableSize(round(connection.exec_driver_sql(sampled).scalar_one() * 100 / percent), size, exact=False)
