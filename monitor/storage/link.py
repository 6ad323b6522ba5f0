"""The one writing connection: opened when it is needed, opened anew when it was lost, one transaction at a time.

Owns what is known of a transaction whose commit was not answered. Everything here runs in the writer thread.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection, Engine, Transaction

from monitor.storage.faults import DatabaseFault, is_integrity_fault
from monitor.storage.fence import Fence

T = TypeVar("T")
Settled = Callable[[bool], None]

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0


class _Doubt(NamedTuple):
    """A commit without an answer."""

    number: int
    settled: Settled


class Link:
    """Runs transactions.

    Args:
        engine: opens the connection.
        fence: seals each transaction; None where nobody else can write.
        monotonic: seconds of a clock that is never set.
    """

    def __init__(self, engine: Engine, fence: Fence | None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._fence = fence
        self._monotonic = monotonic
        self._connection: Connection | None = None
        self._doubt: _Doubt | None = None
        self._refusal: BaseException | None = None
        self._pause_s = FIRST_PAUSE_S
        self._retry_at_s = 0.0

    def transact(self, work: Callable[[Connection], T], settled: Settled) -> T:
        """What `work` returns, after its transaction was committed.

        Args:
            work: is given the connection inside a transaction.
            settled: told whether the transaction took effect. Where the answer to the commit was lost and the database
                cannot be asked, that is before the next transaction begins.

        Raises:
            DatabaseFault: it did not take effect, or that is not known yet.
        """
        try:
            connection = self._ready()
            transaction = connection.begin()
            try:
                outcome = work(connection)
                number = None if self._fence is None else self._fence.seal(connection)
            except BaseException:
                with suppress(*DatabaseFault):
                    transaction.rollback()
                raise
        except BaseException as fault:
            self._let_go_if_of_no_use(fault)
            settled(False)  # noqa: FBT003  its only argument
            raise
        try:
            transaction.commit()
        except BaseException as lost:  # noqa: BLE001  raised again unless it took effect
            _roll_back(connection, transaction)
            self._commit_unanswered(number, settled, lost)
        else:
            settled(True)  # noqa: FBT003  its only argument
        return outcome

    def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*DatabaseFault):
                connection.close()

    def _commit_unanswered(self, number: int | None, settled: Settled, lost: BaseException) -> None:
        """Find out whether it took effect; returns if it did."""
        if number is None or not isinstance(lost, DatabaseFault):
            self._let_go_if_of_no_use(lost)
            settled(False)  # noqa: FBT003  its only argument
            raise lost
        took_effect: list[bool] = []

        def learned(committed: bool) -> None:  # noqa: FBT001  a callback
            took_effect.append(committed)
            settled(committed)

        self.close()
        self._doubt = _Doubt(number, learned)
        with suppress(*DatabaseFault):
            self._ready()
        if not took_effect:
            self._doubt = _Doubt(number, settled)
        if took_effect != [True]:
            raise lost

    def _ready(self) -> Connection:
        connection = self._connection or self._connect()
        if self._doubt is not None and self._fence is not None:
            number, settled = self._doubt
            try:
                with connection.begin():
                    committed = self._fence.has_committed(connection, number)
            except BaseException:
                self.close()
                raise
            self._doubt = None
            settled(committed)
        return connection

    def _connect(self) -> Connection:
        """Open it; a server that is away is asked again after a pause that grows."""
        if self._refusal is not None and self._fence is not None and self._monotonic() < self._retry_at_s:
            raise self._refusal
        try:
            connection = self._connection = self._engine.connect()
        except DatabaseFault as refusal:
            self._refusal = refusal
            self._retry_at_s = self._monotonic() + self._pause_s
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
            raise
        self._refusal, self._pause_s = None, FIRST_PAUSE_S
        return connection

    def _let_go_if_of_no_use(self, fault: BaseException) -> None:
        """Also one to a server that refuses: the next one may lead to another, which has become the primary."""
        refuses = self._fence is not None and isinstance(fault, DatabaseFault) and not is_integrity_fault(fault)
        if self._connection is not None and (refuses or self._connection.invalidated or self._connection.closed):
            self.close()


def _roll_back(connection: Connection, transaction: Transaction) -> None:
    with suppress(*DatabaseFault):
        transaction.rollback()
        if not connection.invalidated and connection.connection.dbapi_connection is not None:
            connection.connection.dbapi_connection.rollback()  # SQLAlchemy asks for none after a commit
