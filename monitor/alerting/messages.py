"""From an incident to the notification about it: the facts a program reads and the words a person reads.

Pure. Owns what stands in a notification; whether and to whom one goes is `telling`, the words are `wording`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from monitor.alerting.audience import Audience
from monitor.alerting.batch import Queued
from monitor.alerting.notification import Details, Event, IncidentFacts, Notification
from monitor.alerting.scene import NOTHING_BESIDES, Extra, Scene
from monitor.alerting.texts import Alternative
from monitor.alerting.wording import wording
from monitor.clock import Moment, iso
from monitor.domain.check import Check
from monitor.domain.health import Health
from monitor.domain.incident import Incident
from monitor.domain.result import Result


@dataclass(frozen=True, slots=True)
class Occurrence:
    """What just happened to an incident, with what surrounds it.

    Attributes:
        check: the member that stands for the incident: the one whose result caused this, or the first that fails.
        failing: every member that fails now; empty when the incident ends.
        result: the result that caused it; None where time, a person or the configuration did.
        works_now: asks for what works now, best first; asked only when somebody is told.
        extra: what the message says besides.
    """

    check: Check
    health: Health
    failing: tuple[Check, ...]
    result: Result | None
    works_now: Callable[[], tuple[Alternative, ...]]
    now: Moment
    extra: Extra = NOTHING_BESIDES


def notifications(
    events: Mapping[str, Event], incident: Incident, previous: Incident | None, at: Occurrence, audience: Audience
) -> tuple[Queued, ...]:
    """One notification for each channel.

    Args:
        events: what each channel is sent, by name, in the order of the configuration.
        incident: as it is now.
        previous: as people were told of it before; None at first.
        at: what happened.
        audience: the language, and whose name the ids carry.
    """
    alternatives = at.works_now() if events and at.failing else ()
    drafts = {event: _draft(event, incident, previous, at, (audience, alternatives)) for event in {*events.values()}}
    stem = f"rw-{audience.instance}-{incident.id}-{incident.sequence}"
    return tuple(
        Queued(
            channel=channel,
            notification=replace(drafts[event], id=f"{stem}-{channel}"),
            incident_id=incident.id,
            sequence=incident.sequence,
            created_at=at.now,
        )
        for channel, event in events.items()
    )


def _draft(
    event: Event,
    incident: Incident,
    previous: Incident | None,
    at: Occurrence,
    said: tuple[Audience, tuple[Alternative, ...]],
) -> Notification:
    audience, alternatives = said
    scene = Scene(
        event=event,
        incident=incident,
        previous=previous,
        model=at.check.model,
        failing=tuple(check.model or check.id for check in at.failing),
        health=at.health,
        alternatives=alternatives,
        now=at.now,
        extra=at.extra,
    )
    words = wording(scene, audience.voice)
    return Notification(
        id="",
        event=event,
        severity=incident.severity,
        service=incident.endpoint,
        title=words.title,
        message=words.message,
        recommended_action=words.recommended_action,
        incident=facts_of(incident, at.now),
        details=_details(at),
        url=audience.public_url,
    )


def facts_of(incident: Incident, now: Moment) -> IncidentFacts:
    """The incident as a receiver sees it."""
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
        kind=incident.kind,
        scope=incident.scope,
        acknowledged_by=None if incident.acknowledged is None else incident.acknowledged.by,
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
