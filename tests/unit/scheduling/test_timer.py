"""The real APScheduler behind the timer, in real time: turns, and what a callback raises."""

import asyncio

from monitor.clock import SystemClock
from monitor.scheduling.phases import Cycle
from monitor.scheduling.timer import SlotTimer


async def test_turns_fire_on_their_cycle_and_the_heart_beats() -> None:
    """A callback is called at every turn of its cycle, a few milliseconds late at most on an idle machine."""
    clock = SystemClock()
    timer = SlotTimer(clock)
    turns: list[int] = []
    turns_failed: list[BaseException] = []
    third = asyncio.Event()
    start = clock.now()
    cycle = Cycle(start.mono_us, 50_000)

    def turn() -> None:
        turns.append(cycle.turn(clock.now().mono_us))
        if len(turns) == 3:
            third.set()

    timer.add("slot", cycle, turn)
    timer.start(turns_failed.append)
    async with asyncio.timeout(10):
        await third.wait()
    timer.remove("slot")
    timer.stop()
    assert turns_failed == []
    assert turns == sorted(set(turns))
    assert timer.heartbeat_mono_us >= start.mono_us


async def test_what_a_callback_raises_is_handed_on() -> None:
    """APScheduler would log it and go on; the timer tells."""
    clock = SystemClock()
    timer = SlotTimer(clock)
    failed: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
    timer.add("slot", Cycle(clock.now().mono_us, 20_000), lambda: 1 // 0)
    timer.start(lambda error: None if failed.done() else failed.set_result(error))
    async with asyncio.timeout(10):
        assert isinstance(await failed, ZeroDivisionError)
    timer.stop()
