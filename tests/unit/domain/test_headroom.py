"""Headroom: what is little, what our own probes use, what a line through the samples says, and when it is over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.clock import Moment
from monitor.domain.headroom import FORGOTTEN_AFTER_S, QUIET_S, SAMPLES_AT_MOST, Trend, remembered
from monitor.domain.limits import Limit, LimitKind

START = Moment(1_795_200_000_000_000, 5_000_000_000)
REQUESTS, TOKENS = LimitKind.REQUESTS, LimitKind.TOKENS


def seen(limit: float | None, *told: tuple[float, float], reset_s: float | None = 60.0, own: float = 1.0) -> Trend:
    """A limit of requests after answers: at which second, and how much was left."""
    trend = Trend(Limit(REQUESTS, limit, None, reset_s), START)
    for at_s, left in told:
        trend.take(Limit(REQUESTS, limit, left, reset_s), own, START.plus_s(at_s))
    return trend


@pytest.mark.parametrize(
    ("limit", "left", "low"),
    [
        (500, 25, False),
        (500, 23, True),  # less than 5 % before our own
        (10_000, 499, False),
        (10_000, 498, True),
        (100, 9, False),
        (100, 8, True),  # fewer than ten before our own
        (None, 9, False),
        (None, 8, True),
        (10, 4, False),
        (10, 3, True),  # of a small limit half is few
        (3, 1, False),
        (3, 0, True),
        (2, 0, False),
        (1, 0, False),  # the one that is allowed was ours
    ],
)
def test_what_is_little(limit: float | None, left: float, low: bool) -> None:  # noqa: FBT001  a table
    """Fewer than ten requests, or 5 %; what our own probe used is counted back."""
    assert (seen(limit, (0, left)).low_at is not None) is low


def test_tokens_are_judged_by_their_share() -> None:
    """Ten tokens are nothing, whatever is allowed; without a limit nobody knows."""
    trend = Trend(Limit(TOKENS, 1000, None), START)
    trend.take(Limit(TOKENS, 1000, 60, 60.0), 20.0, START)
    assert not trend.is_low(1.0, 1.0)
    trend.take(Limit(TOKENS, 1000, 9, 60.0), 20.0, START.plus_s(1))
    assert trend.low_at == START.plus_s(1)
    unbounded = Trend(Limit(TOKENS, None, None), START)
    unbounded.take(Limit(TOKENS, None, 1, 60.0), 20.0, START)
    assert unbounded.low_at is None


def test_our_own_probes_are_no_reason_to_warn() -> None:
    """A limit of three a minute, all of them ours: not low; as soon as somebody else takes one, it is."""
    assert seen(3, (0, 2), (20, 1), (40, 0)).low_at is None
    assert seen(4, (0, 3), (10, 2), (20, 1), (30, 0)).low_at is None
    assert seen(4, (0, 1), (20, 0)).low_at is None
    assert seen(4, (0, 0)).low_at is not None


def test_a_line_through_the_samples_tells_the_end() -> None:
    """A day's limit that falls ten a minute is used up long before it is whole again."""
    day = [(60.0 * n, 1000.0 - 15 * n) for n in range(6)]
    trend = seen(1000, *day, reset_s=80_000.0)
    assert trend.low_at == START.plus_s(300)
    assert trend.used_up_s() == pytest.approx(925 / 15 * 60)
    slow = [(3600.0 * n, 1000.0 - 11 * n) for n in range(6)]
    assert seen(1000, *slow, reset_s=3600.0 * 24).low_at is None


def test_too_little_to_draw_a_line() -> None:
    """A few samples, within a moment, or of a twentieth of the limit, say nothing."""
    for told in ([(0.0, 900.0), (60.0, 800.0), (120.0, 700.0)], [(float(n), 900.0 - 50 * n) for n in range(5)]):
        assert seen(1000, *told, reset_s=80_000.0).used_up_s() is None
    assert seen(1000, *[(60.0 * n, 990.0 - n) for n in range(9)], reset_s=80_000.0).used_up_s() is None


def test_a_new_window_starts_a_new_line() -> None:
    """More is left than before, or the reset has passed: what was ours is forgotten."""
    trend = seen(100, (0, 50), (10, 40), (70, 95))
    assert (trend.own, len(trend.samples)) == (1.0, 1)
    trend.take(Limit(REQUESTS, 100, 99, 60.0), 1.0, START.plus_s(80))
    assert (trend.own, len(trend.samples)) == (1.0, 1)


def test_it_is_over_after_a_quiet_time() -> None:
    """Windows that fill and empty each minute are one story; it ends ten minutes after the last that was low."""
    trend = seen(100, (0, 3))
    for minute in range(1, 10):
        trend.take(Limit(REQUESTS, 100, 90 if minute % 2 else 3, 60.0), 1.0, START.plus_s(60 * minute))
        assert not trend.is_over(START.plus_s(60 * minute))
    assert trend.low_at == START.plus_s(480)
    trend.take(Limit(REQUESTS, 100, 90, 60.0), 1.0, START.plus_s(600))
    assert not trend.is_over(START.plus_s(480 + QUIET_S - 1))
    assert trend.is_over(START.plus_s(480 + QUIET_S))


def test_between_low_and_well_it_stays_what_it_was() -> None:
    """Eleven of a hundred are no reason to begin, and none to end."""
    assert seen(100, (0, 13)).low_at is None
    assert seen(100, (0, 3), (300, 13)).low_at == START.plus_s(300)


def test_nobody_answers_any_more() -> None:
    """Past its reset a window is whole; without one, a limit that is not mentioned for an hour is forgotten."""
    assert seen(100, (0, 3), reset_s=900.0).is_over(START.plus_s(900))
    assert not seen(100, (0, 3), reset_s=900.0).is_over(START.plus_s(899))
    assert not seen(100, (0, 3), reset_s=None).is_over(START.plus_s(FORGOTTEN_AFTER_S - 1))
    assert seen(100, (0, 3), reset_s=None).is_over(START.plus_s(FORGOTTEN_AFTER_S))


def test_what_is_remembered_comes_back() -> None:
    """Through the fact, on another run's clock."""
    fact = seen(100, (0, 3)).fact("gw", "m")
    again = remembered(fact, Moment(START.wall_us + 30_000_000, 7))
    assert again.fact("gw", "m") == fact
    assert again.limit == Limit(REQUESTS, 100, 3, 30.0)


@given(
    st.one_of(st.none(), st.floats(1, 1e15)),
    st.lists(st.tuples(st.floats(0, 1e15), st.one_of(st.none(), st.floats(0, 1e7)), st.floats(0, 1e5)), max_size=150),
)
def test_whatever_is_told(limit: float | None, told: list[tuple[float, float | None, float]]) -> None:
    """Memory is bounded, nothing raises, and whatever was low is over some day."""
    trend, at_s = Trend(Limit(REQUESTS, limit, None), START), 0.0
    for left, reset_s, gap in told:
        at_s += gap
        trend.take(Limit(REQUESTS, limit, left, reset_s), 1.0, START.plus_s(at_s))
        end_s = trend.used_up_s()
        assert end_s is None or end_s >= 0
    assert len(trend.samples) <= SAMPLES_AT_MOST
    assert trend.low_at is None or trend.is_over(START.plus_s(at_s + 2e7))
