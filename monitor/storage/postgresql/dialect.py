"""What is particular to PostgreSQL in SQL: conflicts, the text of times in views.

Owns what `storage.dialect` asks of an engine; connections are the business of `database`.
"""

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql

from monitor.storage.postgresql import connect


def insert(table: Table) -> postgresql.Insert:
    """An insert that knows what to do about a conflict."""
    return postgresql.insert(table)


def free_bytes(connection: Connection) -> int:
    """Nothing is promised: the server gives room back as it sees fit."""
    del connection
    return 0


def lift_bounds(connection: Connection) -> None:
    """This transaction may take as long as it takes."""
    connect.lift_bounds(connection)


def iso_sql(column: str) -> str:
    """A time column as ISO 8601 UTC with milliseconds."""
    return f"""to_char(to_timestamp({column} / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
    || '.' || lpad(mod({column} / 1000, 1000)::text, 3, '0') || 'Z'"""


def day_sql(column: str) -> str:
    """The UTC day of a time column."""
    return f"to_char(to_timestamp({column} / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
