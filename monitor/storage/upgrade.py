"""Bringing a database to this version's schema, while others read it: one step, one transaction.

Killed between two steps, the next start goes on with the next; killed inside one, that one has left nothing. Readers
see the views of before until the last step is committed, and from then on those of now. A step only changes what tables
there are: what can be worked out from results is made afterwards, by the daemon (`rollups`), bite by bite.
"""

import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError

import monitor
from monitor.errors import StartError
from monitor.storage import dialect, tables, views
from monitor.storage.database import Database
from monitor.storage.faults import DatabaseFault, start_error
from monitor.storage.restore import INSTANCE_KEY
from monitor.storage.revision import HEAD, STEPS, UPGRADED_BY_KEY, Step, missing_after, revision_of

LEAST_ROOM_BYTES = 16 * 1024 * 1024  # for the log of a step that only adds
REPEAT_EVERY_S = 60.0


class Advance(NamedTuple):
    """A step that is about to be taken, or is being taken still.

    Attributes:
        since: where the upgrade began; None if the database is new.
        revision: of the database as it is; None if it is empty.
        step: the one.
    """

    since: str | None
    revision: str | None
    step: Step

    @property
    def number(self) -> int:
        """Which of all steps it is, counted from 1."""
        return STEPS.index(self.step) + 1


def bring_up_to_date(engine: Engine, database: Database, on_step: Callable[[Advance], object]) -> None:
    """Takes the steps that the database has not had.

    Args:
        engine: writes.
        database: for messages, and for the room that it has.
        on_step: told before each step, and again each minute while it lasts, from another thread.

    Raises:
        StartError: it is not ours, is newer, or cannot be changed; what was committed stays.
    """
    advance = _next(engine, database)
    while advance is not None:
        on_step(advance)
        try:
            with _each_minute(partial(on_step, advance)), engine.begin() as connection:
                # Looked at again: another process may have been quicker.
                if revision_of(connection, database.name) == advance.revision:
                    _take(connection, advance.step)
        except DatabaseFault as fault:
            raise _stopped(fault, database, advance) from fault
        following = _next(engine, database)
        advance = None if following is None else following._replace(since=advance.since)


def _next(engine: Engine, database: Database) -> Advance | None:
    with engine.begin() as connection:
        revision = revision_of(connection, database.name)
        missing = missing_after(revision)
        if missing and revision is not None:
            _must_have_room(connection, database, missing)
    return Advance(revision, revision, missing[0]) if missing else None


def _take(connection: Connection, step: Step) -> None:
    # Alembic costs 9 MB and a fifth of a second: only who needs it pays.
    from monitor.storage.migrate import upgrade  # noqa: PLC0415

    dialect.lift_bounds(connection)
    is_last = step.revision == HEAD
    if is_last or step.rewrites:
        views.drop(connection)
    upgrade(connection, step.revision)
    if is_last:
        views.create(connection)
        _sign(connection)


def _sign(connection: Connection) -> None:
    """The name of this database, which it keeps for ever, and who made it what it is."""
    meta = tables.meta
    if connection.execute(select(meta.c.value).where(meta.c.key == INSTANCE_KEY)).scalar() is None:
        connection.execute(meta.insert().values(key=INSTANCE_KEY, value=secrets.token_hex(4)))
    sql = dialect.upsert_sql(connection.dialect, meta)
    connection.exec_driver_sql(sql, (UPGRADED_BY_KEY, monitor.__version__))


def _must_have_room(connection: Connection, database: Database, missing: tuple[Step, ...]) -> None:
    """Before the first step, not in the middle of the second: for all that are to come."""
    room = database.room()
    # A table that is written anew stands in the log first and then in the file, beside what it replaces.
    whole = database.sizes(connection).whole
    rewritten = 2 * whole if any(step.rewrites for step in missing) else 0
    needed = min(LEAST_ROOM_BYTES, whole) + rewritten
    if room is not None and room < needed:
        raise StartError(
            f"the upgrade of the database {database.name} needs {needed / 1e6:,.0f} MB of disk,"
            f" and {room / 1e6:,.0f} MB are free",
            hint="free some space on that disk; nothing was changed",
        )


def _stopped(fault: DBAPIError | sqlite3.Error, database: Database, advance: Advance) -> StartError:
    plain = start_error(fault, database.name)
    if advance.revision is None:
        return plain
    whole = f"it is whole, at revision {advance.revision}, and the next start goes on there"
    return StartError(
        f"the upgrade of the database to revision {advance.step.revision} was refused; {plain.message}",
        hint=f"{plain.hint or 'try again'}; {whole}",
    )


@contextmanager
def _each_minute(call: Callable[[], object]) -> Iterator[None]:
    """Calls until the work inside is done, from a thread of its own: the statement that takes long holds this one."""
    done = threading.Event()

    def repeat() -> None:
        while not done.wait(REPEAT_EVERY_S):
            call()

    thread = threading.Thread(target=repeat, name="upgrade-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
