"""Channels that hang or are dead: they delay and silence nothing but themselves."""

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from monitor.simulator.faults import Fault, FaultKind
from monitor.simulator.sinks import HANG, RESET, Answer

if TYPE_CHECKING:
    from monitor.simulator.sinks import Received, WebhookSink
    from tests.acceptance.conftest import World

BROKEN, FINE = "openai/gpt-4.1", "anthropic/claude-sonnet-4"
CHECK = f"gw/chat/{BROKEN}"
INTERVAL_S = 0.5


async def test_a_slow_channel_delays_neither_probes_nor_another_channel(world: "World") -> None:
    """One channel never answers: the others are told within the usual time and every probe keeps its rhythm."""
    gateway, slow, hook, slack = (
        await world.gateway(BROKEN, FINE),
        await world.hook(),
        await world.hook(),
        await world.slack(),
    )
    slow.answer(then=HANG)
    daemon = world.deployment()
    daemon.configure(
        daemon.endpoint(gateway, BROKEN, FINE),
        daemon.webhook(slow, "slow"),
        daemon.webhook(hook),
        daemon.slack(slack),
        interval="500ms",
    )
    await daemon.start()
    await daemon.until(lambda: gateway.requests[BROKEN] >= 2, 10, "two probes")
    for _ in range(2):
        gateway.set_fault(BROKEN, Fault(kind=FaultKind.STATUS, status=503))
        told = len(_events(hook))
        await daemon.until(partial(_counts, hook, told + 1), 4, "opened")
        gateway.set_fault(BROKEN, None)
        await daemon.until(partial(_counts, hook, told + 2), 6, "resolved")
    await daemon.until(lambda: len(slack.messages) == 4, 2, "Slack is told too")

    at = [seen.at_s for seen in gateway.seen if seen.model == FINE]
    assert max(after - before for before, after in pairwise(at[1:])) < 2 * INTERVAL_S
    assert len(slow.received) == 2, "the first of each incident, in flight"
    assert {received.body["event"] for received in slow.received} == {"opened"}
    pending = 'relaywatch_outbox_pending{channel="slow"} 4.0'
    assert pending in await daemon.get("/metrics")
    assert await daemon.stop() == 0


async def test_a_dead_channel_is_announced_through_another(world: "World") -> None:
    """403 is for good: the other channel tells of the incident and, once, of the channel that is dead."""
    gateway, dead, hook = await world.gateway(BROKEN, FINE), await world.hook(), await world.hook()
    dead.answer(then=Answer(403, "revoked"))
    daemon = world.deployment()
    daemon.configure(daemon.endpoint(gateway, BROKEN, FINE), daemon.webhook(dead, "dead"), daemon.webhook(hook))
    gateway.set_fault(BROKEN, Fault(kind=FaultKind.STATUS, status=503))
    await daemon.start()
    notice = await hook.wait_for(_is_notice, 10)
    assert "dead" in notice.body["title"]
    assert "403" in notice.body["message"]
    gateway.set_fault(BROKEN, None)
    await hook.wait_for(lambda received: received.body["event"] == "resolved", 10)
    await daemon.until(lambda: _events(dead) == ["opened", "resolved"], 5, "resolved is tried though opened died")
    assert (await daemon.command("status", "--daemon", "--format", "json")).json[0]["dead"] == 2
    assert 'relaywatch_outbox_dead{channel="dead"} 2.0' in await daemon.get("/metrics")
    assert "dead" in await daemon.get("/")
    assert await daemon.stop() == 0
    assert sorted(_events(hook)) == ["notice", "opened", "resolved"]


async def test_a_channel_that_recovers_gets_everything_in_order(world: "World") -> None:
    """500, 429 and a reset before each: both messages arrive, `opened` before `resolved`, under their first ids."""
    gateway, hook = await world.gateway(BROKEN, FINE), await world.hook()
    hook.answer(Answer(500), Answer.rate_limited(1), RESET)
    daemon = world.deployment()
    daemon.configure(daemon.endpoint(gateway, BROKEN, FINE), daemon.webhook(hook))
    gateway.set_fault(BROKEN, Fault(kind=FaultKind.STATUS, status=503))
    await daemon.start()
    await daemon.until(lambda: len(hook.accepted) == 1, 20, "opened")
    hook.answer(Answer(500), Answer.rate_limited(1), RESET)
    gateway.set_fault(BROKEN, None)
    await daemon.until(lambda: len(hook.accepted) == 2, 20, "resolved")
    assert await daemon.stop() == 0
    assert world.told(hook) == [("opened", CHECK), ("resolved", CHECK)]
    assert len({received.body["id"] for received in hook.received}) == 2


def _is_notice(received: "Received") -> bool:
    return bool(received.body["event"] == "notice")


def _events(sink: "WebhookSink") -> list[str]:
    return [received.body["event"] for received in sink.received]


def _counts(sink: "WebhookSink", number: int) -> bool:
    return len(sink.received) == number
