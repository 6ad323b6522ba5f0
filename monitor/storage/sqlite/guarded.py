"""Somebody's own statement on SQLite: an authorizer lets nothing through but reading."""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

from monitor.storage.past.wrong import PIECE, Wrong

_LONGEST_VALUE = 64 * 1024 * 1024
_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE})
_PRAGMAS = frozenset(
    {
        "table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list",
        "page_count", "page_size", "freelist_count", "journal_mode", "user_version", "schema_version", "encoding",
        "compile_options", "database_list", "function_list", "collation_list", "auto_vacuum",
    }
)  # fmt: skip
_WITH_NAME = frozenset(name for name in _PRAGMAS if name.endswith(("_info", "_xinfo")) or "key_list" in name) | {
    "index_list",
    "table_list",
}
_WORDS = MappingProxyType(
    {
        sqlite3.SQLITE_ATTACH: "ATTACH opens another file",
        sqlite3.SQLITE_DETACH: "DETACH is not allowed",
        sqlite3.SQLITE_PRAGMA: "this PRAGMA is not allowed",
        sqlite3.SQLITE_TRANSACTION: "transactions are not to be touched",
        sqlite3.SQLITE_FUNCTION: "this function is not allowed",
    }
)
_NEAR = re.compile(r'near "(.+)": syntax error', re.DOTALL)
_NAMED = re.compile(r"no such (?:column|table|function): (?:\w+\.)*(\w+)")


def begin(connection: Connection, sql: str) -> tuple[Sequence[str], Iterator[Sequence[Any]]]:
    """Column names and rows; raises what `explain` explains."""
    driver = _driver(connection)
    driver.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
    with _guard_on(driver):
        cursor = driver.execute(sql)
    return [column[0] for column in cursor.description or ()], _rows(cursor)


def explain(fault: Exception, sql: str, connection: Connection) -> Wrong | None:
    """What is wrong with the statement; None where the database itself is at fault."""
    code = getattr(fault, "sqlite_errorcode", None)
    if isinstance(fault, _RefusedError):
        return Wrong(str(fault), refused=True)
    if isinstance(fault, sqlite3.ProgrammingError | sqlite3.Warning) and "one statement" in str(fault):
        return Wrong("one statement at a time", refused=True)
    if code == sqlite3.SQLITE_INTERRUPT:
        return Wrong("interrupted", stopped=True)
    if code == sqlite3.SQLITE_READONLY:
        return Wrong("it would write", refused=True)
    asked = isinstance(fault, sqlite3.ProgrammingError | sqlite3.DataError | ValueError)
    if asked or code in (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_TOOBIG):
        return Wrong(str(fault), _place(str(fault), sql, connection))
    return None


class _RefusedError(Exception):
    """What a statement would have done beside reading."""


@contextmanager
def _guard_on(driver: sqlite3.Connection) -> Iterator[None]:
    """Statements that are prepared in here only read; those of ours, outside, end the transaction."""
    guard = _Guard()
    driver.set_authorizer(guard)
    try:
        yield
    except sqlite3.DatabaseError as fault:
        if guard.refused is not None:
            raise _RefusedError(guard.refused) from fault
        raise
    finally:
        driver.set_authorizer(None)


class _Guard:
    """Asked for everything that a statement is about to do, before it runs."""

    def __init__(self) -> None:
        self.refused: str | None = None

    def __call__(self, action: int, first: str | None, second: str | None, *_where: str | None) -> int:
        if action in _ALLOWED:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() != "load_extension":
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_PRAGMA and (first or "").lower() in (_WITH_NAME if second else _PRAGMAS):
            return sqlite3.SQLITE_OK
        self.refused = self.refused or _WORDS.get(action, "it would write")
        return sqlite3.SQLITE_DENY


def _rows(cursor: sqlite3.Cursor) -> Iterator[Sequence[Any]]:
    while rows := cursor.fetchmany(PIECE):
        yield from rows


def _place(says: str, sql: str, connection: Connection) -> int | None:
    named = _NAMED.search(says)
    if named:
        found = [one.start() for one in re.finditer(rf"\b{re.escape(named.group(1))}\b", sql, re.IGNORECASE)]
        return found[0] if len(found) == 1 else None
    near = _NEAR.search(says)
    if near is None:
        return len(sql.rstrip()) if says == "incomplete input" else None
    # SQLite names the word and not its place: the first one up to which the statement is already wrong in that way.
    for one in re.finditer(re.escape(near.group(1)), sql):
        try:
            with _guard_on(driver := _driver(connection)):
                driver.execute(f"EXPLAIN {sql[: one.end()]}")
        except (sqlite3.Error, _RefusedError) as fault:
            if str(fault) == says:
                return one.start()
    return None


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101  for the type checker
    return driver
