"""Waiting for what arrives."""

import asyncio

import pytest

from monitor.simulator.record import KEPT, Record


async def test_what_has_come_is_found_at_once() -> None:
    """The past counts."""
    record: Record[int] = Record()
    record.add(1)
    record.add(2)
    assert await record.wait_for(lambda item: item == 2, 1) == 2


async def test_what_comes_later_is_waited_for() -> None:
    """Items that do not fit do not end the wait."""
    record: Record[int] = Record()
    waiting = asyncio.create_task(record.wait_for(lambda item: item > 1, 5))
    await asyncio.sleep(0)
    record.add(1)
    await asyncio.sleep(0)
    assert not waiting.done()
    record.add(2)
    assert await waiting == 2


async def test_what_does_not_come_is_told_with_what_did() -> None:
    """A failing test should say why."""
    record: Record[str] = Record()
    record.add("something else")
    with pytest.raises(TimeoutError, match="something else"):
        await record.wait_for(lambda item: item == "it", 0.001)


def test_memory_is_bounded() -> None:
    """The newest are kept."""
    record: Record[int] = Record()
    for number in range(KEPT + 5):
        record.add(number)
    assert (len(record.items), record.items[0], record.items[-1]) == (KEPT, 5, KEPT + 4)
