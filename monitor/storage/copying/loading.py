"""Whole rows into a table, many at once, as each engine takes them best; for copies of a history."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Integer, Table

from monitor.storage import dialect, tables

PARTITIONED = frozenset({tables.results.name, tables.result_details.name})


def load(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows with a value for each column, in the order of the columns."""
    if connection.dialect.name == "postgresql":
        _copy(connection, table, rows)
    else:
        connection.exec_driver_sql(dialect.insert_sql(connection.dialect, table), list(rows))


def number_on(connection: Connection, table: Table) -> None:
    """Let the engine go on counting after the greatest id there is; SQLite does so by itself."""
    key = list(table.primary_key)
    counts = len(key) == 1 and key[0].name == "id" and isinstance(key[0].type, Integer)
    if connection.dialect.name != "postgresql" or not counts:
        return
    sequence = connection.exec_driver_sql("SELECT pg_get_serial_sequence(%s, 'id')", (table.name,)).scalar()
    if sequence is not None:
        greatest = f"SELECT setval(%s, max(id)) FROM {table.name} HAVING max(id) IS NOT NULL"  # noqa: S608  a table of ours
        connection.exec_driver_sql(greatest, (sequence,))


def gauge(connection: Connection, table: Table) -> None:
    """Let the engine see what a table holds now; PostgreSQL plans by that, and reads whole weeks until it has."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f'ANALYZE "{table.name}"')


def _copy(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    from monitor.storage.postgresql import partitions  # noqa: PLC0415  only the engine in use is paid for
    from monitor.storage.postgresql.copying import copy_rows, copy_sql  # noqa: PLC0415  the same

    if table.name in PARTITIONED:
        place = list(table.columns.keys()).index("started_at_us")
        partitions.ensure(connection, {partitions.week_of(row[place]) for row in rows})
    copy_rows(connection, copy_sql(table), rows)
