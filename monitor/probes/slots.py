"""Admission: how many probes are in flight, all together and per endpoint, and how many start a minute; urgent first.

Waiting happens here, before a probe starts, so that it is never part of a latency or a timeout.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

from monitor.domain.pace import NO_BUDGET, Budget, Pace, Paid


@dataclass(slots=True)
class _Lane:
    """One endpoint: what it has free, and who waits for it, the next one first.

    Attributes:
        pace: None without a budget.
        bell: rings when the pace lets the next one in.
    """

    limit: int
    free: int
    waiting: "list[_Ticket]" = field(default_factory=list)
    pace: Pace | None = None
    bell: asyncio.TimerHandle | None = None

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
    future: "asyncio.Future[Paid | None]" = field(compare=False)
    tokens: float = field(compare=False, default=0.0)


class Slots:
    """Slots for probes in flight.

    Whoever has taken a slot must give it back. Nobody waits who could go: a waiter either lacks a slot of its
    endpoint, or its endpoint's budget has nothing left for now, or all slots are taken. Who waits for a budget holds
    no slot meanwhile.

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

    async def take(self, endpoint: str, *, urgent: bool, tokens: float = 0.0) -> Paid | None:
        """Wait for a slot of `endpoint`; cancelling the wait takes nothing.

        Args:
            endpoint: whose.
            urgent: goes before those who are not.
            tokens: what the probe is expected to use, where the endpoint has a budget.

        Returns:
            What the probe was let in for; None where the endpoint has no budget.
        """
        lane = self._lanes[endpoint]
        if self._free > 0 and lane.free > 0 and (lane.pace is None or not (lane.head() or _wait_s(lane))):
            return self._enter(lane, tokens)
        future: asyncio.Future[Paid | None] = asyncio.get_running_loop().create_future()
        ticket = _Ticket(0 if urgent else 1, next(self._numbers), lane, future, tokens)
        heappush(lane.waiting, ticket)
        self._offer(lane)
        try:
            return await future
        except asyncio.CancelledError:
            if future.cancelled():
                self._offer(lane)
            else:
                self._give(lane)  # the slot had been handed over in the very moment of the cancellation
            raise

    def give(self, endpoint: str) -> None:
        """Give a slot of `endpoint` back."""
        self._give(self._lanes[endpoint])

    def correct(self, endpoint: str, paid: Paid, *, used: float) -> None:
        """A probe with a budget has ended: the tokens that it really used."""
        lane = self._lanes[endpoint]
        if lane.pace is not None:
            lane.pace.correct(asyncio.get_running_loop().time(), paid, used=used)
            self._offer(lane)

    def budget(self, budgets: Mapping[str, Budget]) -> None:
        """What the probes of each endpoint may use per minute from now on; nothing is said of others: no bound."""
        for name, lane in self._lanes.items():
            budget = budgets.get(name, NO_BUDGET)
            if lane.pace is not None:
                lane.pace.budget = budget
            elif budget.is_bounded:
                lane.pace = Pace(budget)
            else:
                continue
            self._offer(lane)
        self._admit()

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
        if lane.bell is not None:
            lane.bell.cancel()
            lane.bell = None
        if head is None or lane.free <= 0:
            return
        wait_s = _wait_s(lane)
        if wait_s:
            lane.bell = asyncio.get_running_loop().call_later(wait_s, self._rung, lane)
        else:
            heappush(self._ready, head)

    def _rung(self, lane: _Lane) -> None:
        self._offer(lane)
        self._admit()

    def _admit(self) -> None:
        while self._free > 0 and self._ready:
            ticket = heappop(self._ready)
            lane = ticket.lane
            if lane.free <= 0 or lane.head() is not ticket:
                continue
            if not _wait_s(lane):
                heappop(lane.waiting)
                ticket.future.set_result(self._enter(lane, ticket.tokens))
            self._offer(lane)

    def _enter(self, lane: _Lane, tokens: float) -> Paid | None:
        self._free -= 1
        lane.free -= 1
        return None if lane.pace is None else lane.pace.spend(asyncio.get_running_loop().time(), tokens)


def _wait_s(lane: _Lane) -> float:
    return 0.0 if lane.pace is None else lane.pace.wait_s(asyncio.get_running_loop().time())
