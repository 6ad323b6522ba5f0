"""A copy of the database while the daemon goes on writing."""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from monitor.errors import UsageError
from monitor.storage.faults import start_error, start_error_of_os
from monitor.storage.reader import Reader
from monitor.storage.sqlite.dialect import FILE_MODE


def back_up(reader: Reader, target: Path) -> int:
    """Copies the whole database as it is now into the new file `target`; its size in bytes.

    Raises:
        UsageError: `target` exists.
        StartError: it cannot be written; nothing is left of it then.
    """
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE))
    except FileExistsError:
        raise UsageError(f"{target} exists; a backup overwrites nothing", hint="name a new file") from None
    except OSError as fault:
        raise start_error_of_os(fault, target) from fault
    try:
        _copy(reader, target)
    except BaseException as fault:
        with suppress(OSError):
            target.unlink()
        if isinstance(fault, sqlite3.Error):
            raise start_error(fault, target) from fault
        raise
    return target.stat().st_size


def _copy(reader: Reader, target: Path) -> None:
    source = reader.connection.connection.driver_connection
    assert isinstance(source, sqlite3.Connection)  # noqa: S101  the one driver there is
    copy = sqlite3.connect(target)
    try:
        # In one step, from one snapshot: in pieces it would begin anew whenever the daemon commits.
        source.backup(copy, pages=-1)
        # The log of the copy is folded into it, so that the one file is the whole backup.
        copy.execute("PRAGMA journal_mode = delete")
        copy.commit()
    finally:
        copy.close()
    with target.open("rb+") as file:
        os.fsync(file.fileno())
