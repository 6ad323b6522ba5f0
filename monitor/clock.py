"""Time, read once at the edge and passed on.

A `Moment` pairs the wall clock (for people and for the database) with the monotonic clock (for durations), so that a
wall clock which is set back or forth changes what is written, never how long something took.
"""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

US_PER_S = 1_000_000


@dataclass(frozen=True, slots=True, order=False)
class Moment:
    """One instant, as both clocks saw it.

    Attributes:
        wall_us: microseconds since 1970-01-01 UTC.
        mono_us: microseconds of the monotonic clock of this run; comparable only within a run.
    """

    wall_us: int
    mono_us: int

    def s_since(self, earlier: "Moment") -> float:
        """Seconds of monotonic time from `earlier` to this moment; negative if it lies ahead."""
        return (self.mono_us - earlier.mono_us) / US_PER_S

    def plus_s(self, seconds: float) -> "Moment":
        """The moment `seconds` later on both clocks."""
        us = round(seconds * US_PER_S)
        return Moment(self.wall_us + us, self.mono_us + us)

    def anchor(self, wall_us: int) -> "Moment":
        """A wall time read back from the database, placed on this run's monotonic clock.

        A time that seems to lie in the future (the wall clock was set back between two runs) is taken as now.
        """
        return Moment(wall_us, self.mono_us - max(0, self.wall_us - wall_us))


class Clock(Protocol):
    """Whoever needs the time at the edge takes one of these."""

    def now(self) -> Moment:
        """The present moment."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> Moment:
        """The present moment, both clocks read back to back."""
        return Moment(time.time_ns() // 1000, time.monotonic_ns() // 1000)  # noqa: TID251  the one place


def iso(wall_us: int) -> str:
    """A wall time as ISO 8601 UTC with milliseconds: `2026-11-21T01:02:03.456Z`."""
    seconds, us = divmod(wall_us, US_PER_S)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{us // 1000:03d}Z"


def from_iso(text: str) -> int:
    """The wall time (microseconds since 1970, UTC) that `iso` or another writer of ISO 8601 wrote.

    Raises:
        ValueError: that is no such time.
    """
    return round(datetime.fromisoformat(text).timestamp() * US_PER_S)


def asleep_us() -> int:
    """Microseconds for which the machine has been suspended since it was started; 0 where the system does not tell."""
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return 0
    awake_ns = time.monotonic_ns()  # the earlier of the two, so that the difference is never negative
    return (time.clock_gettime_ns(time.CLOCK_BOOTTIME) - awake_ns) // 1000
