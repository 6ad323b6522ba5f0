"""Tallies as rows of roll-ups, and back. Pure: no database is touched here."""

from collections import Counter
from typing import Any

from sqlalchemy import Row

from monitor.domain.sketch import Sketch, SketchError
from monitor.domain.tally import Tally, Timing
from monitor.storage.columns import Values
from monitor.storage.rollup_tables import STATUS_COLUMNS


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
        *(tally.by_status[status] for status in STATUS_COLUMNS),
        *_timing_values(tally.latency),
        *_timing_values(tally.ttft),
        tally.answered,
        tally.input_tokens,
        tally.output_tokens,
        tally.uncounted,
        tally.cost_nusd,
    )


def tally_of(row: Row[Any]) -> Tally:
    """What a whole row of a roll-up says; its sketches are looked into when somebody asks for percentiles."""
    values = row._mapping  # noqa: SLF001  the public name of a row's columns
    counts = {status: values[column] for status, column in STATUS_COLUMNS.items()}
    return Tally(
        due=row.due,
        excused=row.excused,
        counted=row.counted,
        successes=row.successes,
        by_status=Counter({status: count for status, count in counts.items() if count}),
        answered=row.answered,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        uncounted=row.uncounted,
        cost_nusd=row.cost_nusd,
        latency=_timing_of(row, "latency"),
        ttft=_timing_of(row, "ttft"),
    )


def _timing_values(timing: Timing) -> Values:
    return timing.count, timing.total, timing.least, timing.most, timing.sketch.to_bytes()


def _timing_of(row: Row[Any], name: str) -> Timing:
    values = row._mapping  # noqa: SLF001  the same
    return Timing(
        values[f"{name}_count"],
        values[f"{name}_sum_100us"],
        values[f"{name}_min_100us"],
        values[f"{name}_max_100us"],
        sketch_of(values[f"{name}_sketch"]),
    )


def sketch_of(blob: bytes | None) -> Sketch:
    """A sketch as it stands in a row."""
    return Sketch((bytes(blob),) if blob else ())


def without_damage(tally: Tally) -> Tally:
    """The same with only those sketches that can be read; what they held is missing among the values then."""
    for timing in (tally.latency, tally.ttft):
        try:
            timing.sketch.to_bytes()
        except SketchError:
            timing.sketch = Sketch()
    return tally
