"""How long a check is left alone: after a rate limit, and once an answer says that nothing is left of one."""

from monitor.domain.check import Check
from monitor.domain.limits import LimitKind
from monitor.domain.result import Result, Status, Verdict

REST_AT_MOST_S = 3600.0
REST_UNASKED_AT_MOST_S = 300.0
REST_SPENT_AT_MOST_S = 60.0
"""No longer: a gateway whose headers are wrong must not make anybody blind."""


def rest_s(check: Check, verdict: Verdict | None) -> float | None:
    """The rest after a verdict, in seconds; None unless it was a rate limit."""
    if verdict is None or verdict.status is not Status.RATE_LIMITED:
        return None
    asked = verdict.retry_after_s
    return min(min(2 * check.interval_s, REST_UNASKED_AT_MOST_S) if asked is None else asked, REST_AT_MOST_S)


def rest_of_spent_s(result: Result) -> float | None:
    """The rest after an answer that says no request is left until the reset, in seconds; None after any other.

    The next request would only be refused, and on some APIs a refused one counts as well.
    """
    spent = (limit.reset_s for limit in result.limits if limit.kind is LimitKind.REQUESTS and limit.remaining == 0)
    longest = max((reset for reset in spent if reset is not None), default=0.0)
    return min(longest, REST_SPENT_AT_MOST_S) or None
