"""Into which stretches a period is cut: round for the reader, whole together, few enough to be seen."""

from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.cli.report_html.edges import BAR_STEPS_S, BARS_AT_MOST, POINT_STEPS_S, POINTS_AT_MOST, edges, step_s
from monitor.clock import US_PER_S, from_iso

HOUR_US = 3600 * US_PER_S
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("hours", "bar_s"), [(6, 300), (24, 3600), (72, 3600), (168, 21_600), (720, 86_400), (8760, 604_800)]
)
def test_a_bar_is_as_long_as_a_person_would_name_it(hours: int, bar_s: int) -> None:
    """Five minutes, an hour, six hours, a day, a week."""
    assert step_s(hours * HOUR_US, BAR_STEPS_S, BARS_AT_MOST) == bar_s


def test_days_are_those_of_the_reader_over_a_change_of_the_clock() -> None:
    """The day on which Berlin's clocks go forth has 23 hours."""
    found = edges(from_iso("2025-03-28T23:00:00Z"), from_iso("2025-03-31T22:00:00Z"), 86_400, BERLIN)
    assert [(until_us - since_us) // HOUR_US for since_us, until_us in pairwise(found)] == [24, 23, 24]


def test_the_first_and_the_last_stretch_may_be_shorter() -> None:
    """A period begins when it was asked for."""
    since_us, until_us = from_iso("2026-11-20T00:21:00Z"), from_iso("2026-11-20T02:30:00Z")
    found = edges(since_us, until_us, 3600, BERLIN)
    assert found == [since_us, from_iso("2026-11-20T01:00:00Z"), from_iso("2026-11-20T02:00:00Z"), until_us]


@given(
    st.integers(0, 2 * 10**9).map(lambda second: second * US_PER_S),
    st.integers(1, 20 * 365 * 24 * 60).map(lambda minutes: minutes * 60 * US_PER_S),
    st.sampled_from(["UTC", "Asia/Seoul", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia"]),
    st.sampled_from([(BAR_STEPS_S, BARS_AT_MOST), (POINT_STEPS_S, POINTS_AT_MOST)]),
)
def test_stretches_cover_the_period_without_a_gap(
    since_us: int, length_us: int, zone: str, steps: tuple[tuple[int, ...], int]
) -> None:
    """In order, each of some length, from the first moment to the last, and never many."""
    found = edges(since_us, since_us + length_us, step_s(length_us, *steps), ZoneInfo(zone))
    assert (found[0], found[-1]) == (since_us, since_us + length_us)
    assert all(earlier < later for earlier, later in pairwise(found))
    assert len(found) <= steps[1] + 4
