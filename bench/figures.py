"""What a measurement says: a figure, what it is held against, and whether the bar holds. Pure."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

DIGITS = 3


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the answer.

    Attributes:
        bar: its number in `docs/performance.md`.
        name: what was measured, with its unit at the end.
        value: the figure itself.
        limit: the largest value (without a reference) or ratio (with one) that is good enough.
        reference: what the reference needed in the same run; None for an absolute bar.
        runs: the single runs behind the value, oldest first.
        note: how this run differs from the full measurement; empty if it does not.
    """

    bar: str
    name: str
    value: float
    limit: float
    reference: float | None = None
    runs: tuple[float, ...] = ()
    note: str = ""

    @property
    def ratio(self) -> float:
        """The value in units of its reference; of its limit, where there is no reference."""
        return self.value / (self.limit if self.reference is None else self.reference)

    @property
    def holds(self) -> bool:
        """Whether the bar holds."""
        return (self.value if self.reference is None else self.ratio) <= self.limit

    def as_json(self) -> dict[str, Any]:
        """The object that is printed."""
        shown = {name: _rounded(value) for name, value in asdict(self).items()}
        return {**shown, "ratio": _rounded(self.ratio), "holds": self.holds}


def percentile(values: Sequence[float], quantile: float) -> float:
    """The nearest-rank percentile; 0.99 of 100 values is the 99th smallest.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values, no percentile")
    return sorted(values)[max(0, math.ceil(quantile * len(values)) - 1)]


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, DIGITS)
    return [_rounded(item) for item in value] if isinstance(value, tuple) else value
