"""A clock and a timer in virtual time: what a scheduler needs, without APScheduler."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from monitor.clock import US_PER_S, Moment
from monitor.scheduling.phases import Cycle

WALL_US = 1_763_690_000_000_000


@dataclass
class VirtualClock:
    """Both clocks, from the loop's time; `step_us` sets the wall clock off."""

    step_us: int = 0

    def now(self) -> Moment:
        """The present virtual moment."""
        mono = round(asyncio.get_running_loop().time() * US_PER_S)
        return Moment(WALL_US + mono + self.step_us, mono)


class PlainTimer:
    """Fires the turns of every cycle without APScheduler; like it, blind after a wall clock was set back."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.tasks: dict[object, asyncio.Task[None]] = {}
        self.heartbeat_mono_us = 0
        self.replans = 0
        self._replanned = asyncio.Event()

    def start(self, failed: Callable[[BaseException], None]) -> None:
        """Turns fire from `add` on."""

    def stop(self) -> None:
        """Fire no more."""
        for task in self.tasks.values():
            task.cancel()

    def add(self, key: object, cycle: Cycle, callback: Callable[[], Any]) -> None:
        """Fire `callback` at every turn."""
        self.tasks[key] = asyncio.create_task(self._turns(cycle, callback))

    def remove(self, key: object) -> None:
        """Fire for `key` no more."""
        self.tasks.pop(key).cancel()

    def replan(self) -> None:
        """Counted; whoever is blind sees again."""
        self.replans += 1
        self._replanned.set()
        self._replanned = asyncio.Event()

    async def _turns(self, cycle: Cycle, callback: Callable[[], Any]) -> None:
        while True:
            now, replans = self.clock.now(), self.replans
            ahead_us = cycle.next_after(now.mono_us) - now.mono_us
            await asyncio.sleep(ahead_us / US_PER_S)
            if self.replans == replans and self.clock.now().wall_us < now.wall_us + ahead_us - 1000:
                await self._replanned.wait()
            else:
                callback()
