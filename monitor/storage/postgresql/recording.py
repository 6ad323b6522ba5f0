"""Results of a batch on their way to the server: partitions first, then all rows in one COPY.

Measured on one machine, 250 rows a batch: see `docs/postgresql.md`.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError

from monitor.storage import dialect, tables
from monitor.storage.columns import Values
from monitor.storage.postgresql import partitions

FEW = 4
"""So many rows are sooner inserted than copied."""


class Recorder:
    """Writes rows of `results` and `result_details`.

    Args:
        sql: the dialect that the statements are prepared for.
    """

    def __init__(self, sql: Dialect) -> None:
        self._insert = dialect.insert_sql(sql, tables.results)
        self._upsert_detail = dialect.upsert_sql(sql, tables.result_details)
        columns = ", ".join(f'"{column.name}"' for column in tables.results.columns)
        self._copy = f"COPY {tables.results.name} ({columns}) FROM STDIN"
        self._weeks: frozenset[int] = frozenset()

    def write(self, connection: Connection, rows: Sequence[Values], details: Sequence[Values]) -> None:
        """All of these rows; a detail replaces an earlier one of the same result."""
        self._have_partitions(connection, rows)
        if len(rows) > FEW:
            _copied(connection, self._copy, rows)
        elif rows:
            connection.exec_driver_sql(self._insert, list(rows))
        if details:
            connection.exec_driver_sql(self._upsert_detail, list(details))

    def forget(self) -> None:
        """What was learned in a transaction that was rolled back, or before others dropped partitions."""
        self._weeks = frozenset()

    def _have_partitions(self, connection: Connection, rows: Sequence[Values]) -> None:
        missing = {partitions.week_of(row[1]) for row in rows} - self._weeks
        if missing:
            partitions.ensure(connection, missing)
            self._weeks |= missing


def _copied(connection: Connection, copy: str, rows: Sequence[Values]) -> None:
    raw: Any = connection.connection.driver_connection
    try:
        with raw.cursor() as cursor, cursor.copy(copy) as into:
            for row in rows:
                into.write_row(row)
    except connection.dialect.loaded_dbapi.Error as fault:
        if raw.closed:
            connection.invalidate()
        # As every other statement's: whoever asked for the transaction knows only this kind.
        raise DBAPIError.instance(copy, None, fault, connection.dialect.loaded_dbapi.Error) from fault
