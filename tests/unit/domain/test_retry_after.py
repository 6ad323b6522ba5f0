"""Retry hints are read in the order of the official SDKs, and nonsense is no hint."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.retry_after import MAX_RETRY_AFTER_S, retry_after_s
from monitor.domain.spans import span_s

NOW_S = 1_790_000_000.0  # 2026-09-21T14:13:20Z


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "Mon, 21 Sep 2026 14:13:50 GMT"}, 30.0),
        ({"retry-after": "Mon, 21 Sep 2026 14:13:50 -0000"}, 30.0),
        ({"retry-after": "Mon, 21 Sep 2026 14:12:50 GMT"}, None),
        ({"retry-after": "2m"}, 120.0),
        ({"retry-after": "0"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e400"}, None),
        ({"retry-after": "99999999"}, MAX_RETRY_AFTER_S),
        ({"retry-after": "soon"}, None),
        ({"retry-after-ms": "soon", "retry-after": "4"}, 4.0),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_headers(headers: dict[str, str], wait_s: float | None) -> None:
    """Milliseconds, then seconds, then a date; what is past, negative or absurd is ignored or bounded."""
    assert retry_after_s(headers, now_s=NOW_S) == wait_s


@pytest.mark.parametrize(
    ("waits", "message", "wait_s"),
    [
        (("3.5s",), "try again in 9s", 3.5),
        (("nonsense", "2s"), "", 2.0),
        ((), "Please try again in 6m0s. Visit us", 360.0),
        ((), "Please try again in 20ms.", 0.02),
        ((), "Try again in 60 seconds. Passed", 60.0),
        ((), "Please retry in 37.98s.", 37.98),
        ((), "retry after 2 minutes", 120.0),
        ((), "try again in 3 moons", None),
        ((), "try again later", None),
    ],
)
def test_body(waits: tuple[str, ...], message: str, wait_s: float | None) -> None:
    """The body's own fields go before what its message says."""
    assert retry_after_s({}, now_s=NOW_S, waits=waits, message=message) == wait_s


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"x-ratelimit-reset": "12"}, 12.0),
        ({"x-ratelimit-reset": str(int(NOW_S) + 40)}, 40.0),
        ({"x-ratelimit-reset": str((int(NOW_S) + 40) * 1000)}, 40.0),
        ({"x-ratelimit-reset": "12", "x-ratelimit-remaining": "3"}, None),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "6m0s"}, 360.0),
        ({"x-ratelimit-reset": "whenever"}, None),
    ],
)
def test_resets_count_for_rate_limits_only(headers: dict[str, str], wait_s: float | None) -> None:
    """A limit's reset is a duration, seconds or an epoch, and a hint only where the limit is exhausted."""
    assert retry_after_s(headers, now_s=NOW_S, limited=True) == wait_s
    assert retry_after_s(headers, now_s=NOW_S) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1h2m3s", 3723.0),
        ("12ms", 0.012),
        ("5 milliseconds", 0.005),
        ("1 minute, 30 seconds", 90.0),
        ("1d", 86400.0),
        ("5", None),
        ("-5s", None),
        ("5 xylophones", None),
        ("", None),
    ],
)
def test_durations(text: str, seconds: float | None) -> None:
    """Durations are read in every unit that servers write."""
    assert span_s(text) == seconds


@given(st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "x-ratelimit-reset"]), st.text()), st.text())
def test_never_raises_and_stays_in_bounds(headers: dict[str, str], message: str) -> None:
    """Whatever the hints are, the wait is none or sensible."""
    wait_s = retry_after_s(headers, now_s=NOW_S, waits=(message,), message=message, limited=True)
    assert wait_s is None or 0 < wait_s <= MAX_RETRY_AFTER_S
