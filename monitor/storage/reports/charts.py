"""What charts of a report are drawn from: each step of a period by check, by endpoint and for all together.

Owns the names, and that no more is kept of a step than is drawn; what a step came to is `figures.tallies`.
"""

from collections import defaultdict
from collections.abc import Container, Sequence
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import select

from monitor.clock import Moment
from monitor.domain.tally import Tally
from monitor.storage import tables
from monitor.storage.reader import Reader, question
from monitor.storage.reports.figures import Period, Wanted, tallies

Name = tuple[str | None, str | None]
"""A check and its endpoint; an endpoint alone has no check, everything together has neither."""

_WANTED = Wanted(timings=("latency",))
_SHARES = (0.50, 0.95, 0.99)
_NONE: tuple[float | None, ...] = (None, None, None)


class Step(NamedTuple):
    """What one step came to.

    Attributes:
        due: on-phase probes that were due, without those during maintenance.
        excused: turns during maintenance.
        counted: on-phase probes whose verdict counts.
        successes: UP and DEGRADED ones of these.
        latency_ms: median, 95th and 99th percentile; None where there was no answer, or nobody draws them.
    """

    due: int = 0
    excused: int = 0
    counted: int = 0
    successes: int = 0
    latency_ms: tuple[float | None, ...] = _NONE


@question
def charts(reader: Reader, edges: Sequence[int], now: Moment, drawn: Container[str]) -> dict[Name, list[Step]]:
    """By name, one for each step between two edges. A check of which nothing is recorded at all is missing.

    Args:
        reader: of the database.
        edges: microseconds since 1970, in order.
        now: the present.
        drawn: the ids of the checks whose percentiles are wanted; those of whole endpoints always are.
    """
    known = {row.id: (row.check, row.endpoint) for row in reader.connection.execute(select(tables.checks))}
    count = len(edges) - 1
    found: defaultdict[Name, list[Step]] = defaultdict(lambda: [Step()] * count)
    shared: dict[Step, Step] = {}  # most checks fared alike in most steps: ten thousand would fill the memory else
    for number, edge in enumerate(pairwise(edges)):
        wholes: defaultdict[Name, Tally] = defaultdict(Tally)
        for check, tally in tallies(reader, Period("", *edge), now, _WANTED).items():
            name = known[check]
            step = _step(tally, timed=name[0] in drawn)
            found[name][number] = shared.setdefault(step, step)
            wholes[None, name[1]].add(tally)
            wholes[None, None].add(tally)
        for whole, tally in wholes.items():
            found[whole][number] = _step(tally, timed=True)
    return dict(found)


def _step(tally: Tally, *, timed: bool) -> Step:
    latency_ms = tally.latency.percentiles_ms(_SHARES) if timed else _NONE
    return Step(tally.expected, tally.excused, tally.counted, tally.successes, latency_ms)
