"""A result as a line of the spool, and back. Pure; owns the names and nothing of the file (`spool`).

What only lives in memory is not kept: limits and model lists, which the next answer tells again.
"""

from typing import Any

import orjson

from monitor.clock import Moment
from monitor.domain.action import Action
from monitor.domain.reply import Usage
from monitor.domain.result import FaultDomain, Phases, Result, Status, StreamTimes, Trigger, Verdict


def to_bytes(result: Result) -> bytes:
    """One JSON object; the wall clock's times only."""
    verdict = result.verdict
    fields = {
        "check": result.check,
        "started_at_us": result.started_at.wall_us,
        "finished_at_us": result.finished_at.wall_us,
        "trigger": result.trigger,
        "status": verdict.status,
        "fault_domain": verdict.fault_domain,
        "reason": verdict.reason,
        "action": verdict.action,
        "retry_after_s": verdict.retry_after_s,
        "loading": verdict.loading,
        "http_status": result.http_status,
        "latency_ms": result.latency_ms,
        "ttft_ms": result.ttft_ms,
        "lag_ms": result.lag_ms,
        "request_id": result.request_id,
        "phases": result.phases,
        "certificate_days": result.certificate_days,
        "usage": result.usage,
        "stream": result.stream,
        "answered_by": result.answered_by,
    }
    try:
        return orjson.dumps(fields)
    except TypeError:  # half of a surrogate pair, which no database takes either
        return orjson.dumps(_whole(fields))


def from_bytes(line: bytes, now: Moment) -> Result:
    """The result, its times anchored at `now`.

    Raises:
        ValueError: that is no such line.
    """
    try:
        fields = orjson.loads(line)
        return Result(
            check=fields["check"],
            started_at=now.anchor(fields["started_at_us"]),
            finished_at=now.anchor(fields["finished_at_us"]),
            trigger=Trigger(fields["trigger"]),
            verdict=_verdict(fields),
            phases=None if fields["phases"] is None else Phases(**fields["phases"]),
            usage=Usage(**fields["usage"]),
            stream=None if fields["stream"] is None else StreamTimes(**fields["stream"]),
            **{name: fields[name] for name in _PLAIN},
        )
    except (KeyError, TypeError) as fault:
        raise ValueError(str(fault)) from fault


_PLAIN = ("http_status", "latency_ms", "ttft_ms", "lag_ms", "request_id", "certificate_days", "answered_by")


def _verdict(fields: dict[str, Any]) -> Verdict:
    fault_domain, action = fields["fault_domain"], fields["action"]
    return Verdict(
        status=Status(fields["status"]),
        fault_domain=None if fault_domain is None else FaultDomain(fault_domain),
        reason=fields["reason"],
        action=None if action is None else Action(action),
        retry_after_s=fields["retry_after_s"],
        loading=fields["loading"],
    )


def _whole(fields: dict[str, Any]) -> dict[str, Any]:
    def whole(value: object) -> object:
        # Not the words of enums, which are texts as well: they are whole as they are.
        return value.encode("utf-8", "replace").decode() if type(value) is str else value

    return {name: whole(value) for name, value in fields.items()}
