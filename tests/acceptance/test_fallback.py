"""A channel that takes nothing: another is told in its place, hears the end too, and late news says that it is late."""

from typing import TYPE_CHECKING

from monitor.simulator.faults import Fault, FaultKind
from monitor.simulator.pagerduty import ROUTING_KEY, PagerDutySink
from monitor.simulator.sinks import Answer

if TYPE_CHECKING:
    from tests.acceptance.conftest import Deployment, World

BROKEN, FINE = "openai/gpt-4.1", "anthropic/claude-sonnet-4"
CHECK = f"gw/chat/{BROKEN}"
DOWN = Fault(kind=FaultKind.STATUS, status=503)


def pager(daemon: "Deployment", sink: PagerDutySink) -> str:
    """A `[[channels]]` table of a channel that is told only if another one fails."""
    daemon.environ["PAGER"] = ROUTING_KEY
    return (
        '[[channels]]\nname = "pager"\ntype = "pagerduty"\nrouting_key = { env = "PAGER" }\n'
        f'url = "{sink.url}"\nescalations_only = true\n'
    )


async def test_another_channel_stands_in_through_a_kill(world: "World") -> None:
    """Triggered once although the daemon is killed while the message waits; resolved; then the first one hears both."""
    gateway, ops = await world.gateway(BROKEN, FINE), await world.hook()
    ops.answer(then=Answer(503, "busy"))
    async with PagerDutySink() as sink:
        daemon = world.deployment()
        daemon.configure(
            daemon.endpoint(gateway, BROKEN, FINE),
            daemon.webhook(ops, "ops", 'fallback = "pager"\nfallback_after = "3s"'),
            pager(daemon, sink),
        )
        gateway.set_fault(BROKEN, DOWN)
        await daemon.start()
        await ops.wait_for(lambda _: True, 10)
        await daemon.kill()
        assert not sink.events
        await daemon.start()
        triggered = await sink.wait_for(lambda event: event.action == "trigger", 10)
        assert "Sent here because ops has not taken it for" in triggered.body["payload"]["custom_details"]["message"]
        await daemon.kill()
        gateway.set_fault(BROKEN, None)
        await daemon.start()
        await sink.wait_for(lambda event: event.action == "resolve", 15)
        assert [alert.status for alert in sink.alerts.values()] == ["resolved"]
        assert {event.action for event in sink.events} == {"trigger", "resolve"}
        ops.answer()
        await daemon.until(lambda: bool(ops.accepted), 20, "ops is told after all")
        assert await daemon.stop() == 0
        assert world.told(ops) == [("resolved", CHECK)]
        assert "beginning and end in one message." in ops.accepted[0].body["message"].lower()
        states = daemon.rows("SELECT channel, event, state, fell_back_to FROM outbox ORDER BY id")
        assert sorted(states, key=str) == [
            ("ops", "opened", "merged", "pager"),
            ("ops", "resolved", "sent", "pager"),
            ("pager", "opened", "sent", None),
            ("pager", "resolved", "sent", None),
        ]


async def test_a_refusal_goes_elsewhere_at_once(world: "World") -> None:
    """Nobody waits for `fallback_after` when a channel says no for good."""
    gateway, dead, spare = await world.gateway(BROKEN, FINE), await world.hook(), await world.hook()
    dead.answer(then=Answer(410, "gone"))
    daemon = world.deployment()
    daemon.configure(
        daemon.endpoint(gateway, BROKEN, FINE),
        daemon.webhook(dead, "dead"),
        daemon.webhook(spare, "spare", "escalations_only = true"),
    )
    gateway.set_fault(BROKEN, DOWN)
    await daemon.start()
    opened = await spare.wait_for(lambda received: received.body["event"] == "opened", 10)
    assert "Sent here because dead has given it up (HTTP 410: gone)." in opened.body["message"]
    await spare.wait_for(lambda received: received.body["event"] == "notice", 5)
    gateway.set_fault(BROKEN, None)
    await spare.wait_for(lambda received: received.body["event"] == "resolved", 10)
    assert await daemon.stop() == 0
    assert world.told(spare) == [("opened", CHECK), ("resolved", CHECK)]
