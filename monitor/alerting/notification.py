"""The channel-neutral notification: one message about an incident for one channel, and its JSON body.

The body is an interface (the webhook sends it as it is, the outbox stores it); renderings for people are the channels'.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

BODY_VERSION = 1
MONITOR = "relaywatch"


class Event(StrEnum):
    """Why a notification is sent."""

    OPENED = "opened"
    UPDATED = "updated"
    REMINDER = "reminder"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    NOTICE = "notice"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """The incident as a receiver sees it; times are ISO 8601 UTC, null where they have not come.

    Attributes:
        kind: what is wrong: `outage`, `slow`, `flapping`, or the rule that was broken.
        scope: how much of the endpoint it is: `check`, `provider`, `endpoint`, or `network` beyond one endpoint.
        acknowledged_by: who said "I am on it"; null while nobody has.
    """

    id: int
    key: str
    started_at: str
    detected_at: str
    resolved_at: str | None
    duration_s: float
    status: str
    fault_domain: str | None
    checks: tuple[str, ...]
    kind: str = "outage"
    scope: str = "check"
    acknowledged_by: str | None = None


@dataclass(frozen=True, slots=True)
class Details:
    """The result that caused the notification."""

    check: str | None = None
    model: str | None = None
    status: str | None = None
    http_status: int | None = None
    latency_ms: float | None = None
    error: str | None = None
    consecutive_failures: int | None = None
    availability_24h: float | None = None
    timestamp: str | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """One message.

    Attributes:
        id: stable deduplication key; the same on every repetition of a send.
        title: one line for people, in the configured language.
        message: the whole text for people, plain, several lines.
        service: the endpoint's name; `MONITOR` where the monitor speaks of itself.
        url: where to look; None without a public URL.
        late_s: seconds from the decision until this was told, where that is late; null otherwise. Known when it is
            sent, so never stored.
        own_words: the message is the operator's own, from a template: it is shown whole, without a channel's own
            fields. Not part of the body.
    """

    id: str
    event: Event
    severity: str
    service: str
    title: str
    message: str
    recommended_action: str | None = None
    incident: IncidentFacts | None = None
    details: Details = Details()
    url: str | None = None
    late_s: float | None = None
    own_words: bool = False

    def body(self) -> dict[str, Any]:
        """The JSON object of the interface, with `title` added."""
        return {
            "version": BODY_VERSION,
            "id": self.id,
            "event": str(self.event),
            "severity": self.severity,
            "service": self.service,
            "title": self.title,
            "message": self.message,
            "recommended_action": self.recommended_action,
            "incident": None if self.incident is None else _fields(self.incident),
            "details": _fields(self.details),
            "url": self.url,
            "late_s": self.late_s,
        }

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> "Notification":
        """The notification that `body` was made from."""
        incident = body["incident"]
        return cls(
            id=body["id"],
            event=Event(body["event"]),
            severity=body["severity"],
            service=body["service"],
            title=body["title"],
            message=body["message"],
            recommended_action=body["recommended_action"],
            incident=None if incident is None else IncidentFacts(**{**incident, "checks": tuple(incident["checks"])}),
            details=Details(**body["details"]),
            url=body["url"],
            late_s=body.get("late_s"),
        )


def _fields(facts: IncidentFacts | Details) -> dict[str, Any]:
    values = {name: getattr(facts, name) for name in facts.__dataclass_fields__}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
