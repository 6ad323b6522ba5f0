"""Incidents and their timeline as rows, and back. Pure: no database is touched here."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Row

from monitor.clock import US_PER_S, Moment
from monitor.domain.action import Action
from monitor.domain.health import DownBecause
from monitor.domain.incident import Acknowledgement, Cause, Incident, IncidentEvent, Scope
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import FaultDomain, Status
from monitor.domain.severity import Severity
from monitor.storage.columns import Values, moment, wall, word
from monitor.storage.memory import incident_memory, joined_at, telling_of
from monitor.storage.writable import clean


def incident_row(incident: Incident) -> Values:
    """A row of `incidents`."""
    resolved = incident.resolved_at
    return (
        incident.id,
        incident.key,
        str(incident.kind),
        incident.endpoint,
        str(incident.severity),
        str(incident.cause.status),
        word(incident.cause.fault_domain),
        word(incident.because),
        clean(incident.reason),
        word(incident.action),
        incident.started_at.wall_us,
        incident.detected_at.wall_us,
        wall(resolved),
        None if resolved is None else round(incident.duration_s(resolved) * US_PER_S),
        incident.failed_probes,
        incident.sequence,
        orjson.dumps([_cause_list(cause) for cause in incident.told]).decode(),
        None if incident.pending_cause is None else orjson.dumps(_cause_list(incident.pending_cause)).decode(),
        str(incident.scope),
        incident.provider,
        *_acknowledgement(incident.acknowledged),
        incident_memory(incident),
    )


def incident_of(row: Row[Any], checks: Sequence[str], now: Moment) -> Incident:
    """An incident from its row."""
    return Incident(
        id=row.id,
        key=row.key,
        kind=IncidentKind(row.kind),
        endpoint=row.endpoint,
        checks=tuple(checks),
        severity=Severity(row.severity),
        cause=_cause((row.status, row.fault_domain)),
        because=None if row.because is None else DownBecause(row.because),
        reason=row.reason,
        action=None if row.action is None else Action(row.action),
        started_at=now.anchor(row.started_at_us),
        detected_at=now.anchor(row.detected_at_us),
        resolved_at=moment(row.resolved_at_us, now),
        failed_probes=row.failed_probes,
        sequence=row.sequence,
        told=tuple(_cause(pair) for pair in orjson.loads(row.told)),
        pending_cause=None if row.pending_cause is None else _cause(orjson.loads(row.pending_cause)),
        scope=Scope(row.scope),
        provider=row.provider,
        joined_at=joined_at(row.memory, now),
        acknowledged=None
        if row.acknowledged_by is None
        else Acknowledgement(row.acknowledged_by, now.anchor(row.acknowledged_at_us), row.acknowledgement or ""),
        telling=telling_of(row.memory, now),
    )


def _acknowledgement(acknowledged: Acknowledgement | None) -> Values:
    if acknowledged is None:
        return (None, None, None)
    return (clean(acknowledged.by), acknowledged.at.wall_us, clean(acknowledged.note))


def event_row(event: IncidentEvent) -> Values:
    """A row of `incident_events`."""
    return (
        event.incident_id,
        event.sequence,
        str(event.kind),
        event.at.wall_us,
        str(event.cause.status),
        word(event.cause.fault_domain),
        str(event.severity),
        clean(event.reason),
        str(event.decision),
        event.notifications,
        orjson.dumps({name: clean(why) for name, why in event.explanation}).decode() if event.explanation else None,
    )


def _cause_list(cause: Cause) -> list[str | None]:
    return [str(cause.status), word(cause.fault_domain)]


def _cause(pair: Sequence[Any]) -> Cause:
    status, fault = pair
    return Cause(Status(status), None if fault is None else FaultDomain(fault))
