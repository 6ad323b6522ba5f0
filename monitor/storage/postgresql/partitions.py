"""Results by week: one partition of each of the two large tables, made by the transaction that first needs it.

A week begins on Monday, UTC. There is no partition for whatever else comes: a clock that is far ahead makes a lonely
one. Whole weeks are forgotten by dropping their partitions.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from monitor.clock import US_PER_S
from monitor.storage import tables
from monitor.storage.postgresql.connect import LOCK_TIMEOUT_MS

PARTITIONED = (tables.results.name, tables.result_details.name)
WEEK_US = 7 * 86_400 * US_PER_S
DROP_WAITS_MS = 50
"""For those who read; whoever comes meanwhile waits behind it."""
_LOCKED = "55P03"
# Another schema on the search path may belong to another RelayWatch.
_IS_THERE = "SELECT 1 FROM pg_class WHERE relname = %s AND relnamespace = current_schema()::regnamespace"
_ROWS_KNOWN = "SELECT CAST(reltuples AS BIGINT) FROM pg_class WHERE oid = to_regclass(%s)"
_ROWS_LOOKED_AT = 50_000
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


def since_of(week: int) -> int:
    """When a week began."""
    return FIRST_MONDAY_US + week * WEEK_US


def partition_of(table: str, week: int) -> Partition:
    """The partition of a week, made or not."""
    since_us = since_of(week)
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


def drop(connection: Connection, partition: Partition) -> int:
    """It is gone with all its rows, as soon as the transaction is committed; takes no longer for many rows.

    Nobody waits for it: while somebody reads the table, it stays.

    Returns:
        About how many rows it had; 0 if it stays.
    """
    rows = _rows(connection, partition)
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {DROP_WAITS_MS}")
            connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{partition.name}"')
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
    except DBAPIError as fault:
        if getattr(fault.orig, "sqlstate", None) != _LOCKED:
            raise
        return 0
    return rows


def _rows(connection: Connection, partition: Partition) -> int:
    known = connection.exec_driver_sql(_ROWS_KNOWN, (partition.name,)).scalar()
    if known is not None and known >= 0:
        return int(known)
    some = f'SELECT count(*) FROM (SELECT 1 FROM "{partition.name}" LIMIT {_ROWS_LOOKED_AT}) AS newest'  # noqa: S608
    return int(connection.exec_driver_sql(some).scalar_one())


def _make(connection: Connection, one: Partition) -> None:
    if connection.exec_driver_sql(_IS_THERE, (one.name,)).scalar() is not None:
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
