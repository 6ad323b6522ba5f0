"""Cadence: who may be slow, who is awake again, and how much room hanging probes take."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from monitor.clock import US_PER_S, Moment
from monitor.domain.cadence import HANGING_SHARE, Calm, Suspect, is_off, sample_interval_s, suspects
from monitor.domain.check import Check, CheckKind, Relaxed
from monitor.domain.health import Health, State
from monitor.domain.result import Status, Verdict
from monitor.domain.window import EMPTY_WINDOW

HOUR_S = 3600
UP, HUNG = Verdict(Status.UP), Verdict(Status.TIMEOUT)


def at(seconds: float) -> Moment:
    """A moment."""
    us = round(seconds * US_PER_S)
    return Moment(us, us)


def check(name: str, endpoint: str = "gw", timeout_s: float = 10.0) -> Check:
    """A check that relaxes after an hour."""
    relaxed = Relaxed(300.0, HOUR_S)
    return Check(name, endpoint, CheckKind.CHAT, name, "p", timeout_s=timeout_s, relaxed=relaxed)


A, B, OTHER = check("a"), check("b"), check("o", "other")


def test_what_was_up_for_an_hour_relaxes_once() -> None:
    """At the first result after the hour, and is not told of it again."""
    calm = Calm()
    assert [calm.well(A, at(minute * 60)) for minute in range(63)] == [False] * 60 + [True] + [False] * 2


def test_any_change_wakes_the_whole_endpoint_and_no_other() -> None:
    """A failure of a check that is not slowed itself wakes its siblings; what goes on failing wakes nobody again."""
    calm = Calm()
    for one in (A, B, OTHER):
        calm.well(one, at(0))
        calm.well(one, at(HOUR_S))
    models = replace(A, id="models", relaxed=None)
    assert set(calm.trouble(models, at(HOUR_S + 1))) == {"a", "b"}
    assert calm.is_troubled
    assert calm.trouble(models, at(HOUR_S + 2)) == ()
    assert not calm.well(A, at(HOUR_S + 60))
    assert calm.well(A, at(2 * HOUR_S + 1)), "although the list still fails: that is no change"
    calm.well(models, at(2 * HOUR_S + 2))
    assert not calm.is_troubled


def test_a_check_in_trouble_is_not_well_from_the_moment_it_answers() -> None:
    """Its hour begins anew."""
    calm = Calm()
    calm.well(A, at(0))
    calm.trouble(A, at(1800))
    assert not calm.well(A, at(1860))
    assert not calm.well(A, at(1800 + HOUR_S))
    assert calm.well(A, at(1860 + HOUR_S))


def test_a_restart_takes_what_was_believed() -> None:
    """UP since long, and nothing in the window that says otherwise."""
    long_up = Health("a", since=at(-7200), state=State.UP, latest=UP)
    calm = Calm()
    calm.begin(A, long_up)
    assert calm.well(A, at(1))
    for doubtful in (
        replace(long_up, latest=HUNG),
        replace(long_up, state=State.DOWN),
        replace(long_up, latest=None),
        replace(long_up, failures=EMPTY_WINDOW.push(hit=True, capacity=20)),
    ):
        calm = Calm()
        calm.begin(A, doubtful)
        assert not calm.well(A, at(1))


def test_what_is_gone_is_forgotten() -> None:
    """Memory is bounded by what is configured; a check that was replaced is awake."""
    calm = Calm()
    calm.well(A, at(0))
    calm.well(A, at(HOUR_S))
    calm.trouble(B, at(0))
    calm.keep(["a"])
    assert not calm.is_troubled
    calm.awake(A)
    assert calm.well(A, at(2 * HOUR_S))
    calm.keep([])
    assert not calm.well(A, at(9 * HOUR_S))


def test_who_is_expected_to_hang() -> None:
    """Who hung last; and where all of the endpoint hangs, who was not heard of since."""
    hung = Health("a", since=at(5), state=State.DOWN, latest=HUNG, latest_at=at(20))
    first = replace(hung, check="b", state=State.UP, consecutive_failures=1)
    fine = replace(hung, check="c", state=State.UP, latest=UP)
    stale = replace(fine, check="d", latest_at=at(1))
    never = Health("e", since=at(0))
    pairs = [(check(health.check), health) for health in (hung, first, fine, stale, never)]
    assert [(one.check.id, one.probes) for one in suspects(pairs, at(10), wide=False)] == [("a", 1), ("b", 2)]
    assert [(one.check.id, one.probes) for one in suspects(pairs, at(10), wide=True)] == [
        ("a", 1),
        ("b", 2),
        ("d", 3),
        ("e", 3),
    ]


@given(
    st.lists(st.tuples(st.floats(0.01, 3600), st.integers(1, 100)), min_size=1, max_size=500),
    st.floats(0.5, 10_000),
)
def test_a_sample_never_takes_more_than_its_share(hanging: list[tuple[float, int]], slots: float) -> None:
    """Timeouts times probes, over the interval, is half of the slots."""
    several = [Suspect(check(str(n), timeout_s=timeout_s), probes) for n, (timeout_s, probes) in enumerate(hanging)]
    interval_s = sample_interval_s(several, slots)
    taken = sum(one.check.timeout_s * one.probes for one in several) / interval_s
    assert taken <= slots * HANGING_SHARE * 1.000001


def test_small_differences_change_no_pace() -> None:
    """A rhythm is not begun anew for every check that joins."""
    assert not is_off(100.0, 140.0)
    assert not is_off(100.0, 70.0)
    assert is_off(100.0, 151.0)
    assert is_off(100.0, 60.0)


@given(st.lists(st.tuples(st.sampled_from("abo"), st.booleans(), st.integers(1, 4000)), max_size=60))
def test_whatever_happens_only_the_calm_are_slow(story: list[tuple[str, bool, int]]) -> None:
    """Slow is only who was UP for an hour, on an endpoint where nothing changed for an hour."""
    checks = {"a": A, "b": B, "o": OTHER}
    calm, now = Calm(), 0
    slow: set[str] = set()
    troubled: set[str] = set()
    since: dict[str, int] = {}
    changed: dict[str, int] = {}
    for name, is_up, later in story:
        now += later
        one = checks[name]
        if is_up:
            troubled.discard(name)
            since.setdefault(name, now)
            if calm.well(one, at(now)):
                slow.add(name)
                assert now - since[name] >= HOUR_S
                assert now - changed.get(one.endpoint, -HOUR_S) >= HOUR_S
        else:
            since.pop(name, None)
            slow -= set(calm.trouble(one, at(now)))
            if name not in troubled:
                changed[one.endpoint] = now
                assert not {other for other in slow if checks[other].endpoint == one.endpoint}
            troubled.add(name)
        assert name not in slow or is_up
