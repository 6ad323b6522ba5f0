"""What delivery needs of an outbox; `storage.outbox` fits it."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from monitor.alerting.batch import Queued
from monitor.clock import Moment


class Due(Protocol):
    """One claimed message.

    Attributes:
        attempts: how often it was claimed for sending before this time.
    """

    @property
    def row_id(self) -> int: ...  # noqa: D102  described by the class

    @property
    def notification_id(self) -> str: ...  # noqa: D102  described by the class

    @property
    def body(self) -> Mapping[str, Any]: ...  # noqa: D102  described by the class

    @property
    def incident_id(self) -> int | None: ...  # noqa: D102  described by the class

    @property
    def attempts(self) -> int: ...  # noqa: D102  described by the class

    @property
    def created_at_us(self) -> int: ...  # noqa: D102  described by the class


class Outbox(Protocol):
    """The messages that wait. Every method may raise StorageError, and has then done nothing."""

    async def void_leases(self, now: Moment) -> object:
        """Let every message that an earlier run had claimed be claimed again."""
        ...

    async def claim(self, channel: str, now: Moment, lease_s: float, limit: int) -> Sequence[Any]:
        """Messages that are due, leased for `lease_s`; of each incident only the first that is not settled."""
        ...

    async def settle_sent(self, row: Any, now: Moment) -> object:
        """The message is delivered."""
        ...

    async def settle_retry(self, row: Any, now: Moment, at: Moment, error: str) -> object:
        """The message is due again `at`."""
        ...

    async def settle_dead(self, row: Any, now: Moment, error: str) -> object:
        """The message is given up."""
        ...

    async def next_due_s(self, channel: str, now: Moment) -> float | None:
        """Seconds until a message is due; None if none waits."""
        ...

    async def enqueue_notice(self, queued: Queued) -> object:
        """Add a message that belongs to no incident."""
        ...
