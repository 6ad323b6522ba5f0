"""Opening the database: whether it is ours, whether it is current, and whether it can be written at all.

Owns the moment of opening only. How a connection is made, and one daemon per database, are the business of each engine.
"""

import secrets
from collections.abc import Callable

from sqlalchemy import Connection, Engine, inspect, select

from monitor.errors import StartError
from monitor.storage import dialect, tables, views
from monitor.storage.database import Database
from monitor.storage.faults import DatabaseFault, start_error
from monitor.storage.restore import INSTANCE_KEY

REVISIONS = ("0001", "0002", "0003", "0004")
HEAD = REVISIONS[-1]
WRITE_TEST_KEY = "write_test"


def open_for_writing(database: Database, *, on_migration: Callable[[], object] = lambda: None) -> Engine:
    """The database, created or migrated where that is needed, and known to take a write.

    Args:
        database: which.
        on_migration: called before migrations start, which may take a while.

    Raises:
        StartError: it cannot be used; says why and what to do.
    """
    database.prepare()
    engine = database.write_engine()
    try:
        with engine.begin() as connection:
            if revision_of(connection, database.name) != HEAD:
                on_migration()
                _migrate(connection)
            _try_to_write(connection)
    except DatabaseFault as fault:
        engine.dispose()
        raise start_error(fault, database.name) from fault
    return engine


def revision_of(connection: Connection, database: str) -> str | None:
    """The revision of the database; None if it is empty.

    Args:
        connection: to ask on.
        database: its name, for messages.

    Raises:
        StartError: it belongs to another program, or to a newer version of this one.
    """
    names = set(inspect(connection).get_table_names())
    if not names:
        return None
    if not {"alembic_version", tables.meta.name, tables.daemon_runs.name} <= names:
        raise StartError(
            f"the database {database} belongs to another program: it holds the tables {_named(names)}",
            hint="give RelayWatch a database of its own with `[storage] url`",
        )
    revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if revision not in REVISIONS:
        raise StartError(
            f"the database {database} was written by a newer version of RelayWatch (revision {revision!s:.40})",
            hint="install that version again, or restore a backup made before the upgrade",
        )
    return str(revision)


def _migrate(connection: Connection) -> None:
    # Alembic costs 9 MB and a fifth of a second: only who needs it pays.
    from monitor.storage.migrate import upgrade  # noqa: PLC0415

    views.drop(connection)
    upgrade(connection)
    views.create(connection)
    meta = tables.meta
    if connection.execute(select(meta.c.value).where(meta.c.key == INSTANCE_KEY)).scalar() is None:
        connection.execute(meta.insert().values(key=INSTANCE_KEY, value=secrets.token_hex(4)))


def _try_to_write(connection: Connection) -> None:
    # A disk that is full or read-only is to be known now and not at the first result.
    sql = dialect.upsert_sql(connection.dialect, tables.meta)
    connection.exec_driver_sql(sql, (WRITE_TEST_KEY, secrets.token_hex(4)))


def _named(names: set[str]) -> str:
    shown = ", ".join(f"{name:.30}" for name in sorted(names)[:3])
    return shown if len(names) <= 3 else f"{shown}, ..."  # noqa: PLR2004  as many as are shown
