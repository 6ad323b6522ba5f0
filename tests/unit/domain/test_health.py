"""The state machine of a check: its table, its counters, and what must hold for any sequence of results."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.clock import Moment
from monitor.domain.action import Action
from monitor.domain.check import Check, CheckKind, FlappingRule, HealthRules, Ratio
from monitor.domain.follow_up import AS_PLANNED, follow_up
from monitor.domain.health import (
    TRANSITIONS,
    Advance,
    Change,
    DownBecause,
    Health,
    Signal,
    State,
    advance,
)
from monitor.domain.incident import severity_of
from monitor.domain.result import Result, Status, Trigger, Verdict
from monitor.domain.severity import Severity
from monitor.domain.window import Window

CHECK = Check(id="gw/chat/a", endpoint="gw", kind=CheckKind.CHAT, model="a", provider="gw")
START = Moment(1_700_000_000_000_000, 5_000_000_000)


def result(
    status: Status,
    at_s: float,
    trigger: Trigger = Trigger.ON_PHASE,
    *,
    loading: bool = False,
    retry_after_s: float | None = None,
) -> Result:
    """One result of the check, some seconds after the start."""
    verdict = Verdict(status, loading=loading, retry_after_s=retry_after_s)
    at = START.plus_s(at_s)
    return Result(CHECK.id, at, at.plus_s(0.1), trigger, verdict, latency_ms=100.0)


def play(*results: Result, check: Check = CHECK) -> list[Advance]:
    """Every step of these results on a fresh health."""
    health, steps = Health(check.id, since=START), []
    for one in results:
        step = advance(check, health, one)
        health = step.health
        steps.append(step)
    return steps


def series(*statuses: Status, every_s: float = 10.0, trigger: Trigger = Trigger.ON_PHASE) -> list[Result]:
    """Results at a steady rhythm."""
    return [result(status, index * every_s, trigger) for index, status in enumerate(statuses)]


def changes(steps: list[Advance]) -> list[Change]:
    """All changes, in order."""
    return [change for step in steps for change in step.changes]


UP, DEG, ERR, AUTH, UNK = Status.UP, Status.DEGRADED, Status.SERVER_ERROR, Status.AUTH_ERROR, Status.UNKNOWN


def test_the_table_knows_every_state_and_signal() -> None:
    """No combination is left to chance."""
    assert set(TRANSITIONS) == set(product(State, Signal))


def test_the_first_success_ends_pending() -> None:
    """One success is enough to believe in a check that was never seen."""
    assert changes(play(*series(UP))) == [Change.FIRST_UP]


def test_three_failures_in_a_row_make_it_down_since_the_first() -> None:
    """The outage began at the first failure, not when it was believed."""
    steps = play(*series(UP, ERR, ERR, ERR))
    assert changes(steps) == [Change.FIRST_UP, Change.WENT_DOWN]
    assert steps[-1].because is DownBecause.FAILURES_IN_A_ROW
    assert steps[-1].health.since == START.plus_s(10)


def test_a_success_breaks_the_streak() -> None:
    """Two failures, a success and two failures are no outage."""
    assert Change.WENT_DOWN not in changes(play(*series(UP, ERR, ERR, UP, ERR, ERR)))


@pytest.mark.parametrize(
    ("statuses", "down"),
    [
        ((AUTH, AUTH), True),
        ((ERR, AUTH, AUTH), True),
        ((AUTH, ERR, AUTH), True),
        ((ERR, AUTH), False),
        ((AUTH,), False),
    ],
)
def test_two_refused_keys_in_a_row_are_enough(statuses: tuple[Status, ...], down: bool) -> None:  # noqa: FBT001  a table
    """A key that is refused twice stays refused; a streak of other failures may end in it."""
    assert (Change.WENT_DOWN in changes(play(*series(*statuses)))) is down


def test_five_failures_among_the_last_twenty_make_it_down() -> None:
    """A check that fails every third time is down too, since its first failure in the window."""
    steps = play(*series(*([UP, UP, ERR] * 5)))
    assert steps[-1].because is DownBecause.RATIO
    assert steps[-1].changes == (Change.WENT_DOWN,)
    assert steps[-1].health.since == START.plus_s(20)


def test_the_ratio_counts_on_phase_probes_only() -> None:
    """Confirm probes follow failures; counting them would count a minute twice."""
    on_phase = [result(UP, 10.0 * i) for i in range(20)]
    confirms = [result(ERR, 10.0 * i + 1, Trigger.CONFIRM) for i in range(20)]
    mixed = [one for pair in zip(on_phase, confirms, strict=True) for one in pair]
    assert Change.WENT_DOWN not in changes(play(*mixed))


def test_recovery_empties_the_ratio_window() -> None:
    """After a recovery the old failures count no more, else the next failure would ring at once."""
    steps = play(*series(ERR, ERR, ERR, ERR, ERR, UP, UP, ERR))
    assert changes(steps)[-1] is Change.RECOVERED
    assert steps[-1].health.state is State.UP


def test_two_successes_in_a_row_bring_it_back() -> None:
    """One success in an outage is not yet a recovery."""
    steps = play(*series(ERR, ERR, ERR, UP, ERR, UP, UP))
    assert [step.health.state for step in steps[3:]] == [State.DOWN, State.DOWN, State.DOWN, State.UP]


def test_unknown_touches_no_streak() -> None:
    """The monitor's own fault neither breaks nor lengthens a streak, and is not counted."""
    steps = play(*series(ERR, UNK, ERR, UNK, ERR))
    assert steps[-1].changes == (Change.WENT_DOWN,)
    assert steps[1].counted is False
    assert steps[-1].health.recent.availability(START.wall_us) == 0.0


def test_loading_counts_in_availability_but_in_no_streak_during_its_grace() -> None:
    """A model that is being loaded is starting, not down; after the grace it is a failure like any other."""
    loading = [result(Status.OVERLOADED, at, loading=True) for at in (0, 100, 200, 299)]
    steps = play(*loading)
    assert changes(steps) == []
    assert not any(step.counted for step in steps)
    assert steps[-1].health.recent.availability(START.wall_us) == 0.0
    late = [result(Status.OVERLOADED, at, loading=True) for at in (300, 310, 320)]
    assert play(*loading, *late)[-1].changes == (Change.WENT_DOWN,)


def test_loading_breaks_a_row_of_successes() -> None:
    """Success, loading, success are not two successes in a row."""
    down = series(ERR, ERR, ERR)
    steps = play(*down, result(UP, 40), result(Status.OVERLOADED, 50, loading=True), result(UP, 60))
    assert steps[-1].health.state is State.DOWN


def test_an_old_streak_below_the_threshold_is_dropped() -> None:
    """Two failures before a long stop say nothing about the third after it; an outage stays."""
    assert changes(play(result(ERR, 0), result(ERR, 5), result(ERR, 400))) == []
    steps = play(*series(ERR, ERR, ERR), result(ERR, 4000))
    assert steps[-1].changes == (Change.STILL_DOWN,)


def test_a_rest_that_the_server_asked_for_drops_no_streak() -> None:
    """Rate limits obeyed for longer than a streak keeps are an outage all the same; what precedes a stop is not."""
    limited = [result(Status.RATE_LIMITED, at, retry_after_s=1800) for at in (0, 1800, 3600, 9000)]
    assert changes(play(*limited[:3])) == [Change.WENT_DOWN]
    assert changes(play(*limited[:2], limited[3])) == []


def test_slow_answers_are_told_after_five_of_ten_and_end_after_five_fast_ones() -> None:
    """Slowness has a machine of its own beside up and down."""
    steps = play(*series(UP, DEG, DEG, UP, DEG, DEG, DEG, UP, UP, UP, UP, UP))
    assert steps[6].changes == (Change.SLOW,)
    assert steps[6].health.slow_since == START.plus_s(10)
    assert steps[10].changes == ()
    assert steps[11].changes == (Change.NO_LONGER_SLOW,)


def test_slowness_began_with_the_oldest_slow_answer_that_still_counts() -> None:
    """A slow answer now and then, week after week, does not make the slowness of today weeks long."""
    steps = play(*series(*[DEG, *[UP] * 8] * 20, *[DEG] * 5))
    assert steps[-1].changes == (Change.SLOW,)
    assert steps[-1].health.slow_since == START.plus_s(180 * 10)


def test_the_follow_up_of_each_situation() -> None:
    """Doubts are confirmed, rate limits are rested, everything else goes on as planned."""
    up, down = Health(CHECK.id, START, State.UP), Health(CHECK.id, START, State.DOWN)
    limited = Status.RATE_LIMITED
    assert follow_up(CHECK, up, result(ERR, 0)).confirm_after_s == 5.0
    assert follow_up(CHECK, down, result(ERR, 0)) == AS_PLANNED
    assert follow_up(CHECK, down, result(UP, 0)).confirm_after_s == 5.0
    assert follow_up(CHECK, up, result(UP, 0)) == AS_PLANNED
    assert follow_up(CHECK, up, result(UNK, 0)) == AS_PLANNED
    assert follow_up(CHECK, up, result(limited, 0)).rest_s == 120.0
    assert follow_up(replace(CHECK, interval_s=3600.0), up, result(limited, 0)).rest_s == 300.0
    assert follow_up(CHECK, up, result(limited, 0, retry_after_s=7.5)).rest_s == 7.5
    assert follow_up(CHECK, up, result(limited, 0, retry_after_s=86400.0)).rest_s == 3600.0


@pytest.mark.parametrize(
    ("status", "because", "override", "severity"),
    [
        (ERR, DownBecause.FAILURES_IN_A_ROW, None, Severity.CRITICAL),
        (ERR, DownBecause.RATIO, None, Severity.WARNING),
        (Status.RATE_LIMITED, DownBecause.FAILURES_IN_A_ROW, None, Severity.WARNING),
        (DEG, None, None, Severity.WARNING),
        (DEG, None, Severity.CRITICAL, Severity.CRITICAL),
        (ERR, DownBecause.FAILURES_IN_A_ROW, Severity.WARNING, Severity.WARNING),
    ],
)
def test_severity(status: Status, because: DownBecause | None, override: Severity | None, severity: Severity) -> None:
    """Rate limits, slowness and ratios warn; an override wins."""
    assert severity_of(status, because, override) is severity


def test_the_ratio_can_be_switched_off() -> None:
    """Without a ratio only failures in a row count."""
    check = replace(CHECK, rules=HealthRules(failure_ratio=None))
    assert Change.WENT_DOWN not in changes(play(*series(*([ERR, ERR, UP] * 10)), check=check))


RESULTS = st.lists(
    st.tuples(
        st.sampled_from(Status),
        st.floats(0.1, 500, allow_nan=False),
        st.sampled_from([Trigger.ON_PHASE, Trigger.CONFIRM]),
        st.booleans(),
    ),
    max_size=60,
)


@given(RESULTS)
def test_what_holds_for_any_sequence(steps: list[tuple[Status, float, Trigger, bool]]) -> None:
    """Down and up alternate; slow and no longer slow alternate; nothing happens to an up check on a success."""
    at_s, results = 0.0, []
    for status, gap_s, trigger, loading in steps:
        at_s += gap_s
        results.append(result(status, at_s, trigger, loading=loading and status is Status.OVERLOADED))
    down = slow = False
    for step, one in zip(play(*results), results, strict=True):
        for change in step.changes:
            if change in (Change.WENT_DOWN, Change.RECOVERED):
                assert down is (change is Change.RECOVERED)
                down = not down
            if change in (Change.SLOW, Change.NO_LONGER_SLOW):
                assert slow is (change is Change.NO_LONGER_SLOW)
                slow = not slow
        assert (step.health.state is State.DOWN) is down
        assert step.health.slow is slow
        assert len(step.health.failed_at) == step.health.failures.hits
        if one.status.is_success and step.health.state is State.UP:
            assert step.health.consecutive_failures == 0
        if Change.WENT_DOWN in step.changes:
            assert step.health.since.mono_us <= one.started_at.mono_us


@given(st.lists(st.booleans(), max_size=40), st.integers(1, 30))
def test_a_window_holds_the_newest(hits: list[bool], capacity: int) -> None:
    """A window of n holds exactly the newest n results."""
    window = Window()
    for hit in hits:
        window = window.push(hit=hit, capacity=capacity)
    newest = hits[-capacity:]
    assert window.size == len(newest)
    assert window.hits == sum(newest)


def test_checks_that_fare_alike_share_what_is_remembered() -> None:
    """Ten thousand healthy checks must not keep ten thousand equal windows."""
    check = replace(CHECK, rules=HealthRules(flapping=FlappingRule()))
    one, other = (play(*series(UP, ERR, UP, UP), check=check)[-1].health for _ in range(2))
    assert one.failures is other.failures
    assert one.slow_answers is other.slow_answers
    assert one.flapping is other.flapping


def test_a_ratio_is_a_plain_pair() -> None:
    """`5/20` means five failures among twenty."""
    assert Ratio(5, 20) == HealthRules().failure_ratio


def test_whose_the_degraded_answers_were_is_remembered_with_them() -> None:
    """One mark per hit, dropped with it; stand-ins at a check that is known as slow are a change of their own."""
    slow = [replace(one, verdict=replace(one.verdict, action=Action.WAIT_OR_SWITCH)) for one in series(*[DEG] * 5)]
    other = [
        replace(one, verdict=replace(one.verdict, action=Action.CHECK_ROUTING))
        for one in series(*[UP] * 5, *[DEG] * 12)[5:]
    ]
    steps = play(*slow, *other)
    assert steps[4].changes == (Change.SLOW,)
    assert steps[4].health.stand_ins == (False,) * 5
    assert [step.changes for step in steps[5:]] == [(), (), (), (), (Change.STOOD_IN,), *[()] * 7]
    assert steps[-1].health.stand_ins == (True,) * 10
    assert all(len(step.health.stand_ins) == len(step.health.slowed_at) for step in steps)
