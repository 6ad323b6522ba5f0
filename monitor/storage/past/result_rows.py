"""A result as people see it: everything that belongs to it, and the fields of the interface."""

from typing import Any

from sqlalchemy import Row, Select, Subquery, select

from monitor.clock import iso
from monitor.storage import tables
from monitor.storage.codes import STATUSES

_WORDS = {code: str(status) for code, status in STATUSES.items()}


def whole(keys: Subquery, *, backwards: bool) -> Select[Any]:
    """All that belongs to the results of `keys`, which selects from `results`, in the order of their times."""
    row, check, reason, detail = keys.c, tables.checks, tables.reasons, tables.result_details
    at, number = row.started_at_us, row.check_id
    return (
        select(
            row.started_at_us, row.check_id, row.status, row.http_status, row.latency_100us, row.ttft_100us,
            row.lag_100us, check.c.check, check.c.endpoint, check.c.kind, check.c.model, reason.c.reason,
            reason.c.fault_domain, reason.c.action, detail.c.request_id, detail.c.answered_by,
        )
        .select_from(keys)
        .join(check, check.c.id == number)
        .join(reason, reason.c.id == row.reason_id, isouter=True)
        .join(detail, (detail.c.check_id == number) & (detail.c.started_at_us == at), isouter=True)
        .order_by(*((at.desc(), number.desc()) if backwards else (at, number)))
    )  # fmt: skip


def result_row(row: Row[Any]) -> dict[str, Any]:
    """A row of `whole` with the fields of the `history` command, in their order."""
    return {
        "check": row.check,
        "endpoint": row.endpoint,
        "kind": row.kind,
        "model": row.model,
        "status": _WORDS[row.status],
        "fault_domain": row.fault_domain or None,
        "http_status": row.http_status,
        "latency_ms": _ms(row.latency_100us),
        "ttft_ms": _ms(row.ttft_100us),
        "lag_ms": _ms(row.lag_100us),
        "reason": row.reason or None,
        "action": row.action or None,
        "request_id": row.request_id,
        "started_at": iso(row.started_at_us),
        "answered_by": row.answered_by,
    }


def _ms(tenths: int | None) -> float | None:
    return None if tenths is None else tenths / 10
