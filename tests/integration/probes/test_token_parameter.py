"""APIs that refuse the usual name of the token limit."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from monitor.domain.check import Check, CheckKind
from monitor.domain.result import Status, Trigger

if TYPE_CHECKING:
    from tests.integration.probes.conftest import Peer, Serve, Start

CHAT = Check("gw/chat/m", "gw", CheckKind.CHAT, "m", "gw", timeout_s=2.0)
REFUSED = {
    "error": {
        "message": "Unsupported parameter: 'max_tokens' is not supported with this model.",
        "type": "invalid_request_error",
        "param": "max_tokens",
        "code": "unsupported_parameter",
    }
}
COMPLETION = {
    "id": "c1",
    "object": "chat.completion",
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "OK"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
}


def body_of(request: bytes) -> dict[str, Any]:
    """The JSON of a request."""
    decoded: dict[str, Any] = orjson.loads(request.split(b"\r\n\r\n", 1)[1])
    return decoded


async def test_a_refused_token_parameter_is_repeated_once_and_remembered(serve: "Serve", start: "Start") -> None:
    """The next probe asks right at once; the latency is that of the answer that counts."""

    async def modern(peer: "Peer") -> None:
        while request := await peer.request():
            if "max_tokens" in body_of(request):
                await asyncio.sleep(0.2)
                await peer.answer(orjson.dumps(REFUSED), status="400 Bad Request")
            else:
                await peer.answer(orjson.dumps(COMPLETION))

    server = await serve(modern)
    prober = start(server.url)
    first = await prober.probe(CHAT, Trigger.ON_PHASE)
    assert (first.status, len(server.requests)) == (Status.UP, 2)
    assert first.latency_ms is not None
    assert first.latency_ms < 200
    assert (await prober.probe(CHAT, Trigger.ON_PHASE)).status is Status.UP
    assert ["max_tokens" in body_of(request) for request in server.requests] == [True, False, False]


async def test_the_repetition_stays_within_the_timeout(serve: "Serve", start: "Start") -> None:
    """Both exchanges share the time of one probe."""

    async def slow(peer: "Peer") -> None:
        while request := await peer.request():
            await asyncio.sleep(0.2)
            refused = "max_tokens" in body_of(request)
            await peer.answer(
                orjson.dumps(REFUSED if refused else COMPLETION), status="400 Bad Request" if refused else "200 OK"
            )

    server = await serve(slow)
    result = await start(server.url).probe(replace(CHAT, timeout_s=0.3), Trigger.ON_PHASE)
    assert result.status is Status.TIMEOUT
    assert result.finished_at.s_since(result.started_at) < 0.45


async def test_an_api_that_refuses_both_parameters_is_asked_twice_and_no_more(serve: "Serve", start: "Start") -> None:
    """There is an end to it."""

    async def stubborn(peer: "Peer") -> None:
        while await peer.request():
            await peer.answer(orjson.dumps(REFUSED), status="400 Bad Request")

    server = await serve(stubborn)
    result = await start(server.url).probe(CHAT, Trigger.ON_PHASE)
    assert (result.status, len(server.requests)) == (Status.CLIENT_ERROR, 2)
