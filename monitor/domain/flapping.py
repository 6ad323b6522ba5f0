"""Whether a check keeps changing its mind: Icinga's weighted share of changes among the last twenty, as a value.

Owns the arithmetic and its hysteresis. Does not own which results count (`health` pushes on-phase ones that say
something about the check), nor who is told (`alerting`).

Source: Icinga 2, `lib/icinga/checkable-flapping.cpp`: the last 20 changes are weighed from 0.8 for the oldest in steps
of 0.02, the newest of them 1.18, and their sum is taken in percent of 20. Places that no result has filled yet count as
"no change", so a young check is never called flapping for two changes in three results.
"""

from dataclasses import dataclass
from functools import lru_cache

from monitor.domain.check import FlappingRule

REMEMBERED = 20
_MASK = (1 << REMEMBERED) - 1
_OLDEST_TENTHS = 40


@dataclass(frozen=True, slots=True)
class Flapping:
    """The newest changes of one check, and whether it flaps.

    Attributes:
        changes: of the last 20 results, newest in bit 0; a set bit differs from the result before it.
        ok: the newest result was a success; None before the first.
        flapping: it flaps.
    """

    changes: int = 0
    ok: bool | None = None
    flapping: bool = False

    @property
    def percent(self) -> float:
        """The weighted share of changes, 0 to 99 percent."""
        return _tenths(self.changes) / 10

    def push(self, *, ok: bool, rule: FlappingRule) -> "Flapping":
        """The value after one more result; the same object where nothing changes."""
        if ok is self.ok and not self.changes and not self.flapping:
            return self  # nearly every result of nearly every check
        changed = self.ok is not None and ok != self.ok
        changes = ((self.changes << 1) | changed) & _MASK
        percent = _tenths(changes) / 10
        flapping = percent >= (rule.low_percent if self.flapping else rule.high_percent)
        return remembered(changes, ok, flapping)


@lru_cache(maxsize=1024)
def _tenths(changes: int) -> int:
    """The weighted share in tenths of a percent: whole numbers, so that nothing is lost on the way."""
    weights = (_OLDEST_TENTHS + REMEMBERED - 1 - place for place in range(REMEMBERED) if changes >> place & 1)
    return sum(weights)


@lru_cache(maxsize=4096)
def remembered(changes: int, ok: bool | None, flapping: bool) -> Flapping:  # noqa: FBT001  positions cost less here
    """One object for all checks that fared alike: nearly all of ten thousand."""
    return Flapping(changes, ok, flapping)


STEADY = remembered(0, None, False)  # noqa: FBT003  the same
