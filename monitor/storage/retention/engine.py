"""Which engine forgets how, by dialect."""

from sqlalchemy import Dialect

from monitor.storage.retention.housekeeping import Housekeeping


def housekeeping_of(dialect: Dialect) -> Housekeeping:
    """How the engine that speaks this dialect forgets."""
    if dialect.name == "sqlite":
        from monitor.storage.sqlite.housekeeping import FileHousekeeping  # noqa: PLC0415  only the engine in use

        return FileHousekeeping()
    from monitor.storage.postgresql.housekeeping import WeeksAndRows  # noqa: PLC0415  the same

    return WeeksAndRows()
