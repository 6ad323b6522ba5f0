"""A benchmark over real sockets: what is warm, what is cold, and what is sent."""

import asyncio
from typing import TYPE_CHECKING

import orjson

from monitor.domain.benchmark import Figure, Way
from monitor.domain.check import Check, CheckKind
from monitor.domain.redact import Redactor
from monitor.probes.bench import Bench, Ended, measured_check, prober_for

if TYPE_CHECKING:
    from tests.integration.probes.conftest import Peer, Serve, Server, TargetAt

CHECK = measured_check(Check("gw/chat/m", "gw", CheckKind.CHAT, "m", "gw"), 32)
WAYS = [Way(cold=cold, stream=stream) for cold in (False, True) for stream in (False, True)]
CHUNK = {"id": "c", "object": "chat.completion.chunk", "model": "m"}
WHOLE = {"index": 0, "message": {"role": "assistant", "content": "one"}, "finish_reason": "length"}
EVENTS = (
    {**CHUNK, "choices": [{"index": 0, "delta": {"content": "one "}, "finish_reason": None}]},
    {**CHUNK, "choices": [{"index": 0, "delta": {"content": "two"}, "finish_reason": "length"}]},
)


async def closing_after_streams(peer: "Peer") -> None:
    """An API that keeps its connections open, but not after a stream."""
    while request := await peer.request():
        if request.startswith(b"GET"):
            await peer.answer(b'{"object":"list","data":[{"id":"m"}]}')
        elif b'"stream":true' in request:
            body = b"".join(b"data: " + orjson.dumps(event) + b"\n\n" for event in EVENTS) + b"data: [DONE]\n\n"
            head = "Content-Type: text/event-stream\r\nConnection: close\r\n"
            await peer.answer(body, headers=head)
            return
        else:
            await peer.answer(orjson.dumps({"id": "c", "object": "chat.completion", "model": "m", "choices": [WHOLE]}))


async def closing_always(peer: "Peer") -> None:
    """An API that keeps no connection."""
    await peer.request()
    body = orjson.dumps({"id": "c", "object": "chat.completion", "model": "m", "choices": [WHOLE]})
    await peer.answer(body, headers="Connection: close\r\n")


async def measured(server: "Server", target_at: "TargetAt", runs: int, ways: list[Way]) -> Ended:
    """A benchmark of this server."""
    warm, cold = (prober_for(target_at(server.url), Redactor([])) for _ in range(2))
    try:
        return await Bench(CHECK, warm, cold, lambda _: None).run(ways, runs, 1)
    finally:
        await warm.aclose()
        await cold.aclose()
        await asyncio.sleep(0.01)


async def test_warm_runs_are_warm_and_cold_ones_cold(serve: "Serve", target_at: "TargetAt") -> None:
    """Even where the server closes after each stream: the way is opened again without asking a model."""
    server = await serve(closing_after_streams)
    ended = await measured(server, target_at, 4, WAYS)
    assert ended.stopped is None
    assert all(sample.counts for sample in ended.samples if sample.run)
    assert {sample.way.cold for sample in ended.samples if Figure.CONNECT in sample.figures} == {True}
    asked = [request for request in server.requests if request.startswith(b"POST")]
    assert len(asked) == len(ended.samples) == 20


async def test_no_prompt_repeats_and_the_length_is_as_asked(serve: "Serve", target_at: "TargetAt") -> None:
    """Neither a cache of answers nor a short answer spoils the figures."""
    server = await serve(closing_after_streams)
    await measured(server, target_at, 3, WAYS[:2])
    bodies = [orjson.loads(request.partition(b"\r\n\r\n")[2]) for request in server.requests if request[:1] == b"P"]
    assert {body["max_tokens"] for body in bodies} == {32}
    assert len({body["messages"][0]["content"] for body in bodies}) == len(bodies) == 8


async def test_a_server_that_keeps_no_connection_has_no_warm_runs(serve: "Serve", target_at: "TargetAt") -> None:
    """They are told apart, and count nowhere."""
    server = await serve(closing_always)
    ended = await measured(server, target_at, 2, WAYS[:1])
    assert [sample.reconnected for sample in ended.samples] == [True, True, True]
    assert not any(sample.counts for sample in ended.samples)
