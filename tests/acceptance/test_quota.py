"""Quota: nobody is asked before `Retry-After`, budgets are kept, and people hear of what is nearly used up."""

import json
import signal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import aiohttp

from monitor.clock import SystemClock
from monitor.domain.result import Trigger
from monitor.simulator.faults import Fault, FaultKind
from monitor.simulator.gateway import Gateway
from monitor.simulator.script import parse_script
from monitor.storage.codes import TRIGGER_CODES

if TYPE_CHECKING:
    from tests.acceptance.conftest import World

QUICK: dict[str, Any] = {"interval": "500ms", "models_interval": "1s", "timeout": "1s", "confirm_interval": "250ms"}
RETRY_AFTER_S = 12.0
BROKEN = Fault(kind=FaultKind.STATUS, status=503)
LIMITED = Fault.model_validate(
    {"kind": "rate_limit", "limit": 0, "window": "300s", "retry_after": f"{RETRY_AFTER_S:g}s"}
)


def times_of(gateway: Gateway, model: str) -> list[float]:
    """When a model was asked, in seconds since the gateway's start."""
    return [seen.at_s for seen in gateway.seen if seen.model == model]


async def test_no_request_before_retry_after(world: "World") -> None:
    """Not by its turn, a confirm probe, the triage of a sibling, a reload, or a new life of the daemon."""
    gateway, hook = await world.gateway("one/a", "one/b"), await world.hook()
    daemon = world.deployment()
    endpoint = daemon.endpoint(gateway, "one/a", "one/b")
    daemon.configure(endpoint, daemon.webhook(hook), **QUICK)
    await daemon.start()
    await daemon.until(lambda: len(times_of(gateway, "one/a")) >= 2, 10, "two answers")
    gateway.set_fault("one/a", LIMITED)
    asked = len(times_of(gateway, "one/a"))
    await daemon.until(lambda: len(times_of(gateway, "one/a")) > asked, 10, "the refusal")
    refused_at = times_of(gateway, "one/a")[asked]
    asked += 1

    gateway.set_fault("one/b", BROKEN)
    await daemon.until(lambda: bool(daemon.rows("SELECT 1 FROM v_incidents")), 10, "the sibling's outage")
    daemon.configure(endpoint, daemon.webhook(hook), **QUICK | {"interval": "400ms"})
    daemon.signal(signal.SIGHUP)
    await daemon.wait_for("config_reloaded", 10)
    others = len(times_of(gateway, "one/b"))
    await daemon.until(lambda: len(times_of(gateway, "one/b")) > others, 10, "probes after the reload")
    assert await daemon.stop() == 0
    await daemon.start()
    others = len(times_of(gateway, "one/b"))
    await daemon.until(lambda: len(times_of(gateway, "one/b")) > others, 10, "probes after the restart")

    await daemon.until(lambda: len(times_of(gateway, "one/a")) > asked, RETRY_AFTER_S + 20, "the end of the rest")
    assert times_of(gateway, "one/a")[asked] - refused_at >= RETRY_AFTER_S
    assert times_of(gateway, "one/b")[-1] - refused_at >= RETRY_AFTER_S / 2
    assert await daemon.stop() == 0


async def test_no_storm_on_an_account_without_money(world: "World") -> None:
    """Every model is refused for want of money: DOWN is believed, and nobody is asked more often than planned."""
    script = parse_script('balance = { amount = 0.0 }\n[[models]]\nid = "a"\n')
    gateway = await world.enter(Gateway(script, clock=SystemClock()))
    daemon, hook = world.deployment(), await world.hook()
    quick = QUICK | {"interval": "2s"}
    daemon.configure(daemon.endpoint(gateway, "a", more="check_models = false"), daemon.webhook(hook), **quick)
    await daemon.start()
    await daemon.until(lambda: bool(world.told(hook)), 20, "the outage")
    await daemon.until(lambda: len(times_of(gateway, "a")) >= 5, 20, "five turns")
    assert await daemon.stop() == 0
    probes = daemon.rows("SELECT started_at_us, trigger FROM results ORDER BY started_at_us")
    confirmed = [
        (later - earlier) / 1_000_000
        for (earlier, _), (later, trigger) in pairwise(probes)
        if trigger == TRIGGER_CODES[Trigger.CONFIRM]
    ]
    assert all(waited_s > 1.9 for waited_s in confirmed), probes  # the timer's turn may come at any time between
    assert len(probes) <= 2 + (probes[-1][0] - probes[0][0]) / 1_000_000, probes
    assert world.told(hook)[0] == ("opened", "gw/chat/a")


async def test_a_budget_is_kept(world: "World") -> None:
    """Three checks that want six probes a second have one a second; how late they are is recorded."""
    gateway, hook = await world.gateway("a", "b", "c"), await world.hook()
    daemon = world.deployment()
    more = "check_models = false\nrequests_per_minute = 60"
    daemon.configure(daemon.endpoint(gateway, "a", "b", "c", more=more), daemon.webhook(hook), **QUICK)
    await daemon.start()
    await daemon.until(lambda: gateway.requests.total() >= 7, 20, "seven probes")
    assert await daemon.stop() == 0
    asked = [seen.at_s for seen in gateway.seen]
    assert asked[6] - asked[0] >= 5.5, asked
    assert {seen.model for seen in gateway.seen} == {"a", "b", "c"}
    assert daemon.rows("SELECT status FROM v_results WHERE status <> 'UP' OR latency_ms > 900") == []
    assert daemon.rows("SELECT max(lag_ms) > 1000 FROM v_results") == [(1,)]


async def test_people_hear_of_a_limit_and_of_an_account(world: "World") -> None:
    """Somebody else uses the limit up, and the money is low: two warnings, shown by the API, and no outage."""
    script = parse_script('balance = { amount = 3.5, price = 0.0 }\n[[models]]\nid = "a"\n')
    gateway = await world.enter(Gateway(script, clock=SystemClock()))
    gateway.set_fault("a", Fault.model_validate({"kind": "rate_limit", "limit": 100, "window": "300s"}))
    daemon, hook = world.deployment(), await world.hook()
    balance = (
        f'balance = {{ url = "{gateway.base_url}/balance", pointer = "/balance_infos/0/total_balance", below = 5 }}'
    )
    daemon.configure(daemon.endpoint(gateway, "a", more=balance), daemon.webhook(hook), **QUICK | {"interval": "2s"})
    await daemon.start()
    async with aiohttp.ClientSession() as somebody:
        for _ in range(93):
            ask = {"model": "a", "messages": [{"role": "user", "content": "hello"}]}
            async with somebody.post(f"{gateway.base_url}/chat/completions", json=ask) as answer:
                await answer.read()
    await daemon.until(lambda: len(world.told(hook)) >= 2, 30, "two warnings")
    bodies = [received.body for received in hook.accepted]
    assert {(body["event"], body["severity"], body["incident"]["fault_domain"]) for body in bodies} == {
        ("opened", "warning", "quota")
    }
    messages = " ".join(body["message"] for body in bodies)
    assert "requests left of the rate limit" in messages
    assert "the account's balance is 3.5; the limit is 5" in messages
    (limit, *_) = [row for row in json.loads(await daemon.get("/api/v1/limits")) if row["kind"] == "requests"]
    assert (limit["check"], limit["limit"], limit["low"]) == ("gw/chat/a", 100, True)
    (account,) = json.loads(await daemon.get("/api/v1/balances"))
    assert (account["amount"], account["low"], account["error"]) == (3.5, True, None)
    status = await daemon.command("status")
    assert "low: gw/chat/a: " in status.stderr
    assert "low: gw: balance 3.50" in status.stderr
    metrics = await daemon.get("/metrics")
    assert 'relaywatch_balance{endpoint="gw"} 3.5' in metrics
    assert 'relaywatch_ratelimit_limit{check="gw/chat/a",endpoint="gw",kind="requests",model="a"} 100.0' in metrics
    assert await daemon.stop() == 0
    assert daemon.rows("SELECT endpoint, amount FROM balances") == [("gw", 3.5)]
