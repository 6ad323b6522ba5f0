"""Sizes as people write them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.size import format_size, parse_size, rough_size


@given(st.integers(min_value=1, max_value=10**15))
def test_what_is_formatted_is_read_back(size: int) -> None:
    """Every whole number of bytes survives the round trip."""
    assert parse_size(format_size(size)) == size


@given(st.text(alphabet="0123456789.KMGTiBb -", max_size=12))
def test_any_text_is_a_size_or_a_message(text: str) -> None:
    """Nothing but ValueError is raised, and nothing is negative."""
    with contextlib.suppress(ValueError):
        assert parse_size(text) >= 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [("500MB", 500_000_000), ("10GB", 10**10), ("1.5TiB", 3 << 39), ("100 mb", 10**8), ("1KiB", 1024)],
)
def test_units_of_a_thousand_and_of_1024(text: str, expected: int) -> None:
    """As on the label of a disk, or as memory is counted."""
    assert parse_size(text) == expected


@pytest.mark.parametrize("value", [5, 5.0, True, None, "", "10", "10 XB", "-1GB", "1e3MB", "1GB1MB", "9" * 40 + "GB"])
def test_anything_else_is_told(value: object) -> None:
    """With examples of what is right."""
    with pytest.raises(ValueError, match='"10GB"'):
        parse_size(value)


@pytest.mark.parametrize(
    ("size", "expected"),
    [(10**10, "10GB"), (3 << 39, "1.5TiB"), (1 << 20, "1MiB"), (1_234_567, "1234.567KB"), (5, "0.005KB")],
)
def test_the_shortest_exact_text(size: int, expected: str) -> None:
    """Whichever unit says it exactly."""
    assert format_size(size) == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, "0 B"), (999, "999 B"), (999_900, "1 MB"), (348_200_000, "348 MB"), (1_234_000_000, "1.23 GB")],
)
def test_three_digits_for_people(size: int, expected: str) -> None:
    """Enough to compare."""
    assert rough_size(size) == expected
