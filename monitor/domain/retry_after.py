"""How long a server asked us to wait: from its headers, else from its error body.

Owns the formats of the hint and their order, the one in which the official SDKs read them; what is done with the
wait is the scheduler's business.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

MAX_RETRY_AFTER_S = 86_400.0
"""A longer wait is taken as this one."""

_EPOCH_FROM = 1e8  # larger numbers are seconds since 1970, not a wait
_EPOCH_MS_FROM = 1e11
_UNITS = (
    (0.001, r"milliseconds?|millis|ms"),
    (1.0, r"seconds?|secs?|s"),
    (60.0, r"minutes?|mins?|m"),
    (3600.0, r"hours?|hrs?|h"),
    (86_400.0, r"days?|d"),
)
_FACTORS = tuple((factor, re.compile(names, re.IGNORECASE)) for factor, names in _UNITS)
_UNIT = rf"(?:{'|'.join(names for _, names in _UNITS)})(?![a-zA-Z])"
_PART = rf"\d{{1,12}}(?:\.\d{{1,12}})?\s?{_UNIT}"
_DURATION = re.compile(rf"(?:{_PART}[\s,]{{0,2}}){{1,5}}", re.IGNORECASE)
_PARTS = re.compile(rf"(\d{{1,12}}(?:\.\d{{1,12}})?)\s?({_UNIT})", re.IGNORECASE)
_SAID = re.compile(rf"\b(?:again|retry)\s+(?:in|after)\s+(?:about\s+)?({_DURATION.pattern})", re.IGNORECASE)


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
        lambda: _number(headers.get("retry-after-ms"), 0.001),
        lambda: _seconds_or_date(headers.get("retry-after"), now_s),
        lambda: next((wait for text in waits if (wait := duration_s(text)) is not None), None),
        lambda: _said(message),
        lambda: _reset(headers, now_s) if limited else None,
    )
    return next((wait for read in candidates if (wait := _bounded(read())) is not None), None)


def duration_s(text: str) -> float | None:
    """Seconds of a duration such as `1s`, `6m0s`, `12ms` or `90 seconds`; None if it is none."""
    if not _DURATION.fullmatch(text.strip()):
        return None
    return sum(float(amount) * _factor(unit) for amount, unit in _PARTS.findall(text))


def _factor(unit: str) -> float:
    return next(factor for factor, names in _FACTORS if names.fullmatch(unit))


def _bounded(wait: float | None) -> float | None:
    if wait is None or not math.isfinite(wait) or wait <= 0:
        return None
    return min(wait, MAX_RETRY_AFTER_S)


def _number(text: str | None, factor: float = 1.0) -> float | None:
    try:
        return float(text) * factor if text else None
    except ValueError:
        return None


def _seconds_or_date(text: str | None, now_s: float) -> float | None:
    if not text:
        return None
    seconds = _number(text)
    if seconds is not None:
        return seconds
    try:
        date = parsedate_to_datetime(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now_s
    except (ValueError, TypeError, OverflowError, IndexError):
        return duration_s(text)


def _said(message: str) -> float | None:
    found = _SAID.search(message[:4096])
    return duration_s(found[1]) if found else None


def _reset(headers: Mapping[str, str], now_s: float) -> float | None:
    """When the exhausted limit is reset: a duration, seconds, or an epoch; of several the longest."""
    resets = (
        _reset_value(headers.get(f"x-ratelimit-reset{suffix}"), now_s)
        for suffix in ("", "-requests", "-tokens")
        if _number(headers.get(f"x-ratelimit-remaining{suffix}") or "0") == 0
    )
    return max((reset for reset in resets if reset is not None), default=None)


def _reset_value(text: str | None, now_s: float) -> float | None:
    value = _number(text)
    if value is None:
        return duration_s(text) if text else None
    if value >= _EPOCH_MS_FROM:
        return value / 1000 - now_s
    return value - now_s if value >= _EPOCH_FROM else value
