"""Which probes of a check are asked in full, and which plainly: a small machine, pure.

Owns the rhythm `full_every`, and the one exception to it: what a full probe found wrong is asked about in full until a
full probe finds it well. Else the cheap success that follows would hide a failure that only the full question sees.
"""

from dataclasses import dataclass

from monitor.domain.result import Status, Trigger


@dataclass(frozen=True, slots=True)
class FullTurns:
    """Where a check stands.

    Attributes:
        plain: so many more turns are plain.
        owed: no full probe has found the check well since one did not, or ever.
    """

    plain: int = 0
    owed: bool = False

    def is_full(self, trigger: Trigger) -> bool:
        """Whether the next probe is asked in full; one by hand always is."""
        return self.owed or trigger is Trigger.MANUAL or (trigger.is_turn and self.plain == 0)

    def after(self, every: int, trigger: Trigger, status: Status, *, full: bool) -> "FullTurns":
        """Where the check stands after a probe.

        Args:
            every: one of so many turns is full.
            trigger: why it was probed.
            status: what was found; UNKNOWN says nothing, so a full turn is still due then.
            full: how it was asked.
        """
        if trigger is Trigger.MANUAL or status is Status.UNKNOWN:
            return self
        if full:
            return FullTurns(every - 1, owed=status is not Status.UP)
        return FullTurns(max(0, self.plain - 1) if trigger.is_turn else self.plain)


AT_FIRST = FullTurns(owed=True)
"""Nothing is known, as after a restart: whatever comes first is full, lest a cheap success end an open incident."""
