"""Streamed exchanges over real sockets: what is timed, when reading ends, and what is asked again, which is nothing."""

import asyncio
import json
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from monitor.domain.check import Check, CheckKind
from monitor.domain.result import FaultDomain, Result, Status, Trigger
from monitor.probes import streaming

if TYPE_CHECKING:
    from tests.integration.probes.conftest import Peer, Script, Serve, Start

CHECK = Check("gw/chat/m", "gw", CheckKind.CHAT, "m", "gw", timeout_s=5.0, stream=True)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
DONE = b"data: [DONE]\n\n"


def piece(content: str | None = None, finish: str | None = None) -> bytes:
    """One event of a completion."""
    delta = {"role": "assistant", "content": ""} if content is None else {"content": content}
    choice = {"index": 0, "delta": {} if finish else delta, "finish_reason": finish}
    return b"data: " + json.dumps({"model": "m", "choices": [choice]}).encode() + b"\n\n"


GOOD = piece() + piece("O") + piece("K") + piece(finish="stop") + DONE


def framed(*parts: bytes) -> bytes:
    """These bytes as chunks of HTTP."""
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)


def saying(*parts: bytes, then: str = "keep") -> "Script":
    """A script that answers each request with a stream of these parts, and then ends the connection in this way."""

    async def script(peer: "Peer") -> None:
        while await peer.request():
            await peer.send(HEAD + framed(*parts))
            if then == "keep":
                await peer.send(LAST_CHUNK)
                continue
            if then == "reset":
                await asyncio.sleep(0.05)  # a reset overtakes what has not been received
                peer.reset()
            if then == "hang":
                await asyncio.sleep(60)
            return

    return script


async def probed(start: "Start", url: str, check: Check = CHECK, *, times: int = 1, **changes: Any) -> Result:
    """The last result of so many probes by one prober."""
    prober = start(url, **changes)
    for _ in range(times):
        result = await prober.probe(check, Trigger.ON_PHASE)
    return result


async def test_the_first_token_is_timed(serve: "Serve", start: "Start") -> None:
    """The role comes at once, the first token after 0.2 s, the last one after another 0.3 s."""

    async def script(peer: "Peer") -> None:
        await peer.request()
        await peer.send(HEAD + framed(piece()))
        await asyncio.sleep(0.2)
        await peer.send(framed(piece("O")))
        await asyncio.sleep(0.3)
        await peer.send(framed(piece("K"), piece(finish="stop"), DONE) + LAST_CHUNK)

    result = await probed(start, (await serve(script)).url)
    times = result.stream
    assert result.status is Status.UP
    assert times is not None
    assert times.first_event_ms is not None
    assert times.last_token_ms is not None
    assert result.ttft_ms is not None
    assert result.latency_ms is not None
    assert result.ttft_ms - times.first_event_ms >= 190.0
    assert times.last_token_ms - result.ttft_ms >= 290.0
    assert times.max_stall_ms == pytest.approx(times.last_token_ms - result.ttft_ms)
    assert result.latency_ms >= times.last_token_ms
    assert times.pieces == 2


async def test_a_slow_connect_is_not_in_the_first_token(serve: "Serve", start: "Start") -> None:
    """TTFT is counted from the request, latency from the start: the first is never the larger one."""
    result = await probed(start, (await serve(saying(GOOD))).url)
    assert result.ttft_ms is not None
    assert result.latency_ms is not None
    assert result.ttft_ms < result.latency_ms


async def test_a_stall_is_a_timeout_that_says_after_how_much(serve: "Serve", start: "Start") -> None:
    """Two tokens and then nothing: the endpoint's fault, and what was seen stays in the result."""
    server = await serve(saying(piece(), piece("O"), piece("K"), then="hang"))
    result = await probed(start, server.url, replace(CHECK, timeout_s=0.4))
    assert (result.status, result.verdict.fault_domain) == (Status.TIMEOUT, FaultDomain.ENDPOINT)
    assert result.verdict.reason == "the stream stalled after 2 tokens"
    assert result.ttft_ms is not None
    assert (server.connections, len(server.requests)) == (1, 1)


@pytest.mark.parametrize("then", ["close", "reset"])
async def test_a_cut_is_no_answer(serve: "Serve", start: "Start", then: str) -> None:
    """However the connection ends before the finish reason, and however much came; and nobody asks again."""
    server = await serve(saying(piece(), piece("O"), piece("K"), then=then))
    result = await probed(start, server.url)
    assert (result.status, result.verdict.fault_domain) == (Status.INVALID_RESPONSE, FaultDomain.ENDPOINT)
    assert "after 2 tokens" in (result.verdict.reason or "")
    assert (server.connections, len(server.requests)) == (1, 1)


@pytest.mark.parametrize("then", ["close", "reset"])
async def test_after_the_finish_the_connection_may_do_what_it_likes(serve: "Serve", start: "Start", then: str) -> None:
    """The answer was complete."""
    server = await serve(saying(piece("OK"), piece(finish="stop"), then=then))
    result = await probed(start, server.url)
    assert result.status is Status.UP
    assert (server.connections, len(server.requests)) == (1, 1)


async def test_silence_after_the_finish_is_waited_for_only_so_long(
    serve: "Serve", start: "Start", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counts and the end mark may still come; when they do not, the answer is good, and no slower for it."""
    monkeypatch.setattr(streaming, "AFTER_FINISH_S", 0.2)
    result = await probed(start, (await serve(saying(piece("OK"), piece(finish="stop"), then="hang"))).url)
    assert result.status is Status.UP
    assert result.latency_ms is not None
    assert result.latency_ms < 200.0


async def test_comments_after_the_finish_do_not_prolong_the_wait(
    serve: "Serve", start: "Start", monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway that keeps the connection alive for ever makes a good answer neither late nor slow."""
    monkeypatch.setattr(streaming, "AFTER_FINISH_S", 0.3)

    async def script(peer: "Peer") -> None:
        await peer.request()
        await peer.send(HEAD + framed(piece("OK"), piece(finish="stop")))
        while True:
            await asyncio.sleep(0.1)
            await peer.send(framed(b": keep-alive\n\n"))

    result = await probed(start, (await serve(script)).url, replace(CHECK, timeout_s=30.0))
    assert result.status is Status.UP
    assert result.latency_ms is not None
    assert result.latency_ms < 300.0
    assert result.finished_at.s_since(result.started_at) < 20.0


@pytest.mark.parametrize("end", [DONE, piece(finish="stop")])
async def test_the_time_may_be_up_once_the_answer_is_whole(
    serve: "Serve", start: "Start", monkeypatch: pytest.MonkeyPatch, end: bytes
) -> None:
    """What is waited for after the end, whichever end it was, costs neither the verdict nor latency."""
    monkeypatch.setattr(streaming, "AFTER_FINISH_S", 60.0)
    monkeypatch.setattr(streaming, "TO_THE_END_S", 60.0)
    server = await serve(saying(piece("OK"), end, then="hang"))
    result = await probed(start, server.url, replace(CHECK, timeout_s=1.0))
    assert result.status is Status.UP
    assert result.latency_ms is not None
    assert result.latency_ms < 900.0


async def test_the_counts_after_the_finish_are_waited_for(serve: "Serve", start: "Start") -> None:
    """They come a little later, as real servers send them."""

    async def script(peer: "Peer") -> None:
        await peer.request()
        await peer.send(HEAD + framed(piece("OK"), piece(finish="stop")))
        await asyncio.sleep(0.1)
        usage = {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}
        await peer.send(framed(b"data: " + json.dumps(usage).encode() + b"\n\n", DONE) + LAST_CHUNK)

    result = await probed(start, (await serve(script)).url)
    assert (result.input_tokens, result.output_tokens) == (9, 2)


async def test_a_stream_that_ended_leaves_its_connection_to_the_next_probe(serve: "Serve", start: "Start") -> None:
    """Three probes, three requests, one connection."""
    server = await serve(saying(GOOD))
    result = await probed(start, server.url, times=3)
    assert result.status is Status.UP
    assert (server.connections, len(server.requests)) == (1, 3)


async def test_a_stream_that_did_not_end_takes_its_connection_along(serve: "Serve", start: "Start") -> None:
    """What hangs after [DONE] is dropped; the next probe connects anew, and nothing is asked twice."""
    server = await serve(saying(GOOD, then="hang"))
    result = await probed(start, server.url, times=2)
    assert result.status is Status.UP
    assert (server.connections, len(server.requests)) == (2, 2)


async def test_an_endless_stream_is_stopped(serve: "Serve", start: "Start") -> None:
    """Four times the tokens that were allowed, and some, are enough; the server is left to talk to itself."""
    sent = 0

    async def script(peer: "Peer") -> None:
        nonlocal sent
        await peer.request()
        await peer.send(HEAD)
        while True:
            await peer.send(framed(piece("x")))
            sent += 1
            await asyncio.sleep(0)

    server = await serve(script)
    result = await probed(start, server.url, replace(CHECK, max_tokens=8))
    assert result.status is Status.UP
    assert result.stream is not None
    assert result.stream.pieces == 8 * 4 + 64
    assert (server.connections, len(server.requests)) == (1, 1)


async def test_a_body_of_more_than_a_mebibyte_is_not_heard_out(serve: "Serve", start: "Start") -> None:
    """Comments without end are no answer."""

    async def script(peer: "Peer") -> None:
        await peer.request()
        await peer.send(HEAD)
        while True:
            await peer.send(framed(b":" + b"x" * 16_383 + b"\n"))

    result = await probed(start, (await serve(script)).url)
    assert (result.status, result.verdict.reason) == (Status.INVALID_RESPONSE, "the body is larger than 1 MiB")


async def test_a_compressed_stream_is_read_as_it_comes(serve: "Serve", start: "Start") -> None:
    """The first token of a gzip stream is there when its bytes are, not at the end of the body."""
    head = HEAD.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")
    packer = zlib.compressobj(wbits=31)
    first = packer.compress(piece() + piece("O")) + packer.flush(zlib.Z_SYNC_FLUSH)
    rest = packer.compress(piece("K") + piece(finish="stop") + DONE) + packer.flush()

    async def script(peer: "Peer") -> None:
        await peer.request()
        await peer.send(head + framed(first))
        await asyncio.sleep(0.2)
        await peer.send(framed(rest) + LAST_CHUNK)

    result = await probed(start, (await serve(script)).url)
    assert result.status is Status.UP
    assert result.stream is not None
    assert (result.stream.max_stall_ms or 0.0) > 150.0


@pytest.mark.parametrize("code", [401, 429, 500, 503])
async def test_a_code_of_failure_is_read_as_a_body(serve: "Serve", start: "Start", code: int) -> None:
    """What is no stream is judged as ever, and asked once."""

    async def script(peer: "Peer") -> None:
        while await peer.request():
            await peer.answer(b'{"error":{"message":"no"}}', status=f"{code} No")

    server = await serve(script)
    result = await probed(start, server.url)
    assert result.http_status == code
    assert result.verdict.reason == f"HTTP {code}: no"
    assert (result.stream, result.ttft_ms) == (None, None)
    assert len(server.requests) == 1


async def test_a_kept_connection_that_died_is_replaced_once(serve: "Serve", start: "Start") -> None:
    """The second request of each connection is dropped before a byte came: one more connection, no more than that."""

    async def script(peer: "Peer") -> None:
        await peer.request()
        await peer.send(HEAD + framed(GOOD) + LAST_CHUNK)
        await peer.request()

    server = await serve(script)
    result = await probed(start, server.url, times=2)
    assert result.status is Status.UP
    assert (server.connections, len(server.requests)) == (2, 3)


async def test_a_kept_connection_that_dies_after_a_byte_is_not_replaced(serve: "Serve", start: "Start") -> None:
    """A stream that had begun is the answer, cut as it is."""

    async def script(peer: "Peer") -> None:
        await peer.request()
        await peer.send(HEAD + framed(GOOD) + LAST_CHUNK)
        await peer.request()
        await peer.send(HEAD + framed(piece("O")))

    server = await serve(script)
    result = await probed(start, server.url, times=2)
    assert result.status is Status.INVALID_RESPONSE
    assert (server.connections, len(server.requests)) == (1, 2)


async def test_a_fresh_connection_that_dies_is_not_replaced(serve: "Serve", start: "Start") -> None:
    """Nothing else is ever repeated."""

    async def script(peer: "Peer") -> None:
        await peer.request()

    server = await serve(script)
    result = await probed(start, server.url)
    assert result.status is Status.CONNECTION_ERROR
    assert (server.connections, len(server.requests)) == (1, 1)


async def test_a_stream_is_asked_for(serve: "Serve", start: "Start") -> None:
    """With its counts, and with the type that it has."""
    server = await serve(saying(GOOD))
    await probed(start, server.url)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    asked = json.loads(body)
    assert b"Accept: text/event-stream" in head
    assert (asked["stream"], asked["stream_options"]) == (True, {"include_usage": True})


async def test_the_last_chunk_may_come_a_little_later(serve: "Serve", start: "Start") -> None:
    """Gateways send it on its own; the connection is kept all the same, and nothing is counted as latency."""

    async def script(peer: "Peer") -> None:
        while await peer.request():
            await peer.send(HEAD + framed(GOOD))
            await asyncio.sleep(0.1)
            await peer.send(LAST_CHUNK)

    server = await serve(script)
    result = await probed(start, server.url, times=2)
    assert result.status is Status.UP
    assert server.connections == 1
    assert result.latency_ms is not None
    assert result.latency_ms < 100.0
