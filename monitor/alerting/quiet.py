"""Which results a replay may put aside: those that would change nothing, of checks that have long been well.

Pure. A month holds a million answers of which one in a thousand is news. An answer of a check that is up, whose windows
hold nothing but good answers, moves only the time of its newest answer; that is put down before anybody asks for it.
Owns when nobody asks; a test holds it to a replay that puts nothing aside.
"""

from collections.abc import Iterable

from monitor.alerting.roster import TRIAGE_LASTS_S
from monitor.clock import US_PER_S
from monitor.domain.check import Check
from monitor.domain.health import Health, State
from monitor.domain.incident import Incident, Scope
from monitor.domain.result import Result, Status, Trigger

_ASKED_US = round((TRIAGE_LASTS_S + 1.0) * US_PER_S)


class Quiet:
    """The newest answer of every check that is well, where it was put aside.

    Attributes:
        held: an incident waits for what siblings prove.
    """

    def __init__(self) -> None:
        self._steady: set[str] = set()
        self._kept: dict[str, Result] = {}
        self._wide: set[str] = set()
        self._everywhere = False
        self._asked_until_us = 0
        self.held = False

    def keeps(self, check: Check, result: Result) -> bool:
        """True if the result was put aside: nobody is waiting for it."""
        if result.status is not Status.UP or check.id not in self._steady or result.trigger is not Trigger.ON_PHASE:
            return False
        if result.finished_at.mono_us <= self._asked_until_us or self.held or self._everywhere:
            return False
        if check.endpoint in self._wide:
            return False
        self._kept[check.id] = result
        return True

    def needed_by(self, check: Check, health: Health, result: Result) -> Iterable[Result]:
        """What was put aside and must be known before this result: siblings are evidence for a failure that is news."""
        self._kept.pop(check.id, None)
        narrow = health.state is State.DOWN and check.endpoint not in self._wide and not self._everywhere
        if result.status.is_success or narrow:
            return ()
        self._asked_until_us = result.finished_at.mono_us + _ASKED_US
        kept, self._kept = tuple(self._kept.values()), {}
        return kept

    def seen(self, check: Check, health: Health, result: Result) -> None:
        """The result was recorded, and the check's health is this now."""
        if result.status is Status.UP and is_steady(check, health):
            self._steady.add(check.id)
        else:
            self._steady.discard(check.id)

    def look_at(self, incidents: Iterable[Incident]) -> None:
        """These are open now: while one of more than a check is, its endpoint's answers prove something."""
        wide = [one for one in incidents if one.scope is not Scope.CHECK or one.telling.hold_until is not None]
        self._wide = {one.endpoint for one in wide}
        self._everywhere = any(one.scope is Scope.NETWORK for one in wide)
        self.held = any(one.telling.hold_until is not None for one in wide)


def is_steady(check: Check, health: Health) -> bool:
    """True if another good answer would change nothing but when the newest one was."""
    rules, ratio = check.rules, check.rules.failure_ratio
    return (
        health.state is State.UP
        and not (health.slow or health.consecutive_failures or health.loading_since)
        and health.consecutive_successes >= rules.recovery_threshold
        and (ratio is None or (not health.failures.bits and health.failures.size >= ratio.window))
        and not health.slow_answers.bits
        and health.slow_answers.size >= rules.slow_ratio.window
        and not (health.flapping.changes or health.flapping.flapping)
        and (rules.flapping is None or health.flapping.ok is True)
    )
