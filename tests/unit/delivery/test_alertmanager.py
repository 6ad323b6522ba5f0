"""The alert: an identity that two RelayWatches share and that does not change, everything else beside it."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest

from monitor.alerting.notification import Event, IncidentFacts, Notification
from monitor.clock import Moment
from monitor.delivery.alertmanager import AlertmanagerChannel, alert_of, annotations_of, labels_of
from monitor.delivery.channel import Delivered, Permanent, Retry
from monitor.delivery.line import Line
from monitor.delivery.refresh import Standing
from monitor.delivery.template_samples import samples
from monitor.simulator.sinks import Answer, WebhookSink

OPENED = next(samples())
NOW = Moment(1_795_200_060_000_000, 5_000_000_000)  # 2026-11-20T18:41:00Z


class FixedClock:
    """The same moment always."""

    def now(self) -> Moment:
        """`NOW`."""
        return NOW


def _incident(**fields: Any) -> Notification:
    assert OPENED.incident is not None
    return replace(OPENED, incident=replace(OPENED.incident, **fields))


def _facts(notification: Notification) -> IncidentFacts:
    assert notification.incident is not None
    return notification.incident


def test_labels_of_a_check() -> None:
    """What it is about, for routing and for people; nothing of this RelayWatch's own."""
    assert labels_of(OPENED) == {
        "alertname": "RelayWatchOutage",
        "service": "gw",
        "severity": "critical",
        "kind": "outage",
        "scope": "check",
        "key": "gw/chat/openai/gpt-4.1",
        "family": "service",
        "check": "gw/chat/openai/gpt-4.1",
        "model": "openai/gpt-4.1",
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"key": "endpoint:gw", "scope": "endpoint"}, {"scope": "endpoint", "key": "endpoint:gw"}),
        ({"key": "provider:gw/openai", "scope": "provider"}, {"scope": "provider", "key": "provider:gw/openai"}),
        ({"key": "key:gw", "fault_domain": "key"}, {"scope": "endpoint", "key": "key:gw", "family": "key"}),
        ({"key": "quota:gw", "fault_domain": "quota"}, {"scope": "endpoint", "family": "quota"}),
        ({"kind": "burn_rate", "key": "burn_rate:gw/chat/openai/gpt-4.1"},
         {"alertname": "RelayWatchBurnRate", "check": "gw/chat/openai/gpt-4.1"}),
        ({"checks": ("gw/models",), "key": "gw/models"}, {"check": "gw/models", "key": "gw/models"}),
    ],
)  # fmt: skip
def test_labels_by_what_is_concerned(fields: dict[str, Any], expected: dict[str, str]) -> None:
    """A check is named only where the incident is about it, not where it was the first of many to fail."""
    labels = labels_of(_incident(**fields))
    assert labels.items() >= expected.items()
    assert ("check" in labels) == ("check" in expected)
    assert all(labels.values()), "Alertmanager drops empty ones"


def test_two_relaywatches_agree() -> None:
    """Ids, times, order of failing, the answer seen and whom each blames within a family make no difference."""
    here = _incident(key="endpoint:gw", scope="endpoint")
    there = replace(
        _incident(
            key="endpoint:gw", scope="endpoint", id=77, started_at="2026-11-20T18:40:02.000Z", checks=("gw/models",),
            status="TIMEOUT", fault_domain="network",
        ),
        id="rw-other-77-1-am", title="DOWN: gw (TIMEOUT)", message="x", url=None,
    )  # fmt: skip
    assert labels_of(here) == labels_of(there)


def test_an_alert_that_holds_ends_by_itself_five_minutes_later() -> None:
    """Unless it is posted again; it began when the first probe failed."""
    alert = alert_of(OPENED, labels_of(OPENED), NOW)
    assert (alert["startsAt"], alert["endsAt"]) == ("2026-11-20T18:40:00.000Z", "2026-11-20T18:46:00.000Z")
    assert alert["generatorURL"] == OPENED.url
    assert "generatorURL" not in alert_of(replace(OPENED, url=None), labels_of(OPENED), NOW)


@pytest.mark.parametrize(
    ("resolved_at", "ends"),
    [
        ("2026-11-20T18:40:30.000Z", "2026-11-20T18:40:30.000Z"),
        ("2026-11-20T18:39:59.000Z", "2026-11-20T18:40:00.000Z"),
        (None, "2026-11-20T18:41:00.000Z"),
    ],
)
def test_a_resolved_alert_ends_when_the_incident_did(resolved_at: str | None, ends: str) -> None:
    """Never before it began, which Alertmanager would refuse."""
    resolved = replace(_incident(resolved_at=resolved_at), event=Event.RESOLVED)
    assert alert_of(resolved, labels_of(resolved), NOW)["endsAt"] == ends


def test_a_notice_is_an_alert_of_its_own() -> None:
    """It fires for a while, and no two are the same."""
    notice = next(one for one in samples() if one.event is Event.NOTICE)
    assert labels_of(notice) == {
        "alertname": "RelayWatchNotice",
        "service": "relaywatch",
        "severity": "critical",
        "notification": notice.id,
    }
    alert = alert_of(notice, labels_of(notice), NOW)
    assert (alert["startsAt"], alert["endsAt"]) == ("2026-11-20T18:41:00.000Z", "2026-11-20T18:56:00.000Z")


def test_annotations_hold_what_people_read() -> None:
    """And what may change; absent values are left out."""
    notes = annotations_of(OPENED)
    assert notes["summary"] == OPENED.title
    assert notes["description"] == OPENED.message
    assert notes["recommended_action"] == OPENED.recommended_action
    assert notes["fault_domain"] == "endpoint"
    assert notes["checks"] == "gw/chat/openai/gpt-4.1, gw/chat/openai/o3"
    many = _incident(checks=tuple(f"gw/chat/m{number}" for number in range(500)))
    assert annotations_of(many)["checks"].endswith("gw/chat/m49, and 450 more")
    assert "fault_domain" not in annotations_of(_incident(fault_domain=None))


def test_foreign_text_stays_one_line_in_labels() -> None:
    """Control characters get through nowhere."""
    hostile = replace(_incident(key="gw/chat/a\nb\x1b[31m", checks=("gw/chat/a\nb",)), service="g\x00w")
    assert labels_of(hostile)["key"] == "gw/chat/a b"
    assert not {char for text in annotations_of(hostile).values() for char in text} & set("\x00\x1b")


class Cluster:
    """Members on loopback, and the channel that posts to them."""

    def __init__(self, members: list[WebhookSink]) -> None:
        self.members = members
        urls = [member.url.removesuffix("/api/v2/alerts") + "/" for member in members]
        self.channel = AlertmanagerChannel("am", urls, Line(timeout_s=0.3), FixedClock())

    def posted(self, member: int = 0) -> list[list[dict[str, Any]]]:
        """What one member was sent."""
        return [one.body for one in self.members[member].received]


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    """Three members."""
    async with AsyncExitStack() as stack:
        made = Cluster([await stack.enter_async_context(WebhookSink(path="/api/v2/alerts")) for _ in range(3)])
        yield made
        await made.channel.close()


async def test_every_member_is_posted_to(cluster: Cluster) -> None:
    """The same alert to all."""
    receipt = await cluster.channel.send(OPENED)
    assert isinstance(receipt, Delivered)
    assert receipt.answer == "taken by 3 of 3"
    assert cluster.posted(0) == cluster.posted(1) == cluster.posted(2) == [[alert_of(OPENED, labels_of(OPENED), NOW)]]


async def test_one_member_is_enough(cluster: Cluster) -> None:
    """The others are named with what they said."""
    cluster.members[0].answer(Answer(500, "storage full"))
    cluster.members[2].answer(Answer(400, "bad"))
    receipt = await cluster.channel.send(OPENED)
    assert isinstance(receipt, Delivered)
    assert receipt.answer.startswith("taken by 1 of 3; 127.0.0.1:")
    assert "HTTP 500: storage full" in receipt.answer
    assert "HTTP 400: bad" in receipt.answer


async def test_without_any_member_it_is_tried_again(cluster: Cluster) -> None:
    """Unless all refuse it for good."""
    for member, status in zip(cluster.members, (500, 400, 400), strict=True):
        member.answer(Answer(status), Answer(400))
    assert isinstance(await cluster.channel.send(OPENED), Retry)
    for member in cluster.members:
        member.answer(then=Answer(400, "bad"))
    assert isinstance(await cluster.channel.send(OPENED), Permanent)


async def test_labels_stay_as_they_were_when_it_was_told_first(cluster: Cluster) -> None:
    """An incident that grew, was escalated and resolved is one alert all the same."""
    first = await cluster.channel.send(replace(OPENED, severity="warning"))
    assert isinstance(first, Delivered)
    escalated = replace(_incident(key="endpoint:gw", scope="endpoint"), event=Event.ESCALATED, severity="critical")
    await cluster.channel.send(escalated, first.thread)
    await cluster.channel.send(replace(escalated, event=Event.RESOLVED), first.thread)
    labels = [alert["labels"] for (alert,) in cluster.posted()]
    assert labels[0] == labels[1] == labels[2]
    assert labels[0]["severity"] == "warning"
    assert cluster.posted()[1][0]["annotations"]["severity"] == "critical"


@pytest.mark.parametrize("thread", ["", "no json", "[]", "{}", "null"])
async def test_a_thread_that_cannot_be_read_is_made_anew(cluster: Cluster, thread: str) -> None:
    """Better two alerts than none."""
    await cluster.channel.send(OPENED, thread)
    assert cluster.posted()[0][0]["labels"] == labels_of(OPENED)


async def test_a_refresh_posts_all_that_holds(cluster: Cluster) -> None:
    """In one request, with a new end and the old labels."""
    labels = {"alertname": "old"}
    other = _incident(id=13, key="gw/models")
    receipt = await cluster.channel.refresh([Standing(OPENED, json.dumps(labels)), Standing(other, None)])
    assert receipt == Delivered("taken by 3 of 3")
    ((one, two),) = cluster.posted()
    assert (one["labels"], two["labels"]) == (labels, labels_of(other))
    assert one["endsAt"] == "2026-11-20T18:46:00.000Z"


async def test_what_has_ended_is_not_refreshed(cluster: Cluster) -> None:
    """What storage said a moment ago does not bring it back to life."""
    await cluster.channel.send(replace(OPENED, event=Event.RESOLVED))
    assert await cluster.channel.refresh([Standing(OPENED, None)]) == Delivered("nothing holds")
    assert len(cluster.posted()) == 1


async def test_what_ends_during_a_refresh_is_ended_again(cluster: Cluster) -> None:
    """Whichever request came last, the alert is over."""
    resolved = replace(_incident(resolved_at="2026-11-20T18:40:30.000Z"), event=Event.RESOLVED)
    real = cluster.channel._post

    async def overtaken(alerts: Any) -> Any:
        receipt = await real(alerts)
        if len(cluster.posted()) == 1:
            await cluster.channel.send(resolved)
        return receipt

    cluster.channel._post = overtaken  # type: ignore[method-assign]
    await cluster.channel.refresh([Standing(OPENED, None)])
    assert [alert["endsAt"] for (alert,) in cluster.posted()] == [
        "2026-11-20T18:46:00.000Z", "2026-11-20T18:40:30.000Z", "2026-11-20T18:40:30.000Z",
    ]  # fmt: skip
    assert _facts(resolved).resolved_at is not None


async def test_members_on_one_host_are_told_apart() -> None:
    """By their place in the list; a user in the URL is not shown."""
    urls = ["http://ops:secret@127.0.0.1:1/a", "http://127.0.0.1:1/b"]
    channel = AlertmanagerChannel("am", urls, Line(timeout_s=0.3), FixedClock())
    receipt = await channel.send(OPENED)
    await channel.close()
    assert receipt == Retry(
        "127.0.0.1:1: cannot connect: Connection refused; 127.0.0.1:1 (2): cannot connect: Connection refused"
    )
