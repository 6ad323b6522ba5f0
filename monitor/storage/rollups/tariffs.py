"""What the tokens of each check cost since when, so that a roll-up that is made again costs what it did.

The first tariff of a check is in force since ever (0): what was recorded before anybody wrote prices down has no other.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Row, bindparam, delete, select

from monitor.domain.prices import Price
from monitor.domain.tariff import Tariff, Tariffs
from monitor.storage import dialect, tables
from monitor.storage.rollup_tables import tariffs
from monitor.storage.rollups.marks import go_back

_OF = (
    select(tariffs)
    .where(tariffs.c.check_id.in_(bindparam("checks", expanding=True)))
    .order_by(tariffs.c.check_id, tariffs.c.since_us)
)
_NONE_KNOWN = Tariffs()


def note_tariffs(connection: Connection, present: Mapping[str, Tariff], now_us: int) -> None:
    """Writes the difference between what is in force from now on and what the database has.

    Args:
        connection: in a transaction.
        present: by check; others keep the last that they had.
        now_us: wall time. What was to come into force after it, before the clock was set back, never does.
    """
    ahead = connection.execute(delete(tariffs).where(tariffs.c.since_us > now_us)).rowcount
    if ahead:
        go_back(connection, now_us)
    numbers = select(tables.checks.c.check, tables.checks.c.id)
    # As plain tuples, because there are ten thousand of them.
    newest = {row[0]: row[2:] for row in connection.execute(select(tariffs).order_by(tariffs.c.since_us)).all()}
    rows = [
        (number, now_us if number in newest else 0, *values)
        for name, number in connection.execute(numbers)
        if (tariff := present.get(name)) is not None and newest.get(number) != (values := _values(tariff))
    ]
    if rows:
        connection.exec_driver_sql(dialect.upsert_sql(connection.dialect, tariffs), rows)


def tariffs_of(connection: Connection, check_ids: Sequence[int]) -> dict[int, Tariffs]:
    """All that were ever in force, by number of the check."""
    found: dict[int, tuple[list[int], list[Tariff]]] = {}
    for row in connection.execute(_OF, {"checks": list(check_ids)}):
        since, several = found.setdefault(row.check_id, ([], []))
        since.append(row.since_us)
        several.append(_tariff(row))
    return {number: Tariffs(*found[number]) if number in found else _NONE_KNOWN for number in check_ids}


def _tariff(row: Row[tuple[object, ...]]) -> Tariff:
    known = row.input_usd is not None and row.output_usd is not None
    return Tariff(Price(row.input_usd, row.output_usd) if known else None, row.uncounted_input, row.uncounted_output)


def _values(tariff: Tariff) -> tuple[float | None, ...]:
    """As they stand in a row, behind its key."""
    price = tariff.price
    known = (None, None) if price is None else (price.input, price.output)
    return (*known, tariff.uncounted_input, tariff.uncounted_output)
