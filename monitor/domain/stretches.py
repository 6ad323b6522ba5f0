"""Which roll-ups answer for a period: days inside, hours and 5 minutes around them, single results at the edges.

Pure arithmetic on times. Owns the choice only; what rows hold is told in `storage.rollup_tables`, how they are read in
`storage.figures`. Where finer rows are deleted already the period shrinks to what can be told exactly: a figure is
never of a little more, or a little less, than it says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from monitor.clock import US_PER_S

SINGLE = 0
"""The length of a stretch where single results are read."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Where the rows of one length are complete; `SINGLE` stands for single results.

    Attributes:
        length_us: of one stretch; stretches begin at whole multiples of it since 1970.
        from_us: stretches that began earlier may be deleted.
        until_us: stretches that end later are not written yet; of no meaning for single results.
    """

    length_us: int
    from_us: int = 0
    until_us: int = 0

    def within(self, since_us: int, until_us: int) -> tuple[int, int]:
        """The whole stretches between two moments that are kept; empty where the first is not below the second."""
        first, last = max(since_us, self.from_us), until_us
        if self.length_us == SINGLE:
            return first, last
        return -(-first // self.length_us) * self.length_us, min(last, self.until_us) // self.length_us * self.length_us


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a period and what it is read from.

    Attributes:
        length_us: of the stretches, or `SINGLE`.
        since_us: inclusive.
        until_us: exclusive.
    """

    length_us: int
    since_us: int
    until_us: int


def plan(since_us: int, until_us: int, kept: Sequence[Kept]) -> tuple[Span, ...]:
    """The parts of [since_us, until_us) in order, without a gap between them.

    Together they are the whole period as far as it can be told; nothing is left of one of which nothing is kept. A part
    is made of the longest stretches that lie in it whole and are there.

    Args:
        since_us: inclusive.
        until_us: exclusive.
        kept: the longest stretches first, single results last.
    """
    if not kept or since_us >= until_us:
        return ()
    longest, *finer = kept
    first, last = longest.within(since_us, until_us)
    if first >= last:
        return plan(since_us, until_us, finer)
    before, after = plan(since_us, first, finer), plan(last, until_us, finer)
    whole = Span(longest.length_us, first, last)
    return (
        *(before if before and before[-1].until_us == first else ()),
        whole,
        *(after if after and after[0].since_us == last else ()),
    )


def months(newest: date, count: int) -> list[tuple[str, date, date]]:
    """Calendar months with their first day and that of the next, the oldest first.

    Args:
        newest: any day of the newest.
        count: of months.
    """
    number = newest.year * 12 + newest.month - 1
    firsts = [date(one // 12, one % 12 + 1, 1) for one in range(number - count + 1, number + 2)]
    return [(f"{since:%Y-%m}", since, until) for since, until in pairwise(firsts)]


def midnight_us(day: date, zone: ZoneInfo) -> int:
    """When a day begins there, in microseconds since 1970; where midnight is skipped, when the clock goes on."""
    return round(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * US_PER_S
