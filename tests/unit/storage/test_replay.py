"""The recorded past, once more in the order in which it became known."""

import asyncio
from typing import TYPE_CHECKING

import pytest

from monitor.clock import US_PER_S
from monitor.domain.result import Result, Status, Trigger, Verdict
from monitor.storage import replay
from monitor.storage.reader import Reader
from monitor.storage.replay import Span, first_and_last, recorded

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World


async def played(world: "World", since_s: float, until_s: float) -> list[Result]:
    """What was recorded between two times after the start."""
    span = Span(world.start.plus_s(since_s).wall_us, world.start.plus_s(until_s).wall_us)

    def work() -> list[Result]:
        with Reader(world.database) as reader:
            return list(recorded(reader, span))

    return await asyncio.to_thread(work)


async def test_results_come_in_the_order_in_which_they_ended(world: "World", monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all checks together, over the borders of the pieces in which they are read."""
    monkeypatch.setattr(replay, "FIRST_SPAN_US", 2 * US_PER_S)
    await world.journal.register([world.check(), world.check("a")], world.start)
    slow = world.result(1.5, latency_ms=4_000.0)
    others = [world.result(at_s, check="gw/chat/a") for at_s in (0, 2, 3, 5, 6, 30)]
    await world.commit(slow, *others, world.failure(40))
    found = await played(world, 0, 100)
    ended = [(result.finished_at.wall_us - world.start.wall_us) / US_PER_S for result in found]
    assert ended == [0.25, 2.25, 3.25, 5.25, 5.5, 6.25, 30.25, 40.25]
    assert [result.check for result in found].index("gw/chat/m") == 4


async def test_a_result_is_read_back_as_far_as_it_is_recorded(world: "World") -> None:
    """With its verdict; wall time stands for monotonic time."""
    await world.commit(world.failure(1, trigger=Trigger.CONFIRM))
    (found,) = await played(world, 0, 100)
    assert found.verdict == world.failure().verdict
    assert (found.trigger, found.http_status, found.latency_ms) == (Trigger.CONFIRM, 503, 250.0)
    assert found.started_at.mono_us == found.started_at.wall_us == world.start.plus_s(1).wall_us


async def test_a_turn_in_maintenance_is_a_turn(world: "World") -> None:
    """Whether it was maintenance is for the calendar under which it is replayed."""
    await world.commit(world.result(1, trigger=Trigger.MAINTENANCE), world.result(2, trigger=Trigger.TRIAGE))
    assert [result.trigger for result in await played(world, 0, 9)] == [Trigger.ON_PHASE, Trigger.TRIAGE]


async def test_the_span_has_its_begin_and_not_its_end(world: "World") -> None:
    """Nothing is replayed twice."""
    await world.commit(*(world.result(at_s) for at_s in range(10)))
    assert len(await played(world, 2, 5)) == 3
    assert await played(world, 50, 60) == []


async def test_many_different_reasons_take_no_more_memory(world: "World", monkeypatch: pytest.MonkeyPatch) -> None:
    """Verdicts that are kept are forgotten again."""
    monkeypatch.setattr(replay, "REASONS_AT_MOST", 2)
    await world.commit(*(world.result(at_s, Verdict(Status.TIMEOUT, reason=f"r{at_s % 5}")) for at_s in range(20)))
    assert [result.verdict.reason for result in await played(world, 0, 99)] == [f"r{at_s % 5}" for at_s in range(20)]


async def test_of_which_time_anything_is_recorded(world: "World") -> None:
    """The first and the last result of all checks; nothing at first."""
    assert await world.ask(first_and_last) is None
    await world.journal.register([world.check("never")], world.start)
    assert await world.ask(first_and_last) is None
    await world.commit(world.result(5, check="gw/chat/a"), world.result(3), world.result(4))
    assert await world.ask(first_and_last) == Span(world.start.plus_s(3).wall_us, world.start.plus_s(5).wall_us + 1)
