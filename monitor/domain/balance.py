"""What is left of an account's money: read from an API's answer, and how long it will last.

Pure. Owns the JSON pointer (RFC 6901), the forecast and the judgement. The slope is the median of the slopes between
all pairs of readings since the last top-up (Theil and Sen): one odd reading does not move it.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from monitor.domain.kept import Balance

DAY_S = 86_400.0
MOST = 1e15
SAMPLES_AT_MOST = 200
"""For a slope; of more every so many-th is taken."""
SAMPLES_AT_LEAST = 4
SPAN_AT_LEAST_S = 6 * 3600.0
"""A shorter past says nothing of days."""
_RECOVERED_DAYS = 1.25
_US_PER_S = 1_000_000
_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)*")
_NUMBER = re.compile(r"-?\d{1,16}(?:\.\d{1,16})?", re.ASCII)
_INDEX = re.compile(r"0|[1-9]\d{0,5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class BalanceRule:
    """When a balance is told of.

    Attributes:
        below: in the account's currency; None for no limit.
        days: it will be used up sooner; 0 for no forecast.
    """

    below: float | None
    days: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a balance looks like.

    Attributes:
        amount: the newest.
        days_left: None where it does not shrink, or nobody knows yet.
    """

    amount: float
    days_left: float | None


def is_pointer(text: str) -> bool:
    """Whether a text is a JSON pointer."""
    return _POINTER.fullmatch(text) is not None


def amount_at(document: Any, pointer: str) -> float | None:
    """The number that a pointer leads to; None where there is none, or it is no sensible one.

    Args:
        document: JSON, read; hostile.
        pointer: one that `is_pointer` holds of.
    """
    found = document
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and name in found:
            found = found[name]
        elif isinstance(found, list) and _INDEX.fullmatch(name) and int(name) < len(found):
            found = found[int(name)]
        else:
            return None
    return _number(found)


def since_top_up(readings: Sequence[Balance]) -> Sequence[Balance]:
    """The readings after the balance last rose, the first one of them the risen one; oldest first."""
    rises = (place for place in range(len(readings) - 1, 0, -1) if readings[place].amount > readings[place - 1].amount)
    return readings[next(rises, 0) :]


def outlook(readings: Sequence[Balance]) -> Outlook | None:
    """How a balance stands and how long it will last; None without a reading.

    Args:
        readings: oldest first; all of the past that is to speak.
    """
    if not readings:
        return None
    newest, told = readings[-1], since_top_up(readings)
    slope = _slope_per_day(told)
    if slope is None or slope >= 0:
        return Outlook(newest.amount, None)
    return Outlook(newest.amount, max(0.0, newest.amount / -slope))


def is_low(seen: Outlook, rule: BalanceRule) -> bool:
    """Whether people should be told."""
    short = rule.below is not None and seen.amount < rule.below
    return short or (bool(rule.days) and seen.days_left is not None and seen.days_left < rule.days)


def is_well(seen: Outlook, rule: BalanceRule) -> bool:
    """Whether a balance that was low is not so any more: beyond the limit, and the forecast beyond it by a quarter."""
    margin = BalanceRule(rule.below, rule.days * _RECOVERED_DAYS)
    return not is_low(seen, margin)


def _number(value: object) -> float | None:
    if isinstance(value, str):
        value = float(value) if _NUMBER.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return float(value) if abs(value) <= MOST else None


def _slope_per_day(readings: Sequence[Balance]) -> float | None:
    span_us = readings[-1].seen_at_us - readings[0].seen_at_us
    if len(readings) < SAMPLES_AT_LEAST or span_us < SPAN_AT_LEAST_S * _US_PER_S:
        return None
    step = math.ceil(len(readings) / SAMPLES_AT_MOST)
    points = [(one.seen_at_us, one.amount) for one in readings[::-1][::step]]
    slopes = [
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for place, later in enumerate(points)
        for earlier in points[place + 1 :]
        if later[0] > earlier[0]
    ]
    return median(slopes) * _US_PER_S * DAY_S if slopes else None
