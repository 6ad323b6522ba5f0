"""A webhook receiver that remembers what arrives and can be told to misbehave; and the door to all sinks.

Owns the plain webhook; `slack` has the double of Slack, `sink` what all share.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Unpack

from aiohttp import web

from monitor.simulator.manners import HANG, OK, RESET, Answer, Manner
from monitor.simulator.sink import Sink, SinkOptions
from monitor.simulator.slack import SlackMessage, SlackSink, slack_error

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


class WebhookSink(Sink[Received]):
    """A running webhook receiver, which answers 200 unless told otherwise.

    Args:
        path: where requests are taken.
        options: see `SinkOptions`.
    """

    def __init__(self, *, path: str = "/hook", **options: Unpack[SinkOptions]) -> None:
        self._path = path
        super().__init__([web.post(path, self._receive)], **options)

    @property
    def url(self) -> str:
        """Where to send."""
        return f"{self._root}{self._path}"

    @property
    def received(self) -> list[Received]:
        """Every request, oldest first, also those that were refused."""
        return self._record.items

    @property
    def accepted(self) -> list[Received]:
        """The requests that were answered with 2xx."""
        return [received for received in self._record.items if received.answered.accepts]

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        answer = self._manners.take() or OK
        headers = {name.lower(): value for name, value in request.headers.items()}
        self._record.add(Received(self._mono_s(), headers, _parsed(raw), raw, answer))
        return await answer.give(request)


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode(errors="replace")
