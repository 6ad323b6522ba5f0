"""How large tables are, without reading a large file whole.

A small file is counted. Of a large one, the rows of each check are told from how densely they lie in a few places, and
the bytes of each table from some of its rows, such that all tables together take what the file takes.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, func, select

from monitor.storage import tables
from monitor.storage.retention.housekeeping import TableSize

COUNTED_UP_TO_BYTES = 32_000_000
_CHECKS_LOOKED_AT = 16
_ROWS_LOOKED_AT = 64
_PLACES = (0.0, 0.3, 0.6, 0.9)
_ROW_OVERHEAD = 4  # of the page's list of cells, and of a record's own sizes


def table_sizes(connection: Connection, names: Sequence[str], used_bytes: int) -> dict[str, TableSize]:
    """How large these tables are.

    Args:
        connection: of a reader.
        names: of tables.
        used_bytes: what all tables together take.
    """
    if used_bytes <= COUNTED_UP_TO_BYTES:
        return _counted(connection, names)
    rows, weights, exact = {}, {}, {}
    for name in tables.metadata.tables:
        table = tables.metadata.tables[name]
        is_large = "check_id" in table.c and "started_at_us" in table.c and len(table.primary_key) == 2  # noqa: PLR2004  check and time
        rows[name] = _estimated_rows(connection, table) if is_large else _count(connection, table)
        weights[name] = rows[name] * _mean_bytes(connection, table)
        exact[name] = not (is_large and rows[name])
    whole = sum(weights.values()) or 1
    return {name: TableSize(rows[name], round(used_bytes * weights[name] / whole), exact=exact[name]) for name in names}


def _counted(connection: Connection, names: Sequence[str]) -> dict[str, TableSize]:
    sizes = _page_bytes(connection)
    found = tables.metadata.tables
    return {name: TableSize(_count(connection, found[name]), sizes.get(name)) for name in names}


def _page_bytes(connection: Connection) -> dict[str, int]:
    """Bytes by table, indexes included; empty where this SQLite was built without `dbstat`."""
    if not connection.exec_driver_sql("SELECT 1 FROM pragma_module_list WHERE name = 'dbstat'").scalar():
        return {}
    query = (
        "SELECT s.tbl_name, sum(d.pgsize) FROM dbstat AS d JOIN sqlite_schema AS s ON s.name = d.name"
        " WHERE d.aggregate = TRUE GROUP BY s.tbl_name"
    )
    return {str(name): int(size) for name, size in connection.exec_driver_sql(query)}


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _estimated_rows(connection: Connection, table: Table) -> int:
    """From the time that each check spans, and how densely rows lie where we look."""
    check, at, checks = table.c.check_id, table.c.started_at_us, tables.checks
    ends = [select(end(at)).where(check == checks.c.id).scalar_subquery() for end in (func.min, func.max)]
    spans = [
        (number, first, last)
        for number, first, last in connection.execute(select(checks.c.id, *ends).select_from(checks))
        if first is not None
    ]
    step = max(1, len(spans) // _CHECKS_LOOKED_AT)
    seen_rows = seen_us = 0
    for number, first, last in spans[::step]:
        for place in _PLACES:
            rows, us = _looked_at(connection, table, number, round(first + (last - first) * place))
            seen_rows += rows
            seen_us += us
    whole_us = sum(last - first for _, first, last in spans)
    return round(whole_us * seen_rows / seen_us) + len(spans) if seen_us else len(spans)


def _looked_at(connection: Connection, table: Table, check_id: int, from_us: int) -> tuple[int, int]:
    """How many rows follow within how many microseconds, a few at most."""
    at = table.c.started_at_us
    times = select(at).where(table.c.check_id == check_id, at >= from_us).order_by(at).limit(_ROWS_LOOKED_AT + 1)
    found = list(connection.execute(times).scalars())
    return (len(found) - 1, found[-1] - from_us) if len(found) > 1 else (0, 0)


def _mean_bytes(connection: Connection, table: Table) -> float:
    """Of some rows, the first and the last by key."""
    key = list(table.primary_key)
    some = [
        row
        for order in (key, [column.desc() for column in key])
        for row in connection.execute(select(table).order_by(*order).limit(_ROWS_LOOKED_AT))
    ]
    return sum(_record_bytes(row) for row in some) / len(some) if some else 0.0


def _record_bytes(values: Sequence[Any]) -> int:
    return _ROW_OVERHEAD + len(values) + sum(_value_bytes(value) for value in values)


def _value_bytes(value: Any) -> int:
    """As SQLite stores it. Source: "Record Format" of its description of the file."""
    if value is None or (isinstance(value, int) and value in (0, 1)):
        return 0
    if isinstance(value, int):
        bits = value.bit_length() + 1
        return next((size for size in (1, 2, 3, 4, 6) if bits <= 8 * size), 8)
    if isinstance(value, float):
        return 8
    return len(value.encode()) if isinstance(value, str) else len(value)
