"""A ledger's face that is nothing but what a test puts into it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pytest

from monitor.alerting.silences import Silence
from monitor.alerting.texts import Voice
from monitor.clock import US_PER_S, Moment
from monitor.domain.action import Language
from monitor.domain.check import Check, CheckKind, check_id, provider_of
from monitor.domain.health import Health, State
from monitor.domain.incident import Incident
from monitor.domain.result import Verdict

NOON_US = 1_795_262_400 * US_PER_S  # 2026-11-21T12:00:00Z


@dataclass
class FakeLedger:
    """What the ledger shows of itself."""

    checks: dict[str, Check] = field(default_factory=dict)
    healths: dict[str, Health] = field(default_factory=dict)
    open_incidents: tuple[Incident, ...] = ()
    silences: tuple[Silence, ...] = ()
    pending: int = 0
    last_commit: Moment | None = None
    refusing_since: Moment | None = None
    dropped: int = 0

    def add(self, endpoint: str, model: str | None, state: State = State.UP, verdict: Verdict | None = None) -> Check:
        """Put a check in force, with what is believed of it."""
        kind = CheckKind.MODELS if model is None else CheckKind.CHAT
        check = Check(check_id(endpoint, kind, model), endpoint, kind, model, provider_of(model, endpoint))
        self.checks[check.id] = check
        self.healths[check.id] = Health(check.id, since=Moment(NOON_US, 0), state=state, latest=verdict)
        return check


@pytest.fixture
def ledger() -> FakeLedger:
    """An empty ledger."""
    return FakeLedger()


@pytest.fixture
def now() -> Moment:
    """One minute after noon."""
    return Moment(NOON_US, 0).plus_s(60)


@pytest.fixture
def voice() -> Callable[[Language], Voice]:
    """A voice in Seoul, where noon UTC is nine in the evening."""
    return lambda language: Voice(language, ZoneInfo("Asia/Seoul"))
