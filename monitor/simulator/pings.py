"""A double of a healthchecks service: remembers every ping of one check and can be told to misbehave.

Signals stand below the check's address (`/start`, `/fail`, `/log`); anything else there is no check, and 404.
"""

from dataclasses import dataclass
from typing import Self

from aiohttp import web

from monitor.clock import US_PER_S, Clock, SystemClock
from monitor.simulator.manners import OK, Answer, Manners
from monitor.simulator.record import Record
from monitor.simulator.server import Server

PATH = "/ping/5f8d3b1e-0000-4000-8000-0123456789ab"
SIGNALS = ("", "/start", "/fail", "/log")
KEEPALIVE_S = 75.0


@dataclass(frozen=True, slots=True)
class Ping:
    """One ping.

    Attributes:
        signal: empty for "all is well".
        body: what it said.
        query: as it came.
        at_mono_s: seconds on the monotonic clock.
    """

    signal: str
    body: str
    query: str
    at_mono_s: float
    answered: Answer


class PingSink:
    """A running service with one check, as an asynchronous context manager."""

    def __init__(self, *, clock: Clock | None = None, host: str = "127.0.0.1", port: int = 0) -> None:
        self._clock = clock or SystemClock()
        self._manners = Manners()
        self._record: Record[Ping] = Record()
        app = web.Application()
        for signal in SIGNALS:
            app.router.add_route("*", f"{PATH}{signal}", self._receive)
        self._server = Server(app, host=host, port=port, keepalive_timeout=KEEPALIVE_S)

    async def __aenter__(self) -> Self:
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()

    @property
    def url(self) -> str:
        """The check's address."""
        return f"http://{self._server.authority}{PATH}"

    @property
    def pings(self) -> list[Ping]:
        """Every ping, oldest first, also those that were refused."""
        return self._record.items

    @property
    def signals(self) -> list[str]:
        """What they said, in order."""
        return [ping.signal for ping in self._record.items]

    def answer(self, *answers: Answer, then: Answer | None = None) -> None:
        """Sets what the next pings are told; afterwards `then` for ever, or 200 if None."""
        self._manners.answer(*answers, then=then)

    async def wait_for(self, signal: str, timeout_s: float, *, after: int = 0) -> Ping:
        """The first ping with this signal, past or to come, that is not among the first `after`.

        Raises:
            TimeoutError: none came in time; the message tells what did.
        """
        return await self._record.wait_for(lambda ping: ping.signal == signal and ping in self.pings[after:], timeout_s)

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        body = (await request.read()).decode(errors="replace")
        answer = self._manners.take() or OK
        at_mono_s = self._clock.now().mono_us / US_PER_S
        signal = request.path.removeprefix(PATH).removeprefix("/")
        self._record.add(Ping(signal, body, request.query_string, at_mono_s, answer))
        return await answer.give(request)
