"""Which incidents a result opens, changes or ends, who is told, and why.

Pure: a step of one check's health goes in, a decision comes out. Owns the life of incidents; the words of the messages
are `texts`, the counters behind a step are `domain.health`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from monitor.alerting.audience import Audience
from monitor.alerting.batch import Queued
from monitor.alerting.notification import Details, Event, IncidentFacts, Notification
from monitor.alerting.texts import Alternative, Scene, wording
from monitor.clock import Moment, iso
from monitor.domain.check import Check, Severity
from monitor.domain.health import Advance, Change, Health
from monitor.domain.incident import (
    Cause,
    Incident,
    IncidentEvent,
    IncidentEventKind,
    IncidentKind,
    Told,
    incident_key,
    severity_of,
)
from monitor.domain.result import Result

EVENTS = {
    IncidentEventKind.OPENED: Event.OPENED,
    IncidentEventKind.UPDATED: Event.UPDATED,
    IncidentEventKind.RESOLVED: Event.RESOLVED,
}


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One step of one check, with what surrounds it.

    Attributes:
        result: the result that caused the step; None where the configuration ended the check.
        works_now: asks for what works now, best first; asked only when somebody is told.
    """

    check: Check
    health: Health
    result: Result | None
    works_now: Callable[[], tuple[Alternative, ...]]
    now: Moment


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of an incident.

    Attributes:
        event: the timeline entry with the reason why it was told or not; None where only counters moved.
        outbox: one notification per channel that is told.
    """

    incident: Incident
    event: IncidentEvent | None = None
    outbox: tuple[Queued, ...] = ()


def opened(incident_id: int, kind: IncidentKind, step: Advance, at: Occurrence, audience: Audience) -> Decision:
    """A check went DOWN, or became slow: a new incident and its first messages."""
    check, result = at.check, _result(at)
    began = step.health.slow_since if kind is IncidentKind.SLOW else step.health.since
    cause = Cause(result.status, result.verdict.fault_domain)
    incident = Incident(
        id=incident_id,
        key=incident_key(check.id, kind),
        kind=kind,
        endpoint=check.endpoint,
        checks=(check.id,),
        severity=severity_of(result.status, step.because, check.rules.severity),
        cause=cause,
        because=step.because,
        reason=result.verdict.reason,
        action=result.verdict.action,
        started_at=began or result.started_at,
        detected_at=at.now,
        failed_probes=step.health.slow_answers.hits
        if kind is IncidentKind.SLOW
        else max(step.health.consecutive_failures, step.health.failures.hits),
        told=(cause,),
    )
    return _tell(IncidentEventKind.OPENED, incident, None, at, audience)


def followed(incident: Incident, step: Advance, at: Occurrence, audience: Audience) -> Decision:
    """Another failure of an open incident: counted; told once if its cause has lastingly changed or it got worse.

    A new cause is believed when it comes twice in a row, so that one odd answer in an outage tells nobody anything
    false; and each cause is told at most once per incident, so that two causes taking turns do not ring for ever.
    """
    result = _result(at)
    cause = Cause(result.status, result.verdict.fault_domain)
    because = step.because or incident.because
    counted = replace(
        incident,
        failed_probes=incident.failed_probes + 1,
        reason=result.verdict.reason,
        action=result.verdict.action,
        because=because,
    )
    severity = _worse(incident.severity, severity_of(result.status, because, at.check.rules.severity))
    changed = cause != incident.cause
    if severity is incident.severity and (not changed or incident.pending_cause != cause):
        return Decision(replace(counted, pending_cause=cause if changed else None))
    told_before = cause in incident.told and severity is incident.severity
    updated = replace(
        counted,
        severity=severity,
        cause=cause,
        pending_cause=None,
        told=incident.told if cause in incident.told else (*incident.told, cause),
    )
    silent = Told.CAUSE_TOLD_BEFORE if told_before else None
    return _tell(IncidentEventKind.UPDATED, updated, incident, at, audience, silent=silent)


def resolved(incident: Incident, at: Occurrence, audience: Audience) -> Decision:
    """The check recovered, or is no longer configured (no result): the incident ends, and whoever was told hears it."""
    ended_at = at.now if at.result is None else at.result.started_at
    return _tell(IncidentEventKind.RESOLVED, replace(incident, resolved_at=ended_at), incident, at, audience)


def decide(
    step: Advance, at: Occurrence, open_incidents: Sequence[Incident | None], next_id: int, audience: Audience
) -> tuple[Decision, ...]:
    """Every decision that one step asks for.

    Args:
        step: what the result did to the check's health.
        at: the result and what surrounds it.
        open_incidents: the check's open outage and its open slowness, None where there is none.
        next_id: the id of the next incident.
        audience: who is told.
    """
    outage, slowness = open_incidents
    decisions: list[Decision] = []
    for change in step.changes:
        if change is Change.WENT_DOWN and outage is None:
            decisions.append(opened(next_id + len(decisions), IncidentKind.OUTAGE, step, at, audience))
        elif change in (Change.STILL_DOWN, Change.WENT_DOWN) and outage is not None:
            decisions.append(followed(outage, step, at, audience))
        elif change is Change.RECOVERED and outage is not None:
            decisions.append(resolved(outage, at, audience))
        elif change is Change.SLOW and slowness is None:
            decisions.append(opened(next_id + len(decisions), IncidentKind.SLOW, step, at, audience))
        elif change is Change.NO_LONGER_SLOW and slowness is not None:
            decisions.append(resolved(slowness, at, audience))
    return tuple(decisions)


def _tell(
    kind: IncidentEventKind,
    incident: Incident,
    previous: Incident | None,
    at: Occurrence,
    audience: Audience,
    *,
    silent: Told | None = None,
) -> Decision:
    incident = replace(incident, sequence=incident.sequence + 1)
    if silent is None and not audience.channels:
        silent = Told.NO_CHANNELS
    outbox = () if silent is not None else _notifications(EVENTS[kind], incident, previous, at, audience)
    told = Told.CHECK_REMOVED if at.result is None else Told.TOLD
    event = IncidentEvent(
        incident_id=incident.id,
        sequence=incident.sequence,
        kind=kind,
        at=at.now,
        cause=incident.cause,
        severity=incident.severity,
        reason=incident.reason,
        decision=silent or told,
        notifications=len(outbox),
    )
    return Decision(incident, event, outbox)


def _notifications(
    event: Event, incident: Incident, previous: Incident | None, at: Occurrence, audience: Audience
) -> tuple[Queued, ...]:
    scene = Scene(
        event=event,
        incident=incident,
        previous=previous,
        check=at.check.id,
        model=at.check.model,
        health=at.health,
        alternatives=at.works_now(),
        now=at.now,
        check_removed=at.result is None,
    )
    words = wording(scene, audience.voice)
    facts, details = _facts(incident, at.now), _details(at)
    return tuple(
        Queued(
            channel=channel,
            notification=Notification(
                id=f"rw-{audience.instance}-{incident.id}-{incident.sequence}-{channel}",
                event=event,
                severity=incident.severity,
                service=incident.endpoint,
                title=words.title,
                message=words.message,
                recommended_action=words.recommended_action,
                incident=facts,
                details=details,
                url=audience.public_url,
            ),
            incident_id=incident.id,
            sequence=incident.sequence,
            created_at=at.now,
        )
        for channel in audience.channels
    )


def _facts(incident: Incident, now: Moment) -> IncidentFacts:
    return IncidentFacts(
        id=incident.id,
        key=incident.key,
        started_at=iso(incident.started_at.wall_us),
        detected_at=iso(incident.detected_at.wall_us),
        resolved_at=None if incident.resolved_at is None else iso(incident.resolved_at.wall_us),
        duration_s=round(incident.duration_s(now), 3),
        status=incident.cause.status,
        fault_domain=incident.cause.fault_domain,
        checks=incident.checks,
    )


def _details(at: Occurrence) -> Details:
    health, result = at.health, at.result
    verdict = health.latest if result is None else result.verdict
    seen_at = health.latest_at if result is None else result.started_at
    day = health.recent.availability(at.now.wall_us)
    return Details(
        check=at.check.id,
        model=at.check.model,
        status=None if verdict is None else verdict.status,
        http_status=None if result is None else result.http_status,
        latency_ms=None if result is None or result.latency_ms is None else round(result.latency_ms, 3),
        error=None if verdict is None else verdict.reason,
        consecutive_failures=health.consecutive_failures,
        availability_24h=None if day is None else round(day, 3),
        timestamp=None if seen_at is None else iso(seen_at.wall_us),
    )


def _worse(one: Severity, other: Severity) -> Severity:
    return Severity.CRITICAL if Severity.CRITICAL in (one, other) else Severity.WARNING


def _result(at: Occurrence) -> Result:
    if at.result is None:
        raise ValueError("an incident opens and goes on by a result only")
    return at.result
