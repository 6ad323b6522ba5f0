"""Availability and coverage: what share of counted probes succeeded, and what share of the due ones was counted.

Owns the arithmetic only; which rows are counted is decided by who asks (`storage.history`, `health`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from monitor.clock import US_PER_S

HOUR_US = 3600 * US_PER_S
RECENT_HOURS = 24
FAR_FUTURE_US = 1 << 62
"""The end of a rhythm that has not ended."""


Hours = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Recent:
    """On-phase results of the last 24 hours, by the hour, so that a day's availability costs no query.

    Attributes:
        hour: the running hour, since 1970.
        successes: of the running hour.
        counted: of the running hour; 0 only before the first result of all.
        past: (successes, counted) of up to 24 hours before it, newest first; one object for all checks that fared
            alike, since a day of ten thousand checks would take 14 MB otherwise.
    """

    hour: int = 0
    successes: int = 0
    counted: int = 0
    past: Hours = ()

    @classmethod
    def of(cls, hour: int, newest: tuple[int, int], past: Iterable[Sequence[int]]) -> "Recent":
        """As it was written down."""
        return cls(hour, *newest, _shared(tuple((ok, counted) for ok, counted in past)))

    def add(self, at_us: int, *, success: bool) -> "Recent":
        """One more counted result; one older than the running hour (a clock set back) counts in it.

        Set back by more than a day it was far ahead before: then what is held would never grow old, and goes.
        """
        hour = at_us // HOUR_US
        if self.hour - RECENT_HOURS <= hour <= self.hour:
            return Recent(self.hour, self.successes + success, self.counted + 1, self.past)
        return Recent(hour, int(success), 1, self._past_of(hour) if hour > self.hour else ())

    def availability(self, at_us: int) -> float | None:
        """Percent of counted results of the last 24 hours that were successes; None without any."""
        hour = at_us // HOUR_US
        hours = self._past_of(hour) if hour > self.hour else ((self.successes, self.counted), *self.past)
        return percent(sum(ok for ok, _ in hours), sum(counted for _, counted in hours))

    def _past_of(self, hour: int) -> Hours:
        """What lies before a later hour."""
        if not self.counted:
            return ()
        empty = ((0, 0),) * min(hour - self.hour - 1, RECENT_HOURS)
        return _shared((*empty, (self.successes, self.counted), *self.past)[:RECENT_HOURS])


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When a check was due, for a stretch of time in which its interval did not change.

    Attributes:
        first_due_us: the first turn of the stretch (the probe at start, or a turn of the phase).
        phase_us: the first turn of the fixed phase after that.
        interval_us: the interval.
        until_us: the end of the stretch, exclusive; `FAR_FUTURE_US` while it goes on.
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
def _shared(hours: Hours) -> Hours:
    return hours


def percent(part: int, whole: int) -> float | None:
    """`part` of `whole` in percent; None if there is no whole."""
    return None if whole == 0 else 100.0 * part / whole
