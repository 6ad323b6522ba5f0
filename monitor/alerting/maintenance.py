"""Maintenance windows: planned work, once or again and again, in which nobody is told and nothing counts.

Pure: given the windows and a time, which checks are in maintenance. Times stand in a zone as its clocks show them, and
lengths are real time: a window of two hours from 02:00 lasts two hours also in the night in which the clocks change. A
start that the clocks skip is as much later as they jump, of a start that they show twice the first counts (RFC 5545,
3.3.5).
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.alerting.matching import Matcher, any_matches
from monitor.alerting.recurrence import Rule
from monitor.clock import US_PER_S
from monitor.domain.check import Check

HORIZON_US = 10 * 366 * 86_400 * US_PER_S
_NEVER_US = 1 << 62
_MOST_JUMP = timedelta(days=2)  # more than any zone's clocks ever jumped
_MOST_JOINED = 400
_SPANS_KEPT = 2


@dataclass(frozen=True, slots=True)
class Calendar:
    """All windows of a configuration.

    Args:
        windows: in the order of the file.
    """

    windows: tuple["Window", ...] = ()

    def __bool__(self) -> bool:
        """True if there is any window at all."""
        return bool(self.windows)

    def covering(self, check: Check, wall_us: int) -> "Window | None":
        """The window in which the check is at this wall time (microseconds since 1970, UTC); None if in none."""
        return next((window for window in self.windows if window.covers(check, wall_us)), None)


@dataclass(frozen=True, slots=True)
class Span:
    """A time without a change: from `from_us` to before `until_us`, a window is open throughout, or closed."""

    from_us: int
    until_us: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class Window:
    """One window.

    Attributes:
        only: any of these must match the check; empty is every check. Only what they say of checks counts.
        zone: whose clocks `start` and `rule` mean.
        start: the first start, without a zone; its `fold` tells which, where the clocks show a time twice.
        duration_s: real time.
        rule: when it begins again; None is once.
    """

    name: str
    only: tuple[Matcher, ...]
    zone: ZoneInfo
    start: datetime
    duration_s: float
    rule: Rule | None = None
    # What was found last: called for every result, a window must not walk its rule each time. No part of its value.
    _spans: list[Span] = field(default_factory=list, init=False, repr=False, compare=False)

    def covers(self, check: Check, wall_us: int) -> bool:
        """True while the check is in it."""
        return self.span(wall_us).is_open and (not self.only or any_matches(self.only, check))

    def span(self, wall_us: int) -> Span:
        """The time without a change around this wall time; from it on, not all of what lies before it."""
        for span in self._spans:
            if span.from_us <= wall_us < span.until_us:
                return span
        found = self._found(wall_us)
        self._spans[:] = [found, *self._spans[: _SPANS_KEPT - 1]]
        return found

    def starts_us(self, since_us: int) -> Iterator[int]:
        """Wall times at which it begins, ascending; some may lie before `since_us`, none after the horizon of it."""
        if self.rule is None:
            yield _wall_us(self.start, self.zone)
            return
        since = datetime.fromtimestamp(since_us // US_PER_S, self.zone).replace(tzinfo=None) - _MOST_JUMP
        jump_us = round(_MOST_JUMP.total_seconds()) * US_PER_S
        waiting: list[int] = []  # a start that the clocks skip may come after the next one
        for local in self.rule.starts(self.start, since):
            start_us = _wall_us(local, self.zone)
            heapq.heappush(waiting, start_us)
            while waiting[0] <= start_us - jump_us:
                yield heapq.heappop(waiting)
            if start_us > since_us + HORIZON_US:
                break
        while waiting:
            yield heapq.heappop(waiting)

    def _found(self, wall_us: int) -> Span:
        length_us = round(self.duration_s * US_PER_S)
        open_until_us, opens_us = wall_us, _NEVER_US
        joined = 0
        for start_us in self.starts_us(wall_us - length_us):
            if start_us + length_us <= wall_us:
                continue
            if start_us > open_until_us or joined == _MOST_JOINED:
                opens_us = start_us
                break
            open_until_us = start_us + length_us
            joined += 1
        is_open = open_until_us > wall_us
        return Span(wall_us, open_until_us if is_open else opens_us, is_open=is_open)


def _wall_us(local: datetime, zone: ZoneInfo) -> int:
    return round(local.replace(tzinfo=zone).timestamp()) * US_PER_S
