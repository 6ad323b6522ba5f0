"""A connection that does not wait for ever: a server whose machine answers and which itself does not is given up.

The server's own bounds (`statement_timeout`) are of no use where it stands still, and the network's only where nobody
takes the packets any more. Needs psycopg: imported where a connection is made.
"""

import time
from typing import TypeVar

from psycopg import Connection, OperationalError
from psycopg.abc import PQGen
from psycopg.rows import TupleRow

T = TypeVar("T")

LOOK_EVERY_S = 0.1


class NoAnswerError(OperationalError):
    """Nothing came from the server for too long; whether it did what it was asked to is not known."""


class PatientConnection(Connection[TupleRow]):
    """Closes itself where an answer takes too long.

    Attributes:
        patience_s: how long one answer may take; None for as long as it will.
    """

    patience_s: float | None = None

    def wait(self, gen: PQGen[T], interval: float = LOOK_EVERY_S, timeout: float | None = None) -> T:
        """What the server answers; raises NoAnswerError."""
        bounds = {} if timeout is None else {"timeout": timeout}  # not known to every version
        if self.patience_s is None:
            return super().wait(gen, interval, **bounds)
        try:
            return super().wait(_until(time.monotonic() + self.patience_s, gen), interval, **bounds)
        except NoAnswerError:
            self.close()
            raise


def _until(end_s: float, gen: PQGen[T]) -> PQGen[T]:
    """The same conversation; it is looked at the clock whenever nothing has come for a moment."""
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > end_s:
                raise NoAnswerError("the server does not answer: timeout")
            wanted = gen.send(ready)
    except StopIteration as done:
        answer: T = done.value
        return answer
