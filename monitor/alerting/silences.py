"""Silences: somebody asked not to be told of something for a while. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from monitor.alerting.matching import Matcher
from monitor.clock import Moment
from monitor.domain.check import Check
from monitor.domain.incident import Incident


class Until(StrEnum):
    """What ends a silence: its time, the end of the incidents it hides, or a change of what is monitored."""

    TIME = "time"
    RESOLVED = "resolved"
    RECONFIGURED = "reconfigured"


@dataclass(frozen=True, slots=True)
class Silence:
    """One silence.

    Attributes:
        id: given in order, never reused.
        ends_at: for `Until.TIME`; None otherwise, or a bound beside another end.
        until: what ends it.
        expired_at: when it ended, by itself or by somebody; None while it is in force or still to come.
    """

    id: int
    matcher: Matcher
    author: str
    reason: str
    created_at: Moment
    starts_at: Moment
    ends_at: Moment | None
    until: Until = Until.TIME
    expired_at: Moment | None = None

    def holds(self, now: Moment) -> bool:
        """True while it is in force."""
        if self.expired_at is not None or now.mono_us < self.starts_at.mono_us:
            return False
        return self.ends_at is None or now.mono_us < self.ends_at.mono_us

    def hides(self, incident: Incident, failing: tuple[Check, ...], now: Moment) -> bool:
        """True if nobody is to be told of the incident: the silence is about its trouble and every failing check."""
        cause = incident.cause
        return (
            self.holds(now)
            and self.matcher.matches_trouble(incident.severity, cause.fault_domain, cause.status)
            and all(self.matcher.matches_check(check) for check in failing)
        )
