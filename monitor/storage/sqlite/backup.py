"""A copy of the database while the daemon goes on writing, looked at before it is called a backup.

The copy is made beside its place, under another name, and gets its own when everything holds: whatever stands there
under the name that was asked for is whole. What it is checked for stands in `verification`.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from monitor.clock import Clock
from monitor.errors import StartError, UsageError
from monitor.storage.faults import DatabaseFault, start_error
from monitor.storage.revision import revision_of
from monitor.storage.sqlite.database import SqliteDatabase
from monitor.storage.sqlite.dialect import FILE_MODE
from monitor.storage.sqlite.verification import Contents, contents_of, verify

PAGES_AT_ONCE = 4096
_COMPANIONS = ("", "-journal", "-wal", "-shm")

OnProgress = Callable[[str, float | None], object]
"""Told what is being done, and which share of it is done where that is known."""


class Backup(NamedTuple):
    """A copy that was found to be whole.

    Attributes:
        size: in bytes.
        contents: what the database held at that moment, and the copy does.
        copied_s: how long copying took.
        verified_s: how long looking at the copy took.
    """

    size: int
    contents: Contents
    copied_s: float
    verified_s: float


def back_up(
    database: SqliteDatabase, target: Path, clock: Clock, on_progress: OnProgress = lambda _what, _share: None
) -> Backup:
    """Copies the whole database as it is now into the new file `target`, and verifies the copy.

    Args:
        database: of this version's schema or an older one.
        target: must not exist.
        clock: measures.
        on_progress: told again and again how far it is.

    Raises:
        UsageError: `target` exists, or there is nothing to copy.
        StartError: it cannot be read or written, or the copy is not whole; nothing is left of it then.
    """
    if os.path.lexists(target):
        raise _exists(target)
    source = database.snapshot()
    try:
        revision = revision_of(source, database.name)
        if revision is None:
            raise UsageError(f"the database {database.name} has no tables yet", hint="there is nothing to copy")
        _must_have_room(source, target)
        return _made(source, revision, target, clock, on_progress)
    except DatabaseFault as fault:
        raise _unwritten(target, start_error(fault, database.name)) from fault
    except OSError as fault:
        raise _refused(target, fault) from fault
    finally:
        source.close()
        source.engine.dispose()


def _made(source: Connection, revision: str, target: Path, clock: Clock, on_progress: OnProgress) -> Backup:
    partial = target.with_name(f"{target.name}.partial")
    held = _claim(partial)
    try:
        began = clock.now()
        _copy(source, partial, on_progress)
        copied = clock.now()
        on_progress("verifying", None)
        contents = verify(partial, contents_of(source, revision))
        _publish(partial, target)
        return Backup(target.stat().st_size, contents, copied.s_since(began), clock.now().s_since(copied))
    finally:
        _clear(partial)
        os.close(held)


def _claim(partial: Path) -> int:
    """The file to write into, locked against another backup of the same name; one that was killed left it."""
    held = os.open(partial, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
    try:
        flock(held, LOCK_EX | LOCK_NB)
        _clear(partial, _COMPANIONS[1:])
        os.ftruncate(held, 0)
        os.fchmod(held, FILE_MODE)
    except BlockingIOError:
        os.close(held)
        raise UsageError(f"another backup is writing {partial}", hint="wait for it, or name another file") from None
    except BaseException:
        os.close(held)
        raise
    return held


def _copy(source: Connection, partial: Path, on_progress: OnProgress) -> None:
    driver = source.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101  the one driver there is
    copy = sqlite3.connect(partial)
    try:
        copy.execute("PRAGMA synchronous = off")  # once, at the end
        # From the snapshot that the reader holds: commits of the daemon meanwhile neither show nor begin it anew.
        driver.backup(copy, pages=PAGES_AT_ONCE, progress=lambda _, left, all_: on_progress("copying", 1 - left / all_))
        # The log of the copy is folded into it, so that the one file is the whole backup.
        copy.execute("PRAGMA journal_mode = delete")
        copy.commit()
    finally:
        copy.close()
    with partial.open("rb+") as file:
        os.fsync(file.fileno())


def _publish(partial: Path, target: Path) -> None:
    """Under its own name, and so that it is there after a crash of the machine; never over another file."""
    try:
        os.link(partial, target)
    except FileExistsError:
        raise _exists(target) from None
    except OSError:  # a file system without links
        if os.path.lexists(target):
            raise _exists(target) from None
        partial.rename(target)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _clear(partial: Path, endings: tuple[str, ...] = _COMPANIONS) -> None:
    for ending in endings:
        with suppress(OSError):
            partial.with_name(f"{partial.name}{ending}").unlink()


def _must_have_room(source: Connection, target: Path) -> None:
    pages = source.exec_driver_sql("PRAGMA page_count").scalar_one()
    needed = pages * source.exec_driver_sql("PRAGMA page_size").scalar_one()
    room = shutil.disk_usage(target.parent).free
    if room < needed:
        raise StartError(
            f"the backup {target} needs {needed / 1e6:,.0f} MB, and {room / 1e6:,.0f} MB are free there",
            hint="free some space on that disk, or name a file on another",
        )


def _exists(target: Path) -> UsageError:
    return UsageError(f"{target} exists; a backup overwrites nothing", hint="name a new file")


def _refused(target: Path, fault: OSError) -> StartError:
    return StartError(
        f"cannot write the backup {target}: {(fault.strerror or str(fault)).lower()}",
        hint="check the folder, its owner and mode, and the space on its disk",
    )


def _unwritten(target: Path, cause: StartError) -> StartError:
    return StartError(f"the backup {target} was not made; {cause.message}", hint=cause.hint)
