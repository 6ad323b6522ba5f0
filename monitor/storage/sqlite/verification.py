"""Whether a copy of a database is whole: the structure of the file, its keys, its revision, and as many rows.

Owns the questions; what is copied and where to is `backup`.
"""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from sqlalchemy import Connection

from monitor.errors import StartError

_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"


class Contents(NamedTuple):
    """What a database holds.

    Attributes:
        revision: of its schema.
        rows: how many, by table.
    """

    revision: str
    rows: Mapping[str, int]


def contents_of(connection: Connection, revision: str) -> Contents:
    """What the snapshot of this connection holds."""
    tables = list(connection.exec_driver_sql(_TABLES).scalars())
    return Contents(revision, {name: connection.exec_driver_sql(_count(name)).scalar_one() for name in tables})


def verify(copy: Path, expected: Contents) -> Contents:
    """What the copy holds, which is what was expected.

    Raises:
        StartError: it is not whole.
        sqlite3.Error: it cannot be read.
    """
    connection = sqlite3.connect(f"file:{quote(str(copy))}?mode=ro&immutable=1", uri=True)
    try:
        ((integrity,),) = connection.execute("PRAGMA integrity_check(1)").fetchall()
        if integrity != "ok":
            raise _damaged(f"its structure is damaged ({integrity:.100})")
        orphan = connection.execute("PRAGMA foreign_key_check").fetchone()
        if orphan is not None:
            raise _damaged(f"a row of {orphan[0]} refers to one of {orphan[2]} that is not there")
        ((revision,),) = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        tables = [name for (name,) in connection.execute(_TABLES).fetchall()]
        found = Contents(revision, {name: connection.execute(_count(name)).fetchone()[0] for name in tables})
    finally:
        connection.close()
    if found != expected:
        raise _damaged("it does not hold as many rows as the database did")
    return found


def _count(table: str) -> str:
    return f'SELECT count(*) FROM "{table}"'  # noqa: S608  a name of the schema


def _damaged(why: str) -> StartError:
    return StartError(
        f"the copy is no backup: {why}; it was thrown away",
        hint="the disk, or the database itself, is damaged: `sqlite3 FILE 'PRAGMA integrity_check'` says more",
    )
