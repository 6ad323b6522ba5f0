"""How long a server asked us to wait: from its headers, else from its error body.

Owns the formats of the hint and their order, the one in which the official SDKs read them; what is done with the
wait is the scheduler's business.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from monitor.domain.limits import limits_of
from monitor.domain.spans import SPAN, number, span_s, until_s

MAX_RETRY_AFTER_S = 86_400.0
"""A longer wait is taken as this one."""

_SAID = re.compile(rf"\b(?:again|retry)\s+(?:in|after)\s+(?:about\s+)?({SPAN})", re.IGNORECASE)


def retry_after_s(
    headers: Mapping[str, str],
    *,
    now_s: float,
    waits: Iterable[str] = (),
    message: str = "",
    limited: bool = False,
) -> float | None:
    """The wait in seconds, more than 0 and at most `MAX_RETRY_AFTER_S`; None where the server did not say.

    Args:
        headers: names in lower case.
        now_s: seconds since 1970, against which dates are read.
        waits: durations found in the body, such as `3.5s`.
        message: the error's message, which may say "try again in 20s".
        limited: whether this is a rate limit, so that the limit's reset is a hint too.
    """
    candidates: tuple[Callable[[], float | None], ...] = (
        lambda: number(headers.get("retry-after-ms"), 0.001),
        lambda: _seconds_or_date(headers.get("retry-after"), now_s),
        lambda: next((wait for text in waits if (wait := span_s(text)) is not None), None),
        lambda: _said(message),
        lambda: _reset(headers, now_s) if limited else None,
    )
    return next((wait for read in candidates if (wait := _bounded(read())) is not None), None)


def _bounded(wait: float | None) -> float | None:
    if wait is None or not math.isfinite(wait) or wait <= 0:
        return None
    return min(wait, MAX_RETRY_AFTER_S)


def _seconds_or_date(text: str | None, now_s: float) -> float | None:
    if not text:
        return None
    seconds = number(text)
    if seconds is not None:
        return seconds
    try:
        date = parsedate_to_datetime(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now_s
    except (ValueError, TypeError, OverflowError, IndexError):
        return span_s(text)


def _said(message: str) -> float | None:
    found = _SAID.search(message[:4096])
    return span_s(found[1]) if found else None


def _reset(headers: Mapping[str, str], now_s: float) -> float | None:
    """When the exhausted limit is reset; of several the longest wait. Some answers tell nothing but that."""
    told = [limit.reset_s for limit in limits_of(headers, now_s) if not limit.remaining]
    alone = [
        until_s(headers.get(f"x-ratelimit-reset{suffix}"), now_s)
        for suffix in ("", "-requests", "-tokens")
        if f"x-ratelimit-remaining{suffix}" not in headers
    ]
    return max((reset for reset in (*told, *alone) if reset is not None), default=None)
