"""Rows on their way to the server in one COPY; what is refused is said as of every other statement."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError


def copy_sql(table: Table) -> str:
    """All columns of a table, in their order."""
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    return f'COPY "{table.name}" ({columns}) FROM STDIN'


def copy_rows(connection: Connection, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Copy these rows.

    Args:
        connection: inside a transaction.
        sql: of `copy_sql`.
        rows: values in the order of the columns.

    Raises:
        DBAPIError: the server refuses, or is gone.
    """
    raw: Any = connection.connection.driver_connection
    try:
        with raw.cursor() as cursor, cursor.copy(sql) as into:
            for row in rows:
                into.write_row(row)
    except connection.dialect.loaded_dbapi.Error as fault:
        if raw.closed:
            connection.invalidate()
        # As every other statement's: whoever asked for the transaction knows only this kind.
        raise DBAPIError.instance(sql, None, fault, connection.dialect.loaded_dbapi.Error) from fault
