"""What a channel is, and what comes of one send.

A channel turns a notification into one message at one place and says what the other side answered. It never raises and
never repeats: whether and when a send is repeated is decided in `retry` and carried out by `worker`.
"""

from dataclasses import dataclass
from typing import Protocol

from monitor.alerting.notification import Notification

SEND_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Delivered:
    """The other side has the message.

    Attributes:
        answer: what it said, on one line, safe to show.
        thread: where the rest of this incident's messages belong, in the channel's own terms; None where the channel
            has no threads. The first one of an incident is kept, and given back with every later message.
    """

    answer: str
    thread: str | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """The message did not get through, but may later.

    Attributes:
        reason: why, on one line, safe to show.
        after_s: seconds that the other side asked us to wait; None if it did not say.
    """

    reason: str
    after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Permanent:
    """The other side will never take this message as things stand.

    Attributes:
        reason: why, on one line, safe to show.
    """

    reason: str


Receipt = Delivered | Retry | Permanent


class Channel(Protocol):
    """One place where notifications go."""

    @property
    def name(self) -> str:
        """As configured; unique."""
        ...

    async def send(self, notification: Notification, thread: str | None = None) -> Receipt:
        """Try once, within `SEND_TIMEOUT_S`. Never raises; may be called again with the same notification.

        Args:
            notification: the message.
            thread: what the channel gave with the incident's first message; None before, and without threads.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
