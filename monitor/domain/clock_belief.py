"""Whether the wall clock is believed: what is forgotten by a wrong one does not come back.

A clock far ahead of when it was last right is doubted for a day. Pure; who asks remembers, over restarts too.
"""

from dataclasses import dataclass, replace

from monitor.clock import US_PER_S

_DAY_US = 86_400 * US_PER_S
LEAP_US = _DAY_US
"""So far a clock may run ahead of what was to be expected."""
WARY_US = _DAY_US
"""So long one is doubted that is further ahead."""
_FORGIVEN_US = 90 * _DAY_US
_WRITTEN_US = 1_735_689_600 * US_PER_S  # 2025: no clock that is right says a time before this program


@dataclass(frozen=True, slots=True)
class Belief:
    """What is held of the wall clock.

    Attributes:
        right_us: the latest time at which it was taken for right; 0 never. Microseconds since 1970, as all of these.
        doubted_us: since when it is doubted, by itself; 0 while it is believed.
        seen_us: when it was last looked at in this process; 0 not yet.
    """

    right_us: int = 0
    doubted_us: int = 0
    seen_us: int = 0

    def at(self, now_us: int, *, slept_us: int = 0, watched_us: int | None = None) -> "Belief":
        """What is held of it after another look.

        Args:
            now_us: what it says.
            slept_us: for how long the machine was suspended since the last look.
            watched_us: for how long this process has been up since the doubt began; None where it began before.
        """
        if now_us < _WRITTEN_US:
            return self  # a machine without a battery; by such a clock nothing is old
        came_back = bool(self.doubted_us) and now_us < self.doubted_us - LEAP_US
        # At a start, and when it came back, it is compared with when it was right.
        before_us = self.right_us if came_back else self.seen_us or self.right_us
        leapt = bool(before_us) and now_us - before_us - slept_us > LEAP_US
        if self.doubted_us and not came_back and not (leapt and self.seen_us):
            waited_us = now_us - self.doubted_us
            if watched_us is not None:
                waited_us = min(waited_us, watched_us)
            if waited_us < WARY_US:
                return replace(self, seen_us=now_us)
            # Who is switched on for hours between pauses of days must forget one day.
            leapt = waited_us > _FORGIVEN_US
        if leapt:
            return Belief(self.right_us, now_us, now_us)
        return Belief(now_us, 0, now_us)
