"""What `db info` says: where the database is, how large, what it holds of which time, and how long that is kept.

Quick however large it is: nothing is read whole. A large table's rows and bytes are estimates and say so.
"""

from typing import Any

from sqlalchemy import Connection, Table, func, select

from monitor.clock import iso
from monitor.domain.ages import Ages, Grain
from monitor.storage import tables
from monitor.storage.reader import Reader, question
from monitor.storage.retention.engine import housekeeping_of
from monitor.storage.retention.housekeeping import TableSize
from monitor.storage.retention.retention import LEVELS, cutoffs_in_force, made_until_us
from monitor.storage.revision import revision_of

_OTHERS = ("result_details", "checks", "reasons", "incidents", "incident_events", "outbox", "daemon_runs")
_GRAINS = {"results": Grain.RAW, **{level.value: grain for grain, level in LEVELS.items()}}


@question
def summary(reader: Reader, ages: Ages) -> dict[str, Any]:
    """Facts about the database.

    Returns:
        `path revision bytes log_bytes free_bytes size_limit oldest_result newest_result rows tables`: bytes as the
        disk has them, `rows` by table, and `tables` with one object each: `table rows exact bytes oldest newest
        kept_s complete_since made_until`, where null is unknown, or for ever.
    """
    connection = reader.connection
    sizes = reader.database.sizes(connection)
    names = (*_GRAINS, *_OTHERS)
    held = housekeeping_of(connection.dialect).table_sizes(connection, names)
    held_of = [_of_table(connection, name, held[name], ages) for name in names]
    return {
        "path": reader.database.name,
        "revision": revision_of(connection, reader.database.name),
        "bytes": sizes.whole,
        "log_bytes": sizes.log,
        "free_bytes": sizes.free,
        "size_limit": ages.size_limit,
        "oldest_result": held_of[0]["oldest"],
        "newest_result": held_of[0]["newest"],
        "rows": {name: held[name].rows for name in names},
        "tables": held_of,
    }


def _of_table(connection: Connection, name: str, size: TableSize, ages: Ages) -> dict[str, Any]:
    facts = {"table": name, "rows": size.rows, "exact": size.exact, "bytes": size.size}
    grain = _GRAINS.get(name)
    if grain is None:
        return {**facts, **dict.fromkeys(("oldest", "newest", "kept_s", "complete_since", "made_until"))}
    oldest, newest = _span(connection, tables.metadata.tables[name])
    return {
        **facts,
        "oldest": _iso(oldest),
        "newest": _iso(newest),
        "kept_s": ages.of(grain),
        "complete_since": _iso(cutoffs_in_force(connection)[grain] or None),
        "made_until": _iso(made_until_us(connection).get(grain) or None),
    }


def _span(connection: Connection, table: Table) -> tuple[int | None, int | None]:
    # By check, because rows are clustered by check: a plain minimum would read them all.
    at, check = table.c.started_at_us, table.c.check_id
    ends = [select(end(at)).where(check == tables.checks.c.id).scalar_subquery() for end in (func.min, func.max)]
    found = connection.execute(select(func.min(ends[0]), func.max(ends[1])).select_from(tables.checks)).one()
    return found[0], found[1]


def _iso(at_us: int | None) -> str | None:
    return None if at_us is None else iso(at_us)
