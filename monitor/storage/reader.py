"""A reader: its own connection, read-only, one snapshot. Never creates or migrates a database."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar

from monitor.errors import UsageError
from monitor.storage.database import Database
from monitor.storage.faults import DatabaseFault, start_error, storage_error
from monitor.storage.revision import HEAD, revision_of

P = ParamSpec("P")
T = TypeVar("T")


class Reader:
    """Questions are asked of the database as it was when the reader was opened.

    Args:
        database: which.

    Raises:
        UsageError: there is no database yet, or it must be migrated first.
        StartError: it cannot be read, or is not one of ours.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.connection = database.snapshot()
        try:
            self._must_be_current()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Ends the snapshot; one whose server is gone has ended."""
        with suppress(*DatabaseFault):
            self.connection.close()
        self.connection.engine.dispose()

    def stop_when(self, wished: Callable[[], bool]) -> None:
        """Whatever is asked from now on ends early, as refused, once `wished` says so; it is asked every few ms."""
        self.database.stop_when(self.connection, wished)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _must_be_current(self) -> None:
        try:
            revision = revision_of(self.connection, self.database.name)
        except DatabaseFault as fault:
            raise start_error(fault, self.database.name) from fault
        if revision != HEAD:
            found = "no tables" if revision is None else f"revision {revision}"
            raise UsageError(
                f"the database {self.database.name} has {found} yet",
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
