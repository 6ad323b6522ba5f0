"""Bites: a sweep is done a little at a time, so that whoever writes beside it never waits long.

Owns how large a bite is, how long it may take and how long the writer is left alone afterwards.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from sqlalchemy import Connection

from monitor.clock import Clock
from monitor.storage.sweeps import Bite, Budget, Sweep
from monitor.storage.writer import Writer

BITE_S = 0.015
"""How long a bite should hold the writer, its commit included."""
STATEMENTS_S = 0.005
"""How long its statements may take; the commit, and waiting for the interpreter beside a busy loop, cost more."""
LEAST_ROWS, FIRST_ROWS, MOST_ROWS = 20, 500, 10_000
_LONGEST_REST_S = 0.25

Rest = Callable[[float], Awaitable[None]]


class Bites:
    """Runs sweeps to their end through the one writer.

    Args:
        writer: the one writer.
        clock: measures how long a bite took.
        rest: leaves the writer alone for so many seconds.

    Attributes:
        longest_s: the longest time that a bite has held the writer.
    """

    def __init__(self, writer: Writer, clock: Clock, rest: Rest = asyncio.sleep) -> None:
        self._writer = writer
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
            rows = self._rows.get(sweep.name, FIRST_ROWS)
            bite, took_s = await self._one(sweep, after, rows)
            gone += bite.gone
            self.longest_s = max(self.longest_s, took_s)
            if bite.after is None:
                return gone
            self._adapt(sweep.name, rows, bite.gone, took_s)
            after = bite.after
            # The writer is left alone for as long as it was held.
            await self._rest(min(took_s, _LONGEST_REST_S))

    async def _one(self, sweep: Sweep, after: object, rows: int) -> tuple[Bite, float]:
        took: list[float] = []
        try:
            bite = await self._writer.run(*self._timed(partial(sweep.bite, after=after), rows, took))
        except BaseException:
            self._rows[sweep.name] = LEAST_ROWS  # a disk that is nearly full may have room for little
            raise
        return bite, took[-1]

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
