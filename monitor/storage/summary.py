"""What `db info` says: the schema's revision, sizes, rows, and the span of time that is held."""

from typing import Any

from sqlalchemy import func, select

from monitor.clock import iso
from monitor.storage import tables
from monitor.storage.reader import Reader, question
from monitor.storage.revision import revision_of

COUNTED = ("checks", "results", "result_details", "reasons", "incidents", "outbox", "daemon_runs")


@question
def summary(reader: Reader) -> dict[str, Any]:
    """Facts about the database: `path revision bytes log_bytes free_bytes rows oldest_result newest_result`."""
    connection = reader.connection
    sizes = reader.database.sizes(connection)
    by_name = tables.metadata.tables
    rows = {name: connection.execute(select(func.count()).select_from(by_name[name])).scalar_one() for name in COUNTED}
    oldest, newest = _span(reader)
    return {
        "path": reader.database.name,
        "revision": revision_of(connection, reader.database.name),
        "bytes": sizes.whole,
        "log_bytes": sizes.log,
        "free_bytes": sizes.free,
        "rows": rows,
        "oldest_result": None if oldest is None else iso(oldest),
        "newest_result": None if newest is None else iso(newest),
    }


def _span(reader: Reader) -> tuple[int | None, int | None]:
    # By check, because results are clustered by check: a plain minimum would read them all.
    of, checks = tables.results.c.started_at_us, tables.checks
    ends = [
        select(end(of)).where(tables.results.c.check_id == checks.c.id).scalar_subquery()
        for end in (func.min, func.max)
    ]
    found = reader.connection.execute(select(func.min(ends[0]), func.max(ends[1])).select_from(checks)).one()
    return found[0], found[1]
