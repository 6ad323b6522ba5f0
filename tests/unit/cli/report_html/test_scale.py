"""Axes: round ticks, usual values in sight, outliers cut off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.cli.report_html.scale import scale_of


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([812.0, 900.0, 1200.0], (0, 500, 1000, 1500)),
        ([3.0, 4.0, 5.0], (0, 2, 4, 6)),
        ([0.3], (0, 0.1, 0.2, 0.3)),
        ([1.0], (0, 0.25, 0.5, 0.75, 1)),
        ([], (0, 1)),
        ([0.0, 0.0], (0, 1)),
    ],
    ids=["usual", "small", "below one", "one point", "none", "zeros"],
)
def test_ticks_are_round(values: list[float], ticks: tuple[float, ...]) -> None:
    """What a person reads off at a glance."""
    assert scale_of(values).ticks == ticks


def test_a_few_outliers_do_not_flatten_the_rest() -> None:
    """One answer of a minute among answers of a tenth of a second."""
    scale = scale_of([100.0] * 20 + [60_000.0])
    assert scale.is_cut
    assert scale.top < 200


def test_many_high_values_are_no_outliers() -> None:
    """A fifth of all is not cut off."""
    scale = scale_of([100.0] * 8 + [60_000.0] * 2)
    assert not scale.is_cut
    assert scale.top >= 60_000


@given(st.lists(st.floats(0, 1e7), min_size=1, max_size=50))
def test_an_axis_begins_at_zero_and_reaches_what_it_does_not_cut(values: list[float]) -> None:
    """Evenly spaced, at most five ticks, whatever is measured."""
    scale = scale_of(values)
    assert scale.ticks[0] == 0
    assert 2 <= len(scale.ticks) <= 5
    assert scale.is_cut or scale.top >= max(values) - 0.01
