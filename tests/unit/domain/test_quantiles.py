"""Quantiles and their intervals, against counting."""

import math
import random
import statistics
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.quantiles import SURE, coverage, quantile, runs_for_interval

VALUES = st.lists(st.floats(0.0, 1e6), min_size=1, max_size=400)
SHARES = st.sampled_from((0.5, 0.9, 0.95, 0.99))


@pytest.mark.parametrize(
    ("share", "for_value", "for_interval"), [(0.5, 2, 6), (0.9, 10, 29), (0.95, 20, 59), (0.99, 100, 299)]
)
def test_how_many_runs_a_quantile_needs(share: float, for_value: int, for_interval: int) -> None:
    """The known figures: 6 for a median, 59 for a p95, 299 for a p99."""
    found = quantile([1.0], share)
    assert (found.needs, found.needs_for_interval) == (for_value, for_interval)
    assert runs_for_interval(share) == for_interval


def test_the_median_of_ten() -> None:
    """The textbook's interval: from the second to the ninth, 97.9 % sure."""
    found = quantile([float(number) for number in range(1, 11)], 0.5)
    assert (found.value, found.low, found.high) == (5.5, 2.0, 9.0)
    assert coverage(10, 0.5, 2, 9) == pytest.approx(0.978515625)


def test_five_runs_have_no_p99() -> None:
    """No figure, no upper bound, and nothing invented."""
    found = quantile([1.0, 2.0, 3.0, 4.0, 5.0], 0.99)
    assert (found.value, found.high) == (None, None)


def test_thirty_runs_bound_a_p95_from_below_only() -> None:
    """Nobody can say how much worse the worst in twenty may be."""
    found = quantile([float(number) for number in range(1, 31)], 0.95)
    assert found.value == pytest.approx(28.55)
    assert (found.low, found.high) == (26.0, None)


def test_nothing_measured() -> None:
    """Nothing is said."""
    found = quantile([], 0.5)
    assert (found.value, found.low, found.high) == (None, None, None)


@given(VALUES, SHARES)
def test_the_estimate_lies_in_its_interval(values: list[float], share: float) -> None:
    """And all three are within what was measured."""
    found = quantile(values, share)
    assert (found.value is None) == (len(values) < found.needs)
    assert (found.high is None) == (len(values) < found.needs_for_interval)
    if found.high is not None:
        assert found.low is not None
        assert found.value is not None
        tolerance = 1e-9 * max(values)
        assert min(values) <= found.low <= found.value + tolerance
        assert found.value - tolerance <= found.high <= max(values)


@given(VALUES.filter(lambda values: len(values) >= 20))
def test_the_estimate_is_that_of_the_standard_library(values: list[float]) -> None:
    """`statistics.quantiles` with the method that includes the ends."""
    oracle = statistics.quantiles(values, n=100, method="inclusive")
    assert quantile(values, 0.5).value == pytest.approx(oracle[49], rel=1e-9, abs=1e-9)
    assert quantile(values, 0.95).value == pytest.approx(oracle[94], rel=1e-9, abs=1e-9)


@given(st.integers(6, 120), SHARES, st.data())
def test_coverage_is_counted_in_whole_numbers(count: int, share: float, data: st.DataObject) -> None:
    """The floating-point sum agrees with exact fractions."""
    low = data.draw(st.integers(1, count - 1))
    high = data.draw(st.integers(low + 1, count))
    exact = Fraction(share)
    oracle = sum(math.comb(count, k) * exact**k * (1 - exact) ** (count - k) for k in range(low, high))
    assert coverage(count, share, low, high) == pytest.approx(float(oracle), abs=1e-9)


@given(st.integers(6, 300), SHARES)
def test_an_interval_is_as_sure_as_it_says_and_no_wider(count: int, share: float) -> None:
    """Ranks stand for values here, so the pair of ranks is seen."""
    found = quantile([float(rank) for rank in range(1, count + 1)], share)
    if found.low is None:
        return
    low = round(found.low)
    if found.high is None:
        assert coverage(count, share, low, count + 1) >= SURE
        assert low == count or coverage(count, share, low + 1, count + 1) < SURE
        return
    high = round(found.high)
    assert coverage(count, share, low, high) >= SURE
    assert high - low == 1 or coverage(count, share, low, high - 1) < SURE


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """A thousand samples of a skewed distribution whose median is known."""
    dice = random.Random(7)  # noqa: S311  the same sample in every run
    truth = math.log(2)
    hits = 0
    for _ in range(1000):
        found = quantile([dice.expovariate(1.0) for _ in range(15)], 0.5)
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= truth <= found.high
    assert hits >= 940
