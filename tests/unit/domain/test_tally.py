"""What probes came to: sums that can be taken in any order, and what follows from them."""

from collections import Counter
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.result import Status
from monitor.domain.sketch import RELATIVE_ERROR, Sketch, SketchError, encode
from monitor.domain.tally import Tally, Timing

SHARES = (0.01, 0.5, 0.95, 1.0)
COUNTS = st.integers(0, 1000)
DURATIONS = st.lists(st.integers(0, 600_000), max_size=8)
TALLIES = st.builds(
    Tally,
    due=COUNTS,
    excused=COUNTS,
    counted=COUNTS,
    successes=COUNTS,
    by_status=st.dictionaries(st.sampled_from(Status), st.integers(1, 9)).map(Counter),
    answered=COUNTS,
    input_tokens=COUNTS,
    output_tokens=COUNTS,
    uncounted=COUNTS,
    cost_nusd=st.none() | COUNTS,
    latency=DURATIONS.map(Timing.of),
    ttft=DURATIONS.map(Timing.of),
)
PLAIN = tuple(name for name in Tally.__slots__ if name not in {"latency", "ttft"})


def told(tally: Tally) -> list[object]:
    """All of it, sketches too."""
    timings = [
        (one.count, one.total, one.least, one.most, one.sketch.to_bytes(), one.average_ms, one.max_ms)
        for one in (tally.latency, tally.ttft)
    ]
    return [getattr(tally, name) for name in PLAIN] + list[object](timings)


@given(st.lists(TALLIES, max_size=5), st.integers(0, 5))
def test_sums_may_be_taken_in_any_order(several: list[Tally], cut: int) -> None:
    """Together, in two halves, or backwards; what was added stays as it was."""
    before = [told(one) for one in several]
    whole = Tally.sum_of(several)
    halves = Tally.sum_of([Tally.sum_of(several[cut:]), Tally.sum_of(several[:cut])])
    assert told(whole) == told(halves) == told(Tally.sum_of(reversed(several)))
    assert [told(one) for one in several] == before
    assert whole.due == sum(one.due for one in several)
    assert whole.probes == sum(one.probes for one in several)
    known = [one.cost_nusd for one in several if one.cost_nusd is not None]
    assert whole.cost_nusd == (sum(known) if known else None)


@given(st.lists(DURATIONS, min_size=1, max_size=4))
def test_durations_of_several(parts: list[list[int]]) -> None:
    """Mean and maximum exactly, percentiles within the error and never outside of what was seen."""
    timing, values = Timing(), sorted(value for part in parts for value in part)
    for part in parts:
        timing.add(Timing.of(part))
    found = timing.percentiles_ms(SHARES)
    if not values:
        assert (timing.average_ms, timing.max_ms, found) == (None, None, (None,) * len(SHARES))
        return
    assert timing.max_ms == values[-1] / 10
    assert timing.average_ms == pytest.approx(sum(values) / len(values) / 10, abs=0.001)
    for share, ms in zip(SHARES, found, strict=True):
        exact = next(
            value
            for value, rank in zip(values, accumulate([1] * len(values)), strict=True)
            if rank >= share * len(values)
        )
        assert ms is not None
        assert values[0] <= ms * 10 <= values[-1]
        assert abs(ms * 10 - exact) <= RELATIVE_ERROR * exact


def test_of_one_answer_all_percentiles_are_it() -> None:
    """Exactly, however coarse its bucket is."""
    assert Timing.of([123_457]).percentiles_ms(SHARES) == (12_345.7,) * len(SHARES)


def test_a_sketch_that_holds_others_than_were_counted_is_damaged() -> None:
    """No percentile is made up of some of them."""
    with pytest.raises(SketchError, match="1 of 2"):
        Timing(2, 20, 10, 10, Sketch([encode([10])])).percentiles_ms(SHARES)
    with pytest.raises(SketchError):
        Timing(1, 10, 10, 10).percentiles_ms(SHARES)


def test_edges_that_were_lost_clamp_nothing() -> None:
    """A row without its least and its most tells what its sketch says."""
    assert Timing(1, 10, None, None, Sketch([encode([10])])).percentiles_ms((0.5,)) == (1.0,)


@pytest.mark.parametrize(
    ("tally", "availability", "coverage"),
    [
        (Tally(), None, None),
        (Tally(due=4), None, 0.0),
        (Tally(due=4, excused=4), None, None),
        (Tally(due=4, counted=2, successes=0), 0.0, 50.0),
        (Tally(due=4, excused=2, counted=2, successes=2), 100.0, 100.0),
        (Tally(due=4, counted=5, successes=4), 80.0, 100.0),
        (Tally(excused=3, counted=1, successes=1), 100.0, None),
    ],
)
def test_shares(tally: Tally, availability: float | None, coverage: float | None) -> None:
    """Of nothing there is no share; a probe too many covers nothing twice."""
    assert (tally.availability, tally.coverage) == (availability, coverage)


def test_tokens_that_nobody_counted_are_unknown() -> None:
    """None is not nought."""
    assert (Tally().tokens, Tally(answered=1).tokens, Tally(answered=2, input_tokens=3, output_tokens=4).tokens) == (
        None,
        0,
        7,
    )
