"""What is written down of each delivery: one canonical log line, one count.

Event names are an interface: `notification_sent`, `notification_retry`, `notification_dead`, `notification_unreadable`,
`outbox_refused`.
The same trouble again and again is a warning once, then debug, until something changes.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import structlog

from monitor.alerting.notification import Notification
from monitor.delivery.channel import Delivered, Permanent, Receipt, Retry


class Outcome(StrEnum):
    """What came of one try."""

    SENT = "sent"
    RETRY = "retry"
    DEAD = "dead"


Observer = Callable[[str, Outcome], None]
"""Told of each try: the channel's name and what came of it. Must not block or raise."""


class Record:
    """The log and the counts of one channel.

    Args:
        channel: its name.
        observer: for metrics.
    """

    def __init__(self, channel: str, observer: Observer | None = None) -> None:
        self._channel = channel
        self._observer = observer
        self._trouble: str | None = None
        self._refusal: str | None = None
        self._log = structlog.get_logger("relaywatch.delivery")

    def tried(
        self, notification: Notification, receipt: Receipt, outcome: Outcome, *, attempt: int, took_s: float
    ) -> None:
        """One try and its end."""
        facts: dict[str, Any] = {
            "channel": self._channel,
            "notification": notification.id,
            "about": str(notification.event),
            "service": notification.service,
            "incident": None if notification.incident is None else notification.incident.id,
            "attempt": attempt,
            "duration_ms": round(1000 * took_s, 1),
        }
        if notification.late_s is not None:
            facts["late_s"] = notification.late_s
        match receipt:
            case Delivered(answer):
                self._trouble = None
                self._log.info("notification_sent", answer=answer, **facts)
            case Retry(reason) if outcome is Outcome.RETRY:
                level = self._log.debug if reason == self._trouble else self._log.warning
                self._trouble = reason
                level("notification_retry", error=reason, **facts)
            case Retry(reason) | Permanent(reason):
                self._log.error("notification_dead", error=reason, **facts)
        if self._observer is not None:
            self._observer(self._channel, outcome)

    def unreadable(self, notification_id: str) -> None:
        """A stored message is given up unsent: a newer or broken RelayWatch wrote it."""
        self._log.error("notification_unreadable", channel=self._channel, notification=notification_id)
        if self._observer is not None:
            self._observer(self._channel, Outcome.DEAD)

    def refused(self, error: str) -> None:
        """The database refuses."""
        level = self._log.debug if error == self._refusal else self._log.warning
        self._refusal = error
        level("outbox_refused", channel=self._channel, error=error)

    def accepted(self) -> None:
        """The database accepts (again)."""
        self._refusal = None
