"""The weighted share of changes, and when a check is called flapping."""

from functools import reduce
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.check import FlappingRule
from monitor.domain.flapping import REMEMBERED, Flapping

RULE = FlappingRule()


def _after(outcomes: str, rule: FlappingRule = RULE) -> Flapping:
    """What is believed after these results: `.` is a success, `x` a failure."""
    return reduce(lambda value, outcome: value.push(ok=outcome == ".", rule=rule), outcomes, Flapping())


@pytest.mark.parametrize(
    ("outcomes", "percent"),
    [
        ("", 0.0),
        (".", 0.0),
        ("x", 0.0),
        ("xxxx", 0.0),
        (".x", 5.9),
        (".x.", 5.9 + 5.8),
        ("x." + "." * 19, 4.0),
        ("x." + "." * 20, 0.0),
        (".x" * 10 + ".", 99.0),
        (".x" * 30, 99.0),
    ],
)
def test_the_share_of_changes(outcomes: str, percent: float) -> None:
    """The newest change weighs 5.9 percent, the oldest 4; the first result is no change."""
    assert _after(outcomes).percent == pytest.approx(percent)


@pytest.mark.parametrize(
    ("outcomes", "flapping"),
    [
        (".x.x.", False),
        (".x.x.x", False),
        (".x.x.x.", True),
        (".x.x.x." + "." * 9, True),
        (".x.x.x." + "." * 15, False),
        ("....xxxxxxxxxx....", False),
    ],
)
def test_when_a_check_flaps(outcomes: str, flapping: bool) -> None:  # noqa: FBT001  a column of the table
    """From six changes in a row on, until they are old or fell out; a plain outage is two changes."""
    assert _after(outcomes).flapping is flapping


def test_the_bounds_belong_to_flapping() -> None:
    """It flaps from the upper bound on and settles below the lower one."""
    bound = FlappingRule(high_percent=11.7, low_percent=11.5)
    assert not _after(".x", bound).flapping
    assert _after(".x.", bound).flapping
    assert _after(".x..", bound).flapping
    assert not _after(".x...", bound).flapping


def test_what_is_well_stays_one_object() -> None:
    """Ten thousand healthy checks cost nothing here."""
    well = _after(".")
    assert well.push(ok=True, rule=RULE) is well
    assert _after("x" + "." * (REMEMBERED + 1)).push(ok=True, rule=RULE) == well


_OUTCOMES = st.lists(st.booleans(), max_size=60)
_RULES = st.tuples(st.floats(1, 99), st.floats(1, 99)).map(
    lambda pair: FlappingRule(high_percent=max(pair), low_percent=min(pair))
)


@given(_OUTCOMES, _RULES)
def test_it_is_what_counting_by_hand_gives(outcomes: list[bool], rule: FlappingRule) -> None:
    """The share is that of the last 21 results, and the belief changes at the bounds only."""
    value = Flapping()
    for count, ok in enumerate(outcomes, 1):
        before, value = value, value.push(ok=ok, rule=rule)
        seen = outcomes[:count]
        changes = [new != old for old, new in pairwise(seen)]
        last = ([False] * REMEMBERED + changes)[-REMEMBERED:]
        by_hand = 100 * sum(0.8 + 0.02 * age for age, changed in enumerate(last) if changed) / REMEMBERED
        assert value.percent == pytest.approx(by_hand)
        assert value.flapping == (value.percent >= (rule.low_percent if before.flapping else rule.high_percent))


@given(_OUTCOMES, _RULES)
def test_calm_settles_everything(outcomes: list[bool], rule: FlappingRule) -> None:
    """Whatever was before, as many equal results as are remembered end it."""
    value = reduce(lambda old, ok: old.push(ok=ok, rule=rule), outcomes, Flapping())
    for _ in range(REMEMBERED + 1):
        value = value.push(ok=True, rule=rule)
    assert value == Flapping(0, ok=True, flapping=False)
