"""What arrived at a sink, in order, with a way to wait for it.

Owns the bound on what is kept and the waking of whoever waits.
"""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

KEPT = 10_000
Item = TypeVar("Item")


class Record(Generic[Item]):
    """What arrived, in order, with a way to wait for it; keeps the newest 10,000."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self._changed = asyncio.Event()

    def add(self, item: Item) -> None:
        """Appends, and wakes whoever waits."""
        self.items.append(item)
        del self.items[:-KEPT]
        self.touch()

    def touch(self) -> None:
        """Wakes whoever waits, after an item was changed in place."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait_for(self, predicate: Callable[[Item], bool], timeout_s: float) -> Item:
        """The first item, past or to come, for which the predicate holds.

        Raises:
            TimeoutError: none came in time; the message tells what did.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    changed = self._changed
                    for item in self.items:
                        if predicate(item):
                            return item
                    await changed.wait()
        except TimeoutError:
            came = "\n".join(f"  {item}" for item in self.items[-10:]) or "  nothing"
            raise TimeoutError(f"nothing that fits within {timeout_s} s; what came:\n{came}") from None
