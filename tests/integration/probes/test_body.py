"""Bodies over real sockets: cut, endless, slow, compressed, and damaged."""

import asyncio
import gzip
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import pytest

from monitor.domain.outcome import Answer, NoAnswer, NoAnswerKind, Outcome

if TYPE_CHECKING:
    from tests.integration.probes.conftest import Ask, Peer, Saying, Serve


def failed(outcome: Outcome) -> NoAnswer:
    """The outcome, which must be a failure."""
    assert isinstance(outcome, NoAnswer), outcome
    return outcome


def answered(outcome: Outcome) -> Answer:
    """The outcome, which must be an answer."""
    assert isinstance(outcome, Answer), outcome
    return outcome


def with_body(body: bytes, encoding: str) -> bytes:
    """A whole answer whose body is said to be encoded."""
    return f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def test_a_body_that_drips(serve: "Serve", ask: "Ask") -> None:
    """Bytes that keep coming do not stretch the timeout; the status that came is kept."""

    async def script(peer: "Peer") -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            await peer.send(b" ")
            await asyncio.sleep(0.01)

    server = await serve(script)
    outcome = failed(await ask(server.url, timeout_s=0.15))
    assert (outcome.kind, outcome.http_status) == (NoAnswerKind.READ_TIMEOUT, 200)
    assert outcome.detail == "the end of the body did not come in time"


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\nshort",
    ],
    ids=["content-length", "chunked", "within-a-chunk"],
)
async def test_a_body_that_is_cut(serve: "Serve", ask: "Ask", saying: "Saying", data: bytes) -> None:
    """Less body than was promised is a failure that knows its status."""
    server = await serve(saying(data))
    outcome = failed(await ask(server.url))
    assert (outcome.kind, outcome.http_status) == (NoAnswerKind.CUT_IN_BODY, 200)


async def test_a_body_whose_framing_is_broken(serve: "Serve", ask: "Ask", saying: "Saying") -> None:
    """A chunk that is none ends the exchange, whether it came with the headers or after them."""
    server = await serve(saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\nNOT HEX\r\n"))
    assert failed(await ask(server.url)).kind in {NoAnswerKind.UNDECODABLE, NoAnswerKind.CUT_IN_BODY}


async def test_a_reset_within_the_body(serve: "Serve", ask: "Ask") -> None:
    """A reset after the headers is a cut, not a reset before the answer."""

    async def script(peer: "Peer") -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
        await asyncio.sleep(0.05)
        peer.reset()

    server = await serve(script)
    assert failed(await ask(server.url)).kind is NoAnswerKind.CUT_IN_BODY


async def test_a_body_without_end(serve: "Serve", ask: "Ask") -> None:
    """Reading stops at the bound, however much is still to come."""
    sent = 0

    async def script(peer: "Peer") -> None:
        nonlocal sent
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await peer.send(b"x" * 65_536)
            sent += 65_536

    server = await serve(script)
    assert failed(await ask(server.url)).kind is NoAnswerKind.TOO_LARGE
    assert sent < 64 << 20


@pytest.mark.parametrize("size", [1 << 20, (1 << 20) + 1])
async def test_the_bound_of_a_body(serve: "Serve", ask: "Ask", saying: "Saying", size: int) -> None:
    """One mebibyte is fine, one byte more is not."""
    server = await serve(saying(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode() + b"x" * size))
    outcome = await ask(server.url)
    assert isinstance(outcome, Answer) == (size == 1 << 20)


async def test_a_gzip_bomb(serve: "Serve", ask: "Ask", saying: "Saying") -> None:
    """A gibibyte of zeros in a mebibyte is given up early, and takes no memory."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(1 << 20)
    bomb = b"".join([packer.compress(block) for _ in range(1024)] + [packer.flush()])
    server = await serve(saying(with_body(bomb, "gzip")))
    tracemalloc.start()
    try:
        outcome = failed(await ask(server.url))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert outcome.kind is NoAnswerKind.TOO_LARGE
    assert peak < 8 << 20


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(b"hello")),
        ("X-GZIP", gzip.compress(b"hello")),
        ("deflate", zlib.compress(b"hello")),
        ("deflate", zlib.compress(b"hello", wbits=-15)),
        ("identity", b"hello"),
    ],
    ids=["gzip", "x-gzip", "deflate", "raw-deflate", "identity"],
)
async def test_a_compressed_body(serve: "Serve", ask: "Ask", saying: "Saying", encoding: str, packed: bytes) -> None:
    """What was asked for is understood, and what servers send instead of it."""
    server = await serve(saying(with_body(packed, encoding)))
    assert answered(await ask(server.url)).body == b"hello"


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", b"not gzip at all"),
        ("gzip", gzip.compress(b"hello" * 99)[:-9]),
        ("gzip", gzip.compress(b"hello") + b"and more"),
        ("br", b"brotli"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"hello"))),
    ],
    ids=["garbage", "cut", "trailing", "unasked", "twice"],
)
async def test_a_body_that_cannot_be_decoded(
    serve: "Serve", ask: "Ask", saying: "Saying", encoding: str, packed: bytes
) -> None:
    """A body of which nothing can be made is a failure that knows its status."""
    server = await serve(saying(with_body(packed, encoding)))
    outcome = failed(await ask(server.url))
    assert (outcome.kind, outcome.http_status) == (NoAnswerKind.UNDECODABLE, 200)


async def test_an_empty_body_with_an_encoding(serve: "Serve", ask: "Ask", saying: "Saying") -> None:
    """Nothing, compressed or not, is nothing."""
    server = await serve(saying(with_body(b"", "gzip")))
    assert answered(await ask(server.url)).body == b""
