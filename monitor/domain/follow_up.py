"""When a check is to be probed next, beside its own rhythm: confirm a doubt, or rest after a rate limit."""

from dataclasses import dataclass

from monitor.clock import Moment
from monitor.domain.action import Action
from monitor.domain.check import Check
from monitor.domain.health import Health, State
from monitor.domain.rest import rest_of_spent_s, rest_s
from monitor.domain.result import Result, Status

QUOTA_CONFIRM_S = 60.0


@dataclass(frozen=True, slots=True)
class FollowUp:
    """When a check is to be probed next, beside its own rhythm.

    Attributes:
        confirm_after_s: a confirm probe this long after the end of the last; None for no such probe.
        rest_s: no probe at all for this long; None for no rest.
        triage: checks to be probed at once to learn whose fault a first failure is.
        others_rest: other checks that a shared limit concerns, and until when none of them is probed.
    """

    confirm_after_s: float | None = None
    rest_s: float | None = None
    triage: tuple[str, ...] = ()
    others_rest: tuple[tuple[str, Moment], ...] = ()


AS_PLANNED = FollowUp()


def follow_up(check: Check, health: Health, result: Result) -> FollowUp:
    """What one result asks of the schedule: confirm a doubt, rest after a rate limit, or go on as planned."""
    rest = rest_s(check, result.verdict)
    if rest is not None:
        return FollowUp(rest_s=rest)
    spent = rest_of_spent_s(result) if result.limits else None
    doubtful_failure = result.status.is_failure and health.state is not State.DOWN
    doubtful_success = result.status.is_success and health.state is State.DOWN
    asked_wrongly = result.verdict.action is Action.ASK_ANEW
    if doubtful_failure or doubtful_success or asked_wrongly:
        return FollowUp(confirm_after_s=max(_confirm_s(check, result), spent or 0.0), rest_s=spent)
    return AS_PLANNED if spent is None else FollowUp(rest_s=spent)


def _confirm_s(check: Check, result: Result) -> float:
    """An account without money is not asked more often than is planned, nor more than once a minute."""
    if result.status is Status.QUOTA_EXCEEDED:
        return max(check.confirm_interval_s, min(check.interval_s, QUOTA_CONFIRM_S))
    return check.confirm_interval_s
