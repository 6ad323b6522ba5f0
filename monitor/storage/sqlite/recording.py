"""Results of a batch on their way into the file: prepared statements, one row after the other."""

from collections.abc import Sequence

from sqlalchemy import Connection, Dialect

from monitor.storage import dialect, tables
from monitor.storage.columns import Values


class Recorder:
    """Writes rows of `results` and `result_details`.

    Args:
        sql: the dialect that the statements are prepared for.
    """

    def __init__(self, sql: Dialect) -> None:
        self._insert = dialect.insert_sql(sql, tables.results)
        self._upsert_detail = dialect.upsert_sql(sql, tables.result_details)

    def write(self, connection: Connection, rows: Sequence[Values], details: Sequence[Values]) -> None:
        """All of these rows; a detail replaces an earlier one of the same result."""
        if rows:
            connection.exec_driver_sql(self._insert, list(rows))
        if details:
            connection.exec_driver_sql(self._upsert_detail, list(details))

    def forget(self) -> None:
        """Nothing is remembered."""
