"""What rules over windows are judged by: counts and percentiles of many checks at once.

The definitions are those of `report`, and so are the figures: a long window is read from roll-ups, so that a rule over
30 days costs what a short one does. Percentiles are those of sketches, within `domain.sketch.RELATIVE_ERROR`. Which
windows are asked for, and how often, is decided by who asks. Synchronous: call it in a thread.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from monitor.clock import US_PER_S, Moment
from monitor.domain.rules import Counts, CountsOf, Percentile, PercentileOf, Question, Timing
from monitor.storage import tables
from monitor.storage.reader import Reader, question
from monitor.storage.reports.figures import Figures, Period, Wanted, figures, spans_of
from monitor.storage.reports.sums import COUNTED, EXPECTED

_TIMINGS = {Timing.LATENCY: "latency", Timing.TTFT: "ttft"}


@dataclass(slots=True)
class Answers:
    """By question, then by check; a check without a result in the window is missing."""

    counts: dict[CountsOf, dict[str, Counts]] = field(default_factory=dict)
    percentiles: dict[PercentileOf, dict[str, Percentile]] = field(default_factory=dict)


@question
def measure(reader: Reader, asked: Mapping[Question, Sequence[str]], now: Moment) -> Answers:
    """Answers every question for the checks beside it; each window is the time before `now`."""
    names = {row.check: row.id for row in reader.connection.execute(select(tables.checks.c.check, tables.checks.c.id))}
    answers = Answers()
    for wanted, checks in asked.items():
        period = Period("", now.wall_us - round(wanted.window_s * US_PER_S), now.wall_us)
        spans, numbers = spans_of(reader, period, now), {names[check]: check for check in checks if check in names}
        match wanted:
            case CountsOf():
                sums = (*COUNTED, *EXPECTED) if wanted.due else COUNTED
                found = figures(reader, spans, now, Wanted(numbers, (), sums, due=wanted.due, by_daemon=True))
                answers.counts[wanted] = _counts(found, numbers, due=wanted.due)
            case PercentileOf():
                found = figures(reader, spans, now, Wanted(numbers, (_TIMINGS[wanted.timing],), (), due=False))
                answers.percentiles[wanted] = _percentiles(found, numbers, wanted)
    return answers


def _counts(found: Mapping[int, Figures], names: Mapping[int, str], *, due: bool) -> dict[str, Counts]:
    counts = {}
    for number, one in found.items():
        sums = one.sums
        expected = max(0, sums["due"] - sums["excused"]) if due else 0
        counts[names[number]] = Counts(sums["successes"], sums["counted"], expected)
    return counts


def _percentiles(found: Mapping[int, Figures], names: Mapping[int, str], wanted: PercentileOf) -> dict[str, Percentile]:
    percentiles = {}
    for number, one in found.items():
        timing = one.timing(_TIMINGS[wanted.timing])
        (ms,) = timing.percentiles_ms((wanted.percentile / 100,))
        if ms is not None:
            percentiles[names[number]] = Percentile(timing.count, ms)
    return percentiles
