"""Results by week: one partition of each of the two large tables, made by the transaction that first needs it.

A week begins on Monday, UTC. There is no partition for whatever else comes: a clock that is far ahead makes a lonely
one. Whole weeks are forgotten by dropping their partitions.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Connection

from monitor.clock import US_PER_S
from monitor.storage import tables

PARTITIONED = (tables.results.name, tables.result_details.name)
WEEK_US = 7 * 86_400 * US_PER_S
FIRST_MONDAY_US = 4 * 86_400 * US_PER_S  # 1970 began on a Thursday

_KNOWN = """
SELECT p.relname, c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i
JOIN pg_class p ON p.oid = i.inhparent JOIN pg_class c ON c.oid = i.inhrelid
WHERE p.relname IN ('results', 'result_details') AND p.relnamespace = current_schema()::regnamespace
ORDER BY p.relname, c.relname
"""


class Partition(NamedTuple):
    """One week of one table.

    Attributes:
        until_us: exclusive; microseconds since 1970, as `since_us`.
    """

    table: str
    name: str
    since_us: int
    until_us: int


def week_of(at_us: int) -> int:
    """The number of the week that a moment is in."""
    return (at_us - FIRST_MONDAY_US) // WEEK_US


def partition_of(table: str, week: int) -> Partition:
    """The partition of a week, made or not."""
    since_us = FIRST_MONDAY_US + week * WEEK_US
    return Partition(table, f"{table}_{_label(since_us)}", since_us, since_us + WEEK_US)


def ensure(connection: Connection, weeks: Iterable[int]) -> None:
    """The partitions of these weeks are there afterwards, if the transaction is committed."""
    for week in sorted(set(weeks)):
        for table in PARTITIONED:
            _make(connection, partition_of(table, week))


def known(connection: Connection) -> list[Partition]:
    """Every partition, by table and time."""
    found = [_parsed(*row) for row in connection.exec_driver_sql(_KNOWN)]
    return sorted(found, key=lambda one: (one.table, one.since_us))


def drop(connection: Connection, partition: Partition) -> None:
    """It is gone with all its rows, as soon as the transaction is committed; takes no longer for many rows."""
    connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{partition.name}"')


def _make(connection: Connection, one: Partition) -> None:
    if connection.exec_driver_sql("SELECT to_regclass(%s)", (f'"{one.name}"',)).scalar() is not None:
        return
    # Made apart and then attached: who reads the whole table meanwhile neither waits nor is waited for.
    connection.exec_driver_sql(f'CREATE TABLE "{one.name}" (LIKE {one.table} INCLUDING DEFAULTS)')
    connection.exec_driver_sql(
        f'ALTER TABLE {one.table} ATTACH PARTITION "{one.name}" FOR VALUES FROM ({one.since_us}) TO ({one.until_us})'
    )


def _label(since_us: int) -> str:
    try:
        return datetime.fromtimestamp(since_us / US_PER_S, UTC).strftime("%Y%m%d")
    except (OverflowError, ValueError, OSError):  # beyond the year 9999
        return str(since_us)


def _parsed(table: str, name: str, bound: str) -> Partition:
    # FOR VALUES FROM ('1') TO ('2')
    since, until = (int(part.strip("'()")) for part in bound.removeprefix("FOR VALUES FROM ").split(" TO "))
    return Partition(table, name, since, until)
