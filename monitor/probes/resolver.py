"""Name resolution of our own: timed, shared, and unable to hold up anything else.

A lookup runs in a daemon thread of its own, at most one per host at a time, and whoever asks meanwhile waits for the
same answer. So a host whose lookup hangs holds one thread, neither the event loop's pool nor the end of the process.
Nothing is cached: a model-list probe measures a real lookup, and kept connections need none.
"""

import asyncio
import socket
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from monitor.probes.trace import current_trace

Lookup = Callable[..., list[tuple[Any, ...]]]
"""`socket.getaddrinfo`, or what stands in for it."""

_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class SharedResolver(AbstractResolver):
    """Resolves hosts through the system, one lookup in flight per host.

    Args:
        lookup: called in a thread as `lookup(host, port, family=..., type=..., flags=...)`.
    """

    def __init__(self, lookup: Lookup = socket.getaddrinfo) -> None:
        self._lookup = lookup
        self._in_flight: dict[tuple[str, int, int], asyncio.Future[list[ResolveResult]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of `host`.

        Raises:
            socket.gaierror: the system has no answer.
        """
        trace = current_trace()
        if trace is not None:
            trace.dns_started = monotonic()
        key = (host, port, family)
        future = self._in_flight.get(key) or self._begin(key)
        # Shielded: whoever gives up waiting must not take the answer from the others.
        found = await asyncio.shield(future)
        if trace is not None:
            trace.dns_ended = monotonic()
        return list(found)

    async def close(self) -> None:
        """Nothing to release: lookups still under way end with their threads."""

    def _begin(self, key: tuple[str, int, int]) -> asyncio.Future[list[ResolveResult]]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[list[ResolveResult]] = loop.create_future()
        self._in_flight[key] = future

        def settle(found: list[ResolveResult] | None, error: Exception | None) -> None:
            self._in_flight.pop(key, None)
            if error is None:
                future.set_result(found or [])
            else:
                future.set_exception(error)
                future.exception()  # everybody may have given up: then nobody is left to hear of it

        def run() -> None:
            found, error = self._ask(key)
            try:
                loop.call_soon_threadsafe(settle, found, error)
            except RuntimeError:
                return  # the loop has closed meanwhile

        threading.Thread(target=run, name=f"resolve {key[0]}", daemon=True).start()
        return future

    def _ask(self, key: tuple[str, int, int]) -> tuple[list[ResolveResult] | None, Exception | None]:
        host, port, family = key
        try:
            infos = self._lookup(host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
            found = [_result(host, info) for info in infos if info[0] in (socket.AF_INET, socket.AF_INET6)]
            if not found:
                raise socket.gaierror(socket.EAI_NONAME, "no address")
        except OSError as error:
            return None, error
        except UnicodeError:
            return None, socket.gaierror(socket.EAI_NONAME, "not a host name")
        return found, None


def _result(host: str, info: tuple[Any, ...]) -> ResolveResult:
    family, _, protocol, _, address = info
    numeric = address[0]
    if family == socket.AF_INET6 and address[3] and "%" not in numeric:
        numeric = f"{numeric}%{address[3]}"  # a link-local address means nothing without its interface
    return ResolveResult(hostname=host, host=numeric, port=address[1], family=family, proto=protocol, flags=_NUMERIC)
