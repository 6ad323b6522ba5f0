"""Notifications of every event, as full and as bare as they come: what a template is tried on before it is used."""

from collections.abc import Iterator
from dataclasses import replace

from monitor.alerting.notification import Details, Event, IncidentFacts, Notification
from monitor.domain.action import Action, Language, sentence

_CHECKS = ("gw/chat/openai/gpt-4.1", "gw/chat/openai/o3")
_START, _DETECTED, _END = "2026-11-20T18:40:00.000Z", "2026-11-20T18:40:10.412Z", "2026-11-20T18:44:02.100Z"
_INCIDENT = IncidentFacts(
    id=12,
    key=_CHECKS[0],
    started_at=_START,
    detected_at=_DETECTED,
    resolved_at=None,
    duration_s=10.412,
    status="SERVER_ERROR",
    fault_domain="endpoint",
    checks=_CHECKS,
    acknowledged_by="Kim",
)
_FULL = Notification(
    id="rw-5f2c9a1e-12-1-ops",
    event=Event.OPENED,
    severity="critical",
    service="gw",
    title="DOWN: openai/gpt-4.1 on gw (SERVER_ERROR)",
    message="openai/gpt-4.1 on gw is down (server error).\nreason: HTTP 500: internal error",
    recommended_action=sentence(Action.WAIT_OR_SWITCH, Language.EN),
    incident=_INCIDENT,
    details=Details(
        check=_CHECKS[0],
        model="openai/gpt-4.1",
        status="SERVER_ERROR",
        http_status=500,
        latency_ms=412.0,
        error="HTTP 500: internal error",
        consecutive_failures=3,
        availability_24h=99.861,
        timestamp=_START,
    ),
    url="https://status.example.org",
    late_s=3360.0,
)
_OF_THE_MONITOR = frozenset({Event.NOTICE, Event.TEST})


def samples() -> Iterator[Notification]:
    """Each event twice: with everything, and without anything that may be absent."""
    for event in Event:
        yield _full(event)
        yield _bare(event)


def _full(event: Event) -> Notification:
    if event in _OF_THE_MONITOR:
        return replace(_FULL, event=event, service="relaywatch", incident=None, details=Details())
    resolved = _END if event is Event.RESOLVED else None
    return replace(_FULL, event=event, incident=replace(_INCIDENT, resolved_at=resolved))


def _bare(event: Event) -> Notification:
    incident = None if event in _OF_THE_MONITOR else replace(_INCIDENT, fault_domain=None, acknowledged_by=None)
    return replace(
        _FULL,
        event=event,
        severity="warning",
        recommended_action=None,
        incident=incident,
        details=Details(),
        url=None,
        late_s=None,
    )
