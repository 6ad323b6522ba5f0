"""How APIs write a span of time or a moment in headers and messages: `6m0s`, seconds, an epoch, a date.

Owns the notations; which header means what is `retry_after` and `limits`.
"""

import re
from datetime import UTC, datetime

_EPOCH_FROM = 1e8  # larger numbers are seconds since 1970, not a wait
_EPOCH_MS_FROM = 1e11
_LONGEST_DATE = 40
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
SPAN = rf"(?:{_PART}[\s,]{{0,2}}){{1,5}}"
"""A regular expression for a duration with units; ignore capitals."""

_SPAN = re.compile(SPAN, re.IGNORECASE)
_PARTS = re.compile(rf"(\d{{1,12}}(?:\.\d{{1,12}})?)\s?({_UNIT})", re.IGNORECASE)


def span_s(text: str) -> float | None:
    """Seconds of a duration such as `1s`, `6m0s`, `12ms` or `90 seconds`; None if it is none."""
    if not _SPAN.fullmatch(text.strip()):
        return None
    return sum(float(amount) * _factor(unit) for amount, unit in _PARTS.findall(text))


def number(text: str | None, factor: float = 1.0) -> float | None:
    """A number as Python writes it, nan and inf too, times a factor; None if it is none."""
    try:
        return float(text) * factor if text else None
    except ValueError:
        return None


def until_s(text: str | None, now_s: float) -> float | None:
    """Seconds from now until what a header names; negative if that is past, None if it names nothing.

    Args:
        text: a duration, seconds, an epoch in seconds or milliseconds, or a date of RFC 3339.
        now_s: seconds since 1970.
    """
    if not text:
        return None
    value = number(text)
    if value is None:
        span = span_s(text)
        return _date_s(text, now_s) if span is None else span
    if value >= _EPOCH_MS_FROM:
        return value / 1000 - now_s
    return value - now_s if value >= _EPOCH_FROM else value


def _date_s(text: str, now_s: float) -> float | None:
    if len(text) > _LONGEST_DATE or "-" not in text:
        return None
    try:
        date = datetime.fromisoformat(text.strip())
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now_s
    except (ValueError, OverflowError):
        return None


def _factor(unit: str) -> float:
    return next(factor for factor, names in _FACTORS if names.fullmatch(unit))
