"""Which answers are repeated, after how long, and when it is over."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.clock import US_PER_S
from monitor.delivery.channel import Delivered, Permanent, Retry
from monitor.delivery.retry import is_over, pause_s, receipt_of, retry_after_s

NOW_US = 1_795_200_000 * US_PER_S  # 2026-11-20 18:40:00 UTC


@given(st.integers(100, 599))
def test_every_status_has_a_meaning(status: int) -> None:
    """2xx is delivered, six statuses are permanent, all else is retried."""
    receipt = receipt_of(status, {}, "said", NOW_US)
    if 200 <= status < 300:
        assert receipt == Delivered("said")
    elif status in {400, 401, 403, 404, 410, 413}:
        assert receipt == Permanent("said")
    else:
        assert receipt == Retry("said", None)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0.25", 0.25),
        (" 12 ", 12.0),
        ("-1", 0.0),
        ("86400", 3600.0),
        ("1e9", 3600.0),
        ("nan", None),
        ("inf", None),
        ("", None),
        ("soon", None),
        ("Fri, 20 Nov 2026 18:41:30 GMT", 90.0),
        ("Fri, 20 Nov 2026 18:41:30 -0000", 90.0),
        ("Fri, 20 Nov 2026 18:00:00 GMT", 0.0),
        ("Fri, 20 Nov 2099 18:00:00 GMT", 3600.0),
        ("Fri, 99 Nov 2026 18:00:00 GMT", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    """Seconds, fractions and dates, bounded; nonsense is as good as nothing."""
    assert retry_after_s({"RETRY-AFTER": value}, NOW_US) == seconds


@given(st.text())
def test_retry_after_takes_any_text(value: str) -> None:
    """No header can break a worker."""
    seconds = retry_after_s({"retry-after": value}, NOW_US)
    assert seconds is None or 0.0 <= seconds <= 3600.0


@given(st.integers(1, 100_000), st.none() | st.floats(0, 3600), st.integers())
def test_pauses_are_bounded_and_honour_the_other_side(failures: int, after_s: float | None, seed: int) -> None:
    """Between one second and a minute, and never less than what was asked for."""
    pause = pause_s(failures, after_s, random.Random(seed))  # noqa: S311  the point is to be repeatable
    assert 1.0 <= pause <= max(60.0, after_s or 0.0)
    assert pause >= (after_s or 0.0)


def test_pauses_grow() -> None:
    """Doubling, in the upper half of each step, up to a minute."""
    rng = random.Random(0)  # noqa: S311  the same
    pauses = [pause_s(failures, None, rng) for failures in range(1, 10)]
    assert pauses[0] == 1.0
    for failures, pause in enumerate(pauses, 1):
        assert min(60.0, 2.0 ** (failures - 1)) / 2 <= pause <= min(60.0, 2.0 ** (failures - 1))


def test_patience_ends_after_a_day() -> None:
    """At 24 hours, not before."""
    assert not is_over(86_399.9)
    assert is_over(86_400.0)
