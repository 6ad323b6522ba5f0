"""The life of an incident: how it begins, grows, changes and ends, as pure steps from one value to the next.

Owns what an incident becomes; whose fault it is, is `domain.blame`, who is told is `telling`. When a step is taken is
decided in `outages`, `conditions` and `duties`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from monitor.clock import Moment
from monitor.domain.blame import TOGETHER_S, Blame
from monitor.domain.check import Check
from monitor.domain.health import DownBecause, Health
from monitor.domain.incident import (
    Cause,
    Family,
    Incident,
    Scope,
    family_of,
    incident_key,
    outage_key,
    severity_of,
)
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import FaultDomain, Result, Verdict
from monitor.domain.severity import Severity

UPDATE_EVERY_S = 300.0
NETWORK = "network"
_MOST = 0.5
WIDTH = {scope: width for width, scope in enumerate(Scope)}


@dataclass(frozen=True, slots=True)
class Step:
    """A failing or recovering check, as its newest probe has left it.

    Attributes:
        health: after that probe.
        because: which rule holds the check DOWN; None where none does.
        verdict: the newest.
        started_at: of the newest probe.
        now: when the verdict was known.
        result: None where something else than a result makes us look.
    """

    check: Check
    health: Health
    because: DownBecause | None
    verdict: Verdict
    started_at: Moment
    now: Moment
    result: Result | None = None

    @property
    def by(self) -> tuple[Check, Result | None]:
        """Who stands for the incident."""
        return self.check, self.result


def opened(incident_id: int, kind: IncidentKind, blame: Blame, step: Step) -> Incident:
    """A new incident of one check."""
    check, verdict = step.check, step.verdict
    cause = Cause(verdict.status, blame.fault_domain)
    return Incident(
        id=incident_id,
        key=_key(kind, blame, check),
        kind=kind,
        endpoint=NETWORK if blame.scope is Scope.NETWORK else check.endpoint,
        checks=(check.id,),
        severity=severity_of(verdict.status, step.because, check.rules.severity),
        cause=cause,
        because=step.because,
        reason=verdict.reason,
        action=verdict.action,
        started_at=_began(kind, step),
        detected_at=step.now,
        failed_probes=_failures(kind, step.health),
        told=(cause,),
        scope=blame.scope,
        provider=check.provider if blame.scope is Scope.PROVIDER else None,
        joined_at=step.now,
    )


def joined(incident: Incident, step: Step) -> Incident:
    """One more check fails from the same cause."""
    verdict, check = step.verdict, step.check
    severity = severity_of(verdict.status, step.because, check.rules.severity)
    began = _began(incident.kind, step)
    return replace(
        incident,
        checks=(*incident.checks, check.id),
        severity=worse(incident.severity, severity),
        reason=verdict.reason,
        action=verdict.action,
        started_at=min(incident.started_at, began, key=lambda moment: moment.mono_us),
        failed_probes=incident.failed_probes + _failures(incident.kind, step.health),
        joined_at=step.now,
        telling=replace(incident.telling, grown=True, easing_since=None),
    )


def widened(incident: Incident, blame: Blame, check: Check) -> Incident:
    """More is concerned than was thought; while nobody was told, the incident is also called after it."""
    cause = Cause(incident.cause.status, blame.fault_domain)
    untold = incident.telling.first_at is None
    wide = replace(
        incident,
        scope=blame.scope,
        endpoint=NETWORK if blame.scope is Scope.NETWORK else check.endpoint,
        provider=check.provider if blame.scope is Scope.PROVIDER else None,
        cause=cause,
    )
    return replace(wide, key=_key_of(wide, check)) if untold else wide


def absorbed(incident: Incident, other: Incident) -> Incident:
    """The incident with all that another one was about: they turned out to be one."""
    return replace(
        incident,
        checks=tuple(dict.fromkeys((*incident.checks, *other.checks))),
        severity=worse(incident.severity, other.severity),
        started_at=min(incident.started_at, other.started_at, key=lambda moment: moment.mono_us),
        failed_probes=incident.failed_probes + other.failed_probes,
        joined_at=max(
            incident.joined_at or incident.detected_at,
            other.joined_at or other.detected_at,
            key=lambda moment: moment.mono_us,
        ),
        telling=replace(incident.telling, grown=True, easing_since=None),
    )


def counted(incident: Incident, step: Step) -> Incident:
    """Another failure of a member."""
    return replace(
        incident,
        failed_probes=incident.failed_probes + 1,
        reason=step.verdict.reason,
        action=step.verdict.action,
        because=step.because or incident.because,
    )


def changed(incident: Incident, step: Step, share: float) -> Incident:
    """The incident with the cause and severity that its newest failure suggests; the same where nothing changes.

    A new cause is believed when it comes twice in a row and most of the failing members agree, so that one odd answer
    in an outage tells nobody anything false.

    Args:
        incident: before.
        step: the failure.
        share: which share of the failing members fails as this one does, 0 to 1.
    """
    cause = Cause(step.verdict.status, _fault_of(incident, step.verdict))
    because = step.because or incident.because
    severity = worse(incident.severity, severity_of(cause.status, because, step.check.rules.severity))
    if cause == incident.cause:
        pending = None
    elif incident.pending_cause != cause or share <= _MOST:
        pending, cause = cause, incident.cause
    else:
        pending = None
    if (severity, cause, pending) == (incident.severity, incident.cause, incident.pending_cause):
        return incident
    if severity is not incident.severity and pending is not None:
        cause, pending = pending, None
    return replace(incident, severity=severity, cause=cause, pending_cause=pending)


def with_cause(told: tuple[Cause, ...], cause: Cause) -> tuple[Cause, ...]:
    """The causes of which people know, and this one."""
    return told if cause in told else (*told, cause)


def covers(incident: Incident, check: Check, family: Family, *, lost: bool) -> bool:
    """True if a failure of this check is, as far as is known, part of the incident.

    Args:
        incident: an open outage.
        check: it fails.
        family: of its failure.
        lost: the network may have caused its failure.
    """
    if incident.family is not family:
        return False
    if incident.scope is Scope.NETWORK:
        return lost
    if incident.endpoint != check.endpoint:
        return False
    return incident.scope is Scope.ENDPOINT or (
        incident.scope is Scope.PROVIDER and incident.provider == check.provider
    )


def belongs(incident: Incident, members: Sequence[Check], step: Step, blame: Blame) -> bool:
    """True if a failure that was just judged continues a young incident of the same cause, no wider than judged.

    Args:
        incident: an open one on the same endpoint, or of the network.
        members: its checks.
        step: the failure.
        blame: what was judged of it.
    """
    joined_at = incident.joined_at or incident.detected_at
    if step.now.s_since(joined_at) > TOGETHER_S or incident.family is not family_of(blame.fault_domain):
        return False
    if WIDTH[incident.scope] > WIDTH[blame.scope]:
        return False
    if incident.scope is Scope.CHECK and blame.scope is not Scope.NETWORK and blame.scope is not Scope.ENDPOINT:
        alike = incident.cause.status is step.verdict.status
        return alike and (blame.scope is Scope.CHECK or len({check.provider for check in members}) > 1)
    if blame.scope is not Scope.PROVIDER or all(member.provider == step.check.provider for member in members):
        return True
    # Another provider of the same endpoint at the same moment: one cause, as long as nobody was told otherwise.
    return incident.telling.first_at is None and incident.cause.status is step.verdict.status


def judged_of(members: Sequence[Check], blame: Blame) -> Blame:
    """What was judged of one check, for an incident of several.

    Some models of several providers, at once and from the same cause: that is neither a model nor a provider, but what
    stands before all of them, though not all of it.
    """
    narrow = blame.scope in (Scope.CHECK, Scope.PROVIDER) and family_of(blame.fault_domain) is Family.SERVICE
    mixed = narrow and len({check.provider for check in members if check.model is not None}) > 1
    return Blame(Scope.CHECK, FaultDomain.ENDPOINT) if mixed else blame


def worse(one: Severity, other: Severity) -> Severity:
    """The more urgent of two."""
    return Severity.CRITICAL if Severity.CRITICAL in (one, other) else Severity.WARNING


def _fault_of(incident: Incident, verdict: Verdict) -> FaultDomain | None:
    """What siblings have shown stays, unless the answer itself names somebody else."""
    answered = verdict.fault_domain
    named = answered is FaultDomain.MODEL and incident.scope is Scope.CHECK
    return answered if named or family_of(answered) is not incident.family else incident.cause.fault_domain


def _key(kind: IncidentKind, blame: Blame, check: Check) -> str:
    if kind is not IncidentKind.OUTAGE:
        return incident_key(check.id, kind)
    return outage_key(blame.scope, family_of(blame.fault_domain), check.id, check.endpoint, check.provider)


def _key_of(incident: Incident, check: Check) -> str:
    family = family_of(incident.cause.fault_domain)
    return outage_key(incident.scope, family, incident.checks[0], check.endpoint, check.provider)


def _began(kind: IncidentKind, step: Step) -> Moment:
    began = {
        IncidentKind.SLOW: step.health.slow_since,
        IncidentKind.OUTAGE: step.health.since,
    }.get(kind)
    return began or step.started_at


def _failures(kind: IncidentKind, health: Health) -> int:
    if kind is IncidentKind.SLOW:
        return health.slow_answers.hits
    return max(health.consecutive_failures, health.failures.hits) if kind is IncidentKind.OUTAGE else 0
