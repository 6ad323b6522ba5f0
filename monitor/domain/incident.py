"""Incidents: from the first failure of the streak that crossed the threshold to recovery.

Owns what an incident is and what may happen to it. Whose fault it is, is judged in `blame`; which notifications follow
is `alerting`.
"""

from dataclasses import dataclass
from enum import StrEnum

from monitor.clock import Moment
from monitor.domain.action import Action
from monitor.domain.health import DownBecause
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import FaultDomain, Status
from monitor.domain.severity import Severity


class Scope(StrEnum):
    """How much is concerned, narrowest first."""

    CHECK = "check"
    PROVIDER = "provider"
    ENDPOINT = "endpoint"
    NETWORK = "network"


class Family(StrEnum):
    """Which failures may have one cause: a refused key and an overloaded server never do."""

    SERVICE = "service"
    KEY = "key"
    QUOTA = "quota"
    REQUEST = "request"


_FAMILIES = {FaultDomain.KEY: Family.KEY, FaultDomain.QUOTA: Family.QUOTA, FaultDomain.MONITOR: Family.REQUEST}


def family_of(fault: FaultDomain | None) -> Family:
    """Which failures may have the same cause as one with this fault domain."""
    return Family.SERVICE if fault is None else _FAMILIES.get(fault, Family.SERVICE)


@dataclass(frozen=True, slots=True)
class Cause:
    """What an incident is about, as people distinguish it."""

    status: Status
    fault_domain: FaultDomain | None


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody is on it: no reminders and no escalation until recovery.

    Attributes:
        note: what they said; empty where they said nothing.
    """

    by: str
    at: Moment
    note: str = ""


class IncidentEventKind(StrEnum):
    """What happened to an incident; `announced` is the first message of one that was not told when it opened."""

    OPENED = "opened"
    ANNOUNCED = "announced"
    UPDATED = "updated"
    ACKNOWLEDGED = "acknowledged"
    REMINDER = "reminder"
    ESCALATED = "escalated"
    RESOLVED = "resolved"


class Told(StrEnum):
    """Why people were told of an event, or why not; stored with the event, and per channel in its explanation."""

    TOLD = "told"
    NO_CHANNELS = "no_channels"
    NO_ROUTE = "no_route"
    CAUSE_TOLD_BEFORE = "cause_told_before"
    CHECK_REMOVED = "check_removed"
    GROUP_WAIT = "group_wait"
    ENDED_UNTOLD = "ended_untold"
    PART_OF_ANOTHER = "part_of_another"
    SILENCED = "silenced"
    MAINTENANCE = "maintenance"
    FLAPPING = "flapping"
    OUTAGE_TOLD = "outage_told"
    NOT_TOLD_OF_IT = "not_told_of_it"
    SEVERITY_NOT_ROUTED = "severity_not_routed"
    NOT_MATCHED = "not_matched"
    OUTSIDE_HOURS = "outside_hours"
    ESCALATIONS_ONLY = "escalations_only"


@dataclass(frozen=True, slots=True)
class Telling:
    """How far people have been told of an incident; what a restart must not forget.

    Attributes:
        channels: who was told, and so hears the rest.
        first_at: the first message; None while nobody was told.
        last_at: the newest message.
        withheld: why nobody has been told so far; None once somebody was.
        hold_until: the end of the group wait; None when it is over.
        grown: checks joined since the newest message, or news was withheld.
        escalated: how many steps of escalation are behind it.
        easing_since: since when something of it works again while the rest was not looked at; None otherwise.
    """

    channels: tuple[str, ...] = ()
    first_at: Moment | None = None
    last_at: Moment | None = None
    withheld: Told | None = None
    hold_until: Moment | None = None
    grown: bool = False
    escalated: int = 0
    easing_since: Moment | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """One cause, however many checks it hits, for as long as it lasts.

    Attributes:
        id: given in order, never reused.
        key: what it is about; at most one open incident has it.
        endpoint: the endpoint's name; "network" for what hits several hosts at once.
        checks: ids of the checks concerned, in the order in which they joined; those that recovered stay in it.
        provider: of a `provider` scope; None otherwise.
        cause: the latest cause that people were told (or would have been).
        told: every cause of this incident that had its message.
        reason: of the newest failure; short and redacted.
        started_at: the first failure.
        detected_at: when the rule was met.
        joined_at: when the newest check joined.
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
    scope: Scope = Scope.CHECK
    provider: str | None = None
    joined_at: Moment | None = None
    acknowledged: Acknowledgement | None = None
    telling: Telling = Telling()

    @property
    def is_open(self) -> bool:
        """Not yet resolved."""
        return self.resolved_at is None

    @property
    def family(self) -> Family:
        """Which failures may have the same cause."""
        return family_of(self.cause.fault_domain)

    def duration_s(self, now: Moment) -> float:
        """How long it lasted, or has lasted until `now`, in seconds."""
        return max(0.0, (self.resolved_at or now).s_since(self.started_at))


@dataclass(frozen=True, slots=True)
class IncidentEvent:
    """One entry of an incident's timeline.

    Attributes:
        sequence: from 1 on within the incident.
        decision: why it was told, or why not.
        notifications: how many outbox rows it has.
        explanation: why each channel was told or not, by name; who acknowledged, under `by` and `note`.
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
    explanation: tuple[tuple[str, str], ...] = ()


def incident_key(check: str, kind: IncidentKind) -> str:
    """What an incident of one check is about; an id may end in anything, but has no colon before its first `/`."""
    return check if kind is IncidentKind.OUTAGE else f"{kind}:{check}"


def outage_key(scope: Scope, family: Family, check: str, endpoint: str, provider: str) -> str:
    """What an outage is about: `ENDPOINT/chat/MODEL`, `provider:GW/VENDOR`, `endpoint:GW`, `key:GW`, ..., `network`."""
    if scope is Scope.NETWORK:
        return str(Scope.NETWORK)
    if family in (Family.KEY, Family.QUOTA):
        return f"{family}:{endpoint}"
    if scope is Scope.CHECK:
        return check
    if scope is Scope.PROVIDER:
        return f"provider:{endpoint}/{provider}"
    return f"{'request' if family is Family.REQUEST else 'endpoint'}:{endpoint}"


def severity_of(status: Status, because: DownBecause | None, override: Severity | None) -> Severity:
    """How urgent a cause is: rate limits, slowness and ratios warn, the rest is critical, an override wins."""
    if override is not None:
        return override
    if status in (Status.RATE_LIMITED, Status.DEGRADED) or because is DownBecause.RATIO:
        return Severity.WARNING
    return Severity.CRITICAL
