"""When the wall clock is believed, and that a wrong one is not before a day has passed."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.clock import US_PER_S
from monitor.domain.clock_belief import LEAP_US, WARY_US, Belief

HOUR_US = 3600 * US_PER_S
DAY_US = 24 * HOUR_US
START_US = 1_795_200_000 * US_PER_S
LOOK_US = HOUR_US // 2


@dataclass
class Machine:
    """A machine whose clock is right or wrong by a fixed time, and what a daemon on it holds of the clock.

    `written` is what outlives the daemon.
    """

    wrong_by_us: int
    real_us: int = START_US
    is_wrong: bool = False
    nudged_us: int = 0
    belief: Belief | None = None
    doubts_since_us: int | None = None
    written: Belief = field(default_factory=Belief)
    wrong_since_us: int = 0
    doubted_before: bool = False

    @property
    def wall_us(self) -> int:
        """What its clock says."""
        return self.real_us + self.nudged_us + (self.wrong_by_us if self.is_wrong else 0)

    def look(self, slept_us: int = 0) -> bool:
        """Whether the daemon believes the clock now."""
        before = self.belief or self.written
        watched_us = None if self.doubts_since_us is None else self.real_us - self.doubts_since_us
        after = before.at(self.wall_us, slept_us=slept_us, watched_us=watched_us)
        if after.doubted_us != before.doubted_us:
            self.doubts_since_us = self.real_us if after.doubted_us else None
        self.belief = after
        right_us = after.right_us if after.right_us - self.written.right_us >= HOUR_US else self.written.right_us
        self.written = Belief(min(right_us, after.right_us), after.doubted_us)
        return not after.doubted_us

    def flip(self, *, is_wrong: bool) -> None:
        """The clock goes wrong, or right."""
        if is_wrong and not self.is_wrong:
            self.wrong_since_us = self.real_us
            self.doubted_before = bool((self.belief or self.written).doubted_us)
        self.is_wrong = is_wrong

    def restart(self, pause_us: int) -> None:
        """The daemon ends, and another begins later."""
        self.real_us += pause_us
        self.belief, self.doubts_since_us = None, None


steps = st.lists(
    st.one_of(
        st.tuples(st.just("run"), st.integers(1, 60)),
        st.tuples(st.just("flip"), st.booleans()),
        st.tuples(st.just("restart"), st.integers(0, 3 * 24)),
        st.tuples(st.just("nudge"), st.integers(-1, 1)),
    ),
    max_size=25,
)


@settings(max_examples=1000)
@given(wrong_by_days=st.integers(2, 7300), steps=steps)
def test_a_wrong_clock_is_not_believed_for_a_day_whatever_is_restarted(
    wrong_by_days: int, steps: list[tuple[str, int]]
) -> None:
    """And one that is right is believed again after two days at most.

    Where a right one was doubted already, after a pause of days, a leap of days cannot be told from another pause.
    """
    machine = Machine(wrong_by_days * DAY_US)
    assert machine.look()
    nudges = 0
    for kind, amount in steps:
        match kind:
            case "run":
                for _ in range(amount):
                    machine.real_us += LOOK_US
                    if machine.look() and machine.is_wrong and not machine.doubted_before:
                        assert machine.real_us - machine.wrong_since_us >= WARY_US - nudges * 2 * HOUR_US
            case "flip":
                machine.flip(is_wrong=bool(amount))
                machine.look()  # what nobody looks at cannot be told from what never was
            case "restart":
                machine.restart(amount * HOUR_US)
            case _:
                machine.nudged_us = amount * HOUR_US
                nudges += 1
    machine.flip(is_wrong=False)
    looks = [machine.look()]
    while machine.real_us < START_US + 10_000 * DAY_US and len(looks) * LOOK_US <= WARY_US + 2 * LEAP_US:
        machine.real_us += LOOK_US
        looks.append(machine.look())
    assert looks[-1]


def test_an_honest_machine_is_always_believed() -> None:
    """It is off for a night, sleeps for a week, and is set by minutes."""
    belief = Belief(START_US)
    for now_us, slept_us in ((START_US + 20 * HOUR_US, 0), (START_US + 8 * DAY_US, 7 * DAY_US), (START_US, 0)):
        belief = belief.at(now_us, slept_us=slept_us)
        assert belief == Belief(now_us, 0, now_us)


def test_a_clock_without_a_battery_changes_nothing() -> None:
    """It begins in 1970 and is set right once the network is up."""
    before = Belief(START_US)
    assert before.at(12 * US_PER_S) == before
    assert before.at(12 * US_PER_S).at(START_US + HOUR_US).doubted_us == 0


@pytest.mark.parametrize(("pause_days", "doubts"), [(1, True), (6, False), (80, False), (120, True)])
def test_a_doubt_of_an_earlier_run_is_over_after_a_day_but_not_after_years(pause_days: int, *, doubts: bool) -> None:
    """Who runs for some hours a week forgets every other week; a second leap of ten years is a leap."""
    inherited = Belief(START_US - 7 * DAY_US, START_US)
    now_us = START_US + pause_days * DAY_US - HOUR_US
    assert bool(inherited.at(now_us).doubted_us) is doubts


def test_less_wrong_is_not_right() -> None:
    """A clock that was ten years ahead and is one year ahead is doubted anew."""
    wrong = Belief(START_US).at(START_US + 3650 * DAY_US)
    assert wrong.doubted_us == wrong.seen_us
    assert wrong.at(wrong.seen_us - HOUR_US).doubted_us == wrong.doubted_us
    less = wrong.at(START_US + 365 * DAY_US)
    assert less.doubted_us == START_US + 365 * DAY_US
    assert less.at(START_US + HOUR_US).doubted_us == 0


def test_steps_of_less_than_a_day_do_not_shorten_a_doubt() -> None:
    """While this process is up, its own clock counts too."""
    doubt = Belief(START_US).at(START_US + 3650 * DAY_US)
    later = doubt.at(doubt.seen_us + 23 * HOUR_US, watched_us=HOUR_US).at(
        doubt.seen_us + 26 * HOUR_US, watched_us=LOOK_US
    )
    assert later.doubted_us == doubt.doubted_us


def test_a_leap_while_it_is_doubted_begins_another_day() -> None:
    """However long the first doubt has lasted."""
    doubt = Belief(START_US).at(START_US + 3650 * DAY_US)
    nearly = doubt.at(doubt.seen_us + 23 * HOUR_US, watched_us=23 * HOUR_US)
    further_us = nearly.seen_us + 30 * DAY_US
    assert nearly.at(further_us, watched_us=25 * HOUR_US).doubted_us == further_us
