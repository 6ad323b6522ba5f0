"""Downtime, recovery and nines: held against counting every moment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.downtime import Observed, Outage, nines, reliability

HOUR_US = 3_600_000_000

moments = st.integers(0, 60)
faults = st.sampled_from([None, "model", "key", "endpoint"])


@st.composite
def outages(draw: st.DrawFn) -> list[Outage]:
    """Incidents that overlap as they like; some last."""
    found = []
    for number in range(draw(st.integers(0, 6))):
        since, length = draw(moments), draw(st.integers(0, 30))
        ended = draw(st.booleans())
        found.append(
            Outage(number, since, since + length if ended else None, draw(faults), length if ended else None),
        )
    return found


@given(outages(), moments, moments)
def test_agrees_with_counting_every_moment(incidents: list[Outage], since: int, length: int) -> None:
    """Each moment at which an incident was under way is one of downtime, once."""
    until = since + length

    def down(at: int, fault: str | None = "any") -> bool:
        return any(
            one.since_us <= at < (until if one.until_us is None else one.until_us)
            and fault in ("any", one.fault_domain or "unknown")
            for one in incidents
        )

    told = reliability(incidents, Observed(since, until))
    assert told.downtime_us == sum(down(at) for at in range(since, until))
    for fault, us in told.by_fault.items():
        assert us == sum(down(at, fault) for at in range(since, until))
    touching = [one for one in incidents if one.since_us < until and (one.until_us is None or one.until_us > since)]
    assert told.incidents == len(touching)
    ended = [one.lasted_us for one in touching if one.lasted_us is not None]
    assert told.mttr_us == (round(sum(ended) / len(ended)) if ended else None)
    assert told.mtbf_us == (round((length - told.downtime_us) / len(touching)) if touching else None)
    assert 0 <= told.downtime_us <= length
    assert max(told.by_fault.values(), default=0) <= told.downtime_us <= sum(told.by_fault.values())


@given(outages(), moments, moments, moments)
def test_two_halves_are_the_whole(incidents: list[Outage], since: int, first: int, second: int) -> None:
    """Downtime adds up, however a period is cut."""
    middle, until = since + first, since + first + second
    parts = [reliability(incidents, Observed(*pair)).downtime_us for pair in ((since, middle), (middle, until))]
    assert sum(parts) == reliability(incidents, Observed(since, until)).downtime_us


@pytest.mark.parametrize(
    ("down_share", "expected"),
    [(0.1, 1.0), (0.01, 2.0), (0.001, 3.0), (0.0005, 3.3), (0.5, 0.3), (1.0, 0.0), (0.00101, 2.99)],
)
def test_nines(down_share: float, expected: float) -> None:
    """99.9 % are three; never rounded up."""
    assert nines(1_000_000, round(1_000_000 * down_share)) == expected


def test_without_downtime_there_is_no_number_of_nines() -> None:
    """It would be endless; and of no time there is nothing to say."""
    assert nines(1000, 0) is None
    assert nines(0, 0) is None
    assert nines(10 * HOUR_US * 10**6, 1) == 9


def test_nothing_observed() -> None:
    """A check that appeared after the period."""
    told = reliability([], Observed(5, 3))
    assert (told.incidents, told.observed_us, told.downtime_us, told.mttr_us, told.mtbf_us) == (0, 0, 0, None, None)
