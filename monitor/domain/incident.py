"""Incidents: from the first failure of the streak that crossed the threshold to recovery.

Owns what an incident is and what may happen to it. Which notifications follow is `alerting.policy`.
"""

from dataclasses import dataclass
from enum import StrEnum

from monitor.clock import Moment
from monitor.domain.action import Action
from monitor.domain.check import Severity
from monitor.domain.health import DownBecause
from monitor.domain.result import FaultDomain, Status


class IncidentKind(StrEnum):
    """What is wrong: no answer worth having, or a slow one."""

    OUTAGE = "outage"
    SLOW = "slow"


@dataclass(frozen=True, slots=True)
class Cause:
    """What an incident is about, as people distinguish it."""

    status: Status
    fault_domain: FaultDomain | None


@dataclass(frozen=True, slots=True)
class Incident:
    """One outage, or one stretch of slowness.

    Attributes:
        id: given in order, never reused.
        key: what it is about; at most one open incident has it.
        checks: ids of the checks concerned, in the order in which they joined.
        cause: the latest cause that people were told (or would have been).
        told: every cause of this incident that had its message.
        reason: of the newest failure; short and redacted.
        started_at: the first failure.
        detected_at: when the rule was met.
        failed_probes: failures since the start, confirm probes too.
        sequence: how many events it has had; numbers the next one.
    """

    id: int
    key: str
    kind: IncidentKind
    endpoint: str
    checks: tuple[str, ...]
    severity: Severity
    cause: Cause
    because: DownBecause | None
    reason: str | None
    action: Action | None
    started_at: Moment
    detected_at: Moment
    resolved_at: Moment | None = None
    failed_probes: int = 0
    sequence: int = 0
    told: tuple[Cause, ...] = ()
    pending_cause: Cause | None = None

    @property
    def is_open(self) -> bool:
        """Not yet resolved."""
        return self.resolved_at is None

    def duration_s(self, now: Moment) -> float:
        """How long it lasted, or has lasted until `now`, in seconds."""
        return max(0.0, (self.resolved_at or now).s_since(self.started_at))


class IncidentEventKind(StrEnum):
    """What happened to an incident."""

    OPENED = "opened"
    UPDATED = "updated"
    RESOLVED = "resolved"


class Told(StrEnum):
    """Why people were told of an event, or why not; stored with the event."""

    TOLD = "told"
    NO_CHANNELS = "no_channels"
    CAUSE_TOLD_BEFORE = "cause_told_before"
    CHECK_REMOVED = "check_removed"


@dataclass(frozen=True, slots=True)
class IncidentEvent:
    """One entry of an incident's timeline.

    Attributes:
        sequence: from 1 on within the incident.
        decision: why it was told, or why not.
        notifications: how many outbox rows it has.
    """

    incident_id: int
    sequence: int
    kind: IncidentEventKind
    at: Moment
    cause: Cause
    severity: Severity
    reason: str | None
    decision: Told
    notifications: int


def incident_key(check: str, kind: IncidentKind) -> str:
    """What an incident of one check is about; an id may end in anything, but has no colon before its first `/`."""
    return check if kind is IncidentKind.OUTAGE else f"{kind}:{check}"


def severity_of(status: Status, because: DownBecause | None, override: Severity | None) -> Severity:
    """How urgent a cause is: rate limits, slowness and ratios warn, the rest is critical, an override wins."""
    if override is not None:
        return override
    if status in (Status.RATE_LIMITED, Status.DEGRADED) or because is DownBecause.RATIO:
        return Severity.WARNING
    return Severity.CRITICAL
