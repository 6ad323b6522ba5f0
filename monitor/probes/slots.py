"""Bounded concurrency: how many probes are in flight, all together and per endpoint; urgent ones first.

Waiting happens here, before a probe starts, so that it is never part of a latency or a timeout.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count


@dataclass(slots=True)
class _Lane:
    """One endpoint: what it has free, and who waits for it, the next one first."""

    limit: int
    free: int
    waiting: "list[_Ticket]" = field(default_factory=list)

    def head(self) -> "_Ticket | None":
        while self.waiting and self.waiting[0].future.done():
            heappop(self.waiting)
        return self.waiting[0] if self.waiting else None


@dataclass(slots=True, order=True)
class _Ticket:
    """One who waits: urgent before ordinary, then in order of arrival."""

    rank: int
    number: int
    lane: _Lane = field(compare=False)
    future: "asyncio.Future[None]" = field(compare=False)


class Slots:
    """Slots for probes in flight.

    Whoever has taken a slot must give it back. Nobody waits who could go: a waiter either lacks a slot of its
    endpoint, or all slots are taken.

    Args:
        total: slots for all endpoints together.
        limits: slots per endpoint.
    """

    def __init__(self, total: int, limits: Mapping[str, int]) -> None:
        self._total = total
        self._free = total
        self._lanes = {name: _Lane(limit, limit) for name, limit in limits.items()}
        self._ready: list[_Ticket] = []  # heads of lanes with a free slot; some entries are out of date
        self._numbers = count()

    async def take(self, endpoint: str, *, urgent: bool) -> None:
        """Wait for a slot of `endpoint`; cancelling the wait takes nothing."""
        lane = self._lanes[endpoint]
        if self._free > 0 and lane.free > 0:
            self._free -= 1
            lane.free -= 1
            return
        ticket = _Ticket(0 if urgent else 1, next(self._numbers), lane, asyncio.get_running_loop().create_future())
        heappush(lane.waiting, ticket)
        self._offer(lane)
        try:
            await ticket.future
        except asyncio.CancelledError:
            if ticket.future.cancelled():
                self._offer(lane)
            else:
                self._give(lane)  # the slot had been handed over in the very moment of the cancellation
            raise

    def give(self, endpoint: str) -> None:
        """Give a slot of `endpoint` back."""
        self._give(self._lanes[endpoint])

    def resize(self, total: int, limits: Mapping[str, int]) -> None:
        """Change the limits; slots in use beyond a lower limit are not taken away, only not given out again."""
        self._free += total - self._total
        self._total = total
        for name, limit in limits.items():
            lane = self._lanes.setdefault(name, _Lane(limit, limit))
            lane.free += limit - lane.limit
            lane.limit = limit
            self._offer(lane)
        self._admit()

    def _give(self, lane: _Lane) -> None:
        self._free += 1
        lane.free += 1
        self._offer(lane)
        self._admit()

    def _offer(self, lane: _Lane) -> None:
        head = lane.head()
        if head is not None and lane.free > 0:
            heappush(self._ready, head)

    def _admit(self) -> None:
        while self._free > 0 and self._ready:
            ticket = heappop(self._ready)
            lane = ticket.lane
            if lane.free <= 0 or lane.head() is not ticket:
                continue
            heappop(lane.waiting)
            self._free -= 1
            lane.free -= 1
            ticket.future.set_result(None)
            self._offer(lane)
