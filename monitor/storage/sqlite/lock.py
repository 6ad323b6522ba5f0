"""One daemon per database: a lock on a file beside it, which the operating system releases when the process ends."""

import fcntl
import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from monitor.errors import StartError
from monitor.storage.database import Holder
from monitor.storage.faults import no_folder, start_error_of_os
from monitor.storage.sqlite.dialect import FILE_MODE

TRIES = 5
PAUSE_S = 0.02
_MOST_BYTES = 512


class DaemonLock:
    """Held for the life of a daemon.

    Attributes:
        fence: none is needed; the lock ends with the process and not before.

    Args:
        database: the file that is locked.

    Raises:
        StartError: another process holds it, or the file beside it cannot be written.
    """

    fence = None

    def __init__(self, database: Path) -> None:
        path = lock_path(database)
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        except FileNotFoundError as fault:
            raise no_folder(database) from fault
        except OSError as fault:
            raise start_error_of_os(fault, path) from fault
        if not _locked_within(self._descriptor, TRIES):
            os.close(self._descriptor)
            raise _taken(database)
        try:
            self._write(f"{os.getpid()} {socket.gethostname()}\n")
        except OSError as fault:
            self.release()
            raise start_error_of_os(fault, path) from fault

    def release(self) -> None:
        """Another daemon may start. The file stays: taking it away would race with who opens it."""
        with suppress(OSError):
            self._write("")
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _write(self, text: str) -> None:
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text.encode(), 0)


def lock_path(database: Path) -> Path:
    """The file whose lock stands for the database."""
    return database.with_name(f"{database.name}.lock")


def holder(database: Path) -> Holder | None:
    """Who holds the database now; None if nobody does."""
    try:
        with lock_path(database).open("rb") as file:
            if not _is_held(file.fileno()):
                return None
            return _parsed(file.read(_MOST_BYTES).decode(errors="replace"))
    except OSError:
        return None


def _locked_within(descriptor: int, tries: int) -> bool:
    # More than one, because `holder` asks by taking a shared lock for an instant.
    for _ in range(tries):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(PAUSE_S)
        else:
            return True
    return False


def _is_held(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False


def _parsed(text: str) -> Holder:
    pid, _, host = text.strip().partition(" ")
    return Holder(int(pid) if pid.isdecimal() else 0, host or "unknown")


def _taken(database: Path) -> StartError:
    other = holder(database)
    who = "another process" if other is None or not other.pid else f"process {other.pid} on {other.host}"
    return StartError(
        f"the database {database} is in use by {who}",
        hint="one daemon per database: stop the other, or give this one its own `[storage] url`",
    )
