"""A database in one file: making it, opening it, and who may read it how."""

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine

from monitor.errors import StartError, UsageError
from monitor.storage.database import Holder, Sizes
from monitor.storage.faults import DatabaseFault, is_cannot_open, no_folder, start_error, start_error_of_os
from monitor.storage.sqlite import dialect
from monitor.storage.sqlite.checkpoints import Checkpoints
from monitor.storage.sqlite.lock import DaemonLock, holder

_STEPS_BETWEEN_WISHES = 100_000  # of its virtual machine: some milliseconds


@dataclass(frozen=True, slots=True)
class SqliteDatabase:
    """The database in the file at `path`."""

    path: Path

    @property
    def name(self) -> str:
        """How people know it."""
        return str(self.path)

    def prepare(self) -> None:
        """Creates the file where there is none; its folder must exist."""
        if self.path.is_dir():
            raise StartError(f"the database {self.path} is a folder", hint="`[storage] url` must name a file")
        if not self.path.parent.is_dir():
            raise no_folder(self.path)
        try:
            dialect.create_file(self.path)
        except OSError as fault:
            raise start_error_of_os(fault, self.path) from fault

    def write_engine(self) -> Engine:
        """Transactions that take the write lock when they begin."""
        return dialect.write_engine(self.path)

    def snapshot(self) -> Connection:
        """A read-only connection of its own."""
        _must_be_there(self.path)
        try:
            return _open(self.path)
        except DatabaseFault as fault:
            raise start_error(fault, self.path) from fault

    @property
    def is_remote(self) -> bool:
        """It shares a disk with the daemon."""
        return False

    def log_mover(self) -> Checkpoints:
        """Looks at the write-ahead log beside the file."""
        return Checkpoints(self.path)

    def hold(self) -> DaemonLock:
        """The lock on the file beside it."""
        return DaemonLock(self.path)

    def holder(self) -> Holder | None:
        """Who has the lock."""
        return holder(self.path)

    def sizes(self, connection: Connection) -> Sizes:
        """As the file system and the file's own list of free pages say."""
        log = self.path.with_name(f"{self.path.name}-wal")
        log_bytes = log.stat().st_size if log.exists() else 0
        return Sizes(self.path.stat().st_size, log_bytes, dialect.free_bytes(connection))

    def room(self) -> int | None:
        """As the file system says."""
        return shutil.disk_usage(self.path.parent).free

    def stop_when(self, connection: Connection, wished: Callable[[], bool]) -> None:
        """It is asked every few milliseconds of a statement's work."""
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)  # noqa: S101  for the type checker
        driver.set_progress_handler(wished, _STEPS_BETWEEN_WISHES)


def _must_be_there(path: Path) -> None:
    try:
        if path.is_dir():
            raise UsageError(f"the database {path} is a folder", hint="`[storage] url` must name a file")
        if not path.exists():
            raise UsageError(
                f"there is no database {path} yet", hint="`relaywatch run` creates it with the first result"
            )
    except PermissionError as fault:  # the folder is not open to this user
        raise start_error_of_os(fault, path) from fault


def _open(path: Path) -> Connection:
    try:
        return _snapshot(path, immutable=False)
    except DatabaseFault as fault:
        # Whoever may read the file but not write its folder cannot open the log of a database that nobody has open.
        if not is_cannot_open(fault) or path.with_name(f"{path.name}-wal").exists():
            raise
    return _snapshot(path, immutable=True)


def _snapshot(path: Path, *, immutable: bool) -> Connection:
    connection = dialect.read_engine(path, immutable=immutable).connect()
    try:
        dialect.touch(connection)
    except BaseException:
        connection.close()
        raise
    return connection
