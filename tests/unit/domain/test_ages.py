"""Up to when rows may go."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.ages import Ages, Grain, allowed_us

DAY_S = 86_400
US = 1_000_000
AGES = Ages(raw_s=DAY_S, five_minutes_s=2 * DAY_S, hours_s=3 * DAY_S, days_s=None)
NOW_US = 20_000 * DAY_S * US + 12_345_678

moments = st.integers(min_value=0, max_value=NOW_US)


@given(st.sampled_from(Grain), moments, st.dictionaries(st.sampled_from(Grain), moments))
def test_nothing_goes_before_something_coarser_was_made_of_it(
    grain: Grain, wished: int, made: dict[Grain, int]
) -> None:
    """And never a part of what a coarser row is made of."""
    allowed = allowed_us(grain, wished, made)
    assert 0 <= allowed <= wished
    if grain.coarser is not None:
        assert allowed <= made.get(grain.coarser, 0)
        assert allowed % grain.coarser.length_us == 0


def test_each_kind_by_its_age() -> None:
    """To the boundary of the next coarser level."""
    made = dict.fromkeys(Grain, NOW_US)
    cutoffs = {grain: (NOW_US - AGES.cutoff_us(grain, NOW_US, made)) // (DAY_S * US) for grain in Grain}
    assert cutoffs == {Grain.RAW: 1, Grain.FIVE_MINUTES: 2, Grain.HOURS: 3, Grain.DAYS: NOW_US // (DAY_S * US)}


def test_nothing_is_made_nothing_goes() -> None:
    """A level without its coarser one stays whole, whatever its age."""
    assert AGES.cutoff_us(Grain.RAW, NOW_US, {}) == 0


def test_days_go_by_whole_days() -> None:
    """There is nothing coarser that they would have to wait for."""
    ages = Ages(DAY_S, DAY_S, DAY_S, days_s=10 * DAY_S)
    assert ages.cutoff_us(Grain.DAYS, NOW_US, {}) == (20_000 - 10) * DAY_S * US
