"""Into which stretches of time a report's charts cut its period. Pure.

A stretch is as long as a person would name it (five minutes, an hour, a day, a week) and begins where that person's
clock is round, so that a day is a day in the reader's time zone. The first and the last may be shorter.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.clock import US_PER_S

BARS_AT_MOST = 100
POINTS_AT_MOST = 120
_MINUTE = 60
_HOUR = 3600
_DAY = 86_400
_WEEK = 7 * _DAY
BAR_STEPS_S = (5 * _MINUTE, _HOUR, 6 * _HOUR, _DAY, _WEEK)
POINT_STEPS_S = (5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR, 2 * _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY, _WEEK)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_A_MONDAY = datetime(1970, 1, 5)  # noqa: DTZ001  local time, whatever the zone


def step_s(length_us: int, steps: Sequence[int], at_most: int) -> int:
    """The shortest of `steps` (seconds) of which `at_most` cover the length; else weeks, as many as it takes."""
    for step in steps:
        if length_us <= at_most * step * US_PER_S:
            return step
    return -(-length_us // (at_most * _WEEK * US_PER_S)) * _WEEK


def edges(since_us: int, until_us: int, step: int, zone: ZoneInfo) -> list[int]:
    """The period's moments between two stretches, its own two ends included.

    Args:
        since_us: its first moment, microseconds since 1970 (UTC).
        until_us: its last; at least one more.
        step: how long a stretch is, in seconds: a divisor of a day, or whole days.
        zone: whose clock must be round. Where that clock is set forth or back, one stretch is shorter or longer.
    """
    found, reached = [since_us], _floor(_local(since_us, zone), step)
    while True:
        reached += timedelta(seconds=step)
        at_us = _wall_us(reached, zone)
        if at_us >= until_us:
            return [*found, until_us]
        if at_us > found[-1]:
            found.append(at_us)


def _local(wall_us: int, zone: ZoneInfo) -> datetime:
    return (_EPOCH + timedelta(microseconds=wall_us)).astimezone(zone).replace(tzinfo=None)


def _wall_us(local: datetime, zone: ZoneInfo) -> int:
    return (local.replace(tzinfo=zone).astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)


def _floor(local: datetime, step: int) -> datetime:
    """The last round moment that is not after `local`."""
    return local - (local - _A_MONDAY) % timedelta(seconds=step)
