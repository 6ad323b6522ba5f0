"""The timeline: which fault is active when, and what one request gets."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.simulator.faults import Decision, Draws, Fault, FaultKind, Profile, decide
from monitor.simulator.kinds import FIELDS
from monitor.simulator.ratelimit import Window
from monitor.simulator.served import Script

SECONDS = st.integers(min_value=0, max_value=60)
DRAWS = st.builds(Draws, *[st.floats(min_value=0, max_value=1, exclude_max=True)] * 2)
KINDS = st.sampled_from([FaultKind.STATUS, FaultKind.HANG, FaultKind.RATE_LIMIT, FaultKind.RESET])


def fault(kind: str = "status", **options: Any) -> Fault:
    """A fault as it stands in a script; `begin` is `from`, which Python keeps for itself."""
    if "begin" in options:
        options["from"] = options.pop("begin")
    return Fault.model_validate({"kind": kind} | options)


@st.composite
def faults(draw: st.DrawFn) -> Fault:
    """Any fault with any window."""
    begin, length = draw(SECONDS), draw(st.none() | st.integers(min_value=1, max_value=30))
    until = {} if length is None else {"until": f"{begin + length}s"}
    probability = draw(st.floats(min_value=0.01, max_value=1))
    return fault(draw(KINDS), begin=f"{begin}s", probability=probability, **until)


def at(profile: Profile, second: float, draws: Draws | None = None) -> Decision:
    """What a first request at this second gets."""
    return decide(profile, profile.active(second), second, Window(), draws or Draws())


def test_a_fault_begins_at_its_from_and_ends_at_its_until() -> None:
    """The window is closed at its beginning and open at its end."""
    profile = Profile(faults=(fault(begin="5s", until="15s"),))
    struck = {second: at(profile, second).fault is not None for second in (0, 4.999, 5, 14.999, 15, 100)}
    assert struck == {0: False, 4.999: False, 5: True, 14.999: True, 15: False, 100: False}


def test_a_fault_without_an_end_lasts() -> None:
    """Absent `until`: for ever."""
    assert at(Profile(faults=(fault(),)), 1e9).fault is not None


@given(st.lists(faults(), max_size=6), SECONDS, DRAWS)
def test_exactly_the_first_fault_whose_window_holds_is_active(script: list[Fault], second: int, draws: Draws) -> None:
    """At most one fault is active; a request gets that one or none, never a later one."""
    profile = Profile(faults=tuple(script))
    holding = [one for one in script if one.active_at(second)]
    active = profile.active(second)
    assert active == (holding[0] if holding else None)
    assert at(profile, second, draws).fault in (None, active)


@given(st.lists(faults(), max_size=4), SECONDS, DRAWS, st.integers(min_value=0, max_value=9))
def test_the_same_question_has_the_same_answer(script: list[Fault], second: int, draws: Draws, used: int) -> None:
    """A decision depends on nothing but what it is given."""
    profile = Profile(faults=tuple(script))
    answers = [decide(profile, profile.active(second), second, Window(0, used), draws) for _ in range(2)]
    assert answers[0] == answers[1]


@given(st.floats(min_value=0.01, max_value=1), DRAWS)
def test_a_probability_strikes_that_share_of_draws(probability: float, draws: Draws) -> None:
    """Struck exactly when the draw lies below the probability."""
    decision = at(Profile(faults=(fault(probability=probability),)), 1, draws)
    assert (decision.fault is not None) == (draws.fault < probability)


def test_a_spared_request_is_healthy_though_a_later_fault_would_strike() -> None:
    """Sparing does not fall through to the next fault."""
    profile = Profile(faults=(fault(probability=0.5), fault("hang")))
    assert at(profile, 1, Draws(fault=0.9)).fault is None


def test_slow_takes_its_own_latency_in_place_of_the_models() -> None:
    """Only while the fault is active."""
    profile = Profile.model_validate({"latency": "10ms", "faults": [fault("slow", begin="5s", latency="2s")]})
    assert (at(profile, 0).latency_s, at(profile, 6).latency_s) == (0.01, 2.0)


def test_a_rate_limit_admits_until_its_counter_is_full() -> None:
    """The counters travel through the decisions; an admitted request is told what remains."""
    profile = Profile(faults=(fault("rate_limit", limit=1),))
    first = at(profile, 1)
    second = decide(profile, profile.active(2), 2, first.window, Draws())
    assert (first.fault, first.allowance and first.allowance.remaining) == (None, 0)
    assert second.fault is profile.faults[0]


def test_a_repeating_timeline_begins_again() -> None:
    """Seconds are taken modulo the repetition; without one they run on."""
    script: dict[str, Any] = {"models": [{"id": "m"}]}
    assert Script.model_validate(script | {"repeat": "60s"}).timeline_s(125) == 5
    assert Script.model_validate(script).timeline_s(125) == 125


@pytest.mark.parametrize("kind", list(FaultKind))
def test_each_kind_knows_its_options(kind: FaultKind) -> None:
    """No kind is forgotten in the table of options."""
    assert kind in FIELDS
