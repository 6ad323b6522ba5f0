"""Which of the messages that wait for one channel about one incident goes next, and which of them it stands for.

Pure. An end that nobody has heard the beginning of is one message: it stands for all before it. A reminder that is
followed by other news reminds nobody any more. Everything else is told in its order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from monitor.alerting.notification import Event


class Message(Protocol):
    """A row of the outbox, as far as the order concerns it."""

    @property
    def id(self) -> int:
        """Of the row."""
        ...

    @property
    def event(self) -> str:
        """Of the notification."""
        ...

    @property
    def state(self) -> str:
        """`pending`, `leased`, `sent`, `dead` or `merged`."""
        ...

    @property
    def created_at_us(self) -> int:
        """When it was decided."""
        ...


@dataclass(frozen=True, slots=True)
class Next:
    """What is sent next.

    Attributes:
        row_id: the message.
        stands_for: the messages that are not sent any more, because this one tells all.
        merged_since_us: when the first of those arose whose news are told with this one; None if it tells its own only.
    """

    row_id: int
    stands_for: tuple[int, ...] = ()
    merged_since_us: int | None = None


def next_of(messages: Sequence[Message]) -> Next:
    """What goes next.

    Args:
        messages: all that one channel was ever given about one incident, in order; at least one is not settled, and the
            first such one is due.
    """
    waiting = [message for message in messages if message.state in ("pending", "leased")]
    head, last = waiting[0], waiting[-1]
    if head.state == "leased":  # its lease ran out; whoever had it may have sent it
        return Next(head.id)
    if last.event == Event.RESOLVED and not any(message.state == "sent" for message in messages):
        untold = [message.created_at_us for message in messages if message is not last]
        return Next(last.id, tuple(message.id for message in waiting[:-1]), min(untold, default=None))
    stale = 0
    while waiting[stale].event == Event.REMINDER and stale < len(waiting) - 1:
        stale += 1
    return Next(waiting[stale].id, tuple(message.id for message in waiting[:stale]))
