"""What the probes of one check, or of several, came to over a stretch of time; stretches add up to longer ones.

Pure. Owns the sums and what follows from them (availability, coverage, percentiles); which probe counts where is
decided where a tally is made from results, how it is written down in `storage`.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from monitor.domain.availability import percent
from monitor.domain.result import Status
from monitor.domain.sketch import Sketch, SketchError

_TENTHS_PER_MS = 10


@dataclass(slots=True)
class Timing:
    """How long on-phase answers (UP and DEGRADED) took, in tenths of a millisecond.

    Attributes:
        count: answers that were timed.
        total: all of them together.
        least: the shortest; None without any.
        most: the longest.
        sketch: from which percentiles are read; empty where nobody asked for them.
    """

    count: int = 0
    total: int = 0
    least: int | None = None
    most: int | None = None
    sketch: Sketch = field(default_factory=Sketch)

    @classmethod
    def of(cls, values: list[int]) -> "Timing":
        """Of these durations."""
        timing = cls(len(values), sum(values), min(values, default=None), max(values, default=None))
        timing.sketch.add_values(values)
        return timing

    def add(self, other: "Timing") -> None:
        """The other's answers too."""
        self.count += other.count
        self.total += other.total
        if other.least is not None and other.most is not None:
            self.least = other.least if self.least is None else min(self.least, other.least)
            self.most = other.most if self.most is None else max(self.most, other.most)
        self.sketch.merge(other.sketch)

    @property
    def average_ms(self) -> float | None:
        """The mean; None without answers."""
        return round(self.total / self.count / _TENTHS_PER_MS, 3) if self.count else None

    @property
    def max_ms(self) -> float | None:
        """The longest; None without answers."""
        return None if self.most is None else self.most / _TENTHS_PER_MS

    def percentiles_ms(self, shares: tuple[float, ...]) -> tuple[float | None, ...]:
        """By nearest rank, within `sketch.RELATIVE_ERROR` and never outside of what was seen; None without answers.

        Raises:
            SketchError: the sketch does not hold these answers.
        """
        if not self.count:
            return (None,) * len(shares)
        found = self.sketch.quantiles(shares)
        if found is None or self.sketch.count != self.count:
            raise SketchError(f"it holds {self.sketch.count} of {self.count} values")
        return tuple(self._clamped(value) / _TENTHS_PER_MS for value in found)

    def _clamped(self, value: int) -> int:
        least, most = self.least, self.most
        return value if least is None or most is None else min(max(value, least), most)


@dataclass(slots=True)
class Tally:
    """What probes came to.

    Attributes:
        due: turns of the check, those during maintenance among them.
        excused: turns during maintenance, which lower no coverage.
        counted: on-phase results that are not UNKNOWN.
        successes: those of them that are UP or DEGRADED.
        by_status: all probes.
        answered: probes whose answer came with a count of tokens.
        input_tokens: as counted by the API.
        output_tokens: reasoning included.
        uncounted: probes without counts that may have cost something all the same.
        cost_nusd: what tokens cost, counted or at most, in billionths of a US dollar; None where nothing was used or
            nobody knows a price. Sums leave out what is not known.
    """

    due: int = 0
    excused: int = 0
    counted: int = 0
    successes: int = 0
    by_status: Counter[Status] = field(default_factory=Counter)
    answered: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    uncounted: int = 0
    cost_nusd: int | None = None
    latency: Timing = field(default_factory=Timing)
    ttft: Timing = field(default_factory=Timing)

    @classmethod
    def sum_of(cls, several: Iterable["Tally"]) -> "Tally":
        """All of them together."""
        total = cls()
        for one in several:
            total.add(one)
        return total

    def add(self, other: "Tally") -> None:
        """The other's figures too."""
        self.due += other.due
        self.excused += other.excused
        self.counted += other.counted
        self.successes += other.successes
        for status, count in other.by_status.items():
            self.by_status[status] += count
        self.answered += other.answered
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.uncounted += other.uncounted
        if other.cost_nusd is not None:
            self.cost_nusd = (self.cost_nusd or 0) + other.cost_nusd
        self.latency.add(other.latency)
        self.ttft.add(other.ttft)

    @property
    def probes(self) -> int:
        """All of them, whatever made them run."""
        return self.by_status.total()

    @property
    def expected(self) -> int:
        """Turns that should have given a counted result."""
        return max(0, self.due - self.excused)

    @property
    def tokens(self) -> int | None:
        """As counted; None where no answer came with a count."""
        return self.input_tokens + self.output_tokens if self.answered else None

    @property
    def availability(self) -> float | None:
        """Percent of counted results that were successes; None without any."""
        return percent(self.successes, self.counted)

    @property
    def coverage(self) -> float | None:
        """Percent of the turns that were due, maintenance left out, that gave a counted result; None without any."""
        return percent(min(self.counted, self.expected), self.expected)
