"""Latencies: the three forms, their quantiles, and what is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.simulator.latency import NO_LATENCY, Latency

DRAWS = st.floats(min_value=0, max_value=1, exclude_max=True)
FORMS = ["120ms", {"low": "50ms", "high": "200ms"}, {"p50": "120ms", "p95": "400ms"}]


def read(value: Any) -> Latency:
    """As it stands in a script."""
    return Latency.model_validate(value)


def test_a_plain_duration_is_the_same_for_each_draw() -> None:
    """A fixed latency ignores the draw."""
    assert [read("120ms").at(draw) for draw in (0.0, 0.5, 0.999)] == [0.12] * 3


def test_a_uniform_latency_spreads_evenly() -> None:
    """The draw is the share of the way from low to high."""
    latency = read({"low": "50ms", "high": "250ms"})
    assert [latency.at(draw) for draw in (0.0, 0.5)] == pytest.approx([0.05, 0.15])


def test_a_long_tail_meets_its_two_percentiles() -> None:
    """Half of the draws lie below p50, 95 in 100 below p95."""
    latency = read({"p50": "120ms", "p95": "400ms"})
    assert [latency.at(draw) for draw in (0.5, 0.95)] == pytest.approx([0.12, 0.4])


def test_no_latency_is_none_at_all() -> None:
    """The default does not wait."""
    assert NO_LATENCY.at(0.9) == 0


@given(st.sampled_from(FORMS), DRAWS, DRAWS)
def test_a_larger_draw_never_waits_less(form: Any, one: float, other: float) -> None:
    """Every form is a quantile function: finite, not negative, monotonic."""
    low, high = sorted((one, other))
    assert 0 <= read(form).at(low) <= read(form).at(high) < 60


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("20", "must be a duration"),
        (20, "a bare number has no unit"),
        ("-1s", "cannot be negative"),
        ({}, "must be one of"),
        ({"fixed": "1s", "low": "1s"}, "must be one of"),
        ({"p50": "1s", "high": "2s"}, "must be one of"),
        ({"low": "2s", "high": "1s"}, "wrong order"),
        ({"p50": "2s", "p95": "1s"}, "wrong order"),
        ({"p50": "0s", "p95": "1s"}, "longer than zero"),
        ({"p50": "1", "p95": "1s"}, "must be a duration"),
        ({"p99": "1s"}, "unknown key"),
    ],
)
def test_what_is_no_latency_is_refused(value: Any, message: str) -> None:
    """Each wrong form says what is wrong with it."""
    with pytest.raises(ValidationError, match=message):
        read(value)
