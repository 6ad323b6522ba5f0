"""What delivery needs of an outbox; `storage.outbox` fits it."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from monitor.alerting.batch import Queued
from monitor.clock import Moment

if TYPE_CHECKING:
    from monitor.storage.outbox.detours import Choose, Look
    from monitor.storage.outbox.outbox import Claimed


class Outbox(Protocol):
    """The messages that wait. Every method may raise StorageError, and has then done nothing."""

    async def void_leases(self, now: Moment) -> None:
        """Let every message that an earlier run had claimed be claimed again."""
        ...

    async def give_up_absent(self, channels: Collection[str], now: Moment, choose: "Choose") -> int:
        """Give up what waits for channels other than these; how many messages that were. `choose` as below."""
        ...

    async def fall_back(self, after_s: Mapping[str, float], choose: "Choose", now: Moment) -> "Look":
        """Copy to other channels what is critical and was not taken for too long, and the ends of what was copied."""
        ...

    async def claim(self, channel: str, now: Moment, lease_s: float, limit: int) -> Sequence["Claimed"]:
        """Messages that are due, leased for `lease_s`; of each incident only the first that is not settled."""
        ...

    async def settle_sent(self, row: "Claimed", now: Moment, thread: str | None = None) -> bool:
        """The message is delivered; the first thread of its incident is kept for the later ones."""
        ...

    async def settle_retry(self, row: "Claimed", now: Moment, at: Moment, error: str) -> bool:
        """The message is due again `at`."""
        ...

    async def settle_dead(
        self, row: "Claimed", now: Moment, error: str, *, also: Sequence[Queued] = (), choose: "Choose" = ...
    ) -> bool:
        """The message is given up; `also` is queued with that, and what is critical goes to whom `choose` says."""
        ...

    async def assure(self) -> None:
        """To be called right before a send: LeadershipError if what was claimed is another daemon's by now."""
        ...

    async def next_due_s(self, channel: str, now: Moment) -> float | None:
        """Seconds until a message can be claimed; None if none waits."""
        ...
