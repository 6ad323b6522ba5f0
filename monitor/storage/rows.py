"""Values of the domain as rows, and back. Pure: no database is touched here.

Rows are tuples in the order of their table's columns: the driver takes tuples, and a dictionary per row would only be
taken apart again. Wall times go in; on the way back they are anchored to the monotonic clock of the run.
"""

import json
from typing import Any

import orjson
from sqlalchemy import Row

from monitor.alerting.batch import Queued
from monitor.clock import Moment
from monitor.domain.action import Action
from monitor.domain.availability import Recent
from monitor.domain.flapping import STEADY, Flapping, remembered
from monitor.domain.health import Health
from monitor.domain.result import FaultDomain, Phases, Result, StreamTimes, Verdict
from monitor.domain.window import Window, window
from monitor.storage.codes import STATE_CODES, STATES, STATUS_CODES, STATUSES, TRIGGER_CODES
from monitor.storage.columns import Values, moment, wall
from monitor.storage.writable import clean

_PER_MS = 10


def result_row(check_id: int, started_at_us: int, result: Result, reason_id: int | None) -> Values:
    """A row of `results`."""
    return (
        check_id,
        started_at_us,
        STATUS_CODES[result.verdict.status],
        TRIGGER_CODES[result.trigger],
        result.http_status,
        _tenths(result.latency_ms),
        _tenths(result.ttft_ms),
        round(result.lag_ms * _PER_MS),
        reason_id,
        result.input_tokens,
        result.output_tokens,
    )


def detail_row(check_id: int, started_at_us: int, result: Result) -> Values | None:
    """A row of `result_details`; None where there is nothing worth one."""
    has_request = result.request_id is not None and not result.verdict.status.is_success
    if result.phases is None and not has_request:
        return None
    phases, times = result.phases or Phases(), result.stream or StreamTimes()
    return (
        check_id,
        started_at_us,
        clean(result.request_id),
        _tenths(phases.dns_ms),
        _tenths(phases.connect_ms),
        _tenths(phases.tls_ms),
        _tenths(phases.first_byte_ms),
        _tenths(phases.total_ms),
        result.certificate_days,
        _tenths(times.first_event_ms),
        _tenths(times.last_token_ms),
        _tenths(times.max_stall_ms),
        clean(result.answered_by),
    )


def state_row(check_id: int, health: Health, reason_id: int | None) -> Values:
    """A row of `states`."""
    verdict = health.latest
    recent = health.recent
    return (
        check_id,
        STATE_CODES[health.state],
        health.since.wall_us,
        None if verdict is None else STATUS_CODES[verdict.status],
        reason_id,
        None if verdict is None else verdict.retry_after_s,
        verdict is not None and verdict.loading,
        wall(health.latest_at),
        health.latency_ms,
        health.consecutive_failures,
        health.consecutive_successes,
        health.auth_failures,
        wall(health.streak_started),
        wall(health.last_counted),
        wall(health.loading_since),
        health.slow,
        wall(health.slow_since),
        recent.hour,
        recent.successes if recent.counted else None,
        recent.counted or None,
    )


Memory = tuple[
    Window, Window, tuple[Moment, ...], tuple[Moment, ...], tuple[bool, ...], tuple[tuple[int, int], ...], Flapping
]


def memory_of(health: Health) -> Memory:
    """The part of a health that goes into `state_memory`."""
    return (
        health.failures,
        health.slow_answers,
        health.failed_at,
        health.slowed_at,
        health.stand_ins,
        health.recent.past,
        health.flapping,
    )


def mark_of(health: Health) -> int:
    """A number that stays the same as long as the row in `state_memory` need not be written.

    How long a window without a hit is, is not worth a write a probe: after a restart "5 of the last 20" may be told as
    "5 of the last 8", which is as true.
    """
    windows = tuple(window.bits and window for window in (health.failures, health.slow_answers))
    changes = health.flapping.changes and health.flapping
    return hash((windows, health.failed_at, health.slowed_at, health.stand_ins, health.recent.past, changes))


def memory_text(memory: Memory) -> str:
    """The text of a row of `state_memory`."""
    failures, slow_answers, failed_at, slowed_at, stand_ins, hours, flapping = memory
    return orjson.dumps(
        {
            "failures": [f"{failures.bits:x}", failures.size],
            "slow_answers": [f"{slow_answers.bits:x}", slow_answers.size],
            "failed_at_us": [moment.wall_us for moment in failed_at],
            "slowed_at_us": [moment.wall_us for moment in slowed_at],
            "stand_ins": stand_ins,
            "hours": hours,
            "flapping": [f"{flapping.changes:x}", flapping.ok, flapping.flapping],
        },
    ).decode()


def health_of(row: Row[Any], verdict: Verdict | None, now: Moment) -> Health:
    """A health from a row of `states` with `check` and `memory`, its verdict already made."""
    memory = orjson.loads(row.memory)
    return Health(
        check=row.check,
        since=now.anchor(row.since_us),
        state=STATES[row.state],
        latest=verdict,
        latest_at=moment(row.latest_at_us, now),
        latency_ms=row.latency_ms,
        consecutive_failures=row.consecutive_failures,
        consecutive_successes=row.consecutive_successes,
        auth_failures=row.auth_failures,
        streak_started=moment(row.streak_started_us, now),
        failed_at=tuple(now.anchor(us) for us in memory["failed_at_us"]),
        last_counted=moment(row.last_counted_us, now),
        loading_since=moment(row.loading_since_us, now),
        failures=_window(memory["failures"]),
        slow_answers=_window(memory["slow_answers"]),
        slowed_at=tuple(now.anchor(us) for us in memory["slowed_at_us"]),
        stand_ins=tuple(memory.get("stand_ins", ())),  # absent where an earlier version wrote it
        slow=bool(row.slow),
        slow_since=moment(row.slow_since_us, now),
        recent=Recent.of(row.hour, (row.hour_successes or 0, row.hour_counted or 0), memory["hours"]),
        flapping=_flapping(memory.get("flapping")),
    )


def verdict_of(row: Row[Any]) -> Verdict | None:
    """The newest verdict from a row of `states` with its reason; None before the first probe."""
    if row.status is None:
        return None
    return Verdict(
        status=STATUSES[row.status],
        fault_domain=FaultDomain(row.fault_domain) if row.fault_domain else None,
        reason=row.reason or None,
        action=Action(row.action) if row.action else None,
        retry_after_s=row.retry_after_s,
        loading=bool(row.loading),
    )


def outbox_row(queued: Queued) -> Values:
    """A row of `outbox`, without the id; due at once."""
    notification = queued.notification
    return (
        notification.id,
        queued.channel,
        str(notification.event),
        notification.severity,
        _body_text(notification.body()),
        queued.incident_id,
        queued.sequence,
        queued.created_at.wall_us,
        "pending",
        0,
        *(None,) * 6,
    )


def _body_text(body: dict[str, Any]) -> str:
    try:
        return orjson.dumps(body).decode()
    except TypeError:  # half of a surrogate pair
        return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8")


def _tenths(ms: float | None) -> int | None:
    return None if ms is None else round(ms * _PER_MS)


def _flapping(triple: tuple[str, bool | None, bool] | None) -> Flapping:
    return STEADY if triple is None else remembered(int(triple[0], 16), triple[1], triple[2])


def _window(pair: tuple[str, int]) -> Window:
    return window(int(pair[0], 16), pair[1])
