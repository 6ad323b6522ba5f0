"""A budget per minute: never more in any minute, evenly spent, and corrected by what was really used."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.pace import NO_BUDGET, Budget, Pace

MINUTE_S = 60.0
SLACK_S = 1e-6  # floats

Probe = tuple[float, int, float, float]
PROBES = st.lists(
    st.tuples(st.floats(0, 30), st.integers(0, 500), st.floats(0, 1), st.floats(0, 20)), min_size=1, max_size=60
)


def lived(budget: Budget, probes: list[Probe]) -> list[tuple[float, float]]:
    """When each probe started and what it used; each comes some time after the one before, and waits for its turn.

    Args:
        budget: what may be used.
        probes: the gap before it, the tokens expected, the share of them used, and how long it takes.
    """
    pace, now, started = Pace(budget), 0.0, []
    flying: list[tuple[float, object, float]] = []
    for gap, expected, share, takes in probes:
        now += gap
        while True:
            landed = sorted((one for one in flying if one[0] <= now + pace.wait_s(now)), key=lambda one: one[0])
            if not landed:
                break
            flying.remove(landed[0])
            now = max(now, landed[0][0])
            pace.correct(now, landed[0][1], used=landed[0][2])  # type: ignore[arg-type]
        now += pace.wait_s(now)
        flying.append((now + takes, pace.spend(now, expected), expected * share))
        started.append((now, expected * share))
    return started


@given(st.integers(1, 600), PROBES)
def test_no_minute_has_more_requests_than_the_budget(per_minute: int, probes: list[Probe]) -> None:
    """Wherever the minute begins."""
    starts = [at for at, _ in lived(Budget(requests_per_minute=per_minute), probes)]
    for first in starts:
        assert sum(first <= at < first + MINUTE_S - SLACK_S for at in starts) <= per_minute


@given(st.integers(1, 5000), PROBES)
def test_no_minute_has_more_tokens_than_the_budget_and_its_last_probe(per_minute: int, probes: list[Probe]) -> None:
    """What is given back early crowds no minute."""
    started = lived(Budget(tokens_per_minute=per_minute), probes)
    for first, _ in started:
        inside = [tokens for at, tokens in started if first <= at < first + MINUTE_S - SLACK_S]
        assert sum(inside[:-1]) <= per_minute * (1 + SLACK_S)


@given(st.integers(1, 60), st.integers(1, 5000), PROBES)
def test_both_budgets_hold_together(requests: int, tokens: int, probes: list[Probe]) -> None:
    """The scarcer of the two rules."""
    started = lived(Budget(requests, tokens), probes)
    for first, _ in started:
        inside = [used for at, used in started if first <= at < first + MINUTE_S - SLACK_S]
        assert len(inside) <= requests
        assert sum(inside[:-1]) <= tokens * (1 + SLACK_S)


def test_requests_are_spread_evenly() -> None:
    """A crowd goes in one by one; after a quiet time nobody waits, and no credit has piled up."""
    pace = Pace(Budget(requests_per_minute=6))
    assert [_start(pace, 0.0), _start(pace, 0.0), _start(pace, 3.0)] == [0.0, 10.0, 20.0]
    assert [_start(pace, 500.0), _start(pace, 500.0)] == [500.0, 510.0]


def test_what_was_not_used_is_given_back() -> None:
    """An answer of ten tokens that was let in for a hundred makes the next probe wait for ten."""
    pace = Pace(Budget(tokens_per_minute=600))
    paid = pace.spend(0.0, 100)
    assert pace.wait_s(0.0) == pytest.approx(10.0)
    pace.correct(0.5, paid, used=10)
    assert pace.wait_s(0.5) == pytest.approx(0.5)


def test_a_pause_that_was_kept_is_not_given_back() -> None:
    """The next has started meanwhile; giving back now would let in two at once."""
    pace = Pace(Budget(tokens_per_minute=600))
    first = pace.spend(0.0, 100)
    pace.spend(10.0, 100)
    pace.correct(11.0, first, used=1)
    assert pace.wait_s(11.0) == pytest.approx(9.0)


def test_what_was_used_beyond_is_paid_for() -> None:
    """Tokens that nobody expected make the next wait longer."""
    pace = Pace(Budget(60, 600))
    paid = pace.spend(0.0, 10)
    pace.correct(5.0, paid, used=110)
    assert pace.wait_s(5.0) == pytest.approx(10.0)


def test_another_budget_forgets_nothing() -> None:
    """A reload is no way around the pause; where the bound is gone, nobody waits."""
    pace = Pace(Budget(requests_per_minute=1))
    pace.spend(0.0, 5)
    pace.budget = Budget(requests_per_minute=600)
    assert pace.wait_s(0.0) == MINUTE_S
    pace.budget = Budget(tokens_per_minute=600)
    assert pace.wait_s(0.0) == 0.0
    assert not NO_BUDGET.is_bounded


def _start(pace: Pace, now: float) -> float:
    now += pace.wait_s(now)
    pace.spend(now, 0)
    return now
