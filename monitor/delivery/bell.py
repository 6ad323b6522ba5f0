"""Waiting between two rounds of work: for a while, until woken, or until asked to stop. Owns no work."""

import asyncio
from contextlib import suppress


class Bell:
    """What a task that goes round and round waits for.

    Attributes:
        is_stopped: the task shall end.
    """

    def __init__(self) -> None:
        self.is_stopped = False
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """There may be something new."""
        self._rung.set()

    def stop(self) -> None:
        """Let the task end."""
        self.is_stopped = True
        self._rung.set()

    def begin_round(self) -> None:
        """What rings from now on is news for the next round."""
        self._rung.clear()

    async def wait(self, seconds: float) -> None:
        """Until it rings, at most so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()
