"""What works instead: healthy models, fastest first, for the message about one that does not."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from monitor.alerting.texts import Alternative
from monitor.clock import Moment
from monitor.domain.check import Check, CheckKind
from monitor.domain.health import Health, State
from monitor.domain.result import Status

NAMED_AT_MOST = 3


@dataclass(frozen=True, slots=True)
class Ranking:
    """Every model that worked at one moment.

    Attributes:
        at: when it was made.
        checks: of healthy models, fastest first.
    """

    at: Moment
    checks: tuple[Check, ...]

    @classmethod
    def of(cls, checks: Mapping[str, Check], healths: Mapping[str, Health], now: Moment) -> "Ranking":
        """Rank the models whose newest probe succeeded and was not slow."""
        healthy = [check for check in checks.values() if check.kind is CheckKind.CHAT and _works(healths[check.id])]
        return cls(now, tuple(sorted(healthy, key=lambda check: (_latency(healths[check.id]), check.id))))

    def best_for(self, failing: Check, healths: Mapping[str, Health]) -> tuple[Alternative, ...]:
        """The best few models instead of a failing check's.

        One on the same endpoint is named only if it has answered since the failing check broke: before that its
        health is a belief from before the outage, and the outage may be the whole endpoint's.
        """
        broke_at = healths[failing.id].since
        return tuple(
            Alternative(model=check.model or "", endpoint=check.endpoint, latency_ms=healths[check.id].latency_ms)
            for check in islice((c for c in self.checks if self._serves(c, failing, broke_at, healths)), NAMED_AT_MOST)
        )

    @staticmethod
    def _serves(check: Check, failing: Check, broke_at: Moment, healths: Mapping[str, Health]) -> bool:
        health = healths.get(check.id)
        if check.id == failing.id or health is None or not _works(health) or health.latest_at is None:
            return False
        if failing.kind is CheckKind.CHAT and _embeds(check) is not _embeds(failing):
            return False
        return check.endpoint != failing.endpoint or health.latest_at.mono_us >= broke_at.mono_us


def _works(health: Health) -> bool:
    return health.state is State.UP and health.latest is not None and health.latest.status is Status.UP


def _embeds(check: Check) -> bool:
    """Whether it is asked for embeddings: nothing that is asked for text can stand in for it, nor the other way."""
    return check.protocol.endswith("-embeddings")


def _latency(health: Health) -> float:
    return float("inf") if health.latency_ms is None else health.latency_ms
