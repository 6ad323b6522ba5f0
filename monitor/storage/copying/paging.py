"""A table from its first row to its last, in the order of its keys, a page at a time; and what all of it comes to.

Owns an order that is the same on every engine: texts by their bytes. Values are as Python has them.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ColumnElement, Connection, Table, Text, func, literal, select, tuple_

PAGE = 5_000

Row = tuple[Any, ...]


class Digest(NamedTuple):
    """What a table holds: as many rows, and a number that no other rows have."""

    rows: int
    checksum: str


def pages(
    connection: Connection, table: Table, after: Sequence[Any] | None = None, size: int = PAGE
) -> Iterator[list[Row]]:
    """All rows with a greater key than `after`, in the order of their keys."""
    key = [column.name for column in table.primary_key]
    places = [list(table.columns.keys()).index(name) for name in key]
    ordered = [_ordered(connection, table, name) for name in key]
    while True:
        query = select(table).order_by(*ordered).limit(size)
        if after is not None:
            values = [literal(value, table.c[name].type) for name, value in zip(key, after, strict=True)]
            query = query.where(tuple_(*ordered) > tuple_(*values) if len(key) > 1 else ordered[0] > values[0])
        rows = [tuple(row) for row in connection.execute(query)]
        if rows:
            yield rows
        if len(rows) < size:
            return
        after = [rows[-1][place] for place in places]


def key_of(table: Table, row: Row) -> list[Any]:
    """The values of a row's primary key."""
    names = list(table.columns.keys())
    return [row[names.index(column.name)] for column in table.primary_key]


def digest(connection: Connection, table: Table, size: int = PAGE) -> Iterator[int | Digest]:
    """How many rows have been read, after each page; at last the digest of them all."""
    count, total = 0, hashlib.blake2b(digest_size=16)
    for rows in pages(connection, table, size=size):
        total.update(canonical(rows))
        count += len(rows)
        yield count
    yield Digest(count, total.hexdigest())


def canonical(rows: Sequence[Row]) -> bytes:
    """Rows as bytes, wherever pages begin: each as a JSON array; bytes as hexadecimal digits."""
    return b"".join(orjson.dumps(row, default=_plain) + b"\n" for row in rows)


def count(connection: Connection, table: Table) -> int:
    """How many rows there are."""
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def _plain(value: object) -> object:
    if isinstance(value, bytes | bytearray | memoryview):
        return {"hex": bytes(value).hex()}
    raise TypeError(type(value).__name__)


def _ordered(connection: Connection, table: Table, name: str) -> ColumnElement[Any]:
    column: ColumnElement[Any] = table.c[name]
    is_text = isinstance(table.c[name].type, Text)
    return column.collate("C") if is_text and connection.dialect.name == "postgresql" else column
