"""What is PagerDuty's own: one alert per incident, and what rings for nobody."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from monitor.alerting.notification import Event, Notification
from monitor.clock import SystemClock
from monitor.delivery.channel import Delivered, Permanent, Retry
from monitor.delivery.line import Line
from monitor.delivery.pagerduty import PagerDutyChannel, dedup_key
from monitor.simulator.pagerduty import ROUTING_KEY, PagerDutySink
from monitor.simulator.sinks import Answer

if TYPE_CHECKING:
    from tests.contract.delivery.conftest import Notify

KEY = "rw-5f2c9a1e-12"


@pytest.fixture
async def sink() -> AsyncIterator[PagerDutySink]:
    """PagerDuty without an alert."""
    async with PagerDutySink() as running:
        yield running


@pytest.fixture
async def channel(sink: PagerDutySink) -> AsyncIterator[PagerDutyChannel]:
    """The way to it."""
    made = PagerDutyChannel("pd", ROUTING_KEY, Line(secrets=[ROUTING_KEY]), SystemClock(), api_url=sink.url)
    yield made
    await made.close()


def of_incident(notify: "Notify", event: Event, *, by: str | None = None) -> Notification:
    """A message of incident 12, as the ledger numbers it."""
    one = notify(event)
    assert one.incident is not None
    return replace(one, id=f"{KEY}-{list(Event).index(event)}-pd", incident=replace(one.incident, acknowledged_by=by))


async def test_an_incident_is_one_alert(sink: PagerDutySink, channel: PagerDutyChannel, notify: "Notify") -> None:
    """Triggered, triggered again by a reminder, acknowledged, resolved: always by the same key."""
    thread = None
    for event, by, status in (
        (Event.OPENED, None, "triggered"),
        (Event.UPDATED, None, "triggered"),
        (Event.REMINDER, None, "triggered"),
        (Event.ESCALATED, None, "triggered"),
        (Event.UPDATED, "kim", "acknowledged"),
        (Event.RESOLVED, "kim", "resolved"),
    ):
        receipt = await channel.send(of_incident(notify, event, by=by), thread)
        assert isinstance(receipt, Delivered), receipt
        thread = receipt.thread
        assert sink.alerts[KEY].status == status
    assert thread == KEY
    assert [one.action for one in sink.events] == [*["trigger"] * 4, "acknowledge", "resolve"]
    assert list(sink.alerts) == [KEY]


async def test_the_end_of_what_was_never_triggered_rings_for_nobody(
    sink: PagerDutySink, channel: PagerDutyChannel, notify: "Notify"
) -> None:
    """It is on record as a change; resolved all the same, in case a trigger got through."""
    assert isinstance(await channel.send(of_incident(notify, Event.RESOLVED)), Delivered)
    assert [one.action for one in sink.events] == ["resolve", "change"]
    assert not sink.alerts


@pytest.mark.parametrize(("severity", "action"), [("critical", "trigger"), ("warning", "change")])
async def test_a_notice_rings_only_if_it_is_critical(
    sink: PagerDutySink, channel: PagerDutyChannel, notify: "Notify", severity: str, action: str
) -> None:
    """It has a key of its own."""
    notice = replace(notify(Event.NOTICE), severity=severity)
    assert isinstance(await channel.send(notice), Delivered)
    assert [one.action for one in sink.events] == [action]
    assert list(sink.alerts) == ([notice.id] if action == "trigger" else [])


async def test_a_test_leaves_nothing_open(sink: PagerDutySink, channel: PagerDutyChannel, notify: "Notify") -> None:
    """The whole way is tried, and closed at once."""
    assert isinstance(await channel.send(notify(Event.TEST)), Delivered)
    assert [alert.status for alert in sink.alerts.values()] == ["resolved"]


async def test_an_alert_tells_what_people_need(
    sink: PagerDutySink, channel: PagerDutyChannel, notify: "Notify"
) -> None:
    """Summary, source, severity, what is concerned, what to do, where to look."""
    await channel.send(replace(of_incident(notify, Event.OPENED), url="https://status.example/"))
    (event,) = sink.events
    payload = event.body["payload"]
    assert (payload["summary"], payload["source"]) == ("DOWN: HTTP 503: busy on gw (OVERLOADED)", "gw")
    assert (payload["severity"], payload["class"], payload["group"]) == ("critical", "OVERLOADED", "gw")
    assert payload["custom_details"]["checks"] == ["gw/chat/HTTP 503: busy"]
    assert payload["custom_details"]["recommended_action"].startswith("Switch; works now")
    assert event.body["links"] == [{"href": "https://status.example/", "text": "Status page"}]


async def test_five_hundred_checks_are_fifty_and_a_number(
    sink: PagerDutySink, channel: PagerDutyChannel, notify: "Notify"
) -> None:
    """Far below the 512 KB that an event may have."""
    one = of_incident(notify, Event.OPENED)
    assert one.incident is not None
    checks = tuple(f"gw/chat/{'long' * 60}{number}" for number in range(500))
    await channel.send(replace(one, message="x" * 900_000, incident=replace(one.incident, checks=checks)))
    details = sink.events[0].body["payload"]["custom_details"]
    assert (len(details["checks"]), details["more_checks"]) == (50, 450)


async def test_a_wrong_key_is_refused_for_good(sink: PagerDutySink, notify: "Notify") -> None:
    """And not shown."""
    for key, complaint in (("short", "should be 32 characters"), ("f" * 32, "not known")):
        channel = PagerDutyChannel("pd", key, Line(secrets=[key]), SystemClock(), api_url=sink.url)
        receipt = await channel.send(notify())
        await channel.close()
        assert isinstance(receipt, Permanent)
        assert complaint in receipt.reason


async def test_throttled_without_a_word_when_to_come_back(
    sink: PagerDutySink, channel: PagerDutyChannel, notify: "Notify"
) -> None:
    """A 429 need not have a `Retry-After`."""
    sink.answer(Answer(429, '{"status":"throttle exceeded"}'))
    receipt = await channel.send(notify())
    assert receipt == Retry(receipt.reason, None) if isinstance(receipt, Retry) else pytest.fail(str(receipt))


def test_a_message_for_another_channel_has_the_same_key(notify: "Notify") -> None:
    """A copy that came by fallback resolves what was triggered; a foreign id is made of the incident."""
    one = of_incident(notify, Event.OPENED)
    assert dedup_key(replace(one, id="rw-5f2c9a1e-12-3-ops-fallback-pd")) == KEY
    assert dedup_key(replace(one, id="something else")) == "rw-1-gw/chat/HTTP 503: busy"
    assert len(dedup_key(replace(notify(Event.NOTICE), id="x" * 1_000))) == 255
