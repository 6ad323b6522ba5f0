"""Phases: the arithmetic of slots and turns."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.clock import US_PER_S, Moment
from monitor.domain.check import Check, CheckKind
from monitor.scheduling.phases import (
    EARLY_US,
    SLOT_US,
    Cycle,
    Slot,
    SlotTable,
    first_delays_s,
    interval_of,
    rhythm_from,
    stable_hash,
)

NOW = Moment(1_763_690_000_123_456, 77_000_001)


def check(name: str, interval_s: float = 30.0) -> Check:
    """A check with an interval."""
    return Check(name, "gw", CheckKind.CHAT, name, "gw", interval_s=interval_s)


def test_the_hash_is_the_same_in_every_run() -> None:
    """A check keeps its phase over restarts and machines: the figure itself is fixed."""
    assert stable_hash("gw/models") == 1180340263715936590


def test_few_checks_get_a_slot_each_and_many_share_evenly() -> None:
    """A slot holds one check until there are more checks than slots."""
    table = SlotTable()
    slots = [table.take(check(f"c{i}", 1.0)) for i in range(100)]
    assert len(set(slots)) == 100
    more = [table.take(check(f"d{i}", 1.0)) for i in range(100)]
    assert len(set(more)) == 100


def test_a_released_slot_is_free_again() -> None:
    """A check that is gone leaves no trace in the table."""
    table = SlotTable()
    slot = table.take(check("a"))
    table.release(slot)
    assert table.take(check("a")) == slot


@given(st.integers(0, 2**52), st.integers(0, 2**50), st.integers(1, 6000), st.integers(0, 5999))
def test_turns_lie_on_the_slot_and_never_in_the_past(wall: int, mono: int, slots: int, index: int) -> None:
    """Every turn is the slot's index modulo the interval, and the next one is at most an interval (and 5 ms) away."""
    slot = Slot(slots * SLOT_US, index % slots)
    now = Moment(wall, mono)
    cycle = Cycle.of(slot, now)
    ahead = cycle.next_after(now.mono_us) - now.mono_us
    assert EARLY_US < ahead <= slot.interval_us + EARLY_US
    assert (wall + ahead) % slot.interval_us == slot.index * SLOT_US
    assert cycle.due_us(cycle.turn(cycle.next_after(mono))) == cycle.next_after(mono)


@given(st.integers(1, 3000), st.floats(0.1, 100))
def test_first_probes_are_spread(count: int, interval_s: float) -> None:
    """All first probes start within min(interval, 2 s), or at 500 a second where that takes longer."""
    delays = first_delays_s([check(f"c{i}", interval_s) for i in range(count)])
    assert len(delays) == count
    assert max(delays.values()) < max(min(interval_s, 2.0), count / 500)
    assert min(delays.values()) == 0.0


@given(st.floats(0.1, 3600), st.floats(0, 20))
def test_the_phase_begins_half_an_interval_after_the_first_probe(interval_s: float, delay_s: float) -> None:
    """Between the first probe and the first turn of the phase lie half an interval to one and a half."""
    one = check("x", interval_s)
    cycle = Cycle.of(SlotTable().take(one), NOW)
    rhythm = rhythm_from(cycle, NOW.plus_s(delay_s))
    gap = rhythm.phase_us - rhythm.first_due_us
    assert interval_of(one) // 2 - EARLY_US <= gap <= interval_of(one) * 3 // 2 + EARLY_US
    assert rhythm.interval_us == interval_of(one)
    assert abs(rhythm.interval_us - interval_s * US_PER_S) <= SLOT_US
