"""Availability and coverage: what share of counted probes succeeded, and what share of the due ones was counted.

Owns the arithmetic only; which rows are counted is decided by who asks (`storage.history`, `health`).
"""

from dataclasses import dataclass
from functools import lru_cache

from monitor.clock import US_PER_S

HOUR_US = 3600 * US_PER_S
RECENT_HOURS = 24


@dataclass(frozen=True, slots=True)
class Recent:
    """On-phase results of the last 24 hours, by the hour, so that a day's availability costs no query.

    Attributes:
        hour: the newest hour since 1970.
        buckets: (successes, counted) of up to 25 hours, newest first: the running hour and the 24 before it.
    """

    hour: int = 0
    buckets: tuple[tuple[int, int], ...] = ()

    def add(self, at_us: int, *, success: bool) -> "Recent":
        """One more counted result; one older than the newest hour (a clock set back) counts in the newest.

        Set back by more than a day it was far ahead before: then what is held would never grow old, and goes.
        """
        hour = at_us // HOUR_US
        if hour < self.hour - RECENT_HOURS:
            return Recent(hour, (_bucket(int(success), 1),))
        moved = self._moved_to(hour) if hour > self.hour else self
        (successes, counted), *rest = moved.buckets or ((0, 0),)
        return Recent(max(hour, self.hour), (_bucket(successes + success, counted + 1), *rest))

    def availability(self, at_us: int) -> float | None:
        """Percent of counted results of the last 24 hours that were successes; None without any."""
        hour = at_us // HOUR_US
        buckets = (self._moved_to(hour) if hour > self.hour else self).buckets
        return percent(sum(ok for ok, _ in buckets), sum(counted for _, counted in buckets))

    def _moved_to(self, hour: int) -> "Recent":
        empty = ((0, 0),) * min(hour - self.hour, RECENT_HOURS + 1)
        return Recent(hour, (empty + self.buckets)[: RECENT_HOURS + 1])


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When a check was due, for a stretch of time in which its interval did not change.

    Attributes:
        first_due_us: the first turn of the stretch (the probe at start, or a turn of the phase).
        phase_us: the first turn of the fixed phase after that.
        interval_us: the interval.
        until_us: the end of the stretch, exclusive.
    """

    first_due_us: int
    phase_us: int
    interval_us: int
    until_us: int

    def due(self, from_us: int, to_us: int) -> int:
        """How many turns fell into [from_us, to_us)."""
        end = min(to_us, self.until_us)
        first = int(from_us <= self.first_due_us < end)
        return first + max(0, self._turns_before(end) - self._turns_before(max(from_us, self.phase_us)))

    def _turns_before(self, at_us: int) -> int:
        return max(0, -((self.phase_us - at_us) // self.interval_us))


@lru_cache(maxsize=4096)
def _bucket(successes: int, counted: int) -> tuple[int, int]:
    """One object for all checks that had the same hour: a day of ten thousand checks would take 14 MB otherwise."""
    return successes, counted


def percent(part: int, whole: int) -> float | None:
    """`part` of `whole` in percent; None if there is no whole."""
    return None if whole == 0 else 100.0 * part / whole
