"""The scheduler in virtual time: what is probed when, and what is told of the plan."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from monitor.alerting.batch import RhythmChange
from monitor.clock import US_PER_S
from monitor.domain.check import Check, CheckKind
from monitor.domain.follow_up import AS_PLANNED, FollowUp
from monitor.domain.result import Result, Status, Trigger, Verdict
from monitor.scheduling.scheduler import Scheduler
from tests.virtual_time import in_virtual_time
from tests.virtual_timer import WALL_US, PlainTimer, VirtualClock

Answer = Callable[[Check, Trigger, int], tuple[float, FollowUp]]


@dataclass
class Bench:
    """A scheduler with a scripted prober; remembers what started when."""

    answer: Answer = lambda _check, _trigger, _count: (0.1, AS_PLANNED)
    started: list[tuple[str, float, Trigger, float]] = field(default_factory=list)
    plans: list[RhythmChange] = field(default_factory=list)
    clock: VirtualClock = field(default_factory=VirtualClock)
    reported: list[Result] = field(default_factory=list)
    flying: int = 0
    follow_ups: dict[int, FollowUp] = field(default_factory=dict)

    def build(self) -> Scheduler:
        """The scheduler under test; call in the loop."""
        self.timer = PlainTimer(self.clock)
        return Scheduler(self._probe, self._report, self.plans.append, self.timer, self.clock)  # type: ignore[arg-type]

    async def _probe(self, check: Check, trigger: Trigger, lag_ms: float) -> Result:
        at = self.clock.now()
        self.started.append((check.id, at.mono_us / US_PER_S, trigger, lag_ms))
        takes_s, follow_up = self.answer(check, trigger, len(self.started))
        self.flying += 1
        await asyncio.sleep(takes_s)
        self.flying -= 1
        result = Result(check.id, at, self.clock.now(), trigger, Verdict(Status.UP))
        self.follow_ups[id(result)] = follow_up
        return result

    def _report(self, result: Result) -> FollowUp:
        self.reported.append(result)
        return self.follow_ups.pop(id(result))

    def of(self, check: str, trigger: Trigger | None = None) -> list[float]:
        """When the probes of a check started, in virtual seconds."""
        return [at for name, at, why, _ in self.started if name == check and trigger in (None, why)]


def check(name: str, interval_s: float = 10.0) -> Check:
    """A check with an interval."""
    return Check(name, "gw", CheckKind.CHAT, name, "gw", interval_s=interval_s)


async def run_for(scheduler: Scheduler, seconds: float) -> None:
    """Let the scheduler run, then drain it."""
    task = asyncio.create_task(scheduler.run())
    await asyncio.sleep(seconds)
    task.cancel()
    await scheduler.drain(5.0)


def test_every_check_keeps_its_phase_and_no_turn_is_lost() -> None:
    """Over ten minutes 50 checks start exactly as often as their plan says, each at one phase, without lag."""

    async def scenario() -> None:
        bench = Bench()
        scheduler = bench.build()
        scheduler.apply([check(f"c{i}") for i in range(50)])
        await run_for(scheduler, 600)
        for change in bench.plans[:50]:
            rhythm = change.rhythm
            assert rhythm is not None
            starts = bench.of(change.check)
            assert len(starts) == rhythm.due(0, WALL_US + 600 * US_PER_S)
            assert {round(at % 10, 6) for at in starts[1:]} == {round((rhythm.phase_us - WALL_US) / 1e6 % 10, 6)}
        assert max(lag for *_, lag in bench.started) < 1
        assert max(bench.of(f"c{i}")[0] for i in range(50)) < 2.0

    in_virtual_time(scenario())


def test_a_doubt_is_confirmed_after_the_end_of_the_probe() -> None:
    """A confirm probe starts `confirm_after_s` after the end of the last, beside the phase."""

    async def scenario() -> None:
        bench = Bench(lambda _c, _t, count: (0.5, FollowUp(confirm_after_s=2.0) if count < 3 else AS_PLANNED))
        scheduler = bench.build()
        scheduler.apply([check("a", 60.0)])
        await run_for(scheduler, 20)
        first, second, third = bench.of("a")
        assert (round(second - first, 3), round(third - second, 3)) == (2.5, 2.5)
        assert bench.of("a", Trigger.CONFIRM) == [second, third]

    in_virtual_time(scenario())


def test_a_turn_replaces_a_waiting_confirm_probe() -> None:
    """When the phase comes before the confirm probe, the confirm probe is not needed."""

    async def scenario() -> None:
        bench = Bench(lambda *_: (0.1, FollowUp(confirm_after_s=100.0)))
        scheduler = bench.build()
        scheduler.apply([check("a", 10.0)])
        await run_for(scheduler, 300)
        assert bench.of("a", Trigger.CONFIRM) == []

    in_virtual_time(scenario())


def test_a_turn_during_a_flight_is_late_not_lost() -> None:
    """With a timeout beyond the interval a turn waits for the flight to end, and says how late it is."""

    async def scenario() -> None:
        bench = Bench(lambda _c, _t, count: (15.0 if count == 2 else 0.1, AS_PLANNED))
        scheduler = bench.build()
        scheduler.apply([check("a", 10.0)])
        await run_for(scheduler, 60)
        starts = bench.started
        assert round(starts[2][1] - starts[1][1], 3) == 15.0
        assert round(starts[2][3]) == 5000
        assert round(starts[3][1] - starts[1][1], 3) == 20.0

    in_virtual_time(scenario())


def test_a_rest_is_kept_and_the_turn_it_put_off_comes_at_its_end() -> None:
    """After a rate limit nothing is probed until the rest is over; then the turn that was put off is made up."""

    async def scenario() -> None:
        bench = Bench(lambda _c, _t, count: (0.0, FollowUp(rest_s=35.0) if count == 2 else AS_PLANNED))
        scheduler = bench.build()
        scheduler.apply([check("a", 10.0)])
        await run_for(scheduler, 100)
        starts = bench.of("a", Trigger.ON_PHASE)
        assert round(starts[2] - starts[1], 3) == 35.0
        assert round(starts[3] - starts[1], 3) == 40.0
        assert bench.started[2][3] < 1

    in_virtual_time(scenario())


def test_triage_probes_the_siblings_at_once() -> None:
    """Every sibling that can be probed is, when the first failure is reported; its answer is one like any other."""

    async def scenario() -> None:
        ask = FollowUp(triage=("b", "c", "not on the schedule"))
        bench = Bench(lambda one, _t, _n: (0.5, ask if one.id == "a" and not bench.of("b") else AS_PLANNED))
        scheduler = bench.build()
        scheduler.apply([check("a", 60.0)])
        await asyncio.sleep(0.1)
        scheduler.apply([check(name, 60.0) for name in "abc"])
        for name in "bc":  # their first probes are a long way off
            scheduler._entries[name].alarm.cancel()  # type: ignore[union-attr]
            scheduler._entries[name].alarm = None
        await run_for(scheduler, 2)
        assert bench.of("b") == bench.of("b", Trigger.TRIAGE) == bench.of("c", Trigger.TRIAGE) == [0.5]
        assert [lag for _, _, why, lag in bench.started if why is Trigger.TRIAGE] == [0, 0]
        assert {one.check for one in bench.reported if one.trigger is Trigger.TRIAGE} == {"b", "c"}

    in_virtual_time(scenario())


def test_triage_leaves_alone_what_flies_or_rests() -> None:
    """A probe under way answers soon enough, and a server that asked to be left alone is."""
    answers = {
        "slow": (7.0, AS_PLANNED),
        "resting": (0.1, FollowUp(rest_s=50.0)),
        "a": (3.0, FollowUp(triage=("slow", "resting"))),
    }

    async def scenario() -> None:
        bench = Bench(lambda one, _t, _n: answers[one.id])
        scheduler = bench.build()
        scheduler.apply([check(name, 600.0) for name in answers])
        await run_for(scheduler, 20)
        assert [why for _, _, why, _ in bench.started] == [Trigger.ON_PHASE] * 3

    in_virtual_time(scenario())


def test_triage_takes_no_turn_away() -> None:
    """A first probe that is still to come comes, and a turn that falls into the triage is late, not lost."""

    async def scenario() -> None:
        bench = Bench(lambda one, why, _n: (4.0 if why is Trigger.TRIAGE else 0.1, triage(one, why)))
        scheduler = bench.build()
        scheduler.apply([check("a"), check("b")])
        await run_for(scheduler, 100)
        for name in "ab":
            rhythm = next(plan.rhythm for plan in bench.plans if plan.check == name)
            assert rhythm is not None
            assert len(bench.of(name, Trigger.ON_PHASE)) == rhythm.due(0, WALL_US + 100 * US_PER_S)
        assert len(bench.of("a", Trigger.TRIAGE)) >= 10
        assert bench.of("b")[0] == bench.of("b", Trigger.TRIAGE)[0]

    def triage(one: Check, why: Trigger) -> FollowUp:
        return FollowUp(triage=("a", "b")) if why is Trigger.ON_PHASE or one.id == "a" else AS_PLANNED

    in_virtual_time(scenario())


def test_a_triage_probe_stands_for_a_waiting_confirm_probe_and_may_ask_for_another() -> None:
    """Of two probes about one doubt the earlier is enough; what it finds is confirmed as usual."""
    follow_ups = {
        ("b", Trigger.ON_PHASE): FollowUp(confirm_after_s=30.0),
        ("a", Trigger.ON_PHASE): FollowUp(triage=("b",)),
        ("b", Trigger.TRIAGE): FollowUp(confirm_after_s=5.0),
    }

    async def scenario() -> None:
        bench = Bench(lambda one, why, _n: (3.0 if one.id == "a" else 0.1, follow_ups.get((one.id, why), AS_PLANNED)))
        scheduler = bench.build()
        scheduler.apply([check("a", 600.0), check("b", 600.0)])
        await run_for(scheduler, 60)
        (asked,) = bench.of("b", Trigger.TRIAGE)
        assert bench.of("b", Trigger.CONFIRM) == [pytest.approx(asked + 5.1)]

    in_virtual_time(scenario())


def test_at_most_one_probe_of_a_check_is_in_flight() -> None:
    """Whatever comes together, a check is never probed twice at a time."""

    async def scenario() -> None:
        bench = Bench(lambda *_: (0.7, FollowUp(confirm_after_s=0.1)))
        scheduler = bench.build()
        scheduler.apply([check("a", 0.5)])
        task = asyncio.create_task(scheduler.run())
        for _ in range(200):
            await asyncio.sleep(0.05)
            assert bench.flying <= 1
        task.cancel()
        await scheduler.drain(1.0)

    in_virtual_time(scenario())


def test_applying_keeps_what_stays() -> None:
    """A reload probes new checks soon, stops removed ones, and leaves the rest at their phase."""

    async def scenario() -> None:
        bench = Bench()
        scheduler = bench.build()
        stays, goes = check("stays"), check("goes")
        scheduler.apply([stays, goes])
        task = asyncio.create_task(scheduler.run())
        await asyncio.sleep(31)
        before = len(bench.of("goes"))
        scheduler.apply([stays, check("new")])
        await asyncio.sleep(30)
        task.cancel()
        await scheduler.drain(1.0)
        assert len(bench.of("goes")) == before
        assert bench.of("new")[0] == pytest.approx(31.0)
        assert len(bench.of("stays")) in {6, 7}
        assert len({round(at % 10, 6) for at in bench.of("stays")[1:]}) == 1

    in_virtual_time(scenario())


def test_a_changed_check_is_planned_anew() -> None:
    """Another interval is another rhythm: the old one ends, the new one begins."""

    async def scenario() -> None:
        bench = Bench()
        scheduler = bench.build()
        scheduler.apply([check("a")])
        scheduler.apply([replace(check("a"), interval_s=5.0)])
        await run_for(scheduler, 1)
        assert [change.rhythm is None for change in bench.plans] == [False, True, False, True]

    in_virtual_time(scenario())


def test_a_changed_check_waits_for_its_probe_in_flight() -> None:
    """A reload starts no second probe of a check; the first of the new plan comes when the old one has landed."""

    async def scenario() -> None:
        bench = Bench(lambda _c, _t, number: (8.0, FollowUp(confirm_after_s=5.0)) if number == 1 else (0.1, AS_PLANNED))
        scheduler = bench.build()
        scheduler.apply([check("a", 60.0)])
        task = asyncio.create_task(scheduler.run())
        await asyncio.sleep(1.0)
        scheduler.apply([check("a", 40.0)])
        await asyncio.sleep(3.0)
        assert (bench.flying, len(bench.started)) == (1, 1)
        scheduler.apply([])
        scheduler.apply([check("a", 50.0)])
        await asyncio.sleep(3.0)
        assert (bench.flying, len(bench.started)) == (1, 1)
        await asyncio.sleep(3.0)
        task.cancel()
        await scheduler.drain(5.0)
        assert [(at, why) for _, at, why, _ in bench.started] == [(0.0, Trigger.ON_PHASE), (8.0, Trigger.ON_PHASE)]

    in_virtual_time(scenario())


def test_a_changed_check_keeps_its_rest() -> None:
    """The server asked to be left alone, and a reload is no reason to come sooner."""

    async def scenario() -> None:
        bench = Bench(lambda _c, _t, number: (0.1, FollowUp(rest_s=33.0) if number == 1 else AS_PLANNED))
        scheduler = bench.build()
        scheduler.apply([check("a", 60.0)])
        task = asyncio.create_task(scheduler.run())
        await asyncio.sleep(1.0)
        scheduler.apply([check("a", 20.0)])
        await asyncio.sleep(35.0)
        task.cancel()
        await scheduler.drain(5.0)
        assert bench.of("a")[:2] == [0.0, pytest.approx(33.1)]

    in_virtual_time(scenario())


def test_a_rest_that_began_before_the_start_is_kept() -> None:
    """What the last life of the daemon was asked holds for this one: its first probe comes when the rest is over."""

    async def scenario() -> None:
        bench = Bench()
        scheduler = bench.build()
        scheduler.apply([check("a", 10.0), check("b", 10.0)], {"a": bench.clock.now().plus_s(47.0)})
        await run_for(scheduler, 60)
        assert bench.of("a")[0] == pytest.approx(47.0)
        assert bench.of("b")[0] < 2

    in_virtual_time(scenario())


def test_others_rest_when_they_share_the_limit() -> None:
    """Whoever else is concerned is left alone too, even in the middle of a doubt; a longer rest of their own stays."""

    async def scenario() -> None:
        def answer(one: Check, _why: Trigger, _number: int) -> tuple[float, FollowUp]:
            until = bench.clock.now().plus_s(30.0)
            return {
                "a": (0.0, FollowUp(rest_s=25.0, others_rest=(("b", until), ("c", until), ("gone", until)))),
                "b": (0.0, FollowUp(confirm_after_s=5.0)),
                "c": (0.0, FollowUp(rest_s=50.0)),
            }[one.id]

        bench = Bench(answer)
        scheduler = bench.build()
        others = [check("b", 20.0), check("c", 600.0)]
        scheduler.apply(others)
        await asyncio.sleep(3.0)
        scheduler.apply([check("a", 600.0), *others])
        await run_for(scheduler, 40)
        assert [len(bench.of(name)) for name in "ac"] == [1, 1]
        assert [round(at - bench.of("a")[0]) for at in bench.of("b")[1:2]] == [30]

    in_virtual_time(scenario())


def test_a_confirm_probe_waits_for_the_end_of_a_rest() -> None:
    """An answer that says that nothing is left may leave a doubt: it is settled once something is left again."""

    async def scenario() -> None:
        bench = Bench(lambda _c, _t, n: (0.5, FollowUp(confirm_after_s=20.0, rest_s=20.0) if n == 1 else AS_PLANNED))
        scheduler = bench.build()
        scheduler.apply([check("a", 600.0)])
        await run_for(scheduler, 30)
        assert bench.of("a", Trigger.CONFIRM) == [pytest.approx(20.5)]

    in_virtual_time(scenario())


def test_a_step_of_the_wall_clock_moves_the_plan_and_nothing_else() -> None:
    """An hour forth and back: every start stays on its monotonic phase, and the plan says so in the new wall time."""

    async def scenario() -> None:
        bench = Bench()
        scheduler = bench.build()
        scheduler.apply([check("a")])
        task = asyncio.create_task(scheduler.run())
        for step in (3600, 0, -3600):
            await asyncio.sleep(50)
            bench.clock.step_us = step * US_PER_S
        await asyncio.sleep(50)
        task.cancel()
        await scheduler.drain(1.0)
        assert bench.timer.replans == 3
        starts = bench.of("a")
        assert {round(b - a, 6) for a, b in itertools.pairwise(starts[1:])} == {10.0}
        assert sum(change.rhythm is not None for change in bench.plans) == 4

    in_virtual_time(scenario())


def test_a_turn_while_the_timer_is_blind_comes_late_not_never() -> None:
    """A clock set back silences the timer until the step is noticed, within a second: no check loses its turn."""

    async def scenario() -> None:
        bench = Bench()
        scheduler = bench.build()
        scheduler.apply([check(f"c{i}") for i in range(50)])
        task = asyncio.create_task(scheduler.run())
        for second in range(20):
            await asyncio.sleep(10.05)
            bench.clock.step_us = -(second + 1) * 3600 * US_PER_S
        await asyncio.sleep(10)
        task.cancel()
        await scheduler.drain(1.0)
        assert bench.timer.replans == 20
        late = [lag for *_, lag in bench.started if lag > 1]
        assert late
        assert max(late) <= 1000
        for name in (f"c{i}" for i in range(50)):
            gaps = [after - before for before, after in itertools.pairwise(bench.of(name)[1:])]
            assert max(gaps) <= 11
            assert len(gaps) >= 18

    in_virtual_time(scenario())


def test_what_a_report_raises_ends_the_scheduler() -> None:
    """Nothing half-alive: if results cannot be handed on, the scheduler says so and dies."""

    async def scenario() -> None:
        bench = Bench()
        scheduler = bench.build()
        scheduler._report = lambda _result: 1 / 0  # type: ignore[assignment,return-value]
        scheduler.apply([check("a")])
        with pytest.raises(ZeroDivisionError):
            await scheduler.run()
        await scheduler.drain(1.0)

    in_virtual_time(scenario())


def test_a_drain_waits_for_flights_and_is_bounded() -> None:
    """What is in flight may end within the bound and is reported; the rest is cancelled."""

    async def scenario() -> None:
        bench = Bench(lambda one, _t, _n: (3.0 if one.id == "quick" else 300.0, AS_PLANNED))
        scheduler = bench.build()
        scheduler.apply([check("quick"), check("slow")])
        task = asyncio.create_task(scheduler.run())
        await asyncio.sleep(2.5)
        task.cancel()
        began = asyncio.get_running_loop().time()
        await scheduler.drain(5.0)
        assert asyncio.get_running_loop().time() - began == pytest.approx(5.0)
        assert [result.check for result in bench.reported] == ["quick"]
        assert not scheduler._flights

    in_virtual_time(scenario())
