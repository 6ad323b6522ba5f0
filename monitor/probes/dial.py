"""Plain TCP connects: whether a host takes a connection, and whether an address is this machine's own.

Sends no byte over what it opens, and keeps nothing open.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Iterable

from monitor.config.urls import Address
from monitor.probes.resolver import Lookup, SharedResolver

_DISCARD_PORT = 9


class Dialler:
    """Opens connections, and closes them at once.

    Args:
        lookup: how host names are resolved.
    """

    def __init__(self, lookup: Lookup = socket.getaddrinfo) -> None:
        self._resolver = SharedResolver(lookup)

    async def dial(self, target: Address) -> bool:
        """Whether `target` takes a connection, on any of its addresses; never raises, and has no bound in time."""
        try:
            hosts = [target.host] if is_numeric(target.host) else await self._addresses(target)
        except OSError:
            return False
        return await first_true(_takes_connection(host, target.port) for host in hosts)

    async def _addresses(self, target: Address) -> list[str]:
        return [found["host"] for found in await self._resolver.resolve(target.host, target.port)]


async def first_true(attempts: Iterable[Awaitable[bool]], within_s: float | None = None) -> bool:
    """Whether any of `attempts`, all at once, comes out true; the others are then cancelled."""
    pending = {asyncio.ensure_future(attempt) for attempt in attempts}
    loop = asyncio.get_running_loop()
    ends_s = float("inf") if within_s is None else loop.time() + within_s
    try:
        while pending and (left_s := ends_s - loop.time()) > 0:
            timeout_s = None if within_s is None else left_s
            done, pending = await asyncio.wait(pending, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if any(attempt.result() for attempt in done):
                return True
        return False
    finally:
        for attempt in pending:
            attempt.cancel()
        await asyncio.gather(*pending, return_exceptions=True)


def is_numeric(host: str) -> bool:
    """Whether a host is an address already."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_own_address(host: str) -> bool:
    """Whether a numeric address is one of this machine's own, so that no uplink is needed to reach it.

    The kernel is asked which source it would take: for its own addresses it takes the same. No packet is sent.
    """
    try:
        if ipaddress.ip_address(host).is_loopback:
            return True
        with socket.socket(_family(host), socket.SOCK_DGRAM) as probe:
            probe.setblocking(False)  # noqa: FBT003  a positional flag of the standard library
            probe.connect((host, _DISCARD_PORT))
            own: str = probe.getsockname()[0]
            return own == host.partition("%")[0]
    except (OSError, ValueError):
        return False


async def _takes_connection(host: str, port: int) -> bool:
    try:
        with socket.socket(_family(host), socket.SOCK_STREAM) as opened:
            opened.setblocking(False)  # noqa: FBT003  a positional flag of the standard library
            await asyncio.get_running_loop().sock_connect(opened, (host, port))
    except OSError:
        return False
    return True


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
