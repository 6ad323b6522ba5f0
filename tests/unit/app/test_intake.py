"""Where results come in: keys that are read again, secrets that stay hidden, alarms that must get through."""

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from monitor.alerting.notification import Event, Notification
from monitor.app import intake
from monitor.app.intake import Intake
from monitor.app.setup import Setup, prepare
from monitor.app.witness import Tally, Witness
from monitor.clock import Moment, SystemClock
from monitor.config.load import loads
from monitor.config.secrets import Secret
from monitor.delivery.channel import Delivered, Receipt, Retry
from monitor.domain.check import Check, CheckKind
from monitor.domain.follow_up import AS_PLANNED, FollowUp
from monitor.domain.health import Health
from monitor.domain.redact import Redactor
from monitor.domain.result import Result, Status, Trigger, Verdict
from monitor.errors import UsageError
from monitor.web.metrics import Metrics

NOW = Moment(1_795_200_000_000_000, 5_000_000)
CHECK = Check("gw/chat/a", "gw", CheckKind.CHAT, "a", "gw")
REFUSED = Result(CHECK.id, NOW, NOW, Trigger.ON_PHASE, Verdict(Status.AUTH_ERROR))
ALARM = Notification("n", Event.NOTICE, "critical", "relaywatch", "cannot record", "the disk is full")
OLD, NEW = "sk-old-0123456789abcdef", "sk-new-fedcba9876543210"


@dataclass
class FakeLedger:
    """Believes nothing in particular."""

    checks: dict[str, Check] = field(default_factory=lambda: {CHECK.id: CHECK})
    healths: dict[str, Health] = field(default_factory=lambda: {CHECK.id: Health(CHECK.id, NOW)})
    refusing_since: Moment | None = NOW
    in_maintenance: bool = False

    def stamped(self, result: Result) -> Result:
        """As of maintenance, if it is."""
        return replace(result, trigger=Trigger.MAINTENANCE) if self.in_maintenance else result

    def record(self, result: Result) -> FollowUp:
        """Taken."""
        assert result.check in self.checks
        return AS_PLANNED


@dataclass
class FakeProber:
    """Remembers which key it was given; refuses one as often as it is told."""

    refusals: int = 0
    keys: list[Secret] = field(default_factory=list)

    def replace_key(self, endpoint: str, key: Secret, *, redactor: Redactor) -> None:
        """As promised."""
        assert endpoint == "gw"
        assert key.reveal() not in redactor.clean(f"you sent {key.reveal()}")
        if self.refusals:
            self.refusals -= 1
            raise UsageError("the CA file is gone")
        self.keys.append(key)


@dataclass
class FakeDelivery:
    """Answers with one receipt after the other."""

    receipts: list[Receipt]
    sent: int = 0

    async def send_now(self, notification: Notification) -> dict[str, Receipt]:
        """One channel, one try."""
        assert notification is ALARM
        self.sent += 1
        return {"ops": self.receipts.pop(0)}


def setup_in(folder: Path, key_file: str = "key") -> Setup:
    """One endpoint with its key in a file."""
    text = (
        '[[endpoints]]\nname = "gw"\nbase_url = "http://127.0.0.1:9/v1"\nmodels = ["a"]\n'
        f'api_key = {{ file = "{key_file}" }}\n'
    )
    return prepare(loads(text, folder), {}, SystemClock())


def intake_of(setup: Setup, prober: FakeProber) -> Any:
    """An intake among fakes."""
    tally = Tally()
    built: Any = Intake(Witness(Metrics(), tally), prober, setup, {})  # type: ignore[arg-type]
    built.tally = tally
    built.ledger = FakeLedger()
    return built


async def errands(one: Any) -> None:
    """Wait for what runs aside."""
    await asyncio.gather(*one._errands)


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    """With the old key; the file holds the new one by now."""
    (tmp_path / "key").write_text(OLD)
    ready = setup_in(tmp_path)
    (tmp_path / "key").write_text(NEW)
    return ready


async def test_what_falls_into_maintenance_counts_nowhere(setup: Setup) -> None:
    """Nor in the availability that is printed at the end."""
    one = intake_of(setup, FakeProber())
    one.ledger.in_maintenance = True
    one.report(replace(REFUSED, verdict=Verdict(Status.TIMEOUT)))
    assert one.tally.availability(CHECK.id) is None
    one.ledger.in_maintenance = False
    one.report(replace(REFUSED, verdict=Verdict(Status.UP)))
    assert one.tally.availability(CHECK.id) == 100.0


async def test_a_refused_key_is_read_again_and_used_once(setup: Setup) -> None:
    """From the file, before the confirm probe."""
    prober = FakeProber()
    one = intake_of(setup, prober)
    for _ in range(3):
        one.report(REFUSED)
        await errands(one)
    assert [key.reveal() for key in prober.keys] == [NEW]


async def test_a_key_that_could_not_be_put_to_use_is_tried_again(setup: Setup) -> None:
    """Whatever stood in the way may be gone at the next refusal."""
    prober = FakeProber(refusals=1)
    one = intake_of(setup, prober)
    for _ in range(2):
        one.report(REFUSED)
        await errands(one)
    assert [key.reveal() for key in prober.keys] == [NEW]


async def test_a_reload_counts_more_than_a_key_that_was_being_read(setup: Setup, tmp_path: Path) -> None:
    """The configuration names another file meanwhile: its key stays."""
    prober = FakeProber()
    one = intake_of(setup, prober)
    (tmp_path / "other").write_text("sk-third-0123456789abcdef")
    reloaded = await asyncio.to_thread(setup_in, tmp_path, "other")
    one.report(REFUSED)
    await asyncio.sleep(0)  # the reading has begun, and cannot end before the next await
    one.put_in_force(reloaded)
    await errands(one)
    assert prober.keys == []


async def test_a_former_key_stays_hidden_after_a_reload(setup: Setup, tmp_path: Path) -> None:
    """A probe in flight may be answered with it."""
    one = intake_of(setup, FakeProber())
    redactor = one.put_in_force(await asyncio.to_thread(setup_in, tmp_path))
    for key in (OLD, NEW):
        assert key not in redactor.clean(f"Incorrect API key provided: {key}")


@pytest.mark.parametrize(("accepts_again", "sends"), [(False, 3), (True, 1)])
async def test_an_alarm_is_sent_until_a_channel_takes_it(
    setup: Setup,
    monkeypatch: pytest.MonkeyPatch,
    accepts_again: bool,  # noqa: FBT001  a table
    sends: int,
) -> None:
    """That nothing can be recorded is news until it can."""
    one = intake_of(setup, FakeProber())
    one.delivery = FakeDelivery([Retry("HTTP 500"), Retry("HTTP 500"), Delivered("ok")])

    async def pause(_seconds: float) -> None:
        if accepts_again:
            one.ledger.refusing_since = None

    monkeypatch.setattr(intake, "asyncio", SimpleNamespace(sleep=pause, create_task=asyncio.create_task))
    one.alarm(ALARM)
    await errands(one)
    assert one.delivery.sent == sends
