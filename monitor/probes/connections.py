"""The HTTP sessions that all exchanges share: one for fresh connections, one per idle time for kept ones.

Sessions know nothing of endpoints: address, TLS and proxy come with each exchange, and connections are pooled by them.
So a reload touches no session, and a connection that is not used any more ends by itself.
"""

import socket
from collections.abc import Awaitable, Callable
from typing import Final

import aiohttp

from monitor.probes.resolver import Lookup, SharedResolver
from monitor.probes.trace import TracedResponse, open_socket

MAX_LINE_BYTES: Final = 8 * 1024
MAX_HEADER_BYTES: Final = 16 * 1024
MAX_HEADERS: Final = 128

_Handler = Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]]


class DisconnectedError(aiohttp.ClientConnectionError):
    """The connection ended before the headers; unlike the exception it stands for, it makes aiohttp repeat nothing."""


def original(error: Exception) -> Exception:
    """What really ended a connection."""
    cause = error.__cause__
    return cause if isinstance(error, DisconnectedError) and isinstance(cause, Exception) else error


class Connections:
    """Sessions, made when first asked for, inside the running loop.

    Args:
        lookup: how host names are resolved.
    """

    def __init__(self, lookup: Lookup = socket.getaddrinfo) -> None:
        self._resolver = SharedResolver(lookup)
        self._fresh: aiohttp.ClientSession | None = None
        self._kept: dict[float, aiohttp.ClientSession] = {}

    def fresh(self) -> aiohttp.ClientSession:
        """The session whose every exchange opens a connection and closes it."""
        if self._fresh is None:
            connector = aiohttp.TCPConnector(
                force_close=True, limit=0, use_dns_cache=False, resolver=self._resolver, socket_factory=open_socket
            )
            self._fresh = _session(connector, _never_repeat)
        return self._fresh

    def kept(self, idle_s: float) -> aiohttp.ClientSession:
        """The session whose connections stay open for `idle_s` seconds after an exchange."""
        session = self._kept.get(idle_s)
        if session is None:
            connector = aiohttp.TCPConnector(
                keepalive_timeout=idle_s,
                limit=0,
                use_dns_cache=False,
                resolver=self._resolver,
                socket_factory=open_socket,
            )
            # What goes over a kept connection is POST, and aiohttp repeats only idempotent methods.
            session = self._kept[idle_s] = _session(connector)
        return session

    async def aclose(self) -> None:
        """Close every connection; exchanges still under way fail."""
        sessions = [self._fresh, *self._kept.values()]
        self._fresh = None
        self._kept = {}
        for session in sessions:
            if session is not None:
                await session.close()


async def _never_repeat(request: aiohttp.ClientRequest, handler: _Handler) -> aiohttp.ClientResponse:
    # aiohttp silently repeats an idempotent request whose connection ended early, a fresh connection too: a server
    # that drops every second connection would look healthy.
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise DisconnectedError from error


def _session(connector: aiohttp.TCPConnector, *middlewares: aiohttp.ClientMiddlewareType) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        response_class=TracedResponse,
        middlewares=middlewares,
        timeout=aiohttp.ClientTimeout(total=None),
        auto_decompress=False,
        trust_env=False,
        max_line_size=MAX_LINE_BYTES,
        max_field_size=MAX_HEADER_BYTES,
        max_headers=MAX_HEADERS,
    )
