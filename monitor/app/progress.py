"""Whether the daemon does its work: asked by watchdog, `/readyz` and dead-man switch. Owns the bounds."""

from collections.abc import Callable, Sequence

from monitor.clock import Clock
from monitor.delivery.delivery import Delivery
from monitor.ledger import Ledger
from monitor.scheduling.scheduler import Scheduler

SCHEDULER_STALLED_S = 15.0
COMMIT_STALLED_S = 30.0
DELIVERY_STALLED_S = 60.0
REFUSED_S = 30.0
SILENT_S = 60.0  # the heartbeat alone writes every ten


class Progress:
    """The three parts that must move.

    Args:
        delivery: gives the present one; a reload may replace it.
        outside: troubles that hinder the work though every part moves.

    Attributes:
        wrote_at: when the heartbeat last reached the database.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        ledger: Ledger,
        delivery: Callable[[], Delivery],
        outside: Callable[[], Sequence[str]],
        clock: Clock,
    ) -> None:
        self._scheduler = scheduler
        self._outside = outside
        self._ledger = ledger
        self._delivery = delivery
        self._clock = clock
        self.wrote_at = clock.now()

    def stalled(self) -> list[str]:
        """The parts that make no progress; trouble outside that is known and retried is progress."""
        now, parts = self._clock.now(), []
        if self._scheduler.stalled_s(now) > SCHEDULER_STALLED_S:
            parts.append("scheduler")
        if self._ledger.busy_s(now) > COMMIT_STALLED_S and self._ledger.refusing_since is None:
            parts.append("ledger")
        delivered = self._delivery().last_progress()
        if delivered is not None and now.s_since(delivered) > DELIVERY_STALLED_S:
            parts.append("delivery")
        return parts

    def unready(self) -> list[str]:
        """Why the daemon does not do its work now; empty while it does."""
        refusing = self._ledger.refusing_since
        reasons = [] if refusing is None else ["the database refuses; results wait in memory"]
        return [*(f"the {part} makes no progress" for part in self.stalled()), *self._outside(), *reasons]

    def failing(self) -> list[str]:
        """Why somebody outside should look: what is wrong for longer than a hiccup lasts; empty while all is well."""
        now, reasons = self._clock.now(), [f"the {part} makes no progress" for part in self.stalled()]
        refusing, committed = self._ledger.refusing_since, self._ledger.last_commit
        silent_s = now.s_since(self.wrote_at)
        if committed is not None:
            silent_s = min(silent_s, now.s_since(committed))
        if refusing is not None and now.s_since(refusing) > REFUSED_S:
            reasons.append(f"the database refuses for {now.s_since(refusing):.0f} s")
        elif silent_s > SILENT_S:
            reasons.append(f"nothing was written to the database for {silent_s:.0f} s")
        return reasons
