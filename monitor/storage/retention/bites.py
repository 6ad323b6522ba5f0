"""Bites: a sweep is done a little at a time, so that whoever writes beside it never waits long.

Owns how large a bite is, how long it may take and how long the writer is left alone afterwards.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection

from monitor.clock import Clock
from monitor.errors import StorageError
from monitor.storage.retention.sweeps import Bite, Budget, Sweep
from monitor.storage.writer import Writer

BITE_S = 0.015
"""How long a bite should hold the writer, its commit included."""
STATEMENTS_S = 0.005
"""How long its statements may take; the commit, and waiting for the interpreter beside a busy loop, cost more."""
LEAST_ROWS, FIRST_ROWS, MOST_ROWS = 20, 500, 10_000
_LONGEST_REST_S = 0.25

T = TypeVar("T")
Rest = Callable[[float], Awaitable[None]]


class Bites:
    """Runs sweeps to their end through the one writer.

    Args:
        writer: the one writer.
        clock: measures how long a bite took.
        rest: leaves the writer alone for so many seconds.
        make_room: what may help where the disk is full, in the writer's thread.

    Attributes:
        longest_s: the longest time that a bite has held the writer.
    """

    def __init__(self, writer: Writer, clock: Clock, rest: Rest, make_room: Callable[[Connection], object]) -> None:
        self._writer = writer
        self._make_room = make_room
        self._clock = clock
        self._rest = rest
        self._rows: dict[str, int] = {}
        self.longest_s = 0.0

    async def all(self, sweep: Sweep) -> int:
        """Do all of it. May be cancelled between two bites and begun again.

        Returns:
            How many rows were deleted.

        Raises:
            StorageError: the database refused; what was done so far stays done.
        """
        gone, after = 0, None
        while True:
            rows, bite, took_s = await self._one(sweep, after)
            gone += bite.gone
            self.longest_s = max(self.longest_s, took_s)
            if bite.after is None:
                return gone
            self._adapt(sweep.name, rows, bite.gone, took_s)
            after = bite.after
            # The writer is left alone for as long as it was held.
            await self._rest(min(took_s, _LONGEST_REST_S))

    async def run(self, work: Callable[[Connection], T]) -> T:
        """One small piece of work; where the disk is full, room is made and it is tried once more."""
        try:
            return await self._writer.run(work)
        except StorageError:
            await self._writer.run(self._make_room)
            return await self._writer.run(work)

    async def _one(self, sweep: Sweep, after: object) -> tuple[int, Bite, float]:
        rows, took = self._rows.get(sweep.name, FIRST_ROWS), list[float]()
        step = partial(sweep.bite, after=after)
        try:
            bite = await self._writer.run(*self._timed(step, rows, took))
        except StorageError:
            # A disk that is nearly full may have room for little, once the log begins anew.
            rows = self._rows[sweep.name] = LEAST_ROWS
            await self._writer.run(self._make_room)
            bite = await self._writer.run(*self._timed(step, rows, took))
        return rows, bite, took[-1]

    def _timed(
        self, work: Callable[..., Bite], rows: int, took: list[float]
    ) -> tuple[Callable[[Connection], Bite], Callable[[bool], None]]:
        began = self._clock.now()

        def do(connection: Connection) -> Bite:
            nonlocal began
            began = self._clock.now()
            return work(connection, budget=Budget(rows, STATEMENTS_S, self._clock))

        def settled(committed: bool) -> None:  # noqa: FBT001  the writer's callback
            del committed
            took.append(self._clock.now().s_since(began))

        return do, settled

    def _adapt(self, name: str, rows: int, gone: int, took_s: float) -> None:
        if took_s > BITE_S:
            self._rows[name] = max(LEAST_ROWS, rows // 2)
        elif gone >= rows // 2 and took_s < BITE_S / 2:
            self._rows[name] = min(MOST_ROWS, rows * 2)
