"""Incidents as people ask for them: the newest, and one with its timeline and what became of its notifications."""

from typing import Any

import orjson
from sqlalchemy import Row, func, select

from monitor.clock import Moment, iso
from monitor.storage import tables
from monitor.storage.codes import STATUSES, SUCCESS_CODES, UNKNOWN_CODE
from monitor.storage.past.incident_list import IncidentList, IncidentSelection, IncidentState, incident_fields
from monitor.storage.reader import Reader, question
from monitor.storage.restore import checks_of


@question
def incidents(reader: Reader, now: Moment, state: IncidentState = "all", limit: int = 100) -> list[dict[str, Any]]:
    """Incidents, newest first, with the fields of the `incidents` command."""
    return list(IncidentList(reader, IncidentSelection(state=state, limit=limit), now))


@question
def incident(reader: Reader, incident_id: int, now: Moment) -> dict[str, Any] | None:
    """One incident with all that is known of it; None if there is no such id.

    Adds `provider reason action because failed_probes`, `acknowledgement` (who, when, and what they said; None while
    nobody has), `withheld` (why nobody has been told so far; None once somebody was), `timeline` (every event with the
    decision whether to tell people, and per channel why) and `deliveries` (every notification with what became of it).
    """
    which = tables.incidents.c.id == incident_id
    row = reader.connection.execute(select(tables.incidents).where(which)).one_or_none()
    if row is None:
        return None
    return {
        **incident_fields(row, checks_of(reader.connection, which)[row.id], now),
        "provider": row.provider,
        "acknowledgement": _acknowledgement(row),
        "withheld": orjson.loads(row.memory).get("withheld"),
        "reason": row.reason,
        "action": row.action,
        "because": row.because,
        "failed_probes": row.failed_probes,
        "timeline": _timeline(reader, incident_id),
        "deliveries": _deliveries(reader, incident_id),
    }


@question
def evidence(reader: Reader, incident_id: int, now: Moment, limit: int) -> tuple[list[dict[str, Any]], int]:
    """The failed probes of an incident's checks while it lasted, oldest first, and how many there are.

    Returns:
        At most `limit` rows `started_at check status http_status latency_ms request_id reason`, and the count of all
        that are still recorded.
    """
    row, link, incident_of = tables.results, tables.incident_checks, tables.incidents
    ends = func.coalesce(incident_of.c.resolved_at_us, now.wall_us)
    of_it = (
        select(row.c.check_id, row.c.started_at_us)
        .join(link, link.c.check_id == row.c.check_id)
        .join(incident_of, incident_of.c.id == link.c.incident_id)
        .where(incident_of.c.id == incident_id, row.c.status.not_in((*SUCCESS_CODES, UNKNOWN_CODE)))
        .where(row.c.started_at_us >= incident_of.c.started_at_us, row.c.started_at_us <= ends)
    )
    count = reader.connection.execute(select(func.count()).select_from(of_it.subquery())).scalar() or 0
    first = of_it.order_by(row.c.started_at_us, row.c.check_id).limit(limit).subquery()
    check, reason, detail = tables.checks, tables.reasons, tables.result_details
    query = (
        select(row, check.c.check, reason.c.reason, detail.c.request_id)
        .join(first, (first.c.check_id == row.c.check_id) & (first.c.started_at_us == row.c.started_at_us))
        .join(check, check.c.id == row.c.check_id)
        .join(reason, reason.c.id == row.c.reason_id, isouter=True)
        .join(
            detail,
            (detail.c.check_id == row.c.check_id) & (detail.c.started_at_us == row.c.started_at_us),
            isouter=True,
        )
        .order_by(row.c.started_at_us, row.c.check_id)
    )
    return [_failure(found) for found in reader.connection.execute(query)], count


def _failure(row: Row[Any]) -> dict[str, Any]:
    return {
        "started_at": iso(row.started_at_us),
        "check": row.check,
        "status": str(STATUSES[row.status]),
        "http_status": row.http_status,
        "latency_ms": None if row.latency_100us is None else row.latency_100us / 10,
        "request_id": row.request_id,
        "reason": row.reason or None,
    }


def _acknowledgement(row: Row[Any]) -> dict[str, str | None] | None:
    if row.acknowledged_by is None:
        return None
    return {"by": row.acknowledged_by, "at": _iso(row.acknowledged_at_us), "note": row.acknowledgement or None}


def _timeline(reader: Reader, incident_id: int) -> list[dict[str, Any]]:
    event = tables.incident_events
    query = select(event).where(event.c.incident_id == incident_id).order_by(event.c.sequence)
    return [
        {
            "sequence": row.sequence,
            "event": row.kind,
            "at": iso(row.at_us),
            "status": row.status,
            "fault_domain": row.fault_domain,
            "severity": row.severity,
            "reason": row.reason,
            "decision": row.decision,
            "notifications": row.notifications,
            "explanation": orjson.loads(row.explanation) if row.explanation else {},
        }
        for row in reader.connection.execute(query)
    ]


def _deliveries(reader: Reader, incident_id: int) -> list[dict[str, Any]]:
    row_of = tables.outbox
    query = select(row_of).where(row_of.c.incident_id == incident_id).order_by(row_of.c.id)
    return [
        {
            "notification_id": row.notification_id,
            "sequence": row.sequence,
            "channel": row.channel,
            "event": row.event,
            "title": orjson.loads(row.body)["title"],
            "state": row.state,
            "attempts": row.attempts,
            "error": row.last_error,
            "created_at": iso(row.created_at_us),
            "next_attempt": _iso(row.next_attempt_us),
            "settled_at": _iso(row.settled_at_us),
            "fell_back_to": row.fell_back_to,
        }
        for row in reader.connection.execute(query)
    ]


def _iso(us: int | None) -> str | None:
    return None if us is None else iso(us)
