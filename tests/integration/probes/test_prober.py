"""From a check to its result, against real sockets and the real classification."""

import asyncio
import socket
from contextlib import aclosing
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import structlog.testing

from monitor.clock import Moment, SystemClock
from monitor.config.secrets import Secret
from monitor.domain.action import Action
from monitor.domain.check import Check, CheckKind
from monitor.domain.outcome import Answer, Outcome
from monitor.domain.redact import Redactor
from monitor.domain.result import FaultDomain, Result, Status, Trigger
from monitor.probes.connections import Connections
from monitor.probes.own_fault import OwnFault
from monitor.probes.stillness import Stillness

if TYPE_CHECKING:
    from monitor.probes.endpoint import LiveEndpoint
    from tests.integration.probes.conftest import Ask, Peer, Script, Serve, Start, TargetAt

LIST = Check("gw/models", "gw", CheckKind.MODELS, None, "gw", timeout_s=2.0)
CHAT = Check("gw/chat/m", "gw", CheckKind.CHAT, "m", "gw", timeout_s=2.0)
KEY = "sk-test-0123456789abcdef"
COMPLETION = {
    "id": "c1",
    "object": "chat.completion",
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "OK"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
}


async def test_a_completion_that_works(serve: "Serve", api: "Script", start: "Start") -> None:
    """All that a result tells of a good answer."""
    server = await serve(api)
    before = SystemClock().now()
    result = await start(server.url).probe(CHAT, Trigger.ON_PHASE, lag_ms=3.0)
    assert (result.check, result.trigger, result.status, result.http_status) == (
        "gw/chat/m",
        Trigger.ON_PHASE,
        Status.UP,
        200,
    )
    assert (result.request_id, result.input_tokens, result.output_tokens) == ("req-7", 9, 2)
    assert result.latency_ms is not None
    assert 0 < result.latency_ms < 1000
    assert 3.0 <= result.lag_ms < 100
    assert result.phases is None
    assert before.mono_us <= result.started_at.mono_us <= result.finished_at.mono_us


async def test_a_model_list_that_works(serve: "Serve", api: "Script", start: "Start") -> None:
    """A fresh connection each time."""
    server = await serve(api)
    prober = start(server.url)
    results = [await prober.probe(LIST, Trigger.ON_PHASE) for _ in range(3)]
    assert [result.status for result in results] == [Status.UP] * 3
    assert server.connections == 3


async def test_completions_keep_their_connection_and_confirm_probes_do_not(
    serve: "Serve", api: "Script", start: "Start"
) -> None:
    """A confirm probe must not inherit the trouble that it is to confirm."""
    server = await serve(api)
    prober = start(server.url)
    for _ in range(3):
        await prober.probe(CHAT, Trigger.ON_PHASE)
    assert server.connections == 1
    for _ in range(2):
        await prober.probe(CHAT, Trigger.CONFIRM)
    assert server.connections == 3


async def test_a_failure_keeps_its_phases(start: "Start", unused_port: int) -> None:
    """And has no latency, because there was no response."""
    prober = start(f"http://127.0.0.1:{unused_port}/v1")
    result = await prober.probe(CHAT, Trigger.ON_PHASE)
    assert (result.status, result.verdict.fault_domain) == (Status.CONNECTION_ERROR, FaultDomain.ENDPOINT)
    assert (result.http_status, result.latency_ms) == (None, None)
    assert result.phases is not None


async def test_a_slow_answer_keeps_its_phases(serve: "Serve", api: "Script", start: "Start") -> None:
    """DEGRADED, and one can see where the time went."""
    server = await serve(api)
    result = await start(server.url).probe(replace(CHAT, slow_after_s=1e-6), Trigger.ON_PHASE)
    assert result.status is Status.DEGRADED
    assert result.phases is not None
    assert result.phases.total_ms == result.latency_ms


async def test_a_model_list_with_404_is_remembered_for_the_advice(serve: "Serve", start: "Start") -> None:
    """A completion with 404 then says to look at base_url too."""

    async def nowhere(peer: "Peer") -> None:
        while await peer.request():
            await peer.answer(b"404 page not found", status="404 Not Found")

    server = await serve(nowhere)
    prober = start(server.url)
    alone = await prober.probe(CHAT, Trigger.ON_PHASE)
    await prober.probe(LIST, Trigger.ON_PHASE)
    together = await prober.probe(CHAT, Trigger.ON_PHASE)
    assert alone.verdict.action is not together.verdict.action


async def test_a_key_can_be_replaced(serve: "Serve", api: "Script", start: "Start") -> None:
    """From the next probe on, over the same connections."""
    server = await serve(api)
    prober = start(server.url, api_key=Secret("sk-expired-0123456789"))
    assert (await prober.probe(CHAT, Trigger.ON_PHASE)).status is Status.AUTH_ERROR
    prober.replace_key("gw", Secret(KEY), redactor=Redactor([KEY]))
    assert (await prober.probe(CHAT, Trigger.ON_PHASE)).status is Status.UP
    assert server.connections == 1


async def test_a_probe_that_waited_for_a_slot_uses_the_key_of_its_start(
    serve: "Serve", api: "Script", start: "Start"
) -> None:
    """Else one expired key would be refused once for every check that waits, and two refusals are an outage."""
    server = await serve(api)
    prober = start(server.url, total=1, api_key=Secret("sk-expired-0123456789"))
    first, second = (asyncio.create_task(prober.probe(CHAT, Trigger.ON_PHASE)) for _ in range(2))
    await asyncio.sleep(0)
    prober.replace_key("gw", Secret(KEY), redactor=Redactor([KEY]))
    assert [(await first).status, (await second).status] == [Status.AUTH_ERROR, Status.UP]


async def test_a_reload_leaves_probes_in_flight_alone(
    serve: "Serve", api: "Script", start: "Start", target_at: "TargetAt"
) -> None:
    """They end as they began; the next one goes to the new place."""
    arrived = asyncio.Event()
    go = asyncio.Event()

    async def waiting(peer: "Peer") -> None:
        await peer.request()
        arrived.set()
        await go.wait()
        await peer.answer(orjson.dumps(COMPLETION))

    old, new = await serve(waiting), await serve(api)
    prober = start(old.url)
    probe = asyncio.create_task(prober.probe(CHAT, Trigger.ON_PHASE))
    await arrived.wait()
    prober.update(prober.made_ready({"gw": target_at(new.url)}), concurrency=100, redactor=Redactor([KEY]))
    assert (await prober.probe(CHAT, Trigger.ON_PHASE)).status is Status.UP
    go.set()
    assert (await probe).status is Status.UP
    assert (len(old.requests), len(new.requests)) == (1, 1)


async def test_waiting_for_a_slot_is_lag_and_neither_latency_nor_timeout(serve: "Serve", start: "Start") -> None:
    """Overload of our own must not look like an outage."""

    async def slow(peer: "Peer") -> None:
        while await peer.request():
            await asyncio.sleep(0.15)
            await peer.answer(orjson.dumps(COMPLETION))

    server = await serve(slow)
    prober = start(server.url, concurrency=1)
    check = replace(CHAT, timeout_s=0.3)
    results = await asyncio.gather(*(prober.probe(check, Trigger.ON_PHASE) for _ in range(4)))
    assert [result.status for result in results] == [Status.UP] * 4
    assert results[3].lag_ms > 400
    assert all(result.latency_ms is not None and result.latency_ms < 300 for result in results)


@pytest.mark.parametrize("urgent", [Trigger.CONFIRM, Trigger.TRIAGE])
async def test_an_urgent_probe_goes_before_those_that_wait(
    serve: "Serve", api: "Script", start: "Start", urgent: Trigger
) -> None:
    """The decision about an outage does not wait for routine."""
    order = count()
    seen: dict[str, int] = {}
    server = await serve(api)
    prober = start(server.url, total=1)

    async def run(name: str, trigger: Trigger) -> None:
        await prober.probe(CHAT, trigger)
        seen[name] = next(order)

    async with asyncio.TaskGroup() as group:
        for name, trigger in (("a", Trigger.ON_PHASE), ("b", Trigger.ON_PHASE), ("c", urgent)):
            group.create_task(run(name, trigger))
    assert seen == {"a": 0, "c": 1, "b": 2}


async def test_a_cancelled_probe_gives_its_slot_back(serve: "Serve", start: "Start") -> None:
    """Whether it waited or ran."""
    arrived = asyncio.Event()

    async def first_hangs(peer: "Peer") -> None:
        while await peer.request():
            if not arrived.is_set():
                arrived.set()
                await asyncio.sleep(60)
            await peer.answer(orjson.dumps(COMPLETION))

    server = await serve(first_hangs)
    prober = start(server.url, concurrency=1)
    running, waiting = (asyncio.create_task(prober.probe(CHAT, Trigger.ON_PHASE)) for _ in range(2))
    await arrived.wait()
    waiting.cancel()
    running.cancel()
    await asyncio.gather(running, waiting, return_exceptions=True)
    assert (await prober.probe(CHAT, Trigger.ON_PHASE)).status is Status.UP


class BrokenClock:
    """A clock that fails once the probe has begun."""

    def __init__(self) -> None:
        self.reads = count()

    def now(self) -> Moment:
        """The present moment, until the third read."""
        if next(self.reads) == 2:
            raise RuntimeError(f"no time for {KEY}")
        return SystemClock().now()


async def test_a_fault_of_our_own_is_a_result(serve: "Serve", api: "Script", start: "Start") -> None:
    """UNKNOWN, monitor, one line in the log; the slot is free again."""
    server = await serve(api)
    prober = start(server.url, concurrency=1)
    prober._clock = BrokenClock()
    with structlog.testing.capture_logs() as log:
        result = await prober.probe(CHAT, Trigger.ON_PHASE)
    assert (result.status, result.verdict.fault_domain) == (Status.UNKNOWN, FaultDomain.MONITOR)
    assert result.verdict.reason == "the probe itself failed: RuntimeError"
    assert [(line["event"], line["check"]) for line in log] == [("probe_crashed", "gw/chat/m")]
    assert (await prober.probe(CHAT, Trigger.ON_PHASE)).status is Status.UP


async def test_a_check_of_an_endpoint_that_is_gone(start: "Start") -> None:
    """A reload may be faster than a timer."""
    with structlog.testing.capture_logs():
        result: Result = await start("http://127.0.0.1:1/v1").probe(replace(CHAT, endpoint="gone"), Trigger.ON_PHASE)
    assert result.status is Status.UNKNOWN


async def test_a_header_that_cannot_be_sent(serve: "Serve", api: "Script", start: "Start") -> None:
    """A line break in a secret is our own trouble, and never a way to send another request."""
    server = await serve(api)
    prober = start(server.url, headers={"X-Org": Secret("a\r\nX-Evil: b")})
    with structlog.testing.capture_logs() as log:
        result = await prober.probe(CHAT, Trigger.ON_PHASE)
    assert result.status is Status.UNKNOWN
    assert [line["event"] for line in log] == ["probe_crashed"]
    assert server.requests == []


class ClosedUplink(OwnFault):
    """Explains every failure, after a while."""

    def __init__(self) -> None:
        super().__init__(Stillness(SystemClock(), lambda *_: None))
        self.asked = asyncio.Event()
        self.go_on = asyncio.Event()

    async def explains(self, outcome: Outcome, endpoint: "LiveEndpoint", begun: Moment) -> str | None:
        """The cable is out."""
        del endpoint, begun
        if isinstance(outcome, Answer):
            return None
        self.asked.set()
        await self.go_on.wait()
        return "the cable is out"


async def test_a_failure_of_our_own_is_unknown(serve: "Serve", api: "Script", start: "Start", unused_port: int) -> None:
    """With both reasons; while it is doubted, the slot is free and neither latency nor timeout run."""
    server = await serve(api)
    prober = start(server.url, concurrency=1)
    own_fault = prober._own_fault = ClosedUplink()
    works = prober._endpoints
    prober._endpoints = prober.made_ready(
        {"gw": replace(works["gw"].target, base_url=f"http://127.0.0.1:{unused_port}")}
    )
    doubted = asyncio.create_task(prober.probe(CHAT, Trigger.ON_PHASE))
    await own_fault.asked.wait()
    prober._endpoints = works
    assert (await prober.probe(CHAT, Trigger.ON_PHASE)).status is Status.UP
    own_fault.go_on.set()
    result = await doubted
    assert (result.status, result.verdict.fault_domain) == (Status.UNKNOWN, FaultDomain.MONITOR)
    assert result.verdict.reason == "the cable is out; Connection refused"
    assert result.verdict.action is Action.CHECK_NETWORK
    assert (result.latency_ms, result.http_status) == (None, None)


def no_address(*_: object, **__: object) -> list[tuple[Any, ...]]:
    """A name that does not resolve."""
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


async def test_a_failure_names_the_address_that_was_tried(ask: "Ask", serve: "Serve", unused_port: int) -> None:
    """Over a fresh connection and over none at all."""
    refused = await ask(f"http://127.0.0.1:{unused_port}")

    async def silent(peer: "Peer") -> None:
        await peer.request()
        peer.reset()

    cut = await ask((await serve(silent)).url)
    async with aclosing(Connections(no_address)) as nowhere:
        unresolved = await ask("http://gw.test", through=nowhere)
    assert [getattr(outcome, "peer", "") for outcome in (refused, cut, unresolved)] == ["127.0.0.1", "127.0.0.1", None]
