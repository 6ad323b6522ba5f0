"""Opening the database: brought up to date, and known to take a write.

Owns the moment of opening only. How a connection is made, and one daemon per database, are the business of each engine;
which schema a database has is `revision`, how it gets this one `upgrade`.
"""

import secrets
from collections.abc import Callable

from sqlalchemy import Connection, Engine

from monitor.storage import dialect, tables
from monitor.storage.copying.mark import must_be_whole
from monitor.storage.database import Database
from monitor.storage.faults import DatabaseFault, start_error
from monitor.storage.upgrade import Advance, bring_up_to_date

WRITE_TEST_KEY = "write_test"


def open_for_writing(
    database: Database, *, on_step: Callable[[Advance], object] = lambda _: None, is_copy: bool = False
) -> Engine:
    """The database, created or migrated where that is needed, and known to take a write.

    Args:
        database: which.
        is_copy: a copy is being made into it, which nobody else may use before it is whole.
        on_step: told before each step of a migration, and again each minute while it lasts, from another thread.

    Raises:
        StartError: it cannot be used; says why and what to do.
    """
    database.prepare()
    engine = database.write_engine()
    try:
        bring_up_to_date(engine, database, on_step)
        with engine.begin() as connection:
            if not is_copy:
                must_be_whole(connection, database.name)
            _try_to_write(connection)
    except DatabaseFault as fault:
        engine.dispose()
        raise start_error(fault, database.name) from fault
    return engine


def _try_to_write(connection: Connection) -> None:
    # A disk that is full or read-only is to be known now and not at the first result.
    sql = dialect.upsert_sql(connection.dialect, tables.meta)
    connection.exec_driver_sql(sql, (WRITE_TEST_KEY, secrets.token_hex(4)))
