"""Rests: whose is over when, when a limit is the key's, and what one result asks of the schedule."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.clock import Moment
from monitor.domain.check import Check, CheckKind
from monitor.domain.follow_up import AS_PLANNED, QUOTA_CONFIRM_S, FollowUp, follow_up
from monitor.domain.health import Health, State
from monitor.domain.limited import resting_until, rests, shared_rests
from monitor.domain.limits import Limit, LimitKind
from monitor.domain.rest import REST_AT_MOST_S, REST_SPENT_AT_MOST_S, REST_UNASKED_AT_MOST_S
from monitor.domain.result import FaultDomain, Result, Status, Trigger, Verdict

START = Moment(1_795_200_000_000_000, 5_000_000_000)
UP, LIMITED = Verdict(Status.UP), Verdict(Status.RATE_LIMITED, FaultDomain.QUOTA, retry_after_s=120.0)
NOW = START.plus_s(60)


def check(name: str, interval_s: float = 60.0) -> Check:
    """A model of one endpoint, or its list."""
    kind = CheckKind.MODELS if name == "list" else CheckKind.CHAT
    return Check(f"gw/{name}", "gw", kind, None if name == "list" else name, "gw", interval_s=interval_s)


def health(name: str, latest: Verdict | None, at_s: float = 0.0, *, failing_s: float | None = None) -> Health:
    """A check whose newest probe began at `at_s`, failing since `failing_s`."""
    began = START.plus_s(at_s if failing_s is None else failing_s)
    streak = began if latest is not None and latest.status.is_failure else None
    return Health(f"gw/{name}", START, State.UP, latest, START.plus_s(at_s), streak_started=streak)


def shared(**known: Health) -> dict[str, float]:
    """Who rests because of others, and for how many seconds from now."""
    checks = [check(name) for name in known]
    healths = {f"gw/{name}": one for name, one in known.items()}
    return {name: until.s_since(NOW) for name, until in shared_rests(checks, healths, NOW).items()}


def test_a_rest_counts_from_the_refusal_at_the_latest() -> None:
    """The start of the probe is what is known, so its timeout is added; other verdicts are no reason to rest."""
    assert resting_until(check("a"), health("a", LIMITED, 5.0)) == START.plus_s(5 + 10 + 120)
    for latest in (UP, Verdict(Status.QUOTA_EXCEEDED), None):
        assert resting_until(check("a"), health("a", latest)) is None


def test_a_rest_has_its_cap() -> None:
    """Whoever asks for a day gets an hour."""
    until = resting_until(check("a"), health("a", replace(LIMITED, retry_after_s=86_400.0)))
    assert until == START.plus_s(10 + REST_AT_MOST_S)


def test_two_models_refused_at_once_speak_for_the_key() -> None:
    """The others rest as long as the soonest of the two, and come back one after the other."""
    found = shared(a=health("a", LIMITED, 50), b=health("b", LIMITED, 40), c=health("c", UP, 10), d=health("d", UP, 20))
    assert found == {"gw/c": 40 + 130 - 60 + 30, "gw/d": 40 + 130 - 60 + 60}


def test_a_shared_rest_is_short() -> None:
    """What is only inferred holds for five minutes at most."""
    hour = replace(LIMITED, retry_after_s=3600.0)
    found = shared(a=health("a", hour, 50), b=health("b", hour, 50), c=health("c", UP, 10))
    assert found == {"gw/c": REST_UNASKED_AT_MOST_S + 60}


@pytest.mark.parametrize(
    "known",
    [
        pytest.param({"a": LIMITED}, id="one is that model's own limit"),
        pytest.param({"a": LIMITED, "list": LIMITED}, id="a model list has other limits"),
    ],
)
def test_one_model_speaks_for_itself(known: dict[str, Verdict]) -> None:
    """One refused model says nothing of its siblings."""
    assert shared(c=health("c", UP, 10), **{name: health(name, latest, 50) for name, latest in known.items()}) == {}


def test_an_answer_since_proves_that_the_limits_are_the_models_own() -> None:
    """Somebody answered after the first refusal of the streak: the key still buys answers."""
    refused = {"a": health("a", LIMITED, 50, failing_s=5), "b": health("b", LIMITED, 40)}
    assert shared(**refused, c=health("c", UP, 6), d=health("d", UP, 1)) == {}
    assert shared(**refused, c=health("c", UP, 4), d=health("d", UP, 1)) != {}


def test_a_refusal_whose_rest_is_over_is_old_news() -> None:
    """Only those who still rest count."""
    old = health("a", replace(LIMITED, retry_after_s=5.0), 10)
    assert shared(a=old, b=health("b", LIMITED, 40), c=health("c", UP, 1)) == {}


def test_every_rest_of_an_endpoint() -> None:
    """For a start: those of the refused, the model list's too, and those of the others."""
    checks = [check(name) for name in ("list", "a", "b", "c")]
    known = {"list": health("list", LIMITED), "a": health("a", LIMITED), "b": health("b", LIMITED)}
    healths = {f"gw/{name}": one for name, one in {**known, "c": health("c", UP, -9)}.items()}
    assert set(rests(checks, healths, NOW)) == {"gw/list", "gw/a", "gw/b", "gw/c"}
    assert rests(checks, healths, START.plus_s(4000)) == {}
    assert rests([check("c")], {"gw/c": health("c", UP)}, NOW) == {}


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 60)), min_size=1, max_size=8))
def test_whoever_rests_for_others_was_not_refused_itself(told: list[tuple[bool, float]]) -> None:
    """In any company: a shared rest lies ahead, ends, and never concerns a check with a rest of its own."""
    known = {f"m{n}": health(f"m{n}", LIMITED if bad else UP, at_s) for n, (bad, at_s) in enumerate(told)}
    for name, left_s in shared(**known).items():
        assert known[name.removeprefix("gw/")].latest is UP
        assert 0 < left_s <= REST_UNASKED_AT_MOST_S + 60


def after(status: Status, state: State, *, interval_s: float = 60.0, limits: tuple[Limit, ...] = ()) -> FollowUp:
    """What one result asks for."""
    one = check("a", interval_s)
    result = Result(one.id, START, START.plus_s(1), Trigger.ON_PHASE, Verdict(status), limits=limits)
    return follow_up(one, Health(one.id, START, state), result)


@pytest.mark.parametrize(
    ("interval_s", "confirm_s"), [(30.0, 30.0), (60.0, 60.0), (3600.0, QUOTA_CONFIRM_S), (1.0, 5.0)]
)
def test_no_storm_on_an_account_without_money(interval_s: float, confirm_s: float) -> None:
    """It is not asked more often than planned; where that is seldom, once a minute until it is believed."""
    assert after(Status.QUOTA_EXCEEDED, State.UP, interval_s=interval_s) == FollowUp(confirm_after_s=confirm_s)
    assert after(Status.QUOTA_EXCEEDED, State.DOWN) == AS_PLANNED


def test_nothing_left_is_a_reason_to_rest() -> None:
    """The next request would be refused: the check waits for the reset, a minute at most, and so does its doubt."""
    spent = (Limit(LimitKind.REQUESTS, 3, 0, 20.0), Limit(LimitKind.TOKENS, 100, 0, 50.0))
    assert after(Status.UP, State.UP, limits=spent) == FollowUp(rest_s=20.0)
    assert after(Status.UP, State.DOWN, limits=spent) == FollowUp(confirm_after_s=20.0, rest_s=20.0)
    long = (Limit(LimitKind.REQUESTS, 3, 0, 7200.0),)
    assert after(Status.UP, State.UP, limits=long) == FollowUp(rest_s=REST_SPENT_AT_MOST_S)


@pytest.mark.parametrize(
    "limit",
    [
        Limit(LimitKind.REQUESTS, 3, 1, 20.0),
        Limit(LimitKind.REQUESTS, 3, None, 20.0),
        Limit(LimitKind.REQUESTS, 3, 0, None),
        Limit(LimitKind.REQUESTS, 3, 0, 0.0),
        Limit(LimitKind.TOKENS, 3, 0, 20.0),
    ],
)
def test_anything_else_is_no_reason(limit: Limit) -> None:
    """Something is left, or nobody knows until when there is nothing, or it is not requests."""
    assert after(Status.UP, State.UP, limits=(limit,)) == AS_PLANNED
