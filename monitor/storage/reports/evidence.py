"""The failed probes of a period, each with the request id that the vendor knows it by: what a claim for credit needs.

Single results only: where they are deleted there is no evidence left. Owns which probes are evidence (every failed one,
whatever made it run; UNKNOWN is the monitor's own fault and is none) and in which incident each lies.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, and_, select

from monitor.clock import iso
from monitor.domain.downtime import Outage
from monitor.storage import tables
from monitor.storage.codes import STATUSES, SUCCESS_CODES, TRIGGER_CODES, UNKNOWN_CODE
from monitor.storage.reader import Reader, question
from monitor.storage.reports.figures import Period
from monitor.storage.reports.outages import outages

FIELDS = (
    "started_at", "check", "endpoint", "model", "provider", "status", "fault_domain", "http_status", "latency_ms",
    "request_id", "trigger", "reason", "incident",
)  # fmt: skip
_TRIGGERS = {code: trigger for trigger, code in TRIGGER_CODES.items()}


@question
def failed_probes(reader: Reader, period: Period) -> Iterator[dict[str, Any]]:
    """Oldest first, with `FIELDS`; `incident` is the outage that the probe lies in, null where it led to none."""
    down = outages(reader.connection, period.since_us, period.until_us)
    rows = reader.connection.execution_options(yield_per=1000).execute(_failures(period))
    return (_evidence(row, _incident(down.get(row.check_id, {}), row.started_at_us)) for row in rows)


def _failures(period: Period) -> Select[Any]:
    row, check, reason, detail = tables.results, tables.checks, tables.reasons, tables.result_details
    failed = and_(
        row.c.check_id == check.c.id,
        row.c.started_at_us >= period.since_us,
        row.c.started_at_us < period.until_us,
        row.c.status.not_in((*SUCCESS_CODES, UNKNOWN_CODE)),
    )
    same = and_(detail.c.check_id == row.c.check_id, detail.c.started_at_us == row.c.started_at_us)
    return (
        select(
            row,
            *(check.c.check, check.c.endpoint, check.c.model, check.c.provider),
            *(reason.c.reason, reason.c.fault_domain, detail.c.request_id),
        )
        .select_from(check.join(row, failed).outerjoin(reason, reason.c.id == row.c.reason_id).outerjoin(detail, same))
        .order_by(row.c.started_at_us, row.c.check_id)
    )


def _incident(several: Mapping[int, Outage], at_us: int) -> int | None:
    """The newest outage that was under way then."""
    under_way: Sequence[int] = [
        one.id for one in several.values() if one.since_us <= at_us and (one.until_us is None or at_us < one.until_us)
    ]
    return max(under_way, default=None)


def _evidence(row: Row[Any], incident: int | None) -> dict[str, Any]:
    return {
        "started_at": iso(row.started_at_us),
        "check": row.check,
        "endpoint": row.endpoint,
        "model": row.model,
        "provider": row.provider,
        "status": str(STATUSES[row.status]),
        "fault_domain": row.fault_domain or None,
        "http_status": row.http_status,
        "latency_ms": None if row.latency_100us is None else row.latency_100us / 10,
        "request_id": row.request_id,
        "trigger": str(_TRIGGERS[row.trigger]),
        "reason": row.reason or None,
        "incident": incident,
    }
