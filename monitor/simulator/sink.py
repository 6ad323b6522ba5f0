"""What all sinks are made of: a server that remembers what arrives and can be told to misbehave.

Owns listening, the answers that it was told to give, and waiting for arrivals. What is taken at which door, and what is
refused, is each sink's own.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any, Generic, Self, TypedDict, TypeVar, Unpack

from aiohttp import web

from monitor.clock import US_PER_S, Clock, SystemClock
from monitor.simulator.manners import Answer, Manners
from monitor.simulator.record import Record
from monitor.simulator.server import Server

KEEPALIVE_S = 75.0
MOST_BYTES = 1024**2
Item = TypeVar("Item")


class SinkOptions(TypedDict, total=False):
    """What may be said of any sink.

    Attributes:
        clock: for the time of arrival; the system's unless given.
        host: address to listen on; loopback unless given.
        port: port to listen on; 0, the default, takes a free one.
    """

    clock: Clock
    host: str
    port: int


class Sink(Generic[Item]):
    """A running server, as an asynchronous context manager.

    Args:
        routes: its doors.
        most_bytes: a larger body is answered with 413 before any door sees it.
        options: see `SinkOptions`.
    """

    def __init__(
        self, routes: Iterable[web.RouteDef], *, most_bytes: int = MOST_BYTES, **options: Unpack[SinkOptions]
    ) -> None:
        self._clock = options.get("clock") or SystemClock()
        self._manners = Manners()
        self._record: Record[Item] = Record()
        app = web.Application(client_max_size=most_bytes)
        app.router.add_routes(routes)
        host, port = options.get("host", "127.0.0.1"), options.get("port", 0)
        self._server = Server(app, host=host, port=port, keepalive_timeout=KEEPALIVE_S)

    async def __aenter__(self) -> Self:
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()

    def answer(self, *answers: Answer, then: Answer | None = None) -> None:
        """Sets what the next requests are told; afterwards `then` for ever, or what the sink itself says if None."""
        self._manners.answer(*answers, then=then)

    async def wait_for(self, predicate: Callable[[Item], bool], timeout_s: float) -> Item:
        """The first arrival, past or to come, for which the predicate holds.

        Raises:
            TimeoutError: none came in time; the message tells what did.
        """
        return await self._record.wait_for(predicate, timeout_s)

    @property
    def _root(self) -> str:
        return f"http://{self._server.authority}"

    def _mono_s(self) -> float:
        return self._clock.now().mono_us / US_PER_S


def json_object(raw: str | bytes) -> dict[str, Any] | None:
    """The JSON object that stands there; None where something else does."""
    try:
        value = json.loads(raw)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
