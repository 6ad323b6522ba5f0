"""A webhook receiver that remembers what arrives and can be told to misbehave; and the door to all sinks.

Owns the plain webhook; `slack` has the double of Slack, `manners` and `record` what both share.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

from monitor.clock import US_PER_S, Clock, SystemClock
from monitor.simulator.manners import HANG, OK, RESET, Answer, Manner, Manners
from monitor.simulator.record import Record
from monitor.simulator.server import Server
from monitor.simulator.slack import KEEPALIVE_S, SlackMessage, SlackSink, slack_error

__all__ = [
    "HANG",
    "OK",
    "RESET",
    "Answer",
    "Manner",
    "Received",
    "SlackMessage",
    "SlackSink",
    "WebhookSink",
    "slack_error",
]


@dataclass(frozen=True, slots=True)
class Received:
    """One request at a webhook.

    Attributes:
        at_mono_s: seconds on the monotonic clock.
        headers: lower-case names.
        body: parsed JSON; the text as it came where it is none.
        raw: the bytes as they came, for checking a signature.
        answered: what the sender was told.
    """

    at_mono_s: float
    headers: Mapping[str, str]
    body: Any
    raw: bytes
    answered: Answer


class WebhookSink:
    """A running webhook receiver, as an asynchronous context manager.

    Args:
        clock: for the time of arrival.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        path: where requests are taken.
    """

    def __init__(
        self, *, clock: Clock | None = None, host: str = "127.0.0.1", port: int = 0, path: str = "/hook"
    ) -> None:
        self._clock = clock or SystemClock()
        self._manners = Manners()
        self._record: Record[Received] = Record()
        app = web.Application()
        self._path = path
        app.router.add_post(path, self._receive)
        self._server = Server(app, host=host, port=port, keepalive_timeout=KEEPALIVE_S)

    async def __aenter__(self) -> Self:
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()

    @property
    def url(self) -> str:
        """Where to send."""
        return f"http://{self._server.authority}{self._path}"

    @property
    def received(self) -> list[Received]:
        """Every request, oldest first, also those that were refused."""
        return self._record.items

    @property
    def accepted(self) -> list[Received]:
        """The requests that were answered with 2xx."""
        return [received for received in self._record.items if received.answered.accepts]

    def answer(self, *answers: Answer, then: Answer | None = None) -> None:
        """Sets what the next requests are told; afterwards `then` for ever, or 200 if None."""
        self._manners.answer(*answers, then=then)

    async def wait_for(self, predicate: Callable[[Received], bool], timeout_s: float) -> Received:
        """The first request, past or to come, for which the predicate holds.

        Raises:
            TimeoutError: none came in time; the message tells what did.
        """
        return await self._record.wait_for(predicate, timeout_s)

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        answer = self._manners.take() or OK
        headers = {name.lower(): value for name, value in request.headers.items()}
        at_mono_s = self._clock.now().mono_us / US_PER_S
        self._record.add(Received(at_mono_s, headers, _parsed(raw), raw, answer))
        return await answer.give(request)


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode(errors="replace")
