"""What a database is to those who open it: one value per configured URL, whichever engine stands behind it.

Owns the contract only. The engines are `sqlite` and `postgresql`; `configured` chooses, `dialect` is the SQL of both.
"""

from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from sqlalchemy import Connection, Engine

from monitor.storage.fence import Fence


class Holder(NamedTuple):
    """Who holds a database."""

    pid: int
    host: str


class Sizes(NamedTuple):
    """What a database takes on its disk, in bytes.

    Attributes:
        whole: all of it.
        log: the write-ahead log beside it, where that is this database's own.
        free: what deleted rows have left behind, to be used again.
    """

    whole: int
    log: int
    free: int


class Hold(Protocol):
    """A database that a daemon holds."""

    def release(self) -> None:
        """Others may hold it; called once."""
        ...

    def __enter__(self) -> Self:
        """Held until it is left."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Free for others."""
        ...

    @property
    def fence(self) -> Fence | None:
        """What every writer of this daemon is held against; None where nobody else can write."""
        ...


class LogMover(Protocol):
    """Moves what was committed from a log to where it belongs."""

    def look(self) -> bool:
        """Move it if there is much, in a thread; True if `finish` has to move the rest."""
        ...

    def finish(self) -> None:
        """Move the rest, while nobody writes."""
        ...


class Database(Protocol):
    """Where everything is recorded."""

    @property
    def name(self) -> str:
        """How people know it: the file, or the URL without its secret."""
        ...

    def prepare(self) -> None:
        """Whatever must be there before it can be opened for writing.

        Raises:
            StartError: it cannot be; says why and what to do.
        """
        ...

    def write_engine(self) -> Engine:
        """Connections that write, one transaction at a time; nothing is opened yet.

        Raises:
            StartError: what the engine needs is not installed.
        """
        ...

    def snapshot(self) -> Connection:
        """A connection of its own that cannot write and sees one moment. Never creates anything.

        Raises:
            UsageError: there is no database yet.
            StartError: it cannot be opened.
        """
        ...

    @property
    def is_remote(self) -> bool:
        """True if it may be away while this machine is well."""
        ...

    def hold(self) -> "Hold":
        """Entered for the life of a daemon: nobody else records into this database meanwhile.

        Raises:
            StartError: another process holds it.
        """
        ...

    def holder(self) -> Holder | None:
        """Who holds it now; None if nobody does."""
        ...

    def sizes(self, connection: Connection) -> Sizes:
        """What it takes on its disk."""
        ...

    def log_mover(self) -> "LogMover | None":
        """Who moves a log out of the way of commits; None where none has to be."""
        ...

    def room(self) -> int | None:
        """What its disk still takes, in bytes; None where that cannot be known."""
        ...

    def stop_when(self, connection: Connection, wished: Callable[[], bool]) -> None:
        """Ends every statement of a snapshot early, as refused, once `wished` says so."""
        ...
