"""A double of a healthchecks service: remembers every ping of one check and can be told to misbehave.

Signals stand below the check's address (`/start`, `/fail`, `/log`); anything else there is no check, and 404.
"""

from dataclasses import dataclass
from typing import Unpack

from aiohttp import web

from monitor.simulator.manners import OK, Answer
from monitor.simulator.sink import Sink, SinkOptions

PATH = "/ping/5f8d3b1e-0000-4000-8000-0123456789ab"
SIGNALS = ("", "/start", "/fail", "/log")


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


class PingSink(Sink[Ping]):
    """A running service with one check, which answers 200 unless told otherwise."""

    def __init__(self, **options: Unpack[SinkOptions]) -> None:
        super().__init__([web.route("*", f"{PATH}{signal}", self._receive) for signal in SIGNALS], **options)

    @property
    def url(self) -> str:
        """The check's address."""
        return f"{self._root}{PATH}"

    @property
    def pings(self) -> list[Ping]:
        """Every ping, oldest first, also those that were refused."""
        return self._record.items

    @property
    def signals(self) -> list[str]:
        """What they said, in order."""
        return [ping.signal for ping in self._record.items]

    async def wait_for_signal(self, signal: str, timeout_s: float, *, after: int = 0) -> Ping:
        """The first ping with this signal, past or to come, that is not among the first `after`.

        Raises:
            TimeoutError: none came in time; the message tells what did.
        """
        return await self.wait_for(lambda ping: ping.signal == signal and ping in self.pings[after:], timeout_s)

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        body = (await request.read()).decode(errors="replace")
        answer = self._manners.take() or OK
        signal = request.path.removeprefix(PATH).removeprefix("/")
        self._record.add(Ping(signal, body, request.query_string, self._mono_s(), answer))
        return await answer.give(request)
