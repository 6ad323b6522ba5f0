"""Somebody's own statement on PostgreSQL, inside a transaction that is read only."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection

from monitor.storage.past.wrong import Wrong

_READ_ONLY = ("25006", "25001")  # it writes; it would change what the transaction may do
_CANCELLED = "57014"
_TWO_STATEMENTS = "42601"
# What the statement itself is to blame for: wrong data, wrong words, missing rights.
_OF_THE_STATEMENT = ("21", "22", "26", "2F", "34", "42", "0A", "P0")


def begin(connection: Connection, sql: str) -> tuple[Sequence[str], Iterator[Sequence[Any]]]:
    """Column names and rows, which come one by one; raises what `explain` explains."""
    driver: Any = connection.connection.driver_connection
    cursor = driver.cursor()
    # Without parameters, so that a percent sign is one; streamed statements are never several.
    rows = cursor.stream(sql)
    first = next(rows, None)
    columns = [column.name for column in cursor.description or ()]
    return columns, rows if first is None else chain((first,), rows)


def explain(fault: Exception, sql: str, _connection: Connection) -> Wrong | None:
    """What is wrong with the statement; None where the database itself is at fault."""
    code, diagnosis = getattr(fault, "sqlstate", None), getattr(fault, "diag", None)
    says = str(getattr(diagnosis, "message_primary", None) or fault)
    if code in _READ_ONLY:
        return Wrong(says, refused=True)
    if code == _CANCELLED:
        return Wrong(says, stopped=True)
    if code == _TWO_STATEMENTS and "multiple commands" in says:
        return Wrong("one statement at a time", refused=True)
    if "didn't produce" in says or "COPY" in says:
        return Wrong("the statement gives no rows")
    if code is None or code[:2] not in _OF_THE_STATEMENT:
        return None
    place = getattr(diagnosis, "statement_position", None)
    return Wrong(says, int(place) - 1 if place and int(place) <= len(sql) else None)
