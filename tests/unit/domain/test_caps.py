"""Which cap refuses a question, and until when."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.caps import (
    US_PER_DAY,
    Cap,
    Caps,
    Span,
    Spent,
    day_of,
    first_of_month,
    next_month,
    reached,
)

USD = 1_000_000_000
NOVEMBER_21 = (
    datetime(2026, 11, 21, tzinfo=UTC).date().toordinal() - datetime(1970, 1, 1, tzinfo=UTC).date().toordinal()
)


@pytest.mark.parametrize(
    ("spent", "wanted", "span"),
    [
        (Spent(0, 0), 1, None),
        (Spent(USD - 1, USD - 1), 1, None),
        (Spent(USD - 1, USD - 1), 2, Span.DAILY),
        (Spent(USD, USD), 0, None),
        (Spent(0, 20 * USD), 1, Span.MONTHLY),
        (Spent(USD, 20 * USD), 1, Span.MONTHLY),
    ],
)
def test_a_question_that_costs_more_than_is_left_is_refused(spent: Spent, wanted: int, span: Span | None) -> None:
    """To the last billionth; the cap that holds longer is the one that is told."""
    found = reached(Cap(USD, 20 * USD), spent, wanted, NOVEMBER_21)
    assert (found and found.span) == span


def test_what_is_written_down_in_place_of_an_answer() -> None:
    """It names the cap, its amount, and when questions are asked again."""
    daily = reached(Cap(USD), Spent(USD, USD), 1, NOVEMBER_21)
    assert daily is not None
    assert daily.reason == "not asked: the daily cap of $1.00 is spent; asked again at 00:00 UTC"
    assert daily.until_us == (NOVEMBER_21 + 1) * US_PER_DAY
    monthly = reached(Cap(None, 20 * USD), Spent(0, 20 * USD), 1, NOVEMBER_21, "gw")
    assert monthly is not None
    assert monthly.reason == (
        "not asked: the monthly cap of this endpoint of $20.00 is spent; asked again at 00:00 UTC on 2026-12-01"
    )


def test_no_cap_refuses_nothing() -> None:
    """Whatever was spent."""
    assert reached(Cap(), Spent(10**18, 10**18), 10**18, NOVEMBER_21) is None
    assert not Caps()
    assert Caps(endpoints={"gw": Cap(1)}).holds_for("gw")
    assert not Caps(endpoints={"gw": Cap(1)}).holds_for("other")


@given(st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1)))  # noqa: DTZ001  taken as UTC below
def test_months_are_those_of_the_calendar(at: datetime) -> None:
    """A day lies in its month, and the next month begins where it ends."""
    at = at.replace(tzinfo=UTC)
    day = day_of(round(at.timestamp() * 1e6))
    first, following = first_of_month(day), next_month(day)
    assert first <= day < following
    assert following - first in (28, 29, 30, 31)
    assert next_month(first) == following
    assert first_of_month(following) == following
