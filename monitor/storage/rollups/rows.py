"""Tallies as rows of roll-ups, and back. Pure: no database is touched here."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from monitor.domain.sketch import Sketch, SketchError
from monitor.domain.tally import Tally, Timing
from monitor.storage.columns import Values
from monitor.storage.rollup_tables import STATUS_COLUMNS

_STATUSES = tuple(STATUS_COLUMNS)
_TIMING_COLUMNS = 5


def values_of(check_id: int, started_at_us: int, tally: Tally) -> Values:
    """A row, in the order of its table's columns.

    Raises:
        SketchError: something that the tally was made from is damaged.
    """
    return (
        check_id,
        started_at_us,
        tally.due,
        tally.excused,
        tally.counted,
        tally.successes,
        tally.probes,
        *(tally.by_status[status] for status in _STATUSES),
        *_timing_values(tally.latency),
        *_timing_values(tally.ttft),
        tally.answered,
        tally.input_tokens,
        tally.output_tokens,
        tally.uncounted,
        tally.cost_nusd,
    )


def tally_of(row: Sequence[Any]) -> Tally:
    """What a whole row of a roll-up says; its sketches are looked into when somebody asks for percentiles.

    Args:
        row: in the order of its table's columns.
    """
    _, _, due, excused, counted, successes, _, *more = row
    counts, timings = more[: len(_STATUSES)], more[len(_STATUSES) :]
    answered, input_tokens, output_tokens, uncounted, cost_nusd = timings[2 * _TIMING_COLUMNS :]
    return Tally(
        due,
        excused,
        counted,
        successes,
        Counter({status: count for status, count in zip(_STATUSES, counts, strict=True) if count}),
        answered,
        input_tokens,
        output_tokens,
        uncounted,
        cost_nusd,
        latency=_timing_of(*timings[:_TIMING_COLUMNS]),
        ttft=_timing_of(*timings[_TIMING_COLUMNS : 2 * _TIMING_COLUMNS]),
    )


def _timing_values(timing: Timing) -> Values:
    return timing.count, timing.total, timing.least, timing.most, timing.sketch.to_bytes()


def _timing_of(count: int, total: int, least: int | None, most: int | None, sketch: bytes) -> Timing:
    return Timing(count, total, least, most, sketch_of(sketch))


def sketch_of(blob: bytes | None) -> Sketch:
    """A sketch as it stands in a row."""
    return Sketch((blob,) if blob else ())


def without_damage(tally: Tally) -> Tally:
    """The same with only those sketches that can be read; what they held is missing among the values then."""
    for timing in (tally.latency, tally.ttft):
        try:
            timing.sketch.to_bytes()
        except SketchError:
            timing.sketch = Sketch()
    return tally
