"""What is said of the daemon's work while it works: log lines, metrics, and the count since the start.

Owns no decision; every method is called on the event loop, is cheap, and never raises.
"""

import logging
from collections import Counter
from collections.abc import Mapping

import structlog

from monitor.alerting.batch import Batch
from monitor.domain.availability import percent
from monitor.domain.check import Check
from monitor.domain.incident import IncidentEventKind
from monitor.domain.result import Result, Status, Trigger
from monitor.web.metrics import Metrics

INCIDENT_EVENTS = {
    IncidentEventKind.OPENED: "incident_opened",
    IncidentEventKind.ANNOUNCED: "incident_announced",
    IncidentEventKind.UPDATED: "incident_updated",
    IncidentEventKind.ACKNOWLEDGED: "incident_acknowledged",
    IncidentEventKind.REMINDER: "incident_reminder",
    IncidentEventKind.ESCALATED: "incident_escalated",
    IncidentEventKind.RESOLVED: "incident_resolved",
}
LOGGED_CHECKS = 20

log = structlog.get_logger("relaywatch.daemon")


class Tally:
    """Counted on-phase results since the start, by check."""

    def __init__(self) -> None:
        self._counted: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()  # hardly any

    def add(self, result: Result) -> None:
        """Count one result, if it counts."""
        if result.trigger is Trigger.ON_PHASE and result.status is not Status.UNKNOWN:
            self._counted[result.check] += 1
            if not result.status.is_success:
                self._failed[result.check] += 1

    def availability(self, check: str) -> float | None:
        """Percent; None where nothing was probed."""
        counted = self._counted[check]
        return percent(counted - self._failed[check], counted)


class Witness:
    """Sees every result and every commit."""

    def __init__(self, metrics: Metrics, tally: Tally) -> None:
        self._metrics = metrics
        self._tally = tally
        # Bound once: the module's logger is put together anew for every event, also for those that nobody writes.
        self._log: structlog.typing.FilteringBoundLogger = log.bind()

    def probed(self, check: Check, before: Status | None, result: Result) -> None:
        """A probe's result was taken; `before` is the check's status until then."""
        self._metrics.observe_probe(result, check)
        self._tally.add(result)
        changed = result.status is not before and (before is not None or result.status is not Status.UP)
        level = logging.INFO if changed else logging.DEBUG
        if self._log.is_enabled_for(level):
            self._write(level, before, result)

    def committed(self, batch: Batch, seconds: float) -> None:
        """A batch is on disk."""
        self._metrics.observe_commit(seconds)
        for event in batch.events:
            incident = batch.incidents[event.incident_id]
            log.info(
                INCIDENT_EVENTS[event.kind],
                incident=event.incident_id,
                checks=list(incident.checks[:LOGGED_CHECKS]),
                members=len(incident.checks),
                scope=incident.scope,
                severity=event.severity,
                status=event.cause.status,
                fault_domain=event.cause.fault_domain,
                reason=event.reason,
                decision=event.decision,
                notifications=event.notifications,
            )

    def _write(self, level: int, before: Status | None, result: Result) -> None:
        verdict = result.verdict
        self._log.log(
            level,
            "probe",
            check=result.check,
            status=result.status,
            before=before,
            fault_domain=verdict.fault_domain,
            reason=verdict.reason,
            http_status=result.http_status,
            latency_ms=None if result.latency_ms is None else round(result.latency_ms, 1),
            lag_ms=round(result.lag_ms, 1),
            trigger=result.trigger,
            request_id=result.request_id,
        )


def availability_lines(checks: Mapping[str, Check], tally: Tally) -> list[str]:
    """One line per check for the end of a run: its availability since the start."""
    width = max((len(check) for check in checks), default=0)
    return [f"{check:<{width}}  {_percent(tally.availability(check))}" for check in checks]


def _percent(value: float | None) -> str:
    return "    none" if value is None else f"{value:6.2f} %"
