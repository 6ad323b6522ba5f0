"""One cause, one message: a gateway with 500 models of five vendors, seen by the installed daemon."""

from typing import TYPE_CHECKING, Any

import pytest

from monitor.clock import US_PER_S
from monitor.simulator.faults import Fault, FaultKind
from monitor.simulator.gateway import Gateway, Target

if TYPE_CHECKING:
    from monitor.simulator.sinks import SlackSink, WebhookSink
    from tests.acceptance.conftest import Deployment, World

VENDORS = ("openai", "anthropic", "google", "mistral", "meta")
MODELS = tuple(f"{vendor}/model-{number}" for number in range(100) for vendor in VENDORS)
OVERLOADED = Fault(kind=FaultKind.STATUS, status=503)
PACE = {"interval": "10s", "models_interval": "5s", "confirm_interval": "2s", "timeout": "5s"}
GROUP_WAIT_S = 10.0


class House:
    """A gateway, a daemon that watches all its models, and two channels."""

    def __init__(self, gateway: Gateway, daemon: "Deployment", hook: "WebhookSink", slack: "SlackSink") -> None:
        self.gateway = gateway
        self.daemon = daemon
        self.hook = hook
        self.slack = slack

    def bodies(self) -> list[dict[str, Any]]:
        """Every message about an incident, each once, in order."""
        unique = {received.body["id"]: received.body for received in self.hook.accepted}
        return [body for body in unique.values() if body["incident"] is not None]

    def told(self) -> list[tuple[str, str, str]]:
        """Event, scope and fault domain of every message."""
        return [(b["event"], b["incident"]["scope"], b["incident"]["fault_domain"]) for b in self.bodies()]

    async def all_up(self) -> None:
        """Wait until every check is believed to be up."""
        count = len(MODELS) + 1
        up = "SELECT count(*) FROM states WHERE state = 1 AND consecutive_failures = 0"
        await self.daemon.until(lambda: self.daemon.rows(up) == [(count,)], 60, "all UP")

    async def told_after_s(self) -> float:
        """Wait for the first message to arrive everywhere; how long that took after the threshold was crossed."""
        arrived = "SELECT count(*) FROM outbox WHERE state = 'sent'"
        await self.daemon.until(lambda: self.daemon.rows(arrived) == [(2,)], 60, "both channels have it")
        took = "SELECT max(settled_at_us) - (SELECT min(detected_at_us) FROM incidents) FROM outbox"
        return float(self.daemon.rows(took)[0][0]) / US_PER_S

    async def nothing_open(self, within_s: float) -> None:
        """Wait until every incident is over and whoever was told knows."""
        still = "SELECT count(*) FROM incidents WHERE resolved_at_us IS NULL"
        waiting = "SELECT count(*) FROM outbox WHERE settled_at_us IS NULL"
        await self.daemon.until(lambda: self.daemon.rows(still) == [(0,)], within_s, "no open incident")
        await self.daemon.until(lambda: self.daemon.rows(waiting) == [(0,)], 10, "all delivered")


@pytest.fixture
async def house(world: "World") -> House:
    """Everything is up and running."""
    gateway, hook, slack = await world.gateway(*MODELS), await world.hook(), await world.slack()
    daemon = world.deployment()
    daemon.configure(
        f'[alerting]\ngroup_wait = "{GROUP_WAIT_S:g}s"\n',
        daemon.endpoint(gateway, *MODELS, more="concurrency = 50"),
        daemon.webhook(hook),
        daemon.slack(slack),
        **PACE,
    )
    await daemon.start()
    made = House(gateway, daemon, hook, slack)
    await made.all_up()
    return made


async def test_everything_at_once_is_one_message(house: House) -> None:
    """All 500 models and the list give 503: one message per channel, about the endpoint, and one when it is over."""
    house.gateway.set_fault(Target.EVERYTHING, OVERLOADED)
    assert await house.told_after_s() < 15
    members = "SELECT count(*) FROM incident_checks"
    await house.daemon.until(lambda: house.daemon.rows(members) == [(501,)], 60, "every check is part of it")
    house.gateway.set_fault(Target.EVERYTHING, None)
    await house.nothing_open(90)
    assert house.told() == [("opened", "endpoint", "endpoint"), ("resolved", "endpoint", "endpoint")]
    assert [len(body["incident"]["checks"]) for body in house.bodies()][-1] == 501
    assert len(house.slack.messages) == 2
    assert not house.slack.refusals
    assert house.bodies()[0]["incident"]["key"] == "endpoint:gw"


async def test_one_after_the_other_is_one_incident(house: House) -> None:
    """The models fail one at a time over half a minute: one message, few updates, one end; at last it is all of it."""
    steps = [MODELS[number::30] for number in range(30)]
    for step in steps:
        for model in step:
            house.gateway.set_fault(model, OVERLOADED)
        probes = sum(house.gateway.requests.values())
        await house.daemon.until(lambda count=probes: sum(house.gateway.requests.values()) > count + 30, 10, "a second")  # type: ignore[misc]
    members = "SELECT count(*) FROM incident_checks"
    await house.daemon.until(lambda: house.daemon.rows(members)[0][0] >= len(MODELS), 60, "every model is part of it")
    for model in MODELS:
        house.gateway.set_fault(model, None)
    await house.nothing_open(90)
    events = [event for event, _, _ in house.told()]
    assert events[0] == "opened"
    assert events[-1] == "resolved"
    assert set(events[1:-1]) <= {"updated"}
    assert len(events) <= 5
    assert house.told()[-1][1:] == ("endpoint", "endpoint")


async def test_one_vendor_is_blamed_where_only_its_models_fail(house: House) -> None:
    """A hundred models of one vendor fail: one message, about that vendor."""
    for model in MODELS:
        if model.startswith("google/"):
            house.gateway.set_fault(model, OVERLOADED)
    await house.hook.wait_for(lambda received: received.body["event"] == "opened", 60)
    members = "SELECT count(*) FROM incident_checks"
    await house.daemon.until(lambda: house.daemon.rows(members) == [(100,)], 60, "all of them are part of it")
    for model in MODELS:
        house.gateway.set_fault(model, None)
    await house.nothing_open(90)
    assert house.told() == [("opened", "provider", "provider"), ("resolved", "provider", "provider")]
    assert house.bodies()[0]["incident"]["key"] == "provider:gw/google"


async def test_one_model_is_told_at_once_and_alone(house: House) -> None:
    """One model fails while 499 answer: told as soon as the threshold is crossed, and blamed on the model."""
    house.gateway.set_fault(MODELS[7], OVERLOADED)
    assert await house.told_after_s() < 2
    house.gateway.set_fault(MODELS[7], None)
    await house.nothing_open(60)
    assert house.told() == [("opened", "check", "model"), ("resolved", "check", "model")]
    assert house.bodies()[0]["incident"]["checks"] == [f"gw/chat/{MODELS[7]}"]


async def test_a_model_that_stays_down_is_told_when_the_endpoint_is_back(house: House) -> None:
    """The endpoint recovers, one of its models does not: the endpoint's end is told, and then the model on its own."""
    house.gateway.set_fault(Target.EVERYTHING, OVERLOADED)
    house.gateway.set_fault(MODELS[7], OVERLOADED)
    await house.hook.wait_for(lambda received: received.body["event"] == "opened", 60)
    house.gateway.set_fault(Target.EVERYTHING, None)
    about = f"gw/chat/{MODELS[7]}"
    await house.hook.wait_for(lambda received: received.body["incident"]["key"] == about, 90)
    assert house.told() == [
        ("opened", "endpoint", "endpoint"),
        ("resolved", "endpoint", "endpoint"),
        ("opened", "check", "model"),
    ]
    house.gateway.set_fault(MODELS[7], None)
    await house.nothing_open(60)
    assert house.told()[-1] == ("resolved", "check", "model")
