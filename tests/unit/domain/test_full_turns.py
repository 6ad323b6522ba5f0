"""Which probes are asked in full: the rhythm, and that a cheap success hides nothing."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.full_turns import AT_FIRST, FullTurns
from monitor.domain.result import Status, Trigger

PROBES = st.lists(
    st.tuples(st.sampled_from(Trigger), st.sampled_from((Status.UP, Status.DEGRADED, Status.TIMEOUT, Status.UNKNOWN)))
)


def step(turns: FullTurns, every: int, trigger: Trigger, status: Status) -> tuple[bool, FullTurns]:
    """How one probe is asked, and where that leaves the check."""
    full = turns.is_full(trigger)
    return full, turns.after(every, trigger, status, full=full)


def test_every_third_turn_is_full() -> None:
    """The first is, so that a restart hides nothing for long."""
    turns, seen = AT_FIRST, []
    for _ in range(7):
        full, turns = step(turns, 3, Trigger.ON_PHASE, Status.UP)
        seen.append(full)
    assert seen == [True, False, False, True, False, False, True]


def test_what_a_full_probe_found_is_asked_about_in_full() -> None:
    """Confirm probes and turns alike, until a full one finds the check well."""
    _, turns = step(AT_FIRST, 5, Trigger.ON_PHASE, Status.INVALID_RESPONSE)
    for trigger in (Trigger.CONFIRM, Trigger.CONFIRM, Trigger.ON_PHASE, Trigger.TRIAGE):
        full, turns = step(turns, 5, trigger, Status.INVALID_RESPONSE)
        assert full
    full, turns = step(turns, 5, Trigger.CONFIRM, Status.UP)
    assert full
    assert not turns.is_full(Trigger.ON_PHASE)


def test_a_plain_failure_is_confirmed_plainly() -> None:
    """Only the plain question is in doubt."""
    turns = FullTurns(plain=3)
    full, turns = step(turns, 5, Trigger.ON_PHASE, Status.TIMEOUT)
    assert not full
    assert not turns.is_full(Trigger.CONFIRM)


def test_a_full_turn_that_says_nothing_is_still_due() -> None:
    """UNKNOWN is the monitor's own fault."""
    full, turns = step(AT_FIRST, 5, Trigger.ON_PHASE, Status.UNKNOWN)
    assert full
    assert turns.is_full(Trigger.ON_PHASE)


@given(st.integers(1, 6), PROBES)
def test_a_cheap_success_never_hides_a_failure_and_turns_never_starve(
    every: int, probes: list[tuple[Trigger, Status]]
) -> None:
    """After a full probe that was not well all are full until one is; of `every` turns in a row one is full."""
    turns, owed, plain_turns = AT_FIRST, False, 0
    for trigger, status in probes:
        full, turns = step(turns, every, trigger, status)
        assert full or not owed
        if trigger is Trigger.MANUAL or status is Status.UNKNOWN:
            assert full or trigger is not Trigger.MANUAL
            continue
        owed = status is not Status.UP if full else owed
        plain_turns = 0 if full else plain_turns + trigger.is_turn
        assert plain_turns < every


@given(st.sampled_from(Trigger))
def test_after_a_restart_no_cheap_success_comes_first(trigger: Trigger) -> None:
    """A triage or confirm probe before the first turn would end an incident that only the full question sees."""
    full, turns = step(AT_FIRST, 5, trigger, Status.INVALID_RESPONSE)
    assert full
    assert turns.is_full(Trigger.CONFIRM)
