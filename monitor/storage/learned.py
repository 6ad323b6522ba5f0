"""How models want to be asked, as an earlier life of the daemon learned it."""

from sqlalchemy import Connection, select

from monitor.domain.kept import Learned
from monitor.storage import fact_tables, tables


def read_learned(connection: Connection) -> tuple[Learned, ...]:
    """What is remembered of every check of which anything is."""
    known, checks = fact_tables.learned, tables.checks
    query = select(checks.c.check, known).join(checks, checks.c.id == known.c.check_id)
    return tuple(
        Learned(
            check=row.check,
            max_tokens=row.max_tokens,
            other_limit=bool(row.other_limit),
            without_counts=bool(row.without_counts),
            not_enough=row.not_enough,
        )
        for row in connection.execute(query)
    )
