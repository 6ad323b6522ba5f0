"""Quantiles of a few measurements, with how sure one may be of them, and no figure where there is none.

Owns the arithmetic of small samples. It assumes no shape: latencies have long tails, and ten of them fit no bell. An
interval lies between two of the measurements themselves; how often such a pair holds the true quantile follows from
the binomial distribution alone. Source: David and Nagaraja, Order Statistics, section 7.1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

SURE = 0.95


@dataclass(frozen=True, slots=True)
class Quantile:
    """One quantile of a sample; None where the sample is too small to tell.

    Attributes:
        value: the estimate; None with fewer than `needs` measurements.
        low: the true quantile is not below this, as sure as was asked for.
        high: nor above this; None while no measurement may be called its upper bound.
        needs: how many measurements there must be for `value`.
        needs_for_interval: how many there must be for `high`.
    """

    share: float
    value: float | None
    low: float | None
    high: float | None
    needs: int
    needs_for_interval: int


def quantile(values: Sequence[float], share: float, sure: float = SURE) -> Quantile:
    """The quantile of which this `share` of all values lies below.

    The estimate interpolates between neighbours, as most software does (type 7 of Hyndman and Fan, 1996), and is given
    only where one measurement at least is expected on its far side. The interval is the narrowest that is sure
    enough; where no two-sided one is, `low` alone bounds it, just as sure.

    Args:
        values: independent measurements, in any order.
        share: more than 0 and less than 1.
        sure: how often the interval must hold the true quantile.
    """
    ordered, count = sorted(values), len(values)
    needs = math.ceil(round(1 / min(share, 1 - share), 9))
    low, high = _interval(ordered, share, sure)
    return Quantile(
        share=share,
        value=_interpolated(ordered, share) if count >= needs else None,
        low=low,
        high=high,
        needs=needs,
        needs_for_interval=runs_for_interval(share, sure),
    )


def runs_for_interval(share: float, sure: float = SURE) -> int:
    """The fewest measurements whose smallest and largest are a two-sided interval."""
    count = 2
    while 1 - share**count - (1 - share) ** count < sure:
        count += 1
    return count


def coverage(count: int, share: float, low: int, high: int) -> float:
    """How often the quantile lies between the `low`-th and the `high`-th of `count` measurements, counted from 1.

    Args:
        count: of measurements.
        share: of the quantile.
        low: 0 for no bound.
        high: `count` + 1 for no bound.
    """
    return math.fsum(_binomial(count, below, share) for below in range(low, high))


def _interval(ordered: Sequence[float], share: float, sure: float) -> tuple[float | None, float | None]:
    count = len(ordered)
    below = [_binomial(count, number, share) for number in range(count + 1)]
    if not count:
        return None, None
    pair = _narrowest(below, share, sure)
    if pair is not None:
        return ordered[pair[0] - 1], ordered[pair[1] - 1]
    alone = next((low for low in range(count, 0, -1) if math.fsum(below[low:]) >= sure), None)
    return (None if alone is None else ordered[alone - 1]), None


def _narrowest(below: Sequence[float], share: float, sure: float) -> tuple[int, int] | None:
    """The ranks, counted from 1, of the narrowest interval around the estimate; None where there is none."""
    count = len(below) - 1
    middle = (count - 1) * share + 1
    found: tuple[int, int] | None = None
    high = 1
    for low in range(1, math.floor(middle) + 1):
        high = max(high, math.ceil(middle), low + 1)
        while high <= count and math.fsum(below[low:high]) < sure:
            high += 1
        if high > count:
            break
        if found is None or high - low < found[1] - found[0]:
            found = low, high
    return found


def _binomial(count: int, number: int, share: float) -> float:
    """How likely `number` of `count` measurements lie below the quantile."""
    ways = math.lgamma(count + 1) - math.lgamma(number + 1) - math.lgamma(count - number + 1)
    return math.exp(ways + number * math.log(share) + (count - number) * math.log1p(-share))


def _interpolated(ordered: Sequence[float], share: float) -> float:
    place = (len(ordered) - 1) * share
    lower = math.floor(place)
    upper = min(lower + 1, len(ordered) - 1)
    return ordered[lower] + (ordered[upper] - ordered[lower]) * (place - lower)
