"""Slots: bounds, priority, cancellation, and no slot lost in any history."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.pace import Budget
from monitor.probes.slots import Slots
from tests.virtual_time import in_virtual_time

ENDPOINTS = ("a", "b", "c")


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


class Crowd:
    """Probes that take a slot, hold it until told, and write down who went in when."""

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self.inside: list[str] = []
        self.order: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._leave: dict[str, asyncio.Event] = {}

    async def come(self, name: str, endpoint: str, *, urgent: bool = False) -> None:
        """A probe arrives."""
        self._leave[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._stay(name, endpoint, urgent=urgent))
        await settle()

    async def leave(self, name: str) -> None:
        """A probe ends."""
        self._leave[name].set()
        await settle()

    async def cancel(self, name: str) -> None:
        """A probe is cancelled, wherever it stands."""
        self.tasks[name].cancel()
        await settle()

    async def _stay(self, name: str, endpoint: str, *, urgent: bool) -> None:
        await self.slots.take(endpoint, urgent=urgent)
        self.inside.append(name)
        self.order.append(name)
        try:
            await self._leave[name].wait()
        finally:
            self.inside.remove(name)
            self.slots.give(endpoint)


async def test_an_endpoint_has_its_own_bound() -> None:
    """A full endpoint holds up its own probes and nobody else's."""
    crowd = Crowd(Slots(10, {"a": 1, "b": 1}))
    for name, endpoint in (("a1", "a"), ("a2", "a"), ("b1", "b")):
        await crowd.come(name, endpoint)
    assert crowd.inside == ["a1", "b1"]
    await crowd.leave("a1")
    assert crowd.inside == ["b1", "a2"]


async def test_all_endpoints_share_one_bound() -> None:
    """When everything is taken, the first to have come is the first to go."""
    crowd = Crowd(Slots(1, dict.fromkeys(ENDPOINTS, 5)))
    for endpoint in ENDPOINTS:
        await crowd.come(endpoint, endpoint)
    for endpoint in ENDPOINTS:
        assert crowd.inside == [endpoint]
        await crowd.leave(endpoint)


@pytest.mark.parametrize("limits", [{"a": 1, "b": 9}, {"a": 9, "b": 9}])
async def test_urgent_probes_go_first(limits: dict[str, int]) -> None:
    """A confirm probe overtakes every ordinary one that waits, whichever bound it waits for."""
    crowd = Crowd(Slots(1, limits))
    await crowd.come("running", "a")
    await crowd.come("ordinary", "a")
    await crowd.come("elsewhere", "b")
    await crowd.come("confirm", "a", urgent=True)
    for name in ("running", "confirm", "ordinary", "elsewhere"):
        await crowd.leave(name)
    assert crowd.order == ["running", "confirm", "ordinary", "elsewhere"]


async def test_a_cancelled_wait_takes_nothing() -> None:
    """Who gives up waiting leaves the queue as if it had never come."""
    crowd = Crowd(Slots(1, {"a": 1}))
    for name in ("first", "second", "third"):
        await crowd.come(name, "a")
    await crowd.cancel("second")
    await crowd.leave("first")
    assert crowd.inside == ["third"]


async def test_a_cancellation_in_the_moment_of_the_hand_over_gives_the_slot_on() -> None:
    """The slot was already ours when the cancellation came: the next one gets it."""
    slots = Slots(1, {"a": 1})
    await slots.take("a", urgent=False)
    second = asyncio.create_task(slots.take("a", urgent=False))
    third = asyncio.create_task(slots.take("a", urgent=False))
    await settle()
    slots.give("a")
    second.cancel()
    await asyncio.wait_for(third, 1)
    assert second.cancelled()


async def test_a_bound_may_change() -> None:
    """A higher bound lets waiters in at once; a lower one takes no slot away, but gives none out again."""
    slots = Slots(1, {"a": 1})
    crowd = Crowd(slots)
    for name in ("1", "2", "3"):
        await crowd.come(name, "a")
    slots.resize(3, {"a": 3, "new": 2})
    await settle()
    assert crowd.inside == ["1", "2", "3"]
    slots.resize(1, {"a": 1})
    await crowd.come("4", "a")
    await crowd.leave("1")
    await crowd.leave("2")
    assert crowd.inside == ["3"]
    await crowd.leave("3")
    assert crowd.inside == ["4"]


async def test_an_endpoint_may_be_new() -> None:
    """After a resize the new endpoint has slots."""
    slots = Slots(2, {"a": 1})
    slots.resize(2, {"a": 1, "new": 1})
    await slots.take("new", urgent=False)


EVENTS = st.lists(
    st.tuples(st.sampled_from(["come", "leave", "cancel", "resize"]), st.integers(0, 20), st.booleans()), max_size=40
)


@given(events=EVENTS, total=st.integers(1, 4), each=st.integers(1, 3))
def test_no_slot_is_lost_or_made_in_any_history(events: list[tuple[str, int, bool]], total: int, each: int) -> None:
    """Bounds hold at all times, nobody waits who could go, and in the end every slot is there again."""
    asyncio.run(_history(events, total, each))


async def _history(events: list[tuple[str, int, bool]], total: int, each: int) -> None:
    slots = Slots(total, dict.fromkeys(ENDPOINTS, each))
    crowd = Crowd(slots)
    where: dict[str, str] = {}
    for number, (event, pick, urgent) in enumerate(events):
        if event == "come":
            name, endpoint = str(number), ENDPOINTS[pick % 3]
            where[name] = endpoint
            await crowd.come(name, endpoint, urgent=urgent)
        elif event == "resize" and not crowd.inside:
            total, each = 1 + pick % 4, 1 + pick % 3
            slots.resize(total, dict.fromkeys(ENDPOINTS, each))
            await settle()
        else:
            await _one_of(crowd, pick, crowd.leave if event == "leave" else crowd.cancel)
        _check_bounds(crowd, where, total, each)
    for name in where:
        await crowd.cancel(name)
    for endpoint in ENDPOINTS:
        await crowd.come(f"last {endpoint}", endpoint)
    assert len(crowd.inside) == min(total, len(ENDPOINTS))
    for endpoint in ENDPOINTS:
        await crowd.cancel(f"last {endpoint}")


async def _one_of(crowd: Crowd, pick: int, do: Callable[[str], Awaitable[None]]) -> None:
    alive = [name for name, task in crowd.tasks.items() if not task.done()]
    if alive:
        await do(alive[pick % len(alive)])


def _check_bounds(crowd: Crowd, where: dict[str, str], total: int, each: int) -> None:
    used = Counter(where[name] for name in crowd.inside)
    assert len(crowd.inside) <= total
    assert all(count <= each for count in used.values())
    waiting = {where[name] for name, task in crowd.tasks.items() if not task.done() and name not in crowd.inside}
    if len(crowd.inside) < total:
        assert all(used[endpoint] == each for endpoint in waiting)


def test_a_budget_spaces_those_who_come_at_once() -> None:
    """Six a minute start ten seconds apart, urgent ones first; other endpoints do not wait, and no slot is held."""

    async def scenario() -> None:
        slots, starts = Slots(3, {"a": 3, "b": 3}), dict[str, float]()
        slots.budget({"a": Budget(requests_per_minute=6)})

        async def probe(name: str, endpoint: str, *, urgent: bool = False) -> None:
            await slots.take(endpoint, urgent=urgent)
            starts[name] = round(asyncio.get_running_loop().time(), 3)
            slots.give(endpoint)

        waiting = [probe("1", "a"), probe("2", "a"), probe("3", "a"), probe("4", "a"), probe("5", "a")]
        others = [probe("hurry", "a", urgent=True), probe("b", "b")]
        await asyncio.gather(*waiting, *others)
        assert starts == {"1": 0, "hurry": 10, "2": 20, "3": 30, "4": 40, "5": 50, "b": 0}

    in_virtual_time(scenario())


def test_tokens_that_were_not_used_shorten_the_wait() -> None:
    """The wait ends earlier as soon as an answer tells that it used less than it was let in for."""

    async def scenario() -> None:
        slots = Slots(3, {"a": 3})
        slots.budget({"a": Budget(tokens_per_minute=600)})
        paid = await slots.take("a", urgent=False, tokens=300)
        assert paid is not None
        second = asyncio.create_task(slots.take("a", urgent=False, tokens=10))
        await asyncio.sleep(2.0)
        slots.correct("a", paid, used=50)
        slots.give("a")
        await second
        assert asyncio.get_running_loop().time() == pytest.approx(5.0)

    in_virtual_time(scenario())


def test_a_budget_may_come_and_go() -> None:
    """Another budget, or none, rules those who wait already."""

    async def scenario() -> None:
        slots = Slots(3, {"a": 3})
        slots.budget({"a": Budget(requests_per_minute=1)})
        await slots.take("a", urgent=False)
        second = asyncio.create_task(slots.take("a", urgent=False))
        await asyncio.sleep(1.0)
        slots.budget({})
        await second
        assert asyncio.get_running_loop().time() == pytest.approx(1.0)

    in_virtual_time(scenario())


@given(
    st.integers(1, 30),
    st.integers(1, 4),
    st.lists(st.tuples(st.floats(0, 40), st.floats(0, 50), st.booleans(), st.booleans()), min_size=1, max_size=25),
)
def test_no_minute_has_more_starts_than_the_budget(
    per_minute: int, limit: int, probes: list[tuple[float, float, bool, bool]]
) -> None:
    """Whenever they come, however long they take, whether or not some give up; and nobody is lost."""

    async def scenario() -> list[float]:
        slots, starts, loop = Slots(2, {"a": limit}), list[float](), asyncio.get_running_loop()
        slots.budget({"a": Budget(requests_per_minute=per_minute)})

        async def probe(at: float, takes: float, *, urgent: bool) -> None:
            await asyncio.sleep(at)
            await slots.take("a", urgent=urgent)
            starts.append(loop.time())
            try:
                await asyncio.sleep(takes)
            finally:
                slots.give("a")

        tasks = [asyncio.create_task(probe(at, takes, urgent=urgent)) for at, takes, urgent, _ in probes]
        await asyncio.sleep(25.0)
        for task, (_, _, _, gives_up) in zip(tasks, probes, strict=True):
            if gives_up:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return starts

    starts = in_virtual_time(scenario())
    assert len(starts) >= sum(not gives_up for *_, gives_up in probes)
    for first in starts:
        assert sum(first <= at < first + 60 - 1e-6 for at in starts) <= per_minute
