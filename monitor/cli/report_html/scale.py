"""Where an axis has its ticks: round values that a person reads off at a glance. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

_MANTISSAS = (1.0, 2.0, 2.5, 5.0, 10.0)
_TICKS_AT_MOST = 4
_USUAL_SHARE = 0.9
_OUTLIER = 2.5
_ROOM = 1.25
_LEAST = 0.01


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from 0 to its last tick.

    Attributes:
        ticks: evenly spaced, 0 first.
        is_cut: some values lie beyond the last tick.
    """

    ticks: tuple[float, ...]
    is_cut: bool = False

    @property
    def top(self) -> float:
        """The greatest value that the axis shows."""
        return self.ticks[-1]


def scale_of(values: Sequence[float]) -> Scale:
    """An axis on which the usual ones of `values` (not negative) fill the height.

    A few values far above the others (more than 2.5 times the 90th percentile) are cut off: an axis made for them would
    show everything else as one flat line.
    """
    highest = max(values, default=0.0)
    if highest < _LEAST:
        return Scale((0.0, 1.0))
    usual = sorted(values)[ceil(_USUAL_SHARE * len(values)) - 1] * _ROOM
    is_cut = 0 < usual * _OUTLIER / _ROOM < highest
    top = usual if is_cut else highest
    step = _step(top)
    count = ceil(round(top / step, 9))
    return Scale(tuple(round(step * number, 9) for number in range(count + 1)), is_cut)


def _step(top: float) -> float:
    """The least round distance of which at most `_TICKS_AT_MOST` reach `top`."""
    least = top / _TICKS_AT_MOST
    power = 10.0 ** floor(log10(least))
    return next(mantissa * power for mantissa in _MANTISSAS if mantissa * power >= least * (1 - 1e-9))
