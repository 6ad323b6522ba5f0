"""The pace of a whole daemon in virtual time: real scheduler, slots and decisions; only the answers are made up."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from monitor.alerting.batch import Restored, RhythmChange
from monitor.alerting.desk import Desk
from monitor.app.pacing import Pacer
from monitor.app.setup import Setup, prepare
from monitor.clock import US_PER_S
from monitor.config.load import loads
from monitor.domain.check import Check
from monitor.domain.follow_up import FollowUp
from monitor.domain.health import State
from monitor.domain.result import FaultDomain, Phases, Result, Status, Trigger, Verdict
from monitor.probes.slots import Slots
from monitor.scheduling.scheduler import Scheduler
from tests.virtual_time import in_virtual_time
from tests.virtual_timer import WALL_US, PlainTimer, VirtualClock

HUNG = Verdict(Status.TIMEOUT, FaultDomain.ENDPOINT, "no answer within 10 s")
Answers = Callable[[Check, float], tuple[Verdict, float]]


class House:
    """A daemon without a network and a database."""

    def __init__(self, setup: Setup, answers: Answers) -> None:
        self.clock = VirtualClock()
        self.answers = answers
        self.results: list[Result] = []
        self.plans: list[RhythmChange] = []
        self.begun: list[tuple[str, float, float]] = []
        self.waiting: set[str] = set()
        self.checks = {check.id: check for check in setup.checks}
        limits = {name: target.concurrency for name, target in setup.targets.items()}
        self.slots = Slots(setup.config.probes.concurrency, limits)
        audience = setup.audience("x")
        self.desk = Desk(audience, Restored({}, (), 1, "x"))
        self.desk.configure(setup.checks, audience, self.clock.now())
        self.pacer = Pacer(self._report, self.desk)
        timer = PlainTimer(self.clock)
        self.scheduler = Scheduler(self._probe, self.pacer.report, self.plans.append, timer, self.clock)  # type: ignore[arg-type]
        self.pacer.begin(setup, self.scheduler, self)
        self.scheduler.apply(setup.checks)
        self.tasks = [asyncio.create_task(self.scheduler.run()), asyncio.create_task(self._tick())]

    def now_s(self) -> float:
        """Virtual seconds."""
        return asyncio.get_running_loop().time()

    def _report(self, result: Result) -> FollowUp:
        self.results.append(result)
        following = self.desk.record(result)
        self.desk.take()
        return following

    async def _probe(self, check: Check, trigger: Trigger, lag_ms: float) -> Result:
        asked = self.clock.now()
        self.waiting.add(check.id)
        try:
            await self.slots.take(check.endpoint, urgent=trigger.is_urgent)
        finally:
            self.waiting.discard(check.id)
        try:
            at = self.clock.now()
            verdict, takes_s = self.answers(check, self.now_s())
            self.begun.append((check.id, self.now_s(), takes_s))
            await asyncio.sleep(takes_s)
        finally:
            self.slots.give(check.endpoint)
        late_ms = lag_ms + at.s_since(asked) * 1000
        return Result(check.id, at, self.clock.now(), trigger, verdict, lag_ms=late_ms, phases=Phases())

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            self.desk.tick(self.clock.now())
            self.desk.take()

    def busy_slots(self, endpoint: str, from_s: float, to_s: float) -> float:
        """How many of an endpoint's slots were taken, on average."""
        spans = (
            (max(at, from_s), min(at + takes_s, to_s))
            for check, at, takes_s in self.begun
            if check.startswith(f"{endpoint}/chat/")
        )
        return sum(max(0.0, end - begin) for begin, end in spans) / (to_s - from_s)

    def worst_lag_ms(self, endpoint: str) -> float:
        """Of all probes whose turn it was."""
        return max(r.lag_ms for r in self.results if r.check.startswith(f"{endpoint}/") and r.trigger.is_turn)

    def due(self, check: str, from_s: float, to_s: float) -> int:
        """How often a check was due between two moments."""
        changes = [one for one in self.plans if one.check == check]
        ends = [one.at_us for one in changes[1:]] + [WALL_US + round(1e9 * US_PER_S)]
        span = (WALL_US + round(from_s * US_PER_S), WALL_US + round(to_s * US_PER_S))
        return sum(
            one.rhythm.due(max(span[0], one.at_us), min(span[1], end))
            for one, end in zip(changes, ends, strict=True)
            if one.rhythm is not None
        )

    def counted(self, check: str, from_s: float, to_s: float) -> int:
        """How many results of its turns a check has."""
        return sum(
            1
            for one in self.results
            if one.check == check and one.trigger.is_turn and from_s <= one.started_at.mono_us / US_PER_S < to_s
        )

    def states(self, endpoint: str) -> Mapping[State, int]:
        """How many models are believed to be what."""
        found = [h.state for c, h in self.desk.healths.items() if c.startswith(f"{endpoint}/chat/")]
        return {state: found.count(state) for state in set(found)}

    async def end(self) -> None:
        """Stop."""
        for task in self.tasks:
            task.cancel()
        await self.scheduler.drain(0.0)


def setup(text: str) -> Setup:
    """A configuration, made ready."""
    return prepare(loads(text, Path("/")), {}, VirtualClock())


def endpoint(name: str, count: int, more: str = "") -> str:
    """An endpoint with many models."""
    models = ", ".join(f'"m{number}"' for number in range(count))
    url = f"https://{name}.example.com/v1"
    return f'[[endpoints]]\nname = "{name}"\nbase_url = "{url}"\nmodels = [{models}]\n{more}\n'


def test_five_hundred_hanging_models_leave_room_and_come_back_rightly() -> None:
    """Half of the slots at most, nobody else late, coverage honest; the first success wakes all; told as ended once."""
    made = setup(endpoint("slow", 500) + endpoint("fine", 50) + "[probes]\nconcurrency = 12\n")
    hangs = {"now": False}

    def answers(check: Check, _at: float) -> tuple[Verdict, float]:
        if hangs["now"] and check.endpoint == "slow" and check.model is not None:
            return HUNG, 10.0
        return Verdict(Status.UP), 0.05

    async def story() -> None:
        house = House(made, answers)
        await asyncio.sleep(600)
        assert house.states("slow") == {State.UP: 500}
        hangs["now"] = True
        await asyncio.sleep(1200)
        (incident,) = house.desk.open_incidents
        assert incident.cause.status is Status.TIMEOUT
        began = house.now_s()
        await asyncio.sleep(3600)
        assert house.busy_slots("slow", began, house.now_s()) <= 6.0
        assert house.busy_slots("slow", began, house.now_s()) > 2.0, "the sample goes on"
        probed = {check for check, at, _ in house.begun if check.startswith("slow/chat") and at >= began}
        assert len(probed) > 400, "and rotates"
        hangs["now"] = False
        back = house.now_s()
        await asyncio.sleep(300)
        assert house.desk.open_incidents == ()
        await asyncio.sleep(300)
        assert house.states("slow") == {State.UP: 500}
        assert house.worst_lag_ms("fine") < 1000
        for check in ("fine/chat/m1", "slow/chat/m1", "slow/chat/m77"):
            end = house.now_s() - 120
            assert house.counted(check, 0, end) <= house.due(check, 0, end) + 1
        end = house.now_s() - 60
        assert house.counted("fine/chat/m1", 60, end) == house.due("fine/chat/m1", 60, end)
        assert house.counted("slow/chat/m1", began, back) >= 0.9 * house.due("slow/chat/m1", began, back)
        await house.end()

    in_virtual_time(story())


def test_a_few_hanging_models_are_probed_as_ever() -> None:
    """The bound asks for nothing where there is room."""
    made = setup(endpoint("gw", 5))

    async def story() -> None:
        house = House(made, lambda check, _at: (HUNG, 10.0) if check.model else (Verdict(Status.UP), 0.05))
        await asyncio.sleep(1200)
        assert house.counted("gw/chat/m1", 600, 1200) == 10
        assert len([one for one in house.plans if one.check == "gw/chat/m1"]) == 1
        await house.end()

    in_virtual_time(story())


def test_long_up_is_probed_less_and_one_failure_wakes_the_endpoint() -> None:
    """Each at a fixed phase of the longer interval, the list as ever; coverage knows."""
    made = setup(endpoint("gw", 3, 'relaxed_interval = "5m"\nrelax_after = "30m"') + endpoint("other", 1))
    fails = {"now": False}

    def answers(check: Check, _at: float) -> tuple[Verdict, float]:
        if fails["now"] and check.id == "gw/models":
            return Verdict(Status.SERVER_ERROR, FaultDomain.ENDPOINT, "500"), 0.05
        return Verdict(Status.UP), 0.05

    async def story() -> None:
        house = House(made, answers)
        await asyncio.sleep(1800)
        assert house.counted("gw/chat/m1", 0, 1740) >= 29
        await asyncio.sleep(1800)
        assert house.counted("gw/chat/m1", 2000, 3500) == 5
        assert house.counted("gw/models", 2000, 3500) == 50
        assert house.counted("other/chat/m0", 2000, 3500) == 25
        assert house.due("gw/chat/m1", 2000, 3500) == 5
        fails["now"] = True
        await asyncio.sleep(60)
        fails["now"] = False
        at = house.now_s()
        await asyncio.sleep(1200)
        assert house.counted("gw/chat/m1", at, at + 1200) == 20
        await asyncio.sleep(3600)
        assert house.counted("gw/chat/m1", at + 3000, at + 4500) == 5
        assert house.counted("gw/chat/m1", 0, at + 4500) == house.due("gw/chat/m1", 0, at + 4500)
        house.pacer.put_in_force(made)
        at = house.now_s()
        await asyncio.sleep(1200)
        assert house.counted("gw/chat/m1", at, at + 1200) <= 6, "a reload that changes nothing soon leaves it relaxed"
        await house.end()

    in_virtual_time(story())
