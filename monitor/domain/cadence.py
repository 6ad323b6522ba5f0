"""Cadence: when a check is probed slower than its interval, and when it is fast again.

Pure. Two small machines: checks that have long been well relax, each for itself, and all of an endpoint are awake again
when anything on it changes; checks that hang are sampled, so that they leave room for everything else.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from monitor.clock import Moment
from monitor.domain.check import Check
from monitor.domain.health import Health, State
from monitor.domain.result import Status

HANGING_SHARE = 0.5
"""So much of an endpoint's slots may be taken by probes that hang."""
REPACED_FROM = 1.5
"""A sample is paced anew when its interval is off by this factor."""


class Calm:
    """Which checks have been well for long; what it says is believed at once."""

    def __init__(self) -> None:
        self._since: dict[str, Moment] = {}
        self._changed: dict[str, Moment] = {}
        self._relaxed: defaultdict[str, set[str]] = defaultdict(set)
        self._troubled: set[str] = set()

    @property
    def is_troubled(self) -> bool:
        """True while anything is not plainly UP."""
        return bool(self._troubled)

    def begin(self, check: Check, health: Health) -> None:
        """A check is new, or of a former life of the daemon: if nothing of that speaks against it, it was well."""
        steady = not (health.failures.hits or health.slow_answers.hits)
        if steady and health.state is State.UP and health.latest is not None and health.latest.status is Status.UP:
            self._since.setdefault(check.id, health.since)

    def keep(self, checks: Iterable[str]) -> None:
        """Forget all other checks."""
        kept = set(checks)
        self._since = {check: since for check, since in self._since.items() if check in kept}
        self._troubled &= kept
        for relaxed in self._relaxed.values():
            relaxed.intersection_update(kept)

    def awake(self, check: Check) -> None:
        """It is at its own interval again, whatever was said."""
        self._relaxed[check.endpoint].discard(check.id)

    def well(self, check: Check, at: Moment) -> bool:
        """A check was plainly UP; True if it relaxes now."""
        self._troubled.discard(check.id)
        if check.relaxed is None:
            return False
        since = self._since.setdefault(check.id, at)
        changed = self._changed.get(check.endpoint, since)
        relaxed = self._relaxed[check.endpoint]
        is_long = min(at.s_since(since), at.s_since(changed)) >= check.relaxed.after_s
        if not is_long or check.id in relaxed:
            return False
        relaxed.add(check.id)
        return True

    def trouble(self, check: Check, at: Moment) -> tuple[str, ...]:
        """A check failed or was slow; the checks that are awake again. What goes on being so wakes nobody else."""
        self._since.pop(check.id, None)
        if check.id in self._troubled:
            return ()
        self._troubled.add(check.id)
        self._changed[check.endpoint] = at
        return tuple(self._relaxed.pop(check.endpoint, ()))


@dataclass(frozen=True, slots=True)
class Suspect:
    """A check whose next probes are expected to hang.

    Attributes:
        probes: in a row, as long as it is not yet known to be DOWN.
    """

    check: Check
    probes: int

    @classmethod
    def of(cls, check: Check, health: Health) -> "Suspect":
        """With the confirm probes that its failure asks for."""
        left = 1 if health.state is State.DOWN else check.rules.failure_threshold - health.consecutive_failures
        return cls(check, max(1, left))


def suspects(checks: Iterable[tuple[Check, Health]], since: Moment, *, wide: bool) -> Iterator[Suspect]:
    """Which checks of an endpoint are expected to hang.

    Args:
        checks: models, with what is believed of them.
        since: when the endpoint began to hang.
        wide: all of the endpoint hangs, so that a model that was not heard of since is expected to.
    """
    for check, health in checks:
        hangs = health.latest is not None and health.latest.status is Status.TIMEOUT
        unheard = health.latest_at is None or health.latest_at.mono_us < since.mono_us
        if hangs or (wide and unheard):
            yield Suspect(check, Suspect.of(check, health).probes)


def sample_interval_s(hanging: Iterable[Suspect], slots: float) -> float:
    """How often each of them may be probed, in seconds: they take half of the slots together."""
    return sum(one.check.timeout_s * one.probes for one in hanging) / (HANGING_SHARE * slots)


def is_off(present_s: float, wanted_s: float) -> bool:
    """True if a sample's interval should be changed."""
    return not present_s / REPACED_FROM < wanted_s < present_s * REPACED_FROM
