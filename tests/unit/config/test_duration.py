"""Durations as people write them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.duration import format_duration, parse_duration


@given(st.integers(min_value=0, max_value=3_650 * 86_400_000_000))
def test_what_is_formatted_is_read_back(us: int) -> None:
    """Every length to the microsecond survives the round trip."""
    assert parse_duration(format_duration(us / 1e6)) == us / 1e6


@given(st.text(alphabet="0123456789.dhms -", max_size=12))
def test_any_text_is_a_duration_or_a_message(text: str) -> None:
    """Nothing but ValueError is raised, and nothing is negative."""
    with contextlib.suppress(ValueError):
        assert parse_duration(text) >= 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500ms", 0.5),
        ("1.5s", 1.5),
        ("30s", 30),
        ("1h30m", 5400),
        ("7d", 604_800),
        ("5m", 300),
        ("0s", 0),
        ("1m5ms", 60.005),
    ],
)
def test_the_usual_notations(text: str, expected: float) -> None:
    """The examples of the documentation mean what they say."""
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        "5",
        "s",
        "-1s",
        "1 s",
        "1s1s",
        "1s1m",
        "1e3s",
        ".5s",
        "1.s",
        "٣s",
        "0.0001ms",
        "1w",
        5,
        1.5,
        True,
        None,
        [],
        "9" * 99 + "s",
    ],
)
def test_everything_else_is_refused(value: object) -> None:
    """Bare, negative, unordered and nonsensical lengths are refused with a message."""
    with pytest.raises(ValueError, match=r"\w"):
        parse_duration(value)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0s"),
        (0.25, "250ms"),
        (0.0005, "0.5ms"),
        (5400, "1h30m"),
        (60, "1m"),
        (90.5, "1m30.5s"),
        (7_776_000, "90d"),
        (10, "10s"),
    ],
)
def test_the_shortest_usual_notation(seconds: float, expected: str) -> None:
    """What is shown reads as a person would write it."""
    assert format_duration(seconds) == expected
