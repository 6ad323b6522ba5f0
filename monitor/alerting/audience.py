"""Who is told of an incident, when, and how they are spoken to: what the configuration says, as values.

Pure. Owns whether a channel wants an incident (`Route.refusal`); what is told, and why not, is `telling`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from monitor.alerting.maintenance import Calendar
from monitor.alerting.matching import Matcher
from monitor.alerting.texts import Voice
from monitor.clock import US_PER_S
from monitor.domain.check import Check
from monitor.domain.incident import Incident, Told
from monitor.domain.severity import Severity

MINUTES_OF_DAY = 24 * 60
FALLBACK_AFTER_S = 120.0


@dataclass(frozen=True, slots=True)
class Hours:
    """A time of the week.

    Attributes:
        days: 0 is Monday; the day on which a span that ends past midnight began.
        from_min: minutes of the day.
        until_min: exclusive; not after `from_min` means on the next day.
    """

    days: frozenset[int]
    from_min: int = 0
    until_min: int = MINUTES_OF_DAY

    def holds(self, wall_us: int, zone: ZoneInfo) -> bool:
        """True at this wall time (microseconds since 1970, UTC), as clocks in `zone` show it."""
        local = datetime.fromtimestamp(wall_us // US_PER_S, zone)
        minute, day = local.hour * 60 + local.minute, local.weekday()
        if self.from_min < self.until_min:
            return day in self.days and self.from_min <= minute < self.until_min
        yesterday = (day - 1) % 7
        return (day in self.days and minute >= self.from_min) or (yesterday in self.days and minute < self.until_min)


@dataclass(frozen=True, slots=True)
class Route:
    """What one channel wants to hear.

    Attributes:
        only: any of these must match one of the incident's checks and its trouble; empty wants everything.
        hours: any of these must hold; empty is always.
        escalations_only: told by an escalation that names it, or as another channel's fallback, never otherwise.
    """

    only: tuple[Matcher, ...] = ()
    hours: tuple[Hours, ...] = ()
    escalations_only: bool = False

    def refusal(self, incident: Incident, checks: tuple[Check, ...], wall_us: int, zone: ZoneInfo) -> Told | None:
        """Why the channel is not told of an incident now; None if it is."""
        if self.escalations_only:
            return Told.ESCALATIONS_ONLY
        fitting = [matcher for matcher in self.only if any(matcher.matches_check(check) for check in checks)]
        if self.only and not fitting:
            return Told.NOT_MATCHED
        cause = incident.cause
        trouble = (incident.severity, cause.fault_domain, cause.status)
        if self.only and not any(matcher.matches_trouble(*trouble) for matcher in fitting):
            by_severity = any(m.severities and incident.severity not in m.severities for m in fitting)
            return Told.SEVERITY_NOT_ROUTED if by_severity else Told.NOT_MATCHED
        if self.hours and not any(hours.holds(wall_us, zone) for hours in self.hours):
            return Told.OUTSIDE_HOURS
        return None


@dataclass(frozen=True, slots=True)
class Escalation:
    """What happens to an incident that nobody has acknowledged for a while.

    Attributes:
        after_s: since people were first told.
        channels: who is told, beside whoever was; empty is whoever was.
        severity: what it becomes; None leaves it.
        only: any of these must match; empty is every critical incident.
    """

    after_s: float
    channels: tuple[str, ...] = ()
    severity: Severity | None = None
    only: tuple[Matcher, ...] = ()


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is told, and how they are spoken to.

    Attributes:
        channels: names, in the order of the configuration.
        instance: the database's short name; makes ids unique among several RelayWatches.
        public_url: where the status page can be seen; None if nowhere.
        routes: by channel; one that is missing wants everything.
        group_wait_s: how long a first message waits at most for the rest of the same outage; 0 is off.
        reminder_s: between reminders of a critical incident; 0 is off.
        escalations: by time.
        maintenance: when nobody is told, because people are at work on it.
    """

    channels: tuple[str, ...]
    voice: Voice
    instance: str
    public_url: str | None = None
    routes: Mapping[str, Route] = field(default_factory=lambda: MappingProxyType({}))
    group_wait_s: float = 0.0
    reminder_s: float = 0.0
    escalations: tuple[Escalation, ...] = ()
    maintenance: Calendar = field(default_factory=Calendar)
