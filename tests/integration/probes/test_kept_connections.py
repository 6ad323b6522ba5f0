"""Connections that are kept between exchanges, and servers that close them at the wrong moment."""

import asyncio
from typing import TYPE_CHECKING

import pytest

from monitor.domain.outcome import Answer, NoAnswer, NoAnswerKind, Outcome
from monitor.probes.connections import Connections

if TYPE_CHECKING:
    from tests.integration.probes.conftest import Ask, Peer, Serve


async def polite(peer: "Peer") -> None:
    """Answer every request correctly."""
    while await peer.request():
        await peer.answer()


async def test_a_kept_connection_is_used_again(serve: "Serve", ask: "Ask") -> None:
    """Ten exchanges, one connection."""
    server = await serve(polite)
    for _ in range(10):
        assert isinstance(await ask(server.url, idle_s=60.0, body=b"{}"), Answer)
    assert server.connections == 1


async def test_a_fresh_connection_is_fresh_each_time(serve: "Serve", ask: "Ask") -> None:
    """Nothing is kept where connecting is what is measured, and the server is told."""
    server = await serve(polite)
    for _ in range(3):
        assert isinstance(await ask(server.url), Answer)
    assert server.connections == 3
    assert b"Connection: close" in server.requests[0]


@pytest.mark.parametrize("end", ["reset", "close"])
async def test_a_kept_connection_that_dies_is_replaced_once(serve: "Serve", ask: "Ask", end: str) -> None:
    """A server that drops the second request of each connection is not down."""

    async def one_only(peer: "Peer") -> None:
        await peer.request()
        await peer.answer()
        await peer.request()
        if end == "reset":
            peer.reset()

    server = await serve(one_only)
    assert isinstance(await ask(server.url, idle_s=60.0, body=b"{}"), Answer)
    outcome = await ask(server.url, idle_s=60.0, body=b"{}")
    assert isinstance(outcome, Answer)
    assert outcome.phases.connect_ms is not None
    assert (server.connections, len(server.requests)) == (2, 3)


async def test_the_latency_starts_anew_with_the_replacement(serve: "Serve", ask: "Ask") -> None:
    """What was lost on a dead connection is not the endpoint's latency."""

    async def slow_to_die(peer: "Peer") -> None:
        await peer.request()
        await peer.answer()
        if await peer.request():
            await asyncio.sleep(0.3)

    server = await serve(slow_to_die)
    await ask(server.url, idle_s=60.0, body=b"{}")
    outcome = await ask(server.url, idle_s=60.0, body=b"{}")
    assert isinstance(outcome, Answer)
    assert outcome.phases.total_ms is not None
    assert outcome.phases.total_ms < 200


async def test_the_replacement_stays_within_the_timeout(serve: "Serve", ask: "Ask") -> None:
    """The time lost on the dead connection is gone."""

    async def slow_to_die(peer: "Peer") -> None:
        if not peer_count:
            peer_count.append(1)
            await peer.request()
            await peer.answer()
            await peer.request()
            await asyncio.sleep(0.2)
        else:
            await peer.request()
            await asyncio.sleep(60)

    peer_count: list[int] = []
    server = await serve(slow_to_die)
    await ask(server.url, idle_s=60.0, body=b"{}")
    begun = asyncio.get_running_loop().time()
    outcome = await ask(server.url, idle_s=60.0, body=b"{}", timeout_s=0.4)
    assert isinstance(outcome, NoAnswer)
    assert outcome.kind is NoAnswerKind.READ_TIMEOUT
    assert asyncio.get_running_loop().time() - begun < 0.6


async def test_a_replacement_that_dies_is_a_failure(serve: "Serve", ask: "Ask") -> None:
    """Once is once: a server that drops fresh connections too is down."""

    async def script(peer: "Peer") -> None:
        await peer.request()
        if server.connections == 1:
            await peer.answer()
            await peer.request()

    server = await serve(script)
    await ask(server.url, idle_s=60.0, body=b"{}")
    outcome = await ask(server.url, idle_s=60.0, body=b"{}")
    assert isinstance(outcome, NoAnswer)
    assert outcome.kind is NoAnswerKind.RESET
    assert (server.connections, len(server.requests)) == (2, 3)


@pytest.mark.parametrize(
    ("begun", "kind"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", NoAnswerKind.CUT_IN_BODY),
        (b"HTTP/1.1 200 OK\r\nContent-Le", NoAnswerKind.RESET),
    ],
    ids=["body", "headers"],
)
async def test_a_kept_connection_that_dies_within_the_answer_is_a_failure(
    serve: "Serve", ask: "Ask", begun: bytes, kind: NoAnswerKind
) -> None:
    """Once an answer has begun, the server had the request."""

    async def script(peer: "Peer") -> None:
        await peer.request()
        await peer.answer()
        await peer.request()
        await peer.send(begun)

    server = await serve(script)
    await ask(server.url, idle_s=60.0, body=b"{}")
    outcome = await ask(server.url, idle_s=60.0, body=b"{}")
    assert isinstance(outcome, NoAnswer)
    assert (outcome.kind, server.connections) == (kind, 1)


async def test_an_answer_nobody_asked_for_is_not_taken_for_the_next(serve: "Serve", ask: "Ask") -> None:
    """Some servers send 408 before they close an idle connection: it belongs to no request."""
    said = asyncio.Event()

    async def script(peer: "Peer") -> None:
        await peer.request()
        await peer.answer(b"first")
        if server.connections == 1:
            await asyncio.sleep(0.02)
            await peer.send(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
            said.set()
            await peer.request()

    server = await serve(script)
    await ask(server.url, idle_s=60.0, body=b"{}")
    await said.wait()
    await asyncio.sleep(0.02)
    outcome = await ask(server.url, idle_s=60.0, body=b"{}")
    assert isinstance(outcome, Answer)
    assert (outcome.http_status, outcome.body, server.connections) == (200, b"first", 2)


async def test_a_server_that_closes_idle_connections_gives_no_failure(serve: "Serve", ask: "Ask") -> None:
    """Two hundred probes, each at about the moment when the server closes the connection."""
    idle_s = 0.02

    async def impatient(peer: "Peer") -> None:
        await peer.request()
        while True:
            await peer.answer()
            try:
                async with asyncio.timeout(idle_s):
                    if not await peer.request():
                        return
            except TimeoutError:
                return

    server = await serve(impatient)

    async def every(check: int) -> list[Outcome]:
        own = Connections()
        found = []
        for turn in range(20):
            found.append(await ask(server.url, idle_s=60.0, body=b"{}", through=own))
            await asyncio.sleep(idle_s + (check * 20 + turn - 100) * 0.000_02)
        await own.aclose()
        return found

    outcomes = [outcome for found in await asyncio.gather(*map(every, range(10))) for outcome in found]
    assert len(outcomes) == 200
    assert [outcome for outcome in outcomes if not isinstance(outcome, Answer)] == []
    assert 20 < server.connections <= 200 + 10
