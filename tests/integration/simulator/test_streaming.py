"""Streams of the gateway as a client sees them: their shape, their pace, and how they break."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from monitor.domain.sse import Event, SseParser
from monitor.simulator.faults import Fault
from monitor.simulator.gateway import Gateway
from monitor.simulator.script import parse_script

MODEL = "openai/gpt-4.1"
Stream = Callable[..., Awaitable[tuple[aiohttp.ClientResponse, list[Event]]]]


@pytest.fixture
def stream(client: aiohttp.ClientSession) -> Stream:
    """Asks for a stream, and reads it to its end."""

    async def ask(gateway: Gateway, path: str = "/chat/completions", **more: Any) -> Any:
        body = {"model": MODEL, "stream": True, "max_tokens": 16, "input": "Hi"} | more
        body |= {"messages": [{"role": "user", "content": "Say OK."}]}
        headers = {"anthropic-version": "2023-06-01"}
        async with client.post(f"{gateway.base_url}{path}", json=body, headers=headers) as response:
            parser = SseParser()
            return response, list(parser.feed(await response.read()))

    return ask


async def test_a_chat_is_streamed_as_openai_streams(gateway: Gateway, stream: Stream) -> None:
    """Role, text, finish reason, the end mark; counts only for who asks for them."""
    response, events = await stream(gateway)
    assert response.headers["content-type"].startswith("text/event-stream")
    chunks = [json.loads(event.data) for event in events[:-1]]
    choices = [chunk["choices"][0] for chunk in chunks]
    assert events[-1].data == "[DONE]"
    assert choices[0]["delta"] == {"role": "assistant", "content": "", "refusal": None}
    assert "".join(choice["delta"].get("content") or "" for choice in choices) == "OK"
    assert [choice["finish_reason"] for choice in choices] == [None, None, "stop"]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert all("usage" not in chunk for chunk in chunks)
    _, counted = await stream(gateway, stream_options={"include_usage": True})
    last = json.loads(counted[-2].data)
    assert (last["choices"], last["usage"]["completion_tokens"]) == ([], 2)


async def test_a_message_is_streamed_as_anthropic_streams(gateway: Gateway, stream: Stream) -> None:
    """Each event has a name, and its type once more in the data."""
    _, events = await stream(gateway, "/messages")
    assert [event.name for event in events] == [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert [json.loads(event.data)["type"] for event in events] == [event.name for event in events]


async def test_a_response_is_streamed_as_openai_streams(gateway: Gateway, stream: Stream) -> None:
    """Numbered events, the whole response in the last, no end mark."""
    _, events = await stream(gateway, "/responses")
    documents = [json.loads(event.data) for event in events]
    assert [document["sequence_number"] for document in documents] == list(range(len(events)))
    assert (events[0].name, events[-1].name) == ("response.created", "response.completed")
    assert documents[-1]["response"]["output"][0]["content"][0]["text"] == "OK"


async def test_embeddings_are_never_streamed(gateway: Gateway, client: aiohttp.ClientSession) -> None:
    """Whoever asks for it gets the whole."""
    body = {"model": MODEL, "input": "Hi", "stream": True}
    async with client.post(f"{gateway.base_url}/embeddings", json=body) as response:
        assert len((await response.json())["data"]) == 1


async def test_the_pace_is_the_models(clock: Any, sleeps: Any, stream: Stream) -> None:
    """Latency before the headers, then the first token, then the others; hidden reasoning delays the first."""
    script = f"""
        [[models]]
        id = "{MODEL}"
        latency = "20ms"
        first_token = "300ms"
        between_tokens = "10ms"
        tokens = 3
        reasoning_tokens = 2
    """
    async with Gateway(parse_script(script), clock=clock, sleep=sleeps) as gateway:
        await stream(gateway)
        assert gateway.seen[-1].stream
    assert sleeps.slept == [0.02, pytest.approx(0.32), 0.01, 0.01]


@pytest.mark.parametrize(
    ("path", "where", "code"),
    [
        ("/chat/completions", ("error", "code"), "server_is_overloaded"),
        ("/messages", ("error", "type"), "overloaded_error"),
        ("/responses", ("code",), "server_is_overloaded"),
    ],
)
async def test_an_error_within_a_stream_has_the_shape_of_the_protocol(
    gateway: Gateway, stream: Stream, path: str, where: tuple[str, ...], code: str
) -> None:
    """After a token, and nothing after it."""
    gateway.set_fault(MODEL, Fault.model_validate({"kind": "stream_error", "status": 529}))
    response, events = await stream(gateway, path)
    found = json.loads(events[-1].data)
    for key in where:
        found = found[key]
    assert (response.status, found) == (200, code)


async def test_a_truncated_stream_breaks_the_connection(gateway: Gateway, stream: Stream) -> None:
    """In the middle of the body."""
    gateway.set_fault(MODEL, Fault.model_validate({"kind": "truncated"}))
    with pytest.raises(aiohttp.ClientPayloadError):
        await stream(gateway)


async def test_a_whole_answer_comes_where_the_gateway_does_not_stream(gateway: Gateway, stream: Stream) -> None:
    """As JSON; the other way round, faults of streams leave whole answers alone."""
    gateway.set_fault(MODEL, Fault.model_validate({"kind": "not_streamed"}))
    response, events = await stream(gateway)
    assert (response.headers["content-type"], events) == ("application/json", [])
    gateway.set_fault(MODEL, Fault.model_validate({"kind": "stream_error"}))
    response, _ = await stream(gateway, stream=False)
    assert (response.status, gateway.seen[-1].struck) == (200, None)


async def test_a_stall_and_a_drip_wait_as_they_are_told(gateway: Gateway, stream: Stream, sleeps: Any) -> None:
    """Everything comes in the end."""
    gateway.set_fault(MODEL, Fault.model_validate({"kind": "stream_stall", "pause": "40s"}))
    _, stalled = await stream(gateway)
    assert sleeps.slept == [40.0]
    gateway.set_fault(MODEL, Fault.model_validate({"kind": "slow_drip", "every": "3s"}))
    _, dripped = await stream(gateway)
    assert set(sleeps.slept[1:]) == {3.0}
    assert len(stalled) == len(dripped)
