"""Results of a batch on their way to the server: partitions first, then all rows in one COPY.

Measured on one machine, 250 rows a batch: see `docs/postgresql.md`.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Dialect

from monitor.storage import dialect, tables
from monitor.storage.columns import Values
from monitor.storage.postgresql import partitions
from monitor.storage.postgresql.copying import copy_rows, copy_sql

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
        self._copy = copy_sql(tables.results)
        self._weeks: frozenset[int] = frozenset()

    def write(self, connection: Connection, rows: Sequence[Values], details: Sequence[Values]) -> None:
        """All of these rows; a detail replaces an earlier one of the same result."""
        self._have_partitions(connection, rows)
        if len(rows) > FEW:
            copy_rows(connection, self._copy, rows)
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
