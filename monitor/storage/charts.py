"""What charts of a report are drawn from: each step of a period by check, by endpoint and for all together.

Owns the names; what a step came to is `figures.series`.
"""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select

from monitor.clock import Moment
from monitor.domain.tally import Tally
from monitor.storage import tables
from monitor.storage.figures import Wanted, series
from monitor.storage.reader import Reader, question

Name = tuple[str | None, str | None]
"""A check and its endpoint; an endpoint alone has no check, everything together has neither."""

_WANTED = Wanted(timings=("latency",))


@question
def charts(reader: Reader, edges: Sequence[int], now: Moment) -> dict[Name, list[Tally]]:
    """By name, one tally for each step between two `edges` (microseconds since 1970, in order).

    A check of which nothing is recorded at all is missing. Time to first token is not looked at.
    """
    known = {row.id: (row.check, row.endpoint) for row in reader.connection.execute(select(tables.checks))}
    steps = series(reader, edges, now, _WANTED)
    found: defaultdict[Name, list[Tally]] = defaultdict(lambda: [Tally() for _ in steps])
    for number, step in enumerate(steps):
        for check, tally in step.items():
            name, endpoint = known[check]
            for whole in ((name, endpoint), (None, endpoint), (None, None)):
                found[whole][number].add(tally)
    return dict(found)
