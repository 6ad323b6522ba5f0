"""How long a check is left alone after a rate limit."""

from monitor.domain.check import Check
from monitor.domain.result import Status, Verdict

REST_AT_MOST_S = 3600.0
REST_UNASKED_AT_MOST_S = 300.0


def rest_s(check: Check, verdict: Verdict | None) -> float | None:
    """The rest after a verdict, in seconds; None unless it was a rate limit."""
    if verdict is None or verdict.status is not Status.RATE_LIMITED:
        return None
    asked = verdict.retry_after_s
    return min(min(2 * check.interval_s, REST_UNASKED_AT_MOST_S) if asked is None else asked, REST_AT_MOST_S)
