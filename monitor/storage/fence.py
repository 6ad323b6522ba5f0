"""What a writer needs where others could write too: proof that it still may, and a mark that outlives its connection.

Owns the contract only. A database in a file needs none: the operating system holds its lock.
See `postgresql.leadership`.
"""

from typing import Protocol

from sqlalchemy import Connection


class Fence(Protocol):
    """Stands between a daemon and a database that another daemon may have taken over."""

    def seal(self, connection: Connection) -> int | None:
        """The last statement of a transaction.

        Returns:
            The number under which the transaction is known once it is committed; None if it has written nothing.

        Raises:
            LeadershipError: another daemon has taken over; the transaction must be rolled back.
        """
        ...

    def has_committed(self, connection: Connection, number: int) -> bool:
        """Whether the transaction that was sealed with this number took effect; waits until that is decided.

        Raises:
            LeadershipError: another daemon has taken over.
        """
        ...

    def verify(self, connection: Connection) -> None:
        """Raises LeadershipError if another daemon has taken over."""
        ...

    def is_sure(self) -> bool:
        """True while nobody else can have taken over; False only says that it must be asked."""
        ...
