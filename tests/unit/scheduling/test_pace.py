"""Another interval while it runs: phases, what is told of the plan, and what is taken back."""

import asyncio
from typing import TYPE_CHECKING

import pytest

from monitor.clock import US_PER_S
from monitor.domain.check import Check, CheckKind
from monitor.domain.follow_up import AS_PLANNED, FollowUp
from monitor.domain.result import Result, Status, Trigger, Verdict
from monitor.scheduling.phases import stable_hash
from monitor.scheduling.scheduler import Scheduler
from tests.virtual_time import in_virtual_time
from tests.virtual_timer import WALL_US, PlainTimer, VirtualClock

if TYPE_CHECKING:
    from monitor.alerting.batch import RhythmChange


def check(name: str, interval_s: float = 10.0) -> Check:
    """A check with an interval."""
    return Check(name, "gw", CheckKind.CHAT, name, "gw", interval_s=interval_s)


class Bench:
    """A scheduler whose probes take a time, and what came of it."""

    def __init__(self, takes_s: float = 0.1) -> None:
        self.takes_s = takes_s
        self.clock = VirtualClock()
        self.starts: list[tuple[str, float]] = []
        self.plans: list[RhythmChange] = []
        timer = PlainTimer(self.clock)
        self.scheduler = Scheduler(self._probe, self._report, self.plans.append, timer, self.clock)  # type: ignore[arg-type]
        self.run = asyncio.create_task(self.scheduler.run())

    async def _probe(self, one: Check, trigger: Trigger, _lag_ms: float) -> Result:
        at = self.clock.now()
        self.starts.append((one.id, at.mono_us / US_PER_S))
        await asyncio.sleep(self.takes_s)
        return Result(one.id, at, self.clock.now(), trigger, Verdict(Status.UP))

    def _report(self, _result: Result) -> FollowUp:
        return AS_PLANNED

    def of(self, name: str, after_s: float = 0.0) -> list[float]:
        """When a check was probed."""
        return [at for which, at in self.starts if which == name and at >= after_s]

    def due(self, name: str, until_s: float) -> int:
        """How often it was due, as coverage will count it."""
        changes = [one for one in self.plans if one.check == name]
        ends = [one.at_us for one in changes[1:]] + [WALL_US + round(until_s * US_PER_S)]
        return sum(
            one.rhythm.due(one.at_us, end) for one, end in zip(changes, ends, strict=True) if one.rhythm is not None
        )

    async def end(self) -> None:
        """Stop."""
        self.run.cancel()
        await self.scheduler.drain(1.0)


def test_a_slower_check_keeps_a_fixed_phase_and_comes_back_to_its_own() -> None:
    """The phases are those of a stable hash of the id; the plan says what was due; nothing is lost or doubled."""

    async def scenario() -> None:
        bench = Bench()
        bench.scheduler.apply([check("a"), check("b")])
        await asyncio.sleep(100)
        bench.scheduler.pace({"a": 50.0, "nobody": 3.0})
        await asyncio.sleep(500)
        bench.scheduler.pace({"a": None})
        await asyncio.sleep(100)
        slow = [at for at in bench.of("a", 100.0) if at < 600]
        assert len(slow) == 10
        assert {(WALL_US + round(at * US_PER_S)) // 10_000 % 5000 for at in slow} == {stable_hash("a") % 5000}
        assert len(bench.of("a", 600.0)) == 10
        assert bench.due("a", 700) == len(bench.of("a"))
        assert bench.due("b", 700) == len(bench.of("b"))
        assert len([one for one in bench.plans if one.check == "b"]) == 1, "nobody asked for another pace of it"
        await bench.end()

    in_virtual_time(scenario())


def test_the_same_pace_again_changes_nothing() -> None:
    """No new rhythm is begun."""

    async def scenario() -> None:
        bench = Bench()
        bench.scheduler.apply([check("a")])
        bench.scheduler.pace({"a": None})
        bench.scheduler.pace({"a": 50.0})
        bench.scheduler.pace({"a": 50.0})
        assert len(bench.plans) == 2
        await bench.end()

    in_virtual_time(scenario())


@pytest.mark.parametrize("waits", [True, False])
def test_a_probe_that_has_not_begun_is_taken_back(waits: bool) -> None:  # noqa: FBT001  a parameter of the test
    """One that is under way ends and is reported."""

    async def scenario() -> None:
        bench = Bench(takes_s=30.0)
        bench.scheduler.is_waiting = lambda _check: waits
        bench.scheduler.apply([check("a")])
        await asyncio.sleep(5)
        bench.scheduler.pace({"a": 1000.0})
        await asyncio.sleep(0)
        (flight,) = bench.scheduler._flights.values() or (None,)
        assert (flight is None) is waits or (flight is not None and flight.cancelled() is waits)
        await asyncio.sleep(1200)
        assert len(bench.starts) in (2, 3)
        await bench.end()

    in_virtual_time(scenario())


def test_a_check_that_is_replaced_is_at_its_own_interval() -> None:
    """A reload brings it back, and its old place is given up."""

    async def scenario() -> None:
        bench = Bench()
        bench.scheduler.apply([check("a")])
        bench.scheduler.pace({"a": 1000.0})
        bench.scheduler.apply([check("a", 20.0)])
        await asyncio.sleep(100)
        assert len(bench.of("a", 3.0)) in (4, 5)
        assert len(bench.scheduler._groups) == 1
        await bench.end()

    in_virtual_time(scenario())
