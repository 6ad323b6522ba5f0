"""A process that stood still notices it, whoever asks first."""

import asyncio
from dataclasses import dataclass, field

from structlog.testing import capture_logs

from monitor.clock import Moment
from monitor.probes.stillness import Stillness

S = 1_000_000


@dataclass
class Bench:
    """A stillness whose clock is moved by hand."""

    now_us: int = 0
    slept_us: int = 0
    told: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stillness = Stillness(self, self._told, lambda: self.slept_us)

    def now(self) -> Moment:
        """The present moment; the wall clock goes on while the machine sleeps."""
        return Moment(self.now_us + self.slept_us, self.now_us)

    def _told(self, since: Moment, until: Moment) -> None:
        self.told.append((since.wall_us / S, until.wall_us / S))


async def watched() -> tuple[Bench, "asyncio.Task[None]"]:
    """A watch that has begun at 0 s."""
    bench = Bench()
    watch = asyncio.create_task(bench.stillness.watch())
    await asyncio.sleep(0)
    return bench, watch


async def ended(watch: "asyncio.Task[None]") -> None:
    """The watch is over."""
    watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)


async def test_a_standstill_explains_what_it_interrupted() -> None:
    """What began before its end, and nothing after; the probe may ask before the watch has seen it."""
    bench, watch = await watched()
    bench.now_us = 1 * S
    assert not bench.stillness.was_still(Moment(0, 0))
    begun = bench.now()
    with capture_logs() as logs:
        bench.now_us = 21 * S
        assert bench.stillness.was_still(begun)
    assert [(line["event"], line["log_level"], line["seconds"]) for line in logs] == [("loop_frozen", "warning", 20.0)]
    assert not bench.stillness.was_still(bench.now())
    assert bench.told == []
    await ended(watch)


async def test_a_long_one_is_told_with_from_and_to() -> None:
    """More than a minute is worth a message."""
    bench, watch = await watched()
    bench.now_us = 61 * S
    with capture_logs():
        assert bench.stillness.was_still(Moment(0, 0))
    assert bench.told == [(0, 61)]
    await ended(watch)


async def test_a_machine_that_slept_stood_still_too() -> None:
    """The monotonic clock does not count its sleep."""
    bench, watch = await watched()
    begun = bench.now()
    bench.now_us, bench.slept_us = 1 * S, 3600 * S
    with capture_logs() as logs:
        assert bench.stillness.was_still(begun)
    assert bench.told == [(0, 3601)]
    assert [line["event"] for line in logs] == ["loop_frozen"]
    await ended(watch)


async def test_nobody_looks_before_and_after_the_watch() -> None:
    """A long start and a slow end are no standstill."""
    bench = Bench(now_us=100 * S)
    assert not bench.stillness.was_still(Moment(0, 0))
    watch = asyncio.create_task(bench.stillness.watch())
    await asyncio.sleep(0)
    await ended(watch)
    bench.now_us = 200 * S
    assert not bench.stillness.was_still(Moment(0, 0))
    assert bench.told == []
