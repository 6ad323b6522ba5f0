"""SIGKILL at random moments through several outages: nothing is forgotten, and only what must be is repeated."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from monitor.simulator.faults import Fault, FaultKind

if TYPE_CHECKING:
    from monitor.simulator.gateway import Gateway
    from monitor.simulator.sinks import Received, WebhookSink
    from tests.acceptance.conftest import Deployment, World

SEED = 20261121
OUTAGES = 5
KILLS_EACH = 2  # while it fails, and again while it recovers
BROKEN, FINE = "openai/gpt-4.1", "anthropic/claude-sonnet-4"
TOLD_WITHIN_S = 25.0
LONGEST_LIFE_S = 2.6


class Killer:
    """Ends the daemon without warning, at a random moment or right when a message arrives, and starts it again."""

    def __init__(self, world: "World", daemon: "Deployment", hook: "WebhookSink") -> None:
        self.kills_at: list[float] = []
        self._world = world
        self._daemon = daemon
        self._hook = hook
        self._dice = random.Random(SEED)  # noqa: S311  the same moments in each run

    async def strike(self) -> None:
        """One kill and one start."""
        arrived = len(self._hook.received)
        life_s = self._dice.uniform(0.1, LONGEST_LIFE_S)
        if self._dice.random() < 0.5:  # between send and settle, if anything is sent in this life
            await self._world.eventually(lambda: len(self._hook.received) > arrived, life_s + 1.0)
        else:
            await asyncio.sleep(life_s)
        self.kills_at.append(time.monotonic())
        await self._daemon.kill()
        await self._daemon.launch()


async def test_twenty_kills_through_five_outages(world: "World") -> None:
    """Each outage and each recovery is told of; nothing twice but the same id after a kill between send and settle."""
    gateway, hook = await world.gateway(BROKEN, FINE), await world.hook()
    daemon = world.deployment()
    daemon.configure(
        daemon.endpoint(gateway, BROKEN, FINE), daemon.webhook(hook), confirm_interval="100ms", flapping=False
    )
    await daemon.launch()
    killer = Killer(world, daemon, hook)

    for number in range(1, OUTAGES + 1):
        await _through(gateway, Fault(kind=FaultKind.STATUS, status=503), killer)
        await daemon.until(partial(_counts, hook, "opened", number), TOLD_WITHIN_S, f"outage {number}")
        await _through(gateway, None, killer)
        await daemon.until(partial(_counts, hook, "resolved", number), TOLD_WITHIN_S, f"recovery {number}")
    await daemon.wait_for("daemon_started", 10)
    await daemon.until(lambda: not daemon.rows("SELECT 1 FROM outbox WHERE settled_at_us IS NULL"), 10, "all settled")
    assert await daemon.stop() == 0

    assert len(killer.kills_at) == 20
    _opened_and_resolved_alternate(hook.received)
    _only_repeated_after_a_kill(hook.received, killer.kills_at)
    assert daemon.rows("PRAGMA integrity_check") == [("ok",)]
    assert daemon.rows("PRAGMA foreign_key_check") == []
    assert daemon.rows("SELECT count(*), count(resolved_at_us) FROM incidents") == [(OUTAGES, OUTAGES)]


async def _through(gateway: "Gateway", fault: Fault | None, killer: Killer) -> None:
    gateway.set_fault(BROKEN, fault)
    for _ in range(KILLS_EACH):
        await killer.strike()


def _counts(hook: "WebhookSink", event: str, number: int) -> bool:
    return len({received.body["id"] for received in hook.accepted if received.body["event"] == event}) == number


def _opened_and_resolved_alternate(received: "Sequence[Received]") -> None:
    stories: defaultdict[str, list[str]] = defaultdict(list)
    seen: set[str] = set()
    for one in received:
        if one.body["id"] not in seen:
            seen.add(one.body["id"])
            stories[one.body["incident"]["key"]].append(one.body["event"])
    assert dict(stories) == {f"gw/chat/{BROKEN}": ["opened", "resolved"] * OUTAGES}


def _only_repeated_after_a_kill(received: "Sequence[Received]", kills_at: Sequence[float]) -> None:
    arrivals: defaultdict[str, list[Received]] = defaultdict(list)
    for one in received:
        arrivals[one.body["id"]].append(one)
    for same in arrivals.values():
        for first, again in pairwise(same):
            assert any(first.at_mono_s < at < again.at_mono_s for at in kills_at), "told twice without a kill"
            assert first.raw == again.raw
