"""What RelayWatch says to people about an incident, in English and in Korean."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from monitor.alerting.notification import Event
from monitor.clock import Moment
from monitor.domain.action import Language
from monitor.domain.health import Health
from monitor.domain.incident import Incident


@dataclass(frozen=True, slots=True)
class Voice:
    """In which language and whose time people are spoken to."""

    language: Language
    timezone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Alternative:
    """A model that works now.

    Attributes:
        latency_ms: of its newest answer; None if unknown.
    """

    model: str
    endpoint: str
    latency_ms: float | None


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a message about an incident may speak of.

    Attributes:
        previous: the incident as it was told before; only for `updated`.
        model: None for a model list.
        alternatives: best first; empty where nothing else works.
        check_removed: resolved because the check is no longer configured.
    """

    event: Event
    incident: Incident
    previous: Incident | None
    check: str
    model: str | None
    health: Health
    alternatives: tuple[Alternative, ...]
    now: Moment
    check_removed: bool = False


@dataclass(frozen=True, slots=True)
class Wording:
    """A message for people: one line, the whole, and what to do."""

    title: str
    message: str
    recommended_action: str | None
