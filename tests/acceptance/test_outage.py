"""One model fails and recovers: who is told, when, and what."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from standardwebhooks import Webhook

from monitor.simulator.faults import Fault, FaultKind

if TYPE_CHECKING:
    from tests.acceptance.conftest import World

BROKEN, FINE, ALSO_FINE = "openai/gpt-4.1", "anthropic/claude-sonnet-4", "google/gemini-2.5-flash"
CHECK = f"gw/chat/{BROKEN}"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


async def test_told_of_once_and_of_its_end_once(world: "World") -> None:
    """A 503 of one model is told of once within 4 s, its end once within 6 s, and no other model is named."""
    gateway, hook, slack = await world.gateway(BROKEN, FINE, ALSO_FINE), await world.hook(), await world.slack()
    daemon = world.deployment()
    daemon.environ["HOOK_SECRET"] = SECRET
    daemon.configure(
        daemon.endpoint(gateway, BROKEN, FINE, ALSO_FINE),
        daemon.webhook(hook, more='secret = { env = "HOOK_SECRET" }'),
        daemon.slack(slack),
    )
    await daemon.start()
    await daemon.until(lambda: len(daemon.rows("SELECT 1 FROM states WHERE state = 1")) == 4, 10, "all UP")

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
    assert FINE in body["message"] or ALSO_FINE in body["message"], "something that works instead"
    assert body["recommended_action"]
    assert (incident["status"], incident["fault_domain"], incident["checks"]) == ("OVERLOADED", "endpoint", [CHECK])
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
