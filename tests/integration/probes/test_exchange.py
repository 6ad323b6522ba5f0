"""Every way in which an endpoint can fail to answer, over real sockets."""

import asyncio
from typing import TYPE_CHECKING

import pytest

from monitor.domain.outcome import Answer, NoAnswer, NoAnswerKind, Outcome
from monitor.probes.connections import Connections

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


async def test_an_answer_carries_status_headers_body_and_phases(serve: "Serve", ask: "Ask") -> None:
    """A complete answer is handed on whole, with names of headers in lower case."""

    async def script(peer: "Peer") -> None:
        await peer.request()
        await peer.answer(b'{"data":[]}', headers="X-Request-Id: r1\r\n")

    server = await serve(script)
    answer = answered(await ask(server.url))
    assert (answer.http_status, answer.body, answer.headers["x-request-id"]) == (200, b'{"data":[]}', "r1")
    phases = answer.phases
    assert phases.dns_ms is None
    assert phases.tls_ms is None
    assert phases.connect_ms is not None
    assert phases.first_byte_ms is not None
    assert phases.total_ms is not None
    assert 0 < phases.connect_ms + phases.first_byte_ms <= phases.total_ms < 1000


async def test_name_resolution_is_a_phase(serve: "Serve", ask: "Ask") -> None:
    """A host name is looked up, and the look-up timed."""

    async def script(peer: "Peer") -> None:
        await peer.request()
        await peer.answer()

    server = await serve(script, host="localhost")
    phases = answered(await ask(server.url)).phases
    assert phases.dns_ms is not None
    assert phases.dns_ms > 0


async def test_a_host_that_does_not_exist(ask: "Ask") -> None:
    """No address for the name is a DNS failure that names the host."""
    outcome = failed(await ask("http://no-such-host.invalid/v1"))
    assert outcome.kind is NoAnswerKind.DNS
    assert "no-such-host.invalid" in outcome.detail


async def test_name_resolution_that_hangs_is_a_connect_timeout(ask: "Ask") -> None:
    """A look-up without end costs the connect timeout, is told apart, and holds up nothing else."""
    release = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hang(*_: object, **__: object) -> list[tuple[object, ...]]:
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result(5)
        raise OSError

    connections = Connections(hang)
    outcome = failed(await ask("http://slow-dns.test/v1", connect_s=0.05, through=connections))
    release.set()
    await connections.aclose()
    assert (outcome.kind, outcome.detail) == (NoAnswerKind.CONNECT_TIMEOUT, "name resolution took too long")


async def test_a_port_where_nobody_listens(ask: "Ask", unused_port: int) -> None:
    """A refusal is told from every other trouble of connecting."""
    outcome = failed(await ask(f"http://127.0.0.1:{unused_port}/v1"))
    assert (outcome.kind, outcome.detail) == (NoAnswerKind.REFUSED, "Connection refused")


async def test_a_full_backlog_is_a_connect_timeout(ask: "Ask", full_backlog: str) -> None:
    """A host that takes no connection costs the connect timeout only."""
    outcome = failed(await ask(full_backlog, connect_s=0.1))
    assert (outcome.kind, outcome.detail) == (NoAnswerKind.CONNECT_TIMEOUT, "connecting took too long")


async def test_the_whole_timeout_bounds_connecting_too(ask: "Ask", full_backlog: str) -> None:
    """When the time for everything ends while connecting, it is still a connect timeout."""
    assert failed(await ask(full_backlog, timeout_s=0.1)).kind is NoAnswerKind.CONNECT_TIMEOUT


@pytest.mark.parametrize("end", ["reset", "close"])
async def test_a_connection_that_ends_before_the_headers(serve: "Serve", ask: "Ask", end: str) -> None:
    """Reset or closed, nothing came back; the request is not sent twice behind our back."""

    async def script(peer: "Peer") -> None:
        await peer.request()
        if end == "reset":
            peer.reset()

    server = await serve(script)
    outcome = failed(await ask(server.url))
    assert outcome.kind is NoAnswerKind.RESET
    assert (outcome.http_status, server.connections, len(server.requests)) == (None, 1, 1)


async def test_headers_that_never_come(serve: "Serve", ask: "Ask") -> None:
    """Silence after the request is a read timeout without a status."""

    async def script(peer: "Peer") -> None:
        await peer.request()
        await asyncio.sleep(60)

    server = await serve(script)
    outcome = failed(await ask(server.url, timeout_s=0.1))
    assert (outcome.kind, outcome.http_status) == (NoAnswerKind.READ_TIMEOUT, None)


@pytest.mark.parametrize(
    "garbage",
    [b"SSH-2.0-OpenSSH_9.2p1\r\n", b"\x16\x03\x01\x00\x05hello\r\n\r\n", b"HTTP/9.9 boo\r\n\r\n", bytes(500)],
    ids=["ssh", "tls", "version", "zeros"],
)
async def test_garbage_instead_of_http(serve: "Serve", ask: "Ask", saying: "Saying", garbage: bytes) -> None:
    """What is no HTTP is no answer, and none of it is quoted."""
    server = await serve(saying(garbage))
    outcome = failed(await ask(server.url))
    assert (outcome.kind, outcome.detail) == (NoAnswerKind.UNDECODABLE, "what came back is not HTTP")


@pytest.mark.parametrize(
    "headers",
    [b"X-Long: " + b"x" * 100_000 + b"\r\n", b"".join(b"X-%d: y\r\n" % number for number in range(5000))],
    ids=["long", "many"],
)
async def test_a_flood_of_headers(serve: "Serve", ask: "Ask", saying: "Saying", headers: bytes) -> None:
    """Headers are bounded too."""
    server = await serve(saying(b"HTTP/1.1 200 OK\r\n" + headers + b"Content-Length: 0\r\n\r\n"))
    assert failed(await ask(server.url)).kind is NoAnswerKind.TOO_LARGE


async def test_interim_answers_are_passed_over(serve: "Serve", ask: "Ask", saying: "Saying") -> None:
    """Early hints and the like are not the answer."""
    server = await serve(
        saying(
            b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 3 + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        )
    )
    assert answered(await ask(server.url)).body == b"ok"


async def test_a_switch_of_protocols_nobody_asked_for(serve: "Serve", ask: "Ask", saying: "Saying") -> None:
    """101 is not an answer."""
    server = await serve(saying(b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\nrubbish"))
    assert failed(await ask(server.url)).kind is NoAnswerKind.UNDECODABLE


async def test_a_redirect_is_an_answer_and_nothing_follows_it(serve: "Serve", ask: "Ask", saying: "Saying") -> None:
    """The other host never hears of us, let alone of the key."""

    async def never(peer: "Peer") -> None:
        await peer.request()

    other = await serve(never)
    server = await serve(saying(f"HTTP/1.1 302 Found\r\nLocation: {other.url}\r\nContent-Length: 0\r\n\r\n".encode()))
    answer = answered(await ask(server.url))
    assert (answer.http_status, other.connections) == (302, 0)


async def test_a_cancelled_exchange_is_cancelled(serve: "Serve", ask: "Ask") -> None:
    """Cancellation goes through, at once."""
    arrived = asyncio.Event()

    async def script(peer: "Peer") -> None:
        await peer.request()
        arrived.set()
        await asyncio.sleep(60)

    server = await serve(script)
    task = asyncio.ensure_future(ask(server.url))
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
