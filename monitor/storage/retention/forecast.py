"""What pruning would delete now by age, counted and not deleted.

What a limit of size would take besides is not known before it is tried.
"""

from sqlalchemy import func, select

from monitor.domain.ages import Ages, Grain
from monitor.storage import tables
from monitor.storage.reader import Reader, question
from monitor.storage.retention.engine import housekeeping_of
from monitor.storage.retention.retention import LEVELS, cutoffs_wished


@question
def would_go(reader: Reader, ages: Ages, now_us: int) -> dict[str, int]:
    """Rows by table; tables of which nothing would go are missing."""
    cutoffs = cutoffs_wished(reader.connection, housekeeping_of(reader.connection.dialect), ages, now_us)
    found: dict[str, int] = {}
    for grain in Grain:
        kept_in = (tables.results, tables.result_details) if grain is Grain.RAW else (LEVELS[grain].table,)
        for table in kept_in if cutoffs[grain] else ():
            # By check, because rows are clustered by check: what is kept is not read.
            old = select(func.count()).where(
                table.c.check_id == tables.checks.c.id, table.c.started_at_us < cutoffs[grain]
            )
            query = select(func.sum(old.scalar_subquery())).select_from(tables.checks)
            found[table.name] = reader.connection.execute(query).scalar() or 0
    return {name: count for name, count in found.items() if count}
