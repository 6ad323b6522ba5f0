"""A reader: its own connection, read-only, one snapshot. Never creates or migrates a database."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy import Connection

from monitor.errors import UsageError
from monitor.storage import dialect
from monitor.storage.engine import HEAD, revision_of
from monitor.storage.faults import DatabaseFault, is_cannot_open, start_error, start_error_of_os, storage_error

P = ParamSpec("P")
T = TypeVar("T")


class Reader:
    """Questions are asked of the database as it was when the reader was opened.

    Args:
        path: the database file.

    Raises:
        UsageError: there is no database yet, or it must be migrated first.
        StartError: it cannot be read, or is not one of ours.
    """

    def __init__(self, path: Path) -> None:
        _must_be_there(path)
        self.path = path
        try:
            self.connection = _open(path)
        except DatabaseFault as fault:
            raise start_error(fault, path) from fault
        try:
            self._must_be_current()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Ends the snapshot."""
        self.connection.close()
        self.connection.engine.dispose()

    def stop_when(self, wished: Callable[[], bool]) -> None:
        """Whatever is asked from now on ends early, as refused, once `wished` says so; it is asked every few ms."""
        dialect.stop_when(self.connection, wished)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _must_be_current(self) -> None:
        try:
            revision = revision_of(self.connection, self.path)
        except DatabaseFault as fault:
            raise start_error(fault, self.path) from fault
        if revision != HEAD:
            raise UsageError(
                f"the database {self.path} has {'no tables' if revision is None else f'revision {revision}'} yet",
                hint="`relaywatch db upgrade`, or the next `relaywatch run`, brings it up to date",
            )


def question(ask: Callable[Concatenate[Reader, P], T]) -> Callable[Concatenate[Reader, P], T]:
    """Makes what the database refuses a `StorageError`, for every function that asks something of a reader."""

    @wraps(ask)
    def asked(reader: Reader, /, *args: P.args, **options: P.kwargs) -> T:
        try:
            return ask(reader, *args, **options)
        except DatabaseFault as fault:
            raise storage_error(fault) from fault

    return asked


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
