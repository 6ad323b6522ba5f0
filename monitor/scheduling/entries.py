"""What stands on the schedule: one check, and the checks of one slot. Owns no turn and no timer."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from monitor.domain.check import Check
from monitor.scheduling.phases import Cycle, Slot


@dataclass(slots=True, eq=False)
class Entry:
    """One check on the schedule.

    Attributes:
        settled_mono_us: phase turns before this are not its own; the first probe stands for them.
        rests_until_us: monotonic; no probe before.
        put_off_us: when the oldest turn that could not run was due; None without one.
        alarm: the one-shot timer of a first, confirm, or put-off probe.
        alarm_is_turn: it stands for a turn of the check, which must not be lost.
    """

    check: Check
    group: "Group"
    settled_mono_us: int
    rests_until_us: int = 0
    put_off_us: int | None = None
    alarm: asyncio.TimerHandle | None = None
    alarm_is_turn: bool = False


@dataclass(slots=True, eq=False)
class Group:
    """The checks of one slot, and the last turn that they had.

    Attributes:
        come: takes each turn of the slot.
    """

    slot: Slot
    cycle: Cycle
    last_turn: int
    come: Callable[["Group"], None]
    entries: list[Entry] = field(default_factory=list)

    def turn(self) -> None:
        """A turn has come: what the timer calls; a method, since a partial takes four times its memory."""
        self.come(self)
