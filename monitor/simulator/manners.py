"""What a sink is told to answer: any status, or silence, a reset, a cut, nonsense.

Owns the answers and their order; `wire` owns how they are given.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Self

from aiohttp import web

from monitor.simulator import wire


class Manner(Enum):
    """How an answer is given."""

    ANSWER = "answer"
    HANG = "hang"
    RESET = "reset"
    CLOSE = "close"
    GARBAGE = "garbage"
    TRUNCATED = "truncated"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a sink says to one request.

    Attributes:
        status: of the HTTP answer.
        body: of the HTTP answer.
        headers: of the HTTP answer.
        manner: anything but `ANSWER` says nothing sensible, and status, body and headers do not count.
    """

    status: int = 200
    body: str = "ok"
    headers: Mapping[str, str] = field(default_factory=dict)
    manner: Manner = Manner.ANSWER

    @classmethod
    def rate_limited(cls, after_s: int = 1) -> Self:
        """429 with a `Retry-After` of that many seconds, and the body that Slack gives with it."""
        headers = {"Retry-After": str(after_s), "Content-Type": "application/json"}
        return cls(429, '{"ok":false,"error":"ratelimited"}', headers)

    @classmethod
    def nonsense(cls) -> Self:
        """200 with an HTML page, as a captive portal gives it."""
        return cls(200, "<html><body>Sign in to the network</body></html>", {"Content-Type": "text/html"})

    @property
    def accepts(self) -> bool:
        """Whether the sender is told that all is well."""
        return self.manner is Manner.ANSWER and self.status in range(200, 300)

    async def give(self, request: web.Request) -> web.StreamResponse:
        """Answers the request in this manner."""
        match self.manner:
            case Manner.HANG:
                await wire.hang()
            case Manner.RESET:
                return wire.reset(request)
            case Manner.CLOSE:
                return wire.close(request)
            case Manner.GARBAGE:
                return wire.close(request, wire.GARBAGE)
            case Manner.TRUNCATED:
                return wire.truncated(request, self.body.encode())
        return web.Response(status=self.status, body=self.body.encode(), headers=self.headers)


HANG = Answer(manner=Manner.HANG)
RESET = Answer(manner=Manner.RESET)
OK = Answer()


class Manners:
    """The answers a sink has been told to give: a queue, and one for when it is empty."""

    def __init__(self) -> None:
        self._next: deque[Answer] = deque()
        self._then: Answer | None = None

    def answer(self, *answers: Answer, then: Answer | None = None) -> None:
        """Sets the next answers; afterwards `then` is given for ever, or the sink's own answer if None."""
        self._next = deque(answers)
        self._then = then

    def take(self) -> Answer | None:
        """The answer for one request; None: the sink's own."""
        return self._next.popleft() if self._next else self._then
