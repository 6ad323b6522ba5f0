"""Whether and when a send is repeated (pure).

Owns the meaning of HTTP statuses, the back-off, `Retry-After` and the end of all patience. Randomness and time come in
as arguments.
"""

import math
import random
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from monitor.clock import US_PER_S
from monitor.delivery.channel import Delivered, Permanent, Receipt, Retry

PERMANENT_STATUSES = frozenset({400, 401, 403, 404, 410, 413})
GIVE_UP_AFTER_S = 24 * 3600.0
SHORTEST_S = 1.0
LONGEST_S = 60.0
RETRY_AFTER_AT_MOST_S = 3600.0
OK_FROM, OK_BELOW = 200, 300


def receipt_of(status: int, headers: Mapping[str, str], said: str, now_us: int) -> Receipt:
    """What an HTTP answer means for the message.

    Args:
        status: the status code; redirects are not followed.
        headers: names in any case.
        said: the status and body in words, safe to show.
        now_us: the wall time, for a `Retry-After` that is a date.
    """
    if OK_FROM <= status < OK_BELOW:
        return Delivered(said)
    if status in PERMANENT_STATUSES:
        return Permanent(said)
    return Retry(said, retry_after_s(headers, now_us))


def retry_after_s(headers: Mapping[str, str], now_us: int) -> float | None:
    """Seconds to wait by `Retry-After` (seconds, also with a fraction, or an HTTP date), at most an hour.

    None without a header that makes sense. Source: RFC 9110, section 10.2.3.
    """
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    if value is None:
        return None
    seconds = _as_number(value)
    if seconds is None:
        seconds = _as_date(value, now_us)
    if seconds is None or not math.isfinite(seconds):
        return None
    return min(max(0.0, seconds), RETRY_AFTER_AT_MOST_S)


def pause_s(failures: int, after_s: float | None, rng: random.Random) -> float:
    """Seconds until the next try.

    Args:
        failures: tries that failed so far, 1 or more.
        after_s: what the other side asked for; never undercut.
        rng: spreads the tries of many channels over the upper half of the back-off.
    """
    return max(SHORTEST_S, _grown_s(failures) * rng.uniform(0.5, 1.0), after_s or 0.0)


def _grown_s(failures: int) -> float:
    from tenacity import RetryCallState, Retrying  # noqa: PLC0415  0.4 MB, for whom a message could not be sent
    from tenacity.wait import wait_exponential  # noqa: PLC0415  the same

    state = RetryCallState(Retrying(), None, (), {})  # nothing is called
    state.attempt_number = max(1, failures)
    return wait_exponential(multiplier=SHORTEST_S, max=LONGEST_S)(state)


def is_over(age_s: float) -> bool:
    """True once a message has been tried for so long that nobody would be helped by it."""
    return age_s >= GIVE_UP_AFTER_S


def _as_number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _as_date(value: str, now_us: int) -> float | None:
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError, TypeError):
        return None
    aware = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
    return aware.timestamp() - now_us / US_PER_S
