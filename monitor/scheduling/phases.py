"""What is due when: fixed phases, as pure arithmetic on microseconds.

A check's phase is a stable hash of its id, spread over its interval in slots of 10 ms, so that ten thousand checks make
no herd and none drifts. Owns no timer.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from monitor.clock import US_PER_S, Moment
from monitor.domain.availability import FAR_FUTURE_US, Rhythm
from monitor.domain.check import Check

SLOT_US = 10_000
EARLY_US = 5_000
FIRST_PROBES_WITHIN_S = 2.0
FIRST_PROBES_PER_S = 500


@dataclass(frozen=True, slots=True)
class Slot:
    """One place in an interval where probes start together.

    Attributes:
        interval_us: how often it comes.
        index: its place in the interval, in units of 10 ms.
    """

    interval_us: int
    index: int


class SlotTable:
    """Which slots are taken; a check gets its hashed slot, or the nearest later one with less company."""

    def __init__(self) -> None:
        self._taken: Counter[Slot] = Counter()
        self._members: Counter[int] = Counter()

    def take(self, check: Check, interval_s: float | None = None) -> Slot:
        """A slot for one more check, at its own interval or another."""
        interval_us = interval_of(check, interval_s)
        count = max(1, interval_us // SLOT_US)
        company = self._members[interval_us] // count
        hashed = stable_hash(check.id) % count
        index = next(
            index
            for offset in range(count)
            if self._taken[Slot(interval_us, index := (hashed + offset) % count)] <= company
        )
        slot = Slot(interval_us, index)
        self._taken[slot] += 1
        self._members[interval_us] += 1
        return slot

    def release(self, slot: Slot) -> None:
        """Give back the slot of a check that is gone."""
        self._taken[slot] -= 1
        self._members[slot.interval_us] -= 1


@dataclass(frozen=True, slots=True)
class Cycle:
    """The turns of a slot on the monotonic clock: `base_mono_us` plus any multiple of the interval."""

    base_mono_us: int
    interval_us: int

    @classmethod
    def of(cls, slot: Slot, now: Moment) -> "Cycle":
        """The turns of `slot`: wall times that are its index modulo the interval, seen from `now`."""
        behind = (now.wall_us - slot.index * SLOT_US) % slot.interval_us
        return cls(now.mono_us - behind, slot.interval_us)

    def turn(self, mono_us: int) -> int:
        """The number of the newest turn at `mono_us`; a timer that rings up to 5 ms early means the coming one."""
        return (mono_us - self.base_mono_us + EARLY_US) // self.interval_us

    def due_us(self, turn: int) -> int:
        """When a turn is due, in monotonic microseconds."""
        return self.base_mono_us + turn * self.interval_us

    def next_after(self, mono_us: int) -> int:
        """When the next turn after `mono_us` is due, in monotonic microseconds."""
        return self.due_us(self.turn(mono_us) + 1)


def interval_of(check: Check, interval_s: float | None = None) -> int:
    """A check's interval, or another in its place, in whole slots, in microseconds."""
    seconds = check.interval_s if interval_s is None else interval_s
    return max(SLOT_US, round(seconds * US_PER_S / SLOT_US) * SLOT_US)


def stable_hash(text: str) -> int:
    """The same number for the same text on every machine and in every run."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def first_delays_s(checks: Sequence[Check]) -> dict[str, float]:
    """How long after the start each check is probed first.

    Spread over min(interval, 2 s), or at 500 a second where that takes longer; in hashed order, so that the checks of
    one endpoint do not come all at once.
    """
    ordered = sorted(checks, key=lambda check: stable_hash(check.id))
    count = len(ordered)
    longest = max(FIRST_PROBES_WITHIN_S, count / FIRST_PROBES_PER_S)
    crowded = longest > FIRST_PROBES_WITHIN_S
    return {
        check.id: index / count * (longest if crowded else min(check.interval_s, longest))
        for index, check in enumerate(ordered)
    }


def rhythm_from(cycle: Cycle, first_due: Moment) -> Rhythm:
    """The wall times of a check's turns: the first probe, then its phase, from half an interval after that on."""
    settled_us = first_due.mono_us + cycle.interval_us // 2
    phase_mono_us = cycle.next_after(settled_us)
    return Rhythm(
        first_due_us=first_due.wall_us,
        phase_us=first_due.wall_us + phase_mono_us - first_due.mono_us,
        interval_us=cycle.interval_us,
        until_us=FAR_FUTURE_US,
    )
