"""Each misbehaviour as the bare socket sees it."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from monitor.simulator.faults import Fault
from monitor.simulator.gateway import Gateway, Target

MODEL = "openai/gpt-4.1"
BODY = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}).encode()
Dial = Callable[[], Any]


@pytest.fixture
def dial(gateway: Gateway) -> Dial:
    """Opens a connection and sends one request for a completion."""

    @asynccontextmanager
    async def dialled() -> AsyncIterator[asyncio.StreamReader]:
        port = int(gateway.base_url.rpartition(":")[2].removesuffix("/v1"))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(BODY)}\r\n\r\n"
        writer.write(head.encode() + BODY)
        try:
            yield reader
        finally:
            writer.close()

    return dialled


def strike(gateway: Gateway, kind: str, **options: Any) -> None:
    """Sets a fault for the model that is asked."""
    gateway.set_fault(MODEL, Fault.model_validate({"kind": kind} | options))


async def read_to_end(dial: Dial) -> bytes:
    """All that comes until the other side closes."""
    async with dial() as reader, asyncio.timeout(10):
        data: bytes = await reader.read()
        return data


async def test_reset_is_a_reset(gateway: Gateway, dial: Dial) -> None:
    """No byte and no orderly end."""
    strike(gateway, "reset")
    with pytest.raises(ConnectionResetError):
        await read_to_end(dial)


async def test_close_before_headers_is_an_orderly_end_without_a_byte(gateway: Gateway, dial: Dial) -> None:
    """End of data at once."""
    strike(gateway, "close_before_headers")
    assert await read_to_end(dial) == b""


async def test_garbage_is_no_http(gateway: Gateway, dial: Dial) -> None:
    """Bytes that no parser takes for a status line."""
    strike(gateway, "garbage")
    assert (await read_to_end(dial)).startswith(b"\x00\xff")


async def test_a_truncated_body_is_shorter_than_promised(gateway: Gateway, dial: Dial) -> None:
    """The headers promise twice what comes."""
    strike(gateway, "truncated")
    head, _, body = (await read_to_end(dial)).partition(b"\r\n\r\n")
    promised = int(head.rpartition(b"Content-Length: ")[2])
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert len(body) == promised // 2


async def test_hang_says_nothing_and_ends_with_the_client(gateway: Gateway, dial: Dial) -> None:
    """Not a byte while the client waits; the gateway is free again at once."""
    strike(gateway, "hang")
    async with dial() as reader:
        await until(lambda: len(gateway.seen) == 1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.05)
    strike(gateway, "close_before_headers")
    assert await read_to_end(dial) == b""


async def test_a_drip_sends_byte_by_byte(gateway: Gateway, dial: Dial, sleeps: Any) -> None:
    """One wait of the given length per byte, and in the end the whole body."""
    strike(gateway, "slow_drip", every="250ms")
    async with dial() as reader:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))[16:])
        body = await reader.readexactly(length)
    assert json.loads(body)["model"] == MODEL
    assert sleeps.slept == [0.25] * length


async def test_a_huge_body_does_not_say_how_huge(gateway: Gateway, dial: Dial) -> None:
    """Chunked, no content length, two mebibytes by default."""
    strike(gateway, "huge_body")
    async with dial() as reader:
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"content-length" not in head.lower()
        size = 0
        while chunk := int(await reader.readline(), 16):
            size += len(await reader.readexactly(chunk + 2)) - 2
    assert size > 2 * 1024 * 1024


async def test_a_gzip_bomb_is_small_until_unpacked(gateway: Gateway, dial: Dial) -> None:
    """A thousandth of its size travels."""
    strike(gateway, "gzip_bomb", body_bytes=4 * 1024 * 1024)
    async with dial() as reader:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))[16:])
        packed = await reader.readexactly(length)
    assert b"gzip" in head
    assert len(packed) < 8192
    assert len(gzip.decompress(packed)) == 4 * 1024 * 1024


async def until(holds: Callable[[], bool], timeout_s: float = 5.0) -> None:
    """Waits for a condition, within a bound."""
    async with asyncio.timeout(timeout_s):
        while not holds():  # noqa: ASYNC110  the gateway has no event to wait for, and needs none but here
            await asyncio.sleep(0)


async def test_idle_connections_are_closed_after_the_timeout(clock: Any, gateway: Gateway) -> None:
    """An answer, then an orderly end by itself, as uvicorn does after five seconds."""
    async with Gateway(gateway.script, clock=clock, keepalive_timeout=0.05) as hasty:
        port = int(hasty.base_url.rpartition(":")[2].removesuffix("/v1"))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(5):
            assert (await reader.read()).startswith(b"HTTP/1.1 200 OK")
        writer.close()


async def test_stopping_ends_hung_answers(clock: Any, gateway: Gateway) -> None:
    """A gateway with a silent client stops all the same."""
    async with Gateway(gateway.script, clock=clock) as other:
        other.set_fault(Target.EVERYTHING, Fault.model_validate({"kind": "hang"}))
        port = int(other.base_url.rpartition(":")[2].removesuffix("/v1"))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(lambda: len(other.seen) == 1)
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()
