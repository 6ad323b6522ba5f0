"""What `db info` says: the schema's revision, sizes, rows, and the span of time that is held."""

from typing import Any

from sqlalchemy import func, select

from monitor.clock import iso
from monitor.storage import dialect, tables
from monitor.storage.engine import revision_of
from monitor.storage.reader import Reader, question

COUNTED = ("checks", "results", "result_details", "reasons", "incidents", "outbox", "daemon_runs")


@question
def summary(reader: Reader) -> dict[str, Any]:
    """Facts about the database: `path revision bytes log_bytes free_bytes rows oldest_result newest_result`."""
    connection = reader.connection
    log = reader.path.with_name(f"{reader.path.name}-wal")
    by_name = tables.metadata.tables
    rows = {name: connection.execute(select(func.count()).select_from(by_name[name])).scalar_one() for name in COUNTED}
    oldest, newest = _span(reader)
    return {
        "path": str(reader.path),
        "revision": revision_of(connection, reader.path),
        "bytes": reader.path.stat().st_size,
        "log_bytes": log.stat().st_size if log.exists() else 0,
        "free_bytes": dialect.free_bytes(connection),
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
