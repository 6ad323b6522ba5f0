"""Who is left alone because of a rate limit, and until when: a check by its own refusal, others by a limit they share.

Pure. How long one refusal rests its own check is `rest`; that nobody is probed before is the scheduler's business.
"""

from collections.abc import Mapping, Sequence

from monitor.clock import Moment
from monitor.domain.check import Check
from monitor.domain.health import Health, State
from monitor.domain.rest import REST_UNASKED_AT_MOST_S, rest_s
from monitor.domain.result import Status

LIMITED_TOGETHER = 2
"""So many models refused at once, and none answering since, say that the limit is the key's."""


def resting_until(check: Check, health: Health) -> Moment | None:
    """Until when a check rests after its newest verdict; None if that was no rate limit.

    Only the start of that probe is known here, so its timeout is added: rather late than too early.
    """
    rest = rest_s(check, health.latest)
    if rest is None or health.latest_at is None:
        return None
    return health.latest_at.plus_s(check.timeout_s + rest)


def shared_rests(siblings: Sequence[Check], healths: Mapping[str, Health], now: Moment) -> dict[str, Moment]:
    """Until when the other models of an endpoint rest because the limit seems to be the whole key's.

    It does when several models are refused at once and no other has answered since the first of them began to be.
    Equal limits in headers prove nothing: vendors give many models the same. The others rest for as long as the
    soonest of the refused, five minutes at most, and come back one after the other.

    Args:
        siblings: the checks of one endpoint.
        healths: of all of them.
        now: the time.
    """
    models = [check for check in siblings if check.model is not None]
    ends = {check.id: until for check in models if (until := _still(check, healths[check.id], now)) is not None}
    if len(ends) < LIMITED_TOGETHER or len(ends) == len(models):
        return {}
    first = min((_began(healths[check]) for check in ends), key=lambda at: at.mono_us)
    others = [check for check in models if check.id not in ends]
    if any(_answered_since(healths[check.id], first) for check in others):
        return {}
    soonest = min((*ends.values(), now.plus_s(REST_UNASKED_AT_MOST_S)), key=lambda at: at.mono_us)
    return {
        check.id: soonest.plus_s(check.interval_s * place / len(others)) for place, check in enumerate(others, start=1)
    }


def rests(siblings: Sequence[Check], healths: Mapping[str, Health], now: Moment) -> dict[str, Moment]:
    """Every rest of one endpoint that is not over, by check."""
    if not any(_is_limited(healths[check.id]) for check in siblings):
        return {}
    own = {check.id: until for check in siblings if (until := _still(check, healths[check.id], now)) is not None}
    return {**shared_rests(siblings, healths, now), **own}


def _is_limited(health: Health) -> bool:
    return health.latest is not None and health.latest.status is Status.RATE_LIMITED


def _still(check: Check, health: Health, now: Moment) -> Moment | None:
    until = resting_until(check, health) if _is_limited(health) else None
    return until if until is not None and until.mono_us > now.mono_us else None


def _began(health: Health) -> Moment:
    began = health.since if health.state is State.DOWN else health.streak_started
    return began or health.latest_at or health.since


def _answered_since(health: Health, since: Moment) -> bool:
    latest, at = health.latest, health.latest_at
    return latest is not None and at is not None and latest.status.is_success and at.mono_us >= since.mono_us
