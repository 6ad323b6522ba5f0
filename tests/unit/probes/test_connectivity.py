"""The self-check in virtual time: who may share a try, when it is believed, and what is told of a closed way."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from monitor.clock import US_PER_S, Moment
from monitor.config.urls import Address
from monitor.probes.connectivity import Connectivity
from tests.virtual_time import in_virtual_time

A, B = Address("192.0.2.1", 53), Address("192.0.2.2", 53)
WALL_US = 1_763_690_000_000_000
NEVER = 3600.0


@dataclass
class World:
    """A way out that is cut and mended, and a self-check that looks at it.

    Attributes:
        is_open: what a connect finds.
        answers_after_s: how long a target takes; `NEVER` for a packet that is dropped.
        tries: when each connect began, in virtual seconds.
        told: since when, until when in virtual seconds, and how many unknown.
    """

    is_open: bool = True
    answers_after_s: float = 0.1
    tries: list[float] = field(default_factory=list)
    told: list[tuple[float, float, int]] = field(default_factory=list)
    targets: tuple[Address, ...] = (A,)

    def __post_init__(self) -> None:
        self.check = Connectivity(self.targets, self, self._reopened, self.dial)

    def now(self) -> Moment:
        """The present virtual moment."""
        mono = round(asyncio.get_running_loop().time() * US_PER_S)
        return Moment(WALL_US + mono, mono)

    async def dial(self, target: Address) -> bool:
        """Connect to a target."""
        del target
        self.tries.append(self.seconds(self.now()))
        await asyncio.sleep(self.answers_after_s)
        return self.is_open

    @staticmethod
    def seconds(moment: Moment) -> float:
        """Virtual seconds."""
        return round(moment.mono_us / US_PER_S, 3)

    def _reopened(self, since: Moment, until: Moment, unknown: int) -> None:
        self.told.append((self.seconds(since), self.seconds(until), unknown))

    async def fails(self, endpoint: str = "gw", lasted_s: float = 0.0) -> bool:
        """A probe has failed after `lasted_s`; whether that counts."""
        begun = self.now()
        await asyncio.sleep(lasted_s)
        return await self.check.was_open(endpoint, begun)


def live(story: Callable[[World], Awaitable[None]], world: World | None = None) -> World:
    """Tell a story in virtual time, with a self-check that runs beside it."""
    made = world or World()

    async def told() -> None:
        running = asyncio.create_task(made.check.run())
        await story(made)
        running.cancel()

    in_virtual_time(told())
    return made


def test_while_the_way_is_open_failures_count() -> None:
    """One try right after the start, one after each failure, and none without a reason."""

    async def story(world: World) -> None:
        await asyncio.sleep(10)
        assert await world.fails()
        await asyncio.sleep(100)

    world = live(story)
    assert world.tries == [0.0, 10.0]
    assert world.told == []


def test_all_who_ask_before_a_try_begins_share_it() -> None:
    """A thousand failures at once are one connect."""

    async def story(world: World) -> None:
        await asyncio.sleep(10)
        assert all(await asyncio.gather(*(world.fails() for _ in range(1000))))

    assert live(story).tries == [0.0, 10.0]


def test_a_try_that_has_begun_already_is_no_answer() -> None:
    """Whoever asks during a try waits for the next one, together with all others who do."""

    async def story(world: World) -> None:
        await asyncio.sleep(10)
        world.answers_after_s = 1.0
        first = asyncio.create_task(world.fails())
        await asyncio.sleep(0.5)
        late = [asyncio.create_task(world.fails()) for _ in range(3)]
        assert await first
        assert world.seconds(world.now()) == 11.0
        assert all(await asyncio.gather(*late))
        assert world.seconds(world.now()) == 12.0

    assert live(story).tries == [0.0, 10.0, 11.0]


def test_one_who_gives_up_takes_the_answer_from_nobody() -> None:
    """A probe may be cancelled while it waits."""

    async def story(world: World) -> None:
        await asyncio.sleep(10)
        impatient, patient = asyncio.create_task(world.fails()), asyncio.create_task(world.fails())
        await asyncio.sleep(0.05)
        impatient.cancel()
        assert await patient

    live(story)


@pytest.mark.parametrize(("answers_after_s", "noticed_s"), [(0.0, 0.0), (NEVER, 2.0)], ids=["refused", "dropped"])
def test_while_it_is_closed_failures_do_not_count(answers_after_s: float, noticed_s: float) -> None:
    """A try is bounded; once the way is known to be closed nobody waits for another."""

    async def story(world: World) -> None:
        await asyncio.sleep(10)
        world.is_open, world.answers_after_s = False, answers_after_s
        assert not await world.fails()
        assert world.seconds(world.now()) == 10 + noticed_s
        asked = world.now()
        assert not await world.fails()
        assert world.now() == asked
        since = world.check.closed_since
        assert since is not None
        assert world.seconds(since) == 10

    live(story)


def test_its_end_is_told_once_with_from_and_to_and_the_number() -> None:
    """A look every 3 s notices the return although nothing is probed; it is told when it has lasted for 5 s."""

    async def story(world: World) -> None:
        await asyncio.sleep(10)
        world.is_open, world.answers_after_s = False, 0.0
        for _ in range(3):
            assert not await world.fails()
        await asyncio.sleep(20)
        world.is_open = True
        await asyncio.sleep(3.1)
        assert world.check.closed_since is None
        assert await world.fails()
        assert world.told == []
        await asyncio.sleep(60)

    world = live(story)
    assert world.told == [(10.0, 31.0, 3)]
    assert world.tries[-1] == 33.1


def test_a_way_that_flaps_is_one_closure() -> None:
    """Closed again before it was told: one message, from the first to the last."""

    async def story(world: World) -> None:
        await asyncio.sleep(10)
        for _ in range(4):
            world.is_open = False
            assert not await world.fails()
            world.is_open = True
            await asyncio.sleep(6)
        await asyncio.sleep(60)

    world = live(story)
    assert len(world.told) == 1
    since, until, unknown = world.told[0]
    assert (since, unknown) == (10.0, 4)
    assert 31 < until < 36


def test_an_exchange_that_began_while_it_was_closed_does_not_count_later() -> None:
    """A probe whose time is up just after the return was cut off all the same."""

    async def story(world: World) -> None:
        await asyncio.sleep(10)
        world.is_open, world.answers_after_s = False, 0.0
        hanging = asyncio.create_task(world.fails(lasted_s=8))
        assert not await world.fails()
        world.is_open = True
        assert not await hanging
        assert world.check.closed_since is None
        assert await world.fails(lasted_s=1)
        await asyncio.sleep(60)

    assert live(story).told == [(10.0, 13.0, 2)]


def test_an_endpoint_that_answers_all_the_same_is_believed() -> None:
    """Its failures count, those of others do not: the way to it needs no uplink, or the targets are blocked."""

    async def story(world: World) -> None:
        await asyncio.sleep(10)
        world.is_open, world.answers_after_s = False, 0.0
        before = world.now()
        await asyncio.sleep(0.001)
        assert not await world.fails("near")
        world.check.answered("near", before)
        assert not await world.fails("near")
        await asyncio.sleep(0.001)
        world.check.answered("near", world.now())
        await asyncio.sleep(1)
        assert world.tries[-1] == 10.002  # it may have been open altogether, so somebody looked at once
        assert await world.fails("near")
        assert not await world.fails("far")

    live(story)


def test_an_answer_makes_the_return_known_at_once() -> None:
    """Nobody waits for the next look when a probe has got through."""

    async def story(world: World) -> None:
        await asyncio.sleep(10)
        world.is_open, world.answers_after_s = False, 0.0
        assert not await world.fails()
        world.is_open = True
        await asyncio.sleep(0.5)
        world.check.answered("gw", world.now())
        await asyncio.sleep(0.1)
        assert world.check.closed_since is None

    live(story)


@pytest.mark.parametrize(("answers_after_s", "decided_s"), [(0.0, 2.0), (NEVER, 6.0)], ids=["refused", "dropped"])
def test_three_failures_at_the_start_switch_it_off(answers_after_s: float, decided_s: float) -> None:
    """One line says so; a failure meanwhile waits for that and counts, as do all later ones, without another try."""

    async def story(world: World) -> None:
        assert await world.fails()
        assert world.seconds(world.now()) == decided_s
        assert world.check.is_off
        assert world.check.closed_since is None
        assert await world.fails()
        await asyncio.sleep(1000)

    with capture_logs() as logs:
        world = live(story, World(is_open=False, answers_after_s=answers_after_s))
    assert len(world.tries) == 3
    assert [(line["event"], line["log_level"], line["targets"]) for line in logs] == [
        ("uplink_check_off", "warning", ["192.0.2.1:53"])
    ]
    assert world.told == []


def test_a_network_that_comes_up_just_after_the_start() -> None:
    """The self-check is in force from the first try that succeeds; what failed before does not count."""

    async def story(world: World) -> None:
        failed = asyncio.create_task(world.fails())
        await asyncio.sleep(0.5)
        world.is_open = True
        assert not await failed
        assert await world.fails()
        assert not world.check.is_off
        await asyncio.sleep(60)

    world = live(story, World(is_open=False, answers_after_s=0.0))
    assert world.tries == [0.0, 1.0, 1.0]
    assert world.told == [(0.0, 1.0, 1)]


def test_one_target_that_answers_is_enough() -> None:
    """All are asked at once; the others are not waited for."""

    class OneOfTwo(World):
        async def dial(self, target: Address) -> bool:
            self.tries.append(self.seconds(self.now()))
            await asyncio.sleep(NEVER if target == A else 0.1)
            return True

    async def story(world: World) -> None:
        await asyncio.sleep(10)
        assert await world.fails()
        assert world.seconds(world.now()) == 10.1

    assert live(story, OneOfTwo(targets=(A, B))).tries == [0.0, 0.0, 10.0, 10.0]


def test_a_fault_in_the_self_check_itself_is_heard_of() -> None:
    """Whoever waits for it gets the error, and does not wait for ever."""

    class Broken(World):
        async def dial(self, target: Address) -> bool:
            if not self.is_open:
                raise RuntimeError(str(target))
            return True

    async def story(world: World) -> None:
        await asyncio.sleep(1)
        world.is_open = False
        with pytest.raises(RuntimeError, match=r"192\.0\.2\.1"):
            await world.fails()

    live(story, Broken())


@given(st.lists(st.tuples(st.booleans(), st.floats(0.1, 9), st.floats(0, 12)), max_size=12))
def test_nothing_counts_that_overlaps_a_closure_which_a_try_has_seen(steps: list[tuple[bool, float, float]]) -> None:
    """Whatever the way does, a failure counts only if a try after it succeeded; every unknown one is told of once."""
    unknown: list[bool] = []

    async def story(world: World) -> None:
        await asyncio.sleep(1)
        probes: list[asyncio.Task[None]] = []

        async def probe(lasted_s: float) -> None:
            begun = world.now()
            await asyncio.sleep(lasted_s)
            tries = len(world.tries)
            if await world.check.was_open("gw", begun):
                assert len(world.tries) > tries
                assert world.check.closed_since is None
            else:
                unknown.append(True)

        for is_open, pause_s, lasted_s in steps:
            world.is_open = is_open
            probes.append(asyncio.create_task(probe(lasted_s)))
            await asyncio.sleep(pause_s)
        world.is_open = True
        await asyncio.gather(*probes)
        await asyncio.sleep(60)
        assert world.check.closed_since is None

    world = live(story)
    assert sum(count for _, _, count in world.told) <= len(unknown)
    assert bool(world.told) == bool(unknown)
    assert all(since < until for since, until, _ in world.told)
