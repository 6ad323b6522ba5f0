"""The dead-man switch against a double of the service: what is said when, and what becomes of a service that fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from monitor.config.deadman import DeadmanAccess
from monitor.config.secrets import Secret
from monitor.delivery.deadman import AGAIN_AFTER_S, FIRST_AFTER_S, DeadMan, Signal, address
from monitor.simulator.pings import PingSink
from monitor.simulator.sinks import HANG, RESET, Answer

WITHIN_S = 5.0


@dataclass
class Bench:
    """A switch whose waiting is in the test's hands."""

    troubles: list[str] = field(default_factory=list)
    observed: list[tuple[str, bool]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    _go: asyncio.Queue[None] = field(default_factory=asyncio.Queue)
    _waiting: asyncio.Queue[None] = field(default_factory=asyncio.Queue)

    @asynccontextmanager
    async def running(self, access: DeadmanAccess | None) -> AsyncIterator[DeadMan]:
        """The switch, pinging; stopped in good order."""
        switch = DeadMan(
            lambda: self.troubles,
            lambda signal, arrived: self.observed.append((signal, arrived)),
            lambda text: text.replace("sk-secret", "[redacted]"),
            self._sleep,
        )
        switch.put_in_force(access)
        task = asyncio.create_task(switch.run(self.stop))
        try:
            yield switch
            self.stop.set()
            await asyncio.wait_for(task, WITHIN_S)
        finally:
            task.cancel()
            await switch.close()

    async def rest(self) -> None:
        """Until the switch has nothing to do but to wait."""
        await asyncio.wait_for(self._waiting.get(), WITHIN_S)

    async def turn(self) -> None:
        """Let it wait no longer, and rest again."""
        self._go.put_nowait(None)
        await self.rest()

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self._waiting.put_nowait(None)
        await self._go.get()


def access(url: str, interval_s: float = 60.0, timeout_s: float = 5.0) -> DeadmanAccess:
    """Where to ping."""
    return DeadmanAccess(Secret(url), interval_s, timeout_s)


async def test_it_says_that_it_starts_that_all_is_well_and_that_it_stops() -> None:
    """In this order; the first "all is well" only once there was time for something to go wrong."""
    bench = Bench()
    async with PingSink() as service:
        async with bench.running(access(f"{service.url}?create=1")):
            await bench.rest()
            assert service.signals == ["start"]
            await bench.turn()
            await bench.turn()
        assert service.signals == ["start", "", "", "log"]
        assert service.pings[-1].body == "stopped in good order"
        assert {ping.query for ping in service.pings} == {"create=1"}
    assert bench.waits == [FIRST_AFTER_S, 60.0, 60.0]
    assert bench.observed == [("start", True), ("well", True), ("well", True), ("log", True)]


async def test_troubles_are_told_as_long_as_they_last() -> None:
    """With their reasons, without a secret; each change is in the log once."""
    bench = Bench(troubles=["the ledger makes no progress", "the database refuses sk-secret"])
    async with PingSink() as service:
        with capture_logs() as logs:
            async with bench.running(access(service.url)):
                await bench.rest()
                await bench.turn()
                await bench.turn()
                bench.troubles = []
                await bench.turn()
        assert service.signals == ["start", "fail", "fail", "", "log"]
        assert service.pings[1].body == "the ledger makes no progress\nthe database refuses [redacted]"
    assert [line["event"] for line in logs] == ["deadman_told_of_trouble", "deadman_told_all_is_well"]


@pytest.mark.parametrize("answer", [Answer(500), Answer(404, "not found"), Answer(302), HANG, RESET])
async def test_a_service_that_fails_is_tried_again_soon_and_logged_once(answer: Answer) -> None:
    """Nothing is raised; the log never shows the address, which is the key to the check."""
    bench = Bench()
    async with PingSink() as service:
        service.answer(then=answer)
        with capture_logs() as logs:
            async with bench.running(access(service.url, timeout_s=0.1)):
                await bench.rest()
                await bench.turn()
                await bench.turn()
                service.answer()
                await bench.turn()
    assert bench.waits == [FIRST_AFTER_S, AGAIN_AFTER_S, AGAIN_AFTER_S, 60.0]
    assert [line["event"] for line in logs] == ["deadman_unreachable", "deadman_reached_again"]
    assert "5f8d3b1e" not in str(logs)
    assert bench.observed[:4] == [("start", False), ("well", False), ("well", False), ("well", True)]


async def test_nobody_there_is_the_same() -> None:
    """A service that is down takes nothing with it."""
    bench = Bench()
    async with bench.running(access("http://127.0.0.1:9/ping")):
        await bench.rest()
        await bench.turn()
    assert {arrived for _, arrived in bench.observed} == {False}


async def test_a_crash_is_told_within_its_bound() -> None:
    """Also to a service that hangs."""
    bench = Bench()
    async with PingSink() as service, bench.running(access(service.url)) as switch:
        await bench.rest()
        await switch.crashed("the scheduler died: OSError")
        assert (service.pings[-1].signal, service.pings[-1].body) == ("fail", "the scheduler died: OSError")
        service.answer(then=HANG)
        began = asyncio.get_running_loop().time()
        await switch.crashed("again")
        assert asyncio.get_running_loop().time() - began < 3.0
        service.answer()


async def test_without_an_address_nothing_is_sent() -> None:
    """And a reload can bring one, change it, and take it away."""
    bench = Bench()
    async with PingSink() as first, PingSink() as second, bench.running(None) as switch:
        await switch.crashed("nobody hears this")
        switch.put_in_force(access(first.url))
        await first.wait_for_signal("start", WITHIN_S)
        await bench.rest()
        switch.put_in_force(access(first.url))
        switch.put_in_force(access(second.url))
        await second.wait_for_signal("start", WITHIN_S)
        await bench.rest()
        switch.put_in_force(None)
        await asyncio.sleep(0)
        assert (first.signals, second.signals) == (["start"], ["start"])


@pytest.mark.parametrize(
    ("url", "signal", "there"),
    [
        ("https://hc.example/ping/u", Signal.WELL, "https://hc.example/ping/u"),
        ("https://hc.example/ping/u", Signal.START, "https://hc.example/ping/u/start"),
        ("https://hc.example/ping/u/", Signal.FAIL, "https://hc.example/ping/u/fail"),
        ("https://hc.example/ping/key/slug?create=1", Signal.LOG, "https://hc.example/ping/key/slug/log?create=1"),
        ("https://hc.example", Signal.FAIL, "https://hc.example/fail"),
    ],
)
def test_where_a_signal_goes(url: str, signal: Signal, there: str) -> None:
    """Below the path, before the query."""
    assert address(url, signal) == there
