"""Rows of the API, made from what the ledger holds in memory; the same fields as the commands' JSON."""

from typing import Any

from monitor.clock import Moment, iso
from monitor.domain.caps import SpendingNow
from monitor.domain.check import Check
from monitor.domain.health import Health
from monitor.domain.incident import Incident
from monitor.domain.prices import usd
from monitor.domain.quota import BalanceNow, LimitNow
from monitor.storage.outbox.outbox import Waiting
from monitor.web.sources import LedgerFace


def status_row(check: Check, health: Health, now: Moment) -> dict[str, Any]:
    """What is believed of one check."""
    return {
        "check": check.id,
        "endpoint": check.endpoint,
        "model": check.model,
        "state": health.state,
        "since": iso(health.since.wall_us),
        "status": None if health.latest is None else health.latest.status,
        "consecutive_failures": health.consecutive_failures,
        "availability_24h": health.recent.availability(now.wall_us),
    }


INCIDENT_FIELDS = (
    "id", "key", "endpoint", "severity", "status", "fault_domain", "checks", "started_at", "detected_at",
    "resolved_at", "duration_s", "acknowledged", "kind", "scope", "acknowledged_by",
)  # fmt: skip


def incident_row(incident: Incident, now: Moment) -> dict[str, Any]:
    """One incident."""
    resolved = incident.resolved_at
    return {
        "id": incident.id,
        "key": incident.key,
        "endpoint": incident.endpoint,
        "severity": incident.severity,
        "status": incident.cause.status,
        "fault_domain": incident.cause.fault_domain,
        "checks": list(incident.checks),
        "started_at": iso(incident.started_at.wall_us),
        "detected_at": iso(incident.detected_at.wall_us),
        "resolved_at": None if resolved is None else iso(resolved.wall_us),
        "duration_s": round(incident.duration_s(now), 3),
        "acknowledged": incident.acknowledged is not None,
        "kind": incident.kind,
        "scope": incident.scope,
        "acknowledged_by": None if incident.acknowledged is None else incident.acknowledged.by,
    }


def daemon_row(
    pid: int, ledger: LedgerFace, backlog: dict[str, Waiting] | None, spending: SpendingNow | None = None
) -> dict[str, Any]:
    """What the daemon says of itself; the outbox is null while the database does not answer."""
    last = ledger.last_commit
    return {
        "alive": True,
        "pid": pid,
        "last_commit": None if last is None else iso(last.wall_us),
        "outbox_pending": None if backlog is None else sum(waiting.pending for waiting in backlog.values()),
        "dead": None if backlog is None else sum(waiting.dead for waiting in backlog.values()),
        "spent_today": None if spending is None else usd(spending.all.today_nusd),
        "spent_month": None if spending is None else usd(spending.all.month_nusd),
        "caps_spent": [] if spending is None else [held.reason for held in spending.held],
    }


def limit_row(limit: LimitNow) -> dict[str, Any]:
    """One rate limit of one check, as its newest answer told it."""
    return {
        "check": limit.check,
        "endpoint": limit.endpoint,
        "model": limit.model,
        "kind": limit.kind,
        "limit": limit.limit,
        "remaining": limit.remaining,
        "reset_at": None if limit.reset_at_us is None else iso(limit.reset_at_us),
        "seen_at": iso(limit.seen_at_us),
        "low": limit.low,
    }


def balance_row(balance: BalanceNow) -> dict[str, Any]:
    """One account."""
    return {
        "endpoint": balance.endpoint,
        "amount": balance.amount,
        "seen_at": None if balance.seen_at_us is None else iso(balance.seen_at_us),
        "days_left": None if balance.days_left is None else round(balance.days_left, 2),
        "low": balance.low,
        "error": balance.error,
    }
