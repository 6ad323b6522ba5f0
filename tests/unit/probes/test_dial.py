"""Plain connects on loopback, and which addresses are this machine's own."""

import asyncio
import socket
from typing import Any

import pytest

from monitor.config.urls import Address
from monitor.probes.dial import Dialler, first_true, is_own_address


def two_addresses(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
    """A name whose first address nobody answers on."""
    if host == "gone.test":
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
    ]


async def test_a_host_that_takes_connections() -> None:
    """By address, and by a name of which one address works; nothing is sent."""
    heard: list[bytes] = []
    ended = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())
        writer.close()
        ended.set()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    dialler = Dialler(two_addresses)
    assert await dialler.dial(Address("127.0.0.1", port))
    await ended.wait()
    ended.clear()
    assert await dialler.dial(Address("both.test", port))
    await ended.wait()
    server.close()
    await server.wait_closed()
    assert heard == [b"", b""]
    assert not await dialler.dial(Address("127.0.0.1", port))
    assert not await dialler.dial(Address("::1", port))
    assert not await dialler.dial(Address("gone.test", port))


async def test_the_first_that_comes_out_true() -> None:
    """The others are cancelled; none within the bound is a no."""
    cancelled: list[float] = []

    async def after(seconds: float, *, outcome: bool) -> bool:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            cancelled.append(seconds)
            raise
        return outcome

    assert await first_true([after(0, outcome=False), after(0.001, outcome=True), after(60, outcome=True)])
    assert cancelled == [60]
    assert not await first_true([after(0, outcome=False), after(61, outcome=True)], within_s=0.01)
    assert cancelled == [60, 61]
    assert not await first_true([])


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1"])
async def test_own_addresses(address: str) -> None:
    """All of loopback is this machine."""
    assert is_own_address(address)


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1", "fe80::1%nowhere0", "gw.test", ""])
async def test_addresses_of_others(address: str) -> None:
    """Addresses for documentation are nobody's, and a name is no address."""
    assert not is_own_address(address)
