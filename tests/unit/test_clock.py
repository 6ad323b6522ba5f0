"""Two clocks in one value."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.clock import Moment, SystemClock, asleep_us, from_iso, iso

TIMES = st.integers(0, 2**52)


@given(TIMES, TIMES, st.floats(0, 1e6))
def test_a_duration_is_monotonic(wall: int, mono: int, seconds: float) -> None:
    """A moment later on both clocks is that many seconds later, whatever the wall says."""
    start = Moment(wall, mono)
    later = start.plus_s(seconds)
    assert abs(Moment(0, later.mono_us).s_since(start) - seconds) < 1e-6
    assert later.wall_us - wall == later.mono_us - mono


@given(TIMES, TIMES, TIMES)
def test_a_remembered_time_keeps_its_distance_and_never_lies_ahead(wall: int, mono: int, then: int) -> None:
    """A wall time from the database lies as far back as the wall clock says; one from the future is now."""
    now = Moment(wall, mono)
    placed = now.anchor(then)
    assert placed.wall_us == then
    assert now.s_since(placed) == max(0, wall - then) / 1_000_000


@given(TIMES)
def test_what_iso_wrote_is_read_back_to_the_millisecond(wall: int) -> None:
    """The form of the interface goes both ways."""
    assert from_iso(iso(wall)) == wall // 1000 * 1000


def test_iso_is_utc_with_milliseconds() -> None:
    """The form of the interface."""
    assert iso(1_795_223_323_456_789) == "2026-11-21T01:08:43.456Z"
    assert iso(0) == "1970-01-01T00:00:00.000Z"


def test_the_system_clock_goes_on() -> None:
    """Both clocks are read."""
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert second.mono_us >= first.mono_us
    assert first.wall_us > 1_700_000_000_000_000


def test_sleep_is_counted_apart() -> None:
    """Whole microseconds, and none pass while the machine is awake."""
    assert asleep_us() >= 0
    assert abs(asleep_us() - asleep_us()) < 1_000_000
