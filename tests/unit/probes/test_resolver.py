"""Name resolution: shared, never in the way, and honest about failures."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from monitor.probes.resolver import SharedResolver
from monitor.probes.trace import begin_trace


class FakeSystem:
    """Stands in for `getaddrinfo`; look-ups of `slow.test` end when `release` is set."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.release = threading.Event()

    def __call__(self, host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        """The addresses of a host."""
        self.asked.append(host)
        if host == "slow.test":
            self.release.wait(5)
        if host == "gone.test":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if host == "empty.test":
            return []
        if host == "x" * 64 + ".test":
            raise UnicodeError("label too long")
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1", port, 0, 3)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", port)),
        ]


@pytest.fixture
def system() -> Iterator[FakeSystem]:
    """A system whose hanging look-ups end with the test."""
    fake = FakeSystem()
    yield fake
    fake.release.set()


async def test_addresses_come_in_the_systems_order(system: FakeSystem) -> None:
    """With the interface of a link-local one, and timed."""
    trace = begin_trace()
    found = await SharedResolver(system).resolve("gw.test", 443)
    assert [(result["host"], result["port"]) for result in found] == [("fe80::1%3", 443), ("192.0.2.7", 443)]
    assert trace.dns_started is not None
    assert trace.dns_ended is not None


async def test_one_lookup_serves_all_who_ask_meanwhile(system: FakeSystem) -> None:
    """Those who give up do not take the answer from the others; the next to ask looks anew."""
    resolver = SharedResolver(system)
    first, second = (asyncio.create_task(resolver.resolve("slow.test", 443)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await resolver.resolve("gw.test", 443)  # a host that hangs holds up no other
    system.release.set()
    assert len(await second) == 2
    await resolver.resolve("slow.test", 443)
    assert system.asked == ["slow.test", "gw.test", "slow.test"]


@pytest.mark.parametrize("host", ["gone.test", "empty.test", "x" * 64 + ".test"])
async def test_a_host_without_an_address(system: FakeSystem, host: str) -> None:
    """No address, an empty answer and a name that is none are all failures of resolution."""
    with pytest.raises(socket.gaierror):
        await SharedResolver(system).resolve(host, 443)


async def test_a_failure_of_which_nobody_hears(system: FakeSystem) -> None:
    """Everybody has given up: the failure disappears without a sound."""

    def late(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
        system.release.wait(5)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure")

    resolver = SharedResolver(late)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(resolver.resolve("gw.test", 443), 0.01)
    system.release.set()
    with pytest.raises(socket.gaierror):
        await resolver.resolve("gw.test", 443)


def test_a_lookup_that_outlives_its_loop(system: FakeSystem) -> None:
    """Its thread ends in silence, and does not keep the process."""

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(SharedResolver(system).resolve("slow.test", 443), 0.01)

    asyncio.run(give_up())
    thread = next(thread for thread in threading.enumerate() if thread.name == "resolve slow.test")
    assert thread.daemon
    system.release.set()
    thread.join(5)
    assert not thread.is_alive()
