"""Outages of many kinds, from the first failure to recovery: who is told, when, and what."""

import socket
from contextlib import closing
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from standardwebhooks import Webhook

from monitor.simulator.faults import Fault, FaultKind

if TYPE_CHECKING:
    from monitor.simulator.sinks import Received
    from tests.acceptance.conftest import World

BROKEN, FINE, ALSO_FINE = "openai/gpt-4.1", "anthropic/claude-sonnet-4", "google/gemini-2.5-flash"
CHECK, CHECK_FINE = f"gw/chat/{BROKEN}", f"gw/chat/{FINE}"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


async def test_told_of_once_and_of_its_end_once(world: "World") -> None:
    """A 503 of one model is told of once within 4 s, its end once within 6 s, and no other model is named."""
    gateway, hook, slack = await world.gateway(BROKEN, FINE, ALSO_FINE), await world.hook(), await world.slack()
    daemon = world.deployment()
    daemon.environ["HOOK_SECRET"] = SECRET
    daemon.configure(
        daemon.endpoint(gateway, BROKEN, FINE),
        daemon.endpoint(gateway, ALSO_FINE, name="spare"),
        daemon.webhook(hook, more='secret = { env = "HOOK_SECRET" }'),
        daemon.slack(slack),
    )
    await daemon.start()
    await daemon.until(lambda: len(daemon.rows("SELECT 1 FROM states WHERE state = 1")) == 5, 10, "all UP")

    gateway.set_fault(BROKEN, Fault(kind=FaultKind.STATUS, status=503))
    opened = await hook.wait_for(lambda received: received.body["event"] == "opened", 4)
    await slack.wait_for(lambda message: BROKEN in message.text, 2)
    gateway.set_fault(BROKEN, None)
    resolved = await hook.wait_for(lambda received: received.body["event"] == "resolved", 6)
    await slack.wait_for(lambda message: message is not slack.messages[0] and BROKEN in message.text, 2)
    before = gateway.requests[BROKEN]
    await daemon.until(lambda: gateway.requests[BROKEN] >= before + 3, 10, "three more probes")
    assert await daemon.stop() == 0

    assert world.told(hook) == [("opened", CHECK), ("resolved", CHECK)]
    assert len(hook.received) == 2
    assert len(slack.messages) == 2
    assert not slack.refusals
    for received in (opened, resolved):
        Webhook(SECRET).verify(received.raw, dict(received.headers))
        assert received.headers["webhook-id"] == received.body["id"]
    _is_right_when_opened(opened.body)
    _is_right_when_resolved(resolved.body, opened.body)
    assert not daemon.events("probe", status="CONNECTION_ERROR")


def _is_right_when_opened(body: dict[str, Any]) -> None:
    incident, details = body["incident"], body["details"]
    assert (body["version"], body["severity"], body["service"], body["url"]) == (1, "critical", "gw", None)
    assert ALSO_FINE in body["message"], "what works instead, elsewhere"
    assert "works now" in body["recommended_action"]
    assert (incident["status"], incident["fault_domain"], incident["checks"]) == ("OVERLOADED", "model", [CHECK])
    assert incident["resolved_at"] is None
    assert _at(incident["started_at"]) < _at(incident["detected_at"])
    assert 0.4 < incident["duration_s"] < 4
    assert (details["check"], details["model"]) == (CHECK, BROKEN)
    assert (details["status"], details["http_status"], details["consecutive_failures"]) == ("OVERLOADED", 503, 3)
    assert 0 < details["availability_24h"] < 100
    assert details["latency_ms"] > 0
    assert "overloaded" in details["error"]
    assert _at(details["timestamp"]) > _at(incident["started_at"])


def _is_right_when_resolved(body: dict[str, Any], opened: dict[str, Any]) -> None:
    incident, details = body["incident"], body["details"]
    assert {name: incident[name] for name in ("id", "key", "started_at", "detected_at", "checks")} == {
        name: opened["incident"][name] for name in ("id", "key", "started_at", "detected_at", "checks")
    }
    assert _at(incident["resolved_at"]) > _at(incident["detected_at"])
    lasted = (_at(incident["resolved_at"]) - _at(incident["started_at"])).total_seconds()
    assert abs(incident["duration_s"] - lasted) < 0.01
    assert (details["status"], details["http_status"], details["consecutive_failures"]) == ("UP", 200, 0)
    assert details["error"] is None


def _at(text: str) -> datetime:
    assert text.endswith("Z")
    return datetime.fromisoformat(text)


async def test_hosts_that_cannot_be_reached(world: "World") -> None:
    """A refused port is the endpoint's fault, a name that does not resolve the network's; both ordinary incidents."""
    hook = await world.hook()
    with closing(socket.create_server(("127.0.0.1", 0))) as closed:
        refused = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
    daemon = world.deployment()
    daemon.configure(
        daemon.endpoint(refused, FINE, name="refused", more="check_models = false"),
        daemon.endpoint("http://nowhere.invalid/v1", FINE, name="unknown", more="check_models = false"),
        daemon.webhook(hook),
    )
    await daemon.start()
    for name, domain in (("refused", "endpoint"), ("unknown", "network")):
        opened = (await hook.wait_for(partial(_is_about, name), 15)).body
        assert opened["event"] == "opened"
        assert (opened["incident"]["status"], opened["incident"]["fault_domain"]) == ("CONNECTION_ERROR", domain)
        assert (opened["details"]["http_status"], opened["details"]["latency_ms"]) == (None, None)
        assert opened["details"]["availability_24h"] == 0
    assert await daemon.stop() == 0
    assert len(hook.received) == 2


async def test_a_restart_in_the_middle_neither_repeats_nor_forgets(world: "World") -> None:
    """Stopped and started in an outage: nothing is told again; recovered while it was away: the end is told."""
    gateway, hook = await world.gateway(BROKEN, FINE), await world.hook()
    daemon = world.deployment()
    daemon.configure(daemon.endpoint(gateway, BROKEN, FINE), daemon.webhook(hook))
    gateway.set_fault(BROKEN, Fault(kind=FaultKind.STATUS, status=503))
    await daemon.start()
    await hook.wait_for(lambda received: received.body["event"] == "opened", 10)
    assert await daemon.stop() == 0
    assert "0.00 %" in daemon.stdout.decode()

    await daemon.start()
    before = gateway.requests[BROKEN]
    await daemon.until(lambda: gateway.requests[BROKEN] >= before + 4, 10, "four more failures")
    assert (await daemon.command("incidents", "--format", "json")).json[0]["resolved_at"] is None
    assert await daemon.stop() == 0
    assert world.told(hook) == [("opened", CHECK)]

    gateway.set_fault(BROKEN, None)
    await daemon.start()
    await hook.wait_for(lambda received: received.body["event"] == "resolved", 10)
    assert await daemon.stop() == 0
    assert world.told(hook) == [("opened", CHECK), ("resolved", CHECK)]
    assert len(hook.received) == 2


async def test_a_key_that_was_replaced_is_picked_up(world: "World") -> None:
    """AUTH_ERROR is told of after two; a new key in the file is used without restart, and neither key is shown."""
    old, new = "rw-old-key-0123456789abcdef", "rw-new-key-fedcba9876543210"
    gateway, hook = await world.gateway(FINE, api_key=new), await world.hook()
    daemon = world.deployment()
    key = daemon.folder / "key"
    key.write_text(f"{old}\n")
    daemon.configure(daemon.endpoint(gateway, FINE, more='api_key = { file = "key" }'), daemon.webhook(hook))
    await daemon.start()
    opened = (await hook.wait_for(lambda received: received.body["event"] == "opened", 10)).body
    assert (opened["incident"]["status"], opened["incident"]["fault_domain"]) == ("AUTH_ERROR", "key")
    assert opened["incident"]["key"] == "key:gw"
    assert opened["details"]["consecutive_failures"] == 2
    await daemon.until(lambda: daemon.rows("SELECT count(*) FROM incident_checks") == [(2,)], 10, "list and model")

    key.write_text(f"{new}\n")
    await daemon.wait_for("key_replaced", 5, endpoint="gw")
    resolved = (await hook.wait_for(lambda received: received.body["event"] == "resolved", 10)).body
    assert set(resolved["incident"]["checks"]) == {"gw/models", CHECK_FINE}
    assert await daemon.stop() == 0
    assert [event for event, _ in world.told(hook)] == ["opened", "resolved"]
    shown = [
        bytes(daemon.stderr),
        bytes(daemon.stdout),
        daemon.database.read_bytes(),
        *(one.raw for one in hook.received),
    ]
    assert not [text for text in shown if old.encode() in text or new.encode() in text]


def _is_about(name: str, received: "Received") -> bool:
    return bool(received.body["service"] == name)
