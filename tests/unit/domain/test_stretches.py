"""Which roll-ups answer for a period."""

from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.clock import US_PER_S
from monitor.domain.stretches import SINGLE, Kept, Span, midnight_us, months, plan

HOUR_US = 3600 * US_PER_S
SHORT, MIDDLE, LONG = 3, 12, 60
"""Lengths with the shape of 5 minutes, hours and days."""

moments = st.integers(0, 400)


@st.composite
def kept(draw: st.DrawFn) -> list[Kept]:
    """What a database holds: longer stretches go back further, and are written later."""
    ends = sorted(draw(st.tuples(moments, moments, moments)))
    begins = sorted(draw(st.tuples(moments, moments, moments, moments)))
    levels = zip((LONG, MIDDLE, SHORT), begins, ends, strict=False)
    return [*(Kept(length, begin, end) for length, begin, end in levels), Kept(SINGLE, begins[3])]


@given(moments, moments, kept())
def test_spans_follow_each_other_within_the_period(since: int, until: int, levels: list[Kept]) -> None:
    """Disjoint, in order, without a gap, of whole stretches that are there."""
    spans = plan(since, until, levels)
    by_length = {one.length_us: one for one in levels}
    assert all(since <= span.since_us < span.until_us <= until for span in spans)
    assert all(before.until_us == after.since_us for before, after in pairwise(spans))
    for span in spans:
        level = by_length[span.length_us]
        assert level.from_us <= span.since_us
        if span.length_us != SINGLE:
            assert span.since_us % span.length_us == span.until_us % span.length_us == 0
            assert span.until_us <= level.until_us


@given(moments, moments, kept())
def test_the_longest_complete_stretches_are_used(since: int, until: int, levels: list[Kept]) -> None:
    """No part holds a whole stretch of a longer kind that is there."""
    for span in plan(since, until, levels):
        for longer in levels:
            if longer.length_us > span.length_us:
                first, last = longer.within(span.since_us, span.until_us)
                assert first >= last


@given(moments, moments, kept())
def test_nothing_is_left_out_that_can_be_told(since: int, until: int, levels: list[Kept]) -> None:
    """Where single results reach back far enough all of the period is told, exactly."""
    everything = [*levels[:-1], Kept(SINGLE, 0)]
    spans = plan(since, until, everything)
    assert sum(span.until_us - span.since_us for span in spans) == max(0, until - since)


@given(moments, moments, kept())
def test_the_period_shrinks_by_less_than_what_is_gone(since: int, until: int, levels: list[Kept]) -> None:
    """It begins no later than the first stretch of any kind that is there and reaches to the end of what is told."""
    spans = plan(since, until, levels)
    for level in levels:
        first, last = level.within(since, until)
        if first < last:
            assert spans
            assert spans[0].since_us <= first or spans[-1].until_us > last


def test_a_month_is_days_with_hours_around_them() -> None:
    """Seoul's midnight is 15:00 UTC; single results only where nothing is closed yet."""
    seoul = ZoneInfo("Asia/Seoul")
    since, until = (midnight_us(date(2026, month, 1), seoul) for month in (10, 11))
    day = 24 * HOUR_US
    levels = [Kept(day, 0, until), Kept(HOUR_US, 0, until), Kept(HOUR_US // 12, 0, until - HOUR_US), Kept(SINGLE)]
    spans = plan(since, until, levels)
    assert [(span.length_us, (span.until_us - span.since_us) // HOUR_US) for span in spans] == [
        (HOUR_US, 9),
        (day, 30 * 24),
        (HOUR_US, 15),
    ]


def test_half_an_hour_off_is_told_by_five_minutes() -> None:
    """Calcutta is UTC+5:30; where those rows are gone, the period begins with the next whole hour."""
    day = 24 * HOUR_US
    since = midnight_us(date(2026, 10, 1), ZoneInfo("Asia/Calcutta"))
    far = since + 100 * day
    levels = [Kept(day, 0, far), Kept(HOUR_US, 0, far), Kept(HOUR_US // 12, 0, far), Kept(SINGLE, far)]
    first = plan(since, since + 2 * day, levels)[0]
    assert first == Span(HOUR_US // 12, since, since + HOUR_US // 2)
    gone = [*levels[:2], Kept(HOUR_US // 12, far, far), Kept(SINGLE, far)]
    assert plan(since, since + 2 * day, gone)[0].since_us == since + HOUR_US // 2


def test_an_end_that_cannot_be_told_is_left_out_rather_than_a_hole() -> None:
    """Hours from 70 on are there, days up to 60: what follows the hole is not told."""
    levels = [Kept(LONG, 0, 60), Kept(MIDDLE, 72, 400), Kept(SINGLE, 400)]
    assert plan(0, 100, levels) == (Span(LONG, 0, 60),)


def test_of_nothing_there_is_nothing() -> None:
    """Also before anything was ever closed or kept."""
    assert plan(5, 5, [Kept(SINGLE)]) == ()
    assert plan(5, 9, []) == ()
    assert plan(5, 9, [Kept(LONG), Kept(SINGLE, 9)]) == ()
    assert plan(5, 9, [Kept(LONG), Kept(SINGLE)]) == (Span(SINGLE, 5, 9),)


@pytest.mark.parametrize(
    ("zone", "month", "hours"),
    [
        ("Europe/Berlin", 3, 31 * 24 - 1),
        ("Europe/Berlin", 10, 31 * 24 + 1),
        ("Asia/Seoul", 3, 31 * 24),
        ("Australia/Lord_Howe", 4, 30 * 24 + 0.5),
    ],
)
def test_a_month_may_be_longer_or_shorter(zone: str, month: int, hours: float) -> None:
    """Where the clock is changed; a calendar month has every hour of it, once."""
    there = ZoneInfo(zone)
    ((_, first, following),) = months(date(2026, month, 17), 1)
    assert (midnight_us(following, there) - midnight_us(first, there)) / HOUR_US == hours


def test_a_midnight_that_is_skipped() -> None:
    """In Beirut the clock goes from 0:00 to 1:00: the day begins with the change."""
    beirut = ZoneInfo("Asia/Beirut")
    first, second = (midnight_us(date(2026, 3, day), beirut) for day in (29, 30))
    assert (second - first) / HOUR_US == 23


def test_calendar_months() -> None:
    """The oldest first, over the turn of a year."""
    assert months(date(2026, 1, 17), 2) == [
        ("2025-12", date(2025, 12, 1), date(2026, 1, 1)),
        ("2026-01", date(2026, 1, 1), date(2026, 2, 1)),
    ]
