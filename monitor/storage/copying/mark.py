"""The mark that a copy leaves in its target until it is whole: how far it has come, and of what it is a copy."""

import json
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from monitor.errors import StartError
from monitor.storage import dialect, tables

MARK_KEY = "unfinished_copy"


class Mark(NamedTuple):
    """What the target knows of the copy that is being made into it.

    Attributes:
        source: of what; changes when a daemon runs on it.
        table: the last one that rows were copied into; None before the first.
        after: the key of its last row.
    """

    source: list[Any]
    table: str | None
    after: list[Any] | None


def must_be_whole(connection: Connection, database: str) -> None:
    """Raises StartError where the database is an unfinished copy."""
    if read_mark(connection) is not None:
        raise StartError(
            f"the database {database} is a copy that is not finished yet",
            hint="run the same `relaywatch db copy` again: it goes on where it ended",
        )


def read_mark(connection: Connection) -> Mark | None:
    """None if this is no unfinished copy."""
    text = connection.execute(select(tables.meta.c.value).where(tables.meta.c.key == MARK_KEY)).scalar()
    return None if text is None else Mark(**json.loads(text))


def write_mark(connection: Connection, mark: Mark) -> None:
    """In the transaction of the rows that it tells of."""
    sql = dialect.upsert_sql(connection.dialect, tables.meta)
    connection.exec_driver_sql(sql, (MARK_KEY, json.dumps(mark._asdict())))
