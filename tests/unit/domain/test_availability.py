"""Availability and coverage: the arithmetic."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.availability import HOUR_US, Recent, Rhythm, percent


def test_percent_of_nothing_is_unknown() -> None:
    """No samples give no figure, rather than a good or a bad one."""
    assert percent(0, 0) is None
    assert percent(1, 4) == 25.0


def test_recent_forgets_after_a_day() -> None:
    """Results older than 24 hours (and the part of an hour) count no more."""
    recent = Recent().add(0, success=False).add(HOUR_US * 24, success=True)
    assert recent.availability(HOUR_US * 24) == 50.0
    assert recent.availability(HOUR_US * 25) == 100.0
    assert recent.availability(HOUR_US * 60) is None


def test_recent_begins_anew_when_the_clock_was_a_year_ahead() -> None:
    """What was counted in a future that never came would count for a year."""
    ahead = Recent().add(400 * 24 * HOUR_US, success=False)
    back = ahead.add(2 * HOUR_US, success=True)
    assert back.availability(2 * HOUR_US) == 100.0
    assert back.availability(30 * HOUR_US) is None


def test_checks_that_fared_alike_share_their_past() -> None:
    """Ten thousand days in memory are one, as long as nothing happens."""
    one, other = (
        Recent().add(HOUR_US, success=True).add(5 * HOUR_US, success=True).add(6 * HOUR_US, success=True)
        for _ in range(2)
    )
    assert one.past == ((1, 1), (0, 0), (0, 0), (0, 0), (1, 1))
    assert one.past is other.past
    assert Recent.of(6, (1, 1), [[1, 1], [0, 0], [0, 0], [0, 0], [1, 1]]).past is one.past


def test_recent_survives_a_clock_set_back() -> None:
    """A result that seems older than the newest hour counts in the newest."""
    recent = Recent().add(HOUR_US * 5, success=True).add(HOUR_US * 3, success=False)
    assert recent.availability(HOUR_US * 5) == 50.0


@given(st.lists(st.tuples(st.integers(0, 100), st.booleans()), min_size=1, max_size=200))
def test_recent_agrees_with_counting(results: list[tuple[int, bool]]) -> None:
    """Hour buckets say the same as counting the results of the newest 25 calendar hours."""
    ordered = sorted(results, key=lambda one: one[0])
    recent = Recent()
    for hour, success in ordered:
        recent = recent.add(hour * HOUR_US, success=success)
    newest = ordered[-1][0]
    counted = [success for hour, success in ordered if hour > newest - 25]
    assert recent.availability(newest * HOUR_US) == percent(sum(counted), len(counted))


@given(
    st.integers(0, 500),
    st.integers(0, 500),
    st.integers(1, 60),
    st.integers(0, 1000),
    st.integers(0, 1200),
    st.integers(0, 1200),
)
def test_due_agrees_with_walking(  # noqa: PLR0917  one strategy each
    first: int, gap: int, interval: int, length: int, a: int, b: int
) -> None:
    """The formula counts exactly the turns that a walk over the stretch meets."""
    rhythm = Rhythm(first, first + 1 + gap, interval, first + length)
    turns = [first, *range(rhythm.phase_us, rhythm.until_us, interval)]
    walked = sum(1 for turn in turns if a <= turn < b and turn < rhythm.until_us)
    assert rhythm.due(a, b) == walked
