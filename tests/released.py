"""Databases as earlier versions left them: their own steps, rows written in plain SQL, the views of that time.

`data/released/REVISION.sql` holds what each schema added; a row is written with the columns of its time.
"""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine

from monitor.storage import migrate

REVISIONS = ("0001", "0002", "0003")
"""Every schema that was released before the present one."""

_ROWS = Path(__file__).parent / "data" / "released"

Rows = list[tuple[Any, ...]]


def build(path: Path, revision: str) -> None:
    """A new database at `revision`, with a day's rows of every kind that this schema had."""
    build_empty(path, revision)
    with sqlite3.connect(path) as connection:
        for known in REVISIONS[: REVISIONS.index(revision) + 1]:
            connection.executescript((_ROWS / f"{known}.sql").read_text(encoding="utf-8"))
    connection.close()


def build_empty(path: Path, revision: str) -> None:
    """The same without rows."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA page_size = 1024")
        connection.execute("PRAGMA journal_mode = wal")
    connection.close()
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as begun:
        migrate.upgrade(begun, revision)
    engine.dispose()
    with sqlite3.connect(path) as connection:
        connection.executescript((_ROWS / "views.sql").read_text(encoding="utf-8"))
    connection.close()


def tables_of(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """The columns of each table, in their order."""
    names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    return {
        name: [column[1] for column in connection.execute(f'PRAGMA table_info("{name}")')]
        for (name,) in names.fetchall()
    }


def rows_of(connection: sqlite3.Connection, columns: Mapping[str, list[str]]) -> dict[str, Rows]:
    """Every row of these columns, sorted; values as they are stored, with their types."""
    found = {}
    for table, names in columns.items():
        listed = ", ".join(f'"{name}", typeof("{name}")' for name in names)
        rows = connection.execute(f'SELECT {listed} FROM "{table}"').fetchall()  # noqa: S608  names of the schema
        found[table] = sorted(rows, key=repr)
    return found


def schema_of(connection: sqlite3.Connection) -> dict[str, str]:
    """The SQL of everything that is defined."""
    return dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall())
