"""What a daemon stands on, where a test says how long it lives: a writer that dies, a clock that goes as it is told."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine

from monitor.clock import Moment

T = TypeVar("T")


class KilledError(Exception):
    """The process is gone."""


class FragileWriter:
    """A writer without a thread, which dies before or after a transaction of one's choice.

    Attributes:
        lives: how often it may begin or end a transaction before it dies; None for ever.
        meanwhile: what somebody else does after so many more transactions.
    """

    def __init__(self, engine: Engine) -> None:
        self.dialect = engine.dialect
        self._connection = engine.connect()
        self.lives: int | None = None
        self.meanwhile: tuple[int, Callable[[], object]] | None = None

    async def run(
        self, work: Callable[[Connection], T], settled: Callable[[bool], None] = lambda _committed: None
    ) -> T:
        """As the real one does."""
        self._spend()
        with self._connection.begin():
            outcome = work(self._connection)
        self._spend()
        settled(True)  # noqa: FBT003  the writer's callback
        self._let_others()
        return outcome

    def _let_others(self) -> None:
        if self.meanwhile is not None:
            left, act = self.meanwhile
            self.meanwhile = None if left == 0 else (left - 1, act)
            if left == 0:
                act()

    def _spend(self) -> None:
        if self.lives is not None:
            if self.lives == 0:
                raise KilledError
            self.lives -= 1

    def close(self) -> None:
        """Nothing is open any more."""
        self._connection.close()


class HandClock:
    """Goes as it is told; a bite takes as long as it is told, too."""

    def __init__(self, wall_us: int) -> None:
        self.wall_us, self.mono_us, self.step_us = wall_us, 0, 0

    def now(self) -> Moment:
        """The present moment; each look costs a step of monotonic time."""
        self.mono_us += self.step_us
        return Moment(self.wall_us, self.mono_us)


def finished(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns that waits for nobody."""
    try:
        while True:
            work.send(None)
    except StopIteration as end:
        return cast("T", end.value)
