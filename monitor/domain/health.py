"""What is believed of one check: the state machine, as a table, and the counters around it.

Owns streaks, ratios, the loading grace and the small machine for slow answers. Does not own incidents (`incident`) nor
who is told (`alerting`). Everything here is a value: `advance` takes a health and a result and gives the next health.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from monitor.clock import Moment
from monitor.domain.action import STAND_INS
from monitor.domain.availability import Recent
from monitor.domain.check import Check, HealthRules
from monitor.domain.flapping import STEADY, Flapping
from monitor.domain.rest import rest_s
from monitor.domain.result import Result, Status, Trigger, Verdict
from monitor.domain.window import EMPTY_WINDOW, Window

AUTH_FAILURES_IN_A_ROW = 2
STALE_INTERVALS = 3
STALE_AT_LEAST_S = 300.0


class State(StrEnum):
    """What is believed of a check."""

    PENDING = "PENDING"
    UP = "UP"
    DOWN = "DOWN"


class Signal(StrEnum):
    """What one result means to the state machine, after the counters were read."""

    SUCCESS = "success"
    ENOUGH_SUCCESSES = "enough_successes"
    FAILURE = "failure"
    ENOUGH_FAILURES = "enough_failures"
    NOTHING = "nothing"


class Change(StrEnum):
    """What happened to the belief; each is worth an entry in a timeline or is the first proof of life."""

    FIRST_UP = "first_up"
    WENT_DOWN = "went_down"
    STILL_DOWN = "still_down"
    RECOVERED = "recovered"
    SLOW = "slow"
    STOOD_IN = "stood_in"
    NO_LONGER_SLOW = "no_longer_slow"
    FLAPPING = "flapping"
    SETTLED = "settled"


class DownBecause(StrEnum):
    """Which rule took a check DOWN, strongest last."""

    RATIO = "ratio"
    AUTH_IN_A_ROW = "auth_in_a_row"
    FAILURES_IN_A_ROW = "failures_in_a_row"


TRANSITIONS: MappingProxyType[tuple[State, Signal], tuple[State, Change | None]] = MappingProxyType(
    {
        (State.PENDING, Signal.SUCCESS): (State.UP, Change.FIRST_UP),
        (State.PENDING, Signal.ENOUGH_SUCCESSES): (State.UP, Change.FIRST_UP),
        (State.PENDING, Signal.FAILURE): (State.PENDING, None),
        (State.PENDING, Signal.ENOUGH_FAILURES): (State.DOWN, Change.WENT_DOWN),
        (State.PENDING, Signal.NOTHING): (State.PENDING, None),
        (State.UP, Signal.SUCCESS): (State.UP, None),
        (State.UP, Signal.ENOUGH_SUCCESSES): (State.UP, None),
        (State.UP, Signal.FAILURE): (State.UP, None),
        (State.UP, Signal.ENOUGH_FAILURES): (State.DOWN, Change.WENT_DOWN),
        (State.UP, Signal.NOTHING): (State.UP, None),
        (State.DOWN, Signal.SUCCESS): (State.DOWN, None),
        (State.DOWN, Signal.ENOUGH_SUCCESSES): (State.UP, Change.RECOVERED),
        (State.DOWN, Signal.FAILURE): (State.DOWN, Change.STILL_DOWN),
        (State.DOWN, Signal.ENOUGH_FAILURES): (State.DOWN, Change.STILL_DOWN),
        (State.DOWN, Signal.NOTHING): (State.DOWN, None),
    },
)


@dataclass(frozen=True, slots=True)
class Health:
    """What is believed of one check, and what is needed to change that belief.

    Attributes:
        since: when the present state began (for DOWN: the first failure of the streak).
        latest: the newest verdict; None before the first probe.
        latency_ms: of the newest success; None before one.
        consecutive_failures: failures in a row, those during the loading grace left out.
        auth_failures: AUTH_ERROR in a row.
        streak_started: the first failure of the present streak.
        failed_at: when the hits of `failures` started, oldest first.
        last_counted: when the last result that touched a streak started.
        loading_since: when "Loading model" was first seen without a break.
        failures: on-phase results since the last recovery.
        slow_answers: on-phase successes, hits are DEGRADED.
        slow: people are to know that the check is slow, or that others answer for it.
        slowed_at: when the hits of `slow_answers` started, oldest first.
        stand_ins: for each of these hits, whether somebody else answered than was asked.
        slow_since: the first of the slow answers that made the check slow; None while it is not.
        recent: counts of the last 24 hours.
        flapping: how often on-phase results changed lately.
    """

    check: str
    since: Moment
    state: State = State.PENDING
    latest: Verdict | None = None
    latest_at: Moment | None = None
    latency_ms: float | None = None
    consecutive_failures: int = 0
    consecutive_successes: int = 0
    auth_failures: int = 0
    streak_started: Moment | None = None
    failed_at: tuple[Moment, ...] = ()
    last_counted: Moment | None = None
    loading_since: Moment | None = None
    failures: Window = EMPTY_WINDOW
    slow_answers: Window = EMPTY_WINDOW
    slowed_at: tuple[Moment, ...] = ()
    stand_ins: tuple[bool, ...] = ()
    slow: bool = False
    slow_since: Moment | None = None
    recent: Recent = field(default_factory=Recent)
    flapping: Flapping = STEADY


@dataclass(frozen=True, slots=True)
class Advance:
    """One step of a health.

    Attributes:
        changes: what happened, in order; empty for an uneventful result.
        because: which rule holds the check DOWN; None unless WENT_DOWN or STILL_DOWN is among the changes.
        counted: False if the result touched no streak (UNKNOWN, loading within its grace).
    """

    health: Health
    changes: tuple[Change, ...] = ()
    because: DownBecause | None = None
    counted: bool = True


def advance(check: Check, health: Health, result: Result) -> Advance:
    """The next health after one result. Pure; results of one check must come in the order in which they started."""
    seen = _seen(health, result)
    if result.status is Status.UNKNOWN:
        return Advance(replace(health, **seen), counted=False)
    if result.verdict.loading and _within_grace(check.rules, health, result):
        return Advance(replace(health, **seen, consecutive_successes=0), counted=False)
    fresh_s = stale_after_s(check) + (rest_s(check, health.latest) or 0.0)
    counted = _count(check, _without_stale_streak(health, result, fresh_s), result, seen)
    because = down_because(check.rules, counted) if result.status.is_failure else None
    state, change = TRANSITIONS[counted.state, _signal(check.rules, counted, result.status, because)]
    moved = _move(counted, state, change, _began(counted, because, result))
    slowed, slow_change = _slowness(check.rules, moved, result)
    settled, flap_change = _flapping(check.rules, slowed, result)
    return Advance(settled, tuple(c for c in (change, slow_change, flap_change) if c is not None), because)


def down_because(rules: HealthRules, health: Health) -> DownBecause | None:
    """Which rule says that the check is down, the strongest first; None if none does."""
    if health.consecutive_failures >= rules.failure_threshold:
        return DownBecause.FAILURES_IN_A_ROW
    if health.auth_failures >= AUTH_FAILURES_IN_A_ROW:
        return DownBecause.AUTH_IN_A_ROW
    if rules.failure_ratio is not None and health.failures.hits >= rules.failure_ratio.failures:
        return DownBecause.RATIO
    return None


def stale_after_s(check: Check) -> float:
    """How old the last probe of an unconfirmed streak may be before the streak is dropped, in seconds; rests apart."""
    return max(STALE_INTERVALS * check.interval_s, STALE_AT_LEAST_S)


def _seen(health: Health, result: Result) -> dict[str, Any]:
    """What changes whether or not the result counts; copied with what it counts for, since copies are what costs."""
    seen: dict[str, Any] = {"latest": result.verdict, "latest_at": result.started_at}
    if result.status is Status.UNKNOWN:
        return seen
    seen["loading_since"] = (health.loading_since or result.started_at) if result.verdict.loading else None
    if result.trigger is Trigger.ON_PHASE:
        seen["recent"] = health.recent.add(result.started_at.wall_us, success=result.status.is_success)
    return seen


def _within_grace(rules: HealthRules, health: Health, result: Result) -> bool:
    since = health.loading_since or result.started_at
    return result.started_at.s_since(since) < rules.loading_grace_s


def _without_stale_streak(health: Health, result: Result, fresh_s: float) -> Health:
    last = health.last_counted
    if health.state is State.DOWN or last is None or result.started_at.s_since(last) <= fresh_s:
        return health
    return replace(health, consecutive_failures=0, auth_failures=0, streak_started=None)


def _count(check: Check, health: Health, result: Result, seen: Mapping[str, Any]) -> Health:
    failed = result.status.is_failure
    failures, failed_at = health.failures, health.failed_at
    if result.trigger is Trigger.ON_PHASE and check.rules.failure_ratio is not None:
        failures = failures.push(hit=failed, capacity=check.rules.failure_ratio.window)
        failed_at = (*failed_at, result.started_at) if failed else failed_at
        failed_at = failed_at[len(failed_at) - failures.hits :]
    if failed:
        return replace(
            health,
            **seen,
            last_counted=result.started_at,
            consecutive_failures=health.consecutive_failures + 1,
            consecutive_successes=0,
            auth_failures=health.auth_failures + 1 if result.status is Status.AUTH_ERROR else 0,
            streak_started=health.streak_started or result.started_at,
            failures=failures,
            failed_at=failed_at,
        )
    return replace(
        health,
        **seen,
        last_counted=result.started_at,
        latency_ms=result.latency_ms,
        consecutive_failures=0,
        consecutive_successes=health.consecutive_successes + 1,
        auth_failures=0,
        streak_started=None,
        failures=failures,
        failed_at=failed_at,
    )


def _signal(rules: HealthRules, health: Health, status: Status, because: DownBecause | None) -> Signal:
    if status.is_failure:
        return Signal.ENOUGH_FAILURES if because is not None else Signal.FAILURE
    if health.consecutive_successes >= rules.recovery_threshold:
        return Signal.ENOUGH_SUCCESSES
    return Signal.SUCCESS


def _move(health: Health, state: State, change: Change | None, since: Moment) -> Health:
    if change is Change.RECOVERED:
        return replace(health, state=state, since=since, failures=EMPTY_WINDOW, failed_at=())
    return health if state is health.state else replace(health, state=state, since=since)


def _began(health: Health, because: DownBecause | None, result: Result) -> Moment:
    if because is DownBecause.RATIO:
        return health.failed_at[0]
    return health.streak_started or result.started_at


def _slowness(rules: HealthRules, health: Health, result: Result) -> tuple[Health, Change | None]:
    if result.trigger is not Trigger.ON_PHASE or not result.status.is_success:
        return health, None
    slow_now = result.status is Status.DEGRADED
    answers = health.slow_answers.push(hit=slow_now, capacity=rules.slow_ratio.window)
    slowed_at = (*health.slowed_at, result.started_at) if slow_now else health.slowed_at
    slowed_at = slowed_at[len(slowed_at) - answers.hits :]
    before, was_stand_in = health.stand_ins, result.verdict.action in STAND_INS
    stand_ins = (*health.stand_ins, was_stand_in) if slow_now else health.stand_ins
    stand_ins = stand_ins[len(stand_ins) - answers.hits :] if answers.hits < len(stand_ins) else stand_ins
    if (answers, slowed_at) != (health.slow_answers, health.slowed_at):
        health = replace(health, slow_answers=answers, slowed_at=slowed_at, stand_ins=stand_ins)
    if not health.slow and answers.hits >= rules.slow_ratio.failures:
        return replace(health, slow=True, slow_since=health.slowed_at[0]), Change.SLOW
    if health.slow and sum(before) < rules.slow_ratio.failures <= sum(stand_ins):
        return health, Change.STOOD_IN
    if health.slow and answers.newest_all_clear(rules.slow_ratio.failures):
        settled = replace(health, slow=False, slow_since=None, slow_answers=EMPTY_WINDOW, slowed_at=(), stand_ins=())
        return settled, Change.NO_LONGER_SLOW
    return health, None


def _flapping(rules: HealthRules, health: Health, result: Result) -> tuple[Health, Change | None]:
    if rules.flapping is None:
        if not health.flapping.flapping:
            return health, None
        return replace(health, flapping=STEADY), Change.SETTLED
    if result.trigger is not Trigger.ON_PHASE:
        return health, None
    before = health.flapping
    after = before.push(ok=result.status.is_success, rule=rules.flapping)
    if after is before:
        return health, None
    moved = replace(health, flapping=after)
    if after.flapping is before.flapping:
        return moved, None
    return moved, Change.FLAPPING if after.flapping else Change.SETTLED
