"""What the daemon says of itself, and which self-check is in force."""

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

import pytest

from monitor.alerting.audience import Audience
from monitor.alerting.texts import Voice
from monitor.app import self_watch
from monitor.app.self_watch import SelfWatch
from monitor.clock import Moment, SystemClock
from monitor.config.urls import Address
from monitor.delivery.channel import Delivered, Receipt, Retry
from monitor.domain.action import Language
from monitor.probes.connectivity import Connectivity
from monitor.web.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.alerting.notification import Notification
    from monitor.app.intake import Intake

AUDIENCE = Audience(("ops", "boss"), Voice(Language.EN, ZoneInfo("UTC")), "abc")
TARGETS = (Address("192.0.2.1", 53),)
SINCE = Moment(1_763_690_000_000_000, 0)


@dataclass
class FakeIntake:
    """Remembers what was queued, and what was sent past the outbox."""

    receipts: list[Receipt] = field(default_factory=list)
    queued: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    all_sent: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.ledger = self.delivery = self

    def notify(self, notification: "Notification", channels: "Iterable[str]", now: Moment) -> None:
        """As the ledger does."""
        assert now.mono_us
        self.queued.append((notification.message, tuple(channels)))

    async def send_now(self, notification: "Notification") -> dict[str, Receipt]:
        """As the delivery does."""
        self.sent.append(notification.title)
        receipt = self.receipts.pop(0)
        if not self.receipts:
            self.all_sent.set()
        return {"ops": receipt}


def begun(intake: FakeIntake, targets: tuple[Address, ...] = TARGETS) -> SelfWatch:
    """A watch that looks at these targets."""
    watch = SelfWatch(SystemClock(), Metrics())
    watch.begin(cast("Intake", intake), targets, AUDIENCE)
    return watch


def uplink(watch: SelfWatch, *, closed_since: Moment | None = None) -> SimpleNamespace:
    """Replaces the self-check by one that has found this."""
    made = SimpleNamespace(closed_since=closed_since, targets=TARGETS)
    watch.own_fault.uplink = made  # type: ignore[assignment]
    return made


def test_every_channel_is_told_of_both() -> None:
    """Through the outbox."""
    intake = FakeIntake()
    watch = begun(intake)
    watch._reopened(SINCE, SINCE.plus_s(60), 7)
    watch._stood_still(SINCE, SINCE.plus_s(90))
    assert [channels for _, channels in intake.queued] == [("ops", "boss")] * 2
    assert "7 probes" in intake.queued[0][0]
    assert "frozen" in intake.queued[1][0]


def test_a_reload_keeps_a_self_check_whose_targets_stay() -> None:
    """What it has seen is not forgotten for a change elsewhere; other targets are another self-check, none is none."""
    watch = begun(FakeIntake())
    present = watch.own_fault.uplink
    watch.put_in_force(TARGETS, AUDIENCE)
    assert watch.own_fault.uplink is present
    watch.put_in_force((*TARGETS, Address("192.0.2.2", 53)), AUDIENCE)
    assert watch.own_fault.uplink is not present
    watch.put_in_force((), AUDIENCE)
    assert watch.own_fault.uplink is None
    assert watch.reasons() == []


def test_a_closed_way_is_a_reason() -> None:
    """And what the metric says."""
    watch = begun(FakeIntake())
    seen = [watch.is_uplink_up]
    uplink(watch, closed_since=SINCE)
    seen.append(watch.is_uplink_up)
    assert seen == [True, False]
    assert watch.reasons() == ["this machine has no network: failures count as unknown"]


async def test_each_self_check_runs_until_it_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also from none to one and back."""
    running: list[tuple[Address, ...]] = []
    changed = asyncio.Event()

    class Recorded(Connectivity):
        async def run(self) -> None:
            running.append(self.targets)
            changed.set()
            try:
                await asyncio.Event().wait()
            finally:
                running.remove(self.targets)
                changed.set()

    monkeypatch.setattr(self_watch, "Connectivity", Recorded)
    watch = begun(FakeIntake(), ())
    task = asyncio.create_task(watch.run())
    for targets in (TARGETS, (), TARGETS, (Address("192.0.2.2", 53),), ()):
        await asyncio.sleep(0)
        watch.put_in_force(targets, AUDIENCE)
        async with asyncio.timeout(5):
            while running != ([targets] if targets else []):
                changed.clear()
                await changed.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_way_that_is_closed_for_long_is_told_past_the_outbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until a channel takes it: then not all of the network is gone, and people must know what is doubted."""
    monkeypatch.setattr(self_watch, "LOOK_EVERY_S", 0.001)
    intake = FakeIntake(receipts=[Retry("no route"), Delivered("ok")])
    watch = begun(intake, ())
    task = asyncio.create_task(watch.run())
    now = SystemClock().now()
    await asyncio.sleep(0)
    closed = uplink(watch, closed_since=now)
    await asyncio.sleep(0.01)
    assert intake.sent == []
    closed.closed_since = now.plus_s(-601)
    async with asyncio.timeout(5):
        await intake.all_sent.wait()
    await asyncio.sleep(0.01)
    assert intake.sent == ["RelayWatch has no network"] * 2
    assert intake.queued == []
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
