"""Rate limits: what a window admits, and what it tells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.simulator.ratelimit import Window, admit, compact_duration


def test_a_window_admits_its_limit_and_then_tells_when_to_come_back() -> None:
    """The third request in a window of two is turned away until the next window."""
    window, answers = Window(), []
    for at_s in (61.0, 62.0, 90.5, 120.0):
        window, allowance = admit(window, 2, 60.0, at_s)
        answers.append((allowance.admitted, allowance.remaining, allowance.retry_after_s()))
    assert answers == [(True, 1, 59), (True, 0, 58), (False, 0, 30), (True, 1, 60)]


def test_the_headers_are_openais() -> None:
    """Limit, remaining and reset go by the names that clients read."""
    _, allowance = admit(Window(), 3, 60.0, 58.8)
    assert allowance.headers() == {
        "x-ratelimit-limit-requests": "3",
        "x-ratelimit-remaining-requests": "2",
        "x-ratelimit-reset-requests": "2s",
    }


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0115, "12ms"), (1.0, "1s"), (59.2, "1m0s"), (360.0, "6m0s"), (61.0, "1m1s"), (0.0, "0ms")]
)
def test_reset_durations_are_written_as_openai_writes_them(seconds: float, text: str) -> None:
    """Milliseconds below a second, minutes above sixty."""
    assert compact_duration(seconds) == text


@given(
    st.lists(st.floats(min_value=0, max_value=500), max_size=60).map(sorted),
    st.integers(min_value=0, max_value=5),
    st.floats(min_value=0.5, max_value=90),
)
def test_no_window_admits_more_than_its_limit(times: list[float], limit: int, window_s: float) -> None:
    """Whatever comes when: at most `limit` per window, and nobody is turned away while something remains."""
    window, admitted = Window(), dict[int, int]()
    for at_s in times:
        before = window
        window, allowance = admit(window, limit, window_s, at_s)
        used = before.used if before.index == window.index else 0
        assert allowance.admitted == (used < limit)
        assert 0 <= allowance.remaining <= limit
        assert 0 <= allowance.reset_s <= window_s * 1.001
        admitted[window.index] = admitted.get(window.index, 0) + allowance.admitted
    assert all(count <= limit for count in admitted.values())


def test_tokens_are_limited_too() -> None:
    """What does not fit any more is turned away, what is smaller still passes."""
    window, answers = Window(), []
    for tokens in (60, 50, 40, 1):
        window, allowance = admit(window, None, 60.0, 1.0, limit_tokens=100, tokens=tokens)
        answers.append((allowance.admitted, allowance.remaining_tokens))
    assert answers == [(True, 40), (False, 40), (True, 0), (False, 0)]


def test_each_family_has_headers_of_its_own() -> None:
    """Anthropic's reset is a date, that of gateways counts seconds and knows no tokens."""
    _, allowance = admit(Window(), 3, 60.0, 58.8, limit_tokens=100, tokens=7)
    assert allowance.headers("anthropic", 1_790_000_000.0) == {
        "anthropic-ratelimit-requests-limit": "3",
        "anthropic-ratelimit-requests-remaining": "2",
        "anthropic-ratelimit-requests-reset": "2026-09-21T14:13:22Z",
        "anthropic-ratelimit-tokens-limit": "100",
        "anthropic-ratelimit-tokens-remaining": "93",
        "anthropic-ratelimit-tokens-reset": "2026-09-21T14:13:22Z",
    }
    assert allowance.headers("plain") == {
        "X-RateLimit-Limit": "3",
        "X-RateLimit-Remaining": "2",
        "X-RateLimit-Reset": "2",
    }
    assert allowance.headers()["x-ratelimit-remaining-tokens"] == "93"
