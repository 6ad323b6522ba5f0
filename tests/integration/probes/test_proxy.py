"""Endpoints behind an HTTP proxy: plain and tunnelled, and proxies that refuse."""

import asyncio
import base64
import ssl
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme

from monitor.domain.outcome import Answer, NoAnswer, NoAnswerKind
from monitor.probes.tls import private_context

if TYPE_CHECKING:
    from tests.integration.probes.conftest import Ask, Peer, Serve


async def polite(peer: "Peer") -> None:
    """Answer every request correctly."""
    while await peer.request():
        await peer.answer(b"through")


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until the end."""
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def tunnel(peer: "Peer") -> None:
    """A proxy that grants CONNECT to ports of this machine."""
    request = await peer.request()
    port = int(request.split(b" ")[1].rsplit(b":", 1)[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
    try:
        await asyncio.gather(pump(peer.reader, writer), pump(reader, peer.writer))
    finally:
        writer.close()


@pytest.fixture
def trusting(authority: trustme.CA, tmp_path: Path) -> ssl.SSLContext:
    """The client's context with the tests' authority as its CA file."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return private_context(path, endpoint="gw")


@pytest.fixture
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    """The server's context for `localhost`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


async def test_plain_http_through_a_proxy(serve: "Serve", ask: "Ask") -> None:
    """The proxy is asked for the whole URL; its credentials go to it and nowhere else."""
    proxy = await serve(polite)
    url = f"http://user:pa%20ss@127.0.0.1:{proxy.port}"
    outcome = await ask("http://api.example.test/v1", proxy=url)
    assert isinstance(outcome, Answer)
    request = proxy.requests[0]
    assert request.startswith(b"GET http://api.example.test/v1/models HTTP/1.1\r\n")
    assert base64.b64encode(b"user:pa ss") in request


async def test_https_through_a_tunnel(
    serve: "Serve", ask: "Ask", server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    """TLS runs end to end: the proxy sees the host and its own credentials, never the key."""
    server = await serve(polite, tls=server_tls, host="localhost")
    proxy = await serve(tunnel)
    outcome = await ask(server.url, tls=trusting, proxy=f"http://user:secret@127.0.0.1:{proxy.port}")
    assert isinstance(outcome, Answer)
    assert outcome.body == b"through"
    assert outcome.certificate_days is not None
    assert outcome.phases.tls_ms is not None
    assert proxy.requests[0].startswith(b"CONNECT localhost:")
    assert b"sk-probe" not in proxy.requests[0]
    assert b"Proxy-Authorization" not in server.requests[0]


async def test_a_kept_connection_through_a_tunnel(
    serve: "Serve", ask: "Ask", server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    """A tunnel is kept as a direct connection is."""
    server = await serve(polite, tls=server_tls, host="localhost")
    proxy = await serve(tunnel)
    for _ in range(3):
        outcome = await ask(server.url, tls=trusting, proxy=f"http://127.0.0.1:{proxy.port}", idle_s=60.0, body=b"{}")
        assert isinstance(outcome, Answer)
    assert (proxy.connections, server.connections) == (1, 1)


@pytest.mark.parametrize("status", ["403 Forbidden", "407 Proxy Authentication Required", "502 Bad Gateway"])
async def test_a_proxy_that_refuses_the_tunnel(
    serve: "Serve", ask: "Ask", trusting: ssl.SSLContext, status: str
) -> None:
    """The refusal is the proxy's, with its status and nothing else that it said."""

    async def refuse(peer: "Peer") -> None:
        await peer.request()
        await peer.answer(b"<b>no</b>", status=status)

    proxy = await serve(refuse)
    outcome = await ask("https://api.example.test/v1", tls=trusting, proxy=f"http://127.0.0.1:{proxy.port}")
    assert isinstance(outcome, NoAnswer)
    assert (outcome.kind, outcome.detail) == (NoAnswerKind.PROXY, f"the proxy answered {status[:3]} to CONNECT")
    assert proxy.connections == 1


async def test_a_proxy_that_wants_credentials_for_plain_http(serve: "Serve", ask: "Ask") -> None:
    """407 never comes from the endpoint."""

    async def refuse(peer: "Peer") -> None:
        await peer.request()
        await peer.answer(status="407 Proxy Authentication Required")

    proxy = await serve(refuse)
    outcome = await ask("http://api.example.test/v1", proxy=f"http://127.0.0.1:{proxy.port}")
    assert isinstance(outcome, NoAnswer)
    assert outcome.kind is NoAnswerKind.PROXY


async def test_a_proxy_that_hangs_up(serve: "Serve", ask: "Ask", trusting: ssl.SSLContext) -> None:
    """It is asked once, not twice."""

    async def hang_up(peer: "Peer") -> None:
        await peer.request()

    proxy = await serve(hang_up)
    outcome = await ask("https://api.example.test/v1", tls=trusting, proxy=f"http://127.0.0.1:{proxy.port}")
    assert isinstance(outcome, NoAnswer)
    assert (outcome.kind, proxy.connections) == (NoAnswerKind.PROXY, 1)


async def test_a_proxy_that_talks_nonsense(serve: "Serve", ask: "Ask", trusting: ssl.SSLContext) -> None:
    """An answer to CONNECT that is no HTTP is the proxy's fault."""

    async def babble(peer: "Peer") -> None:
        await peer.request()
        await peer.send(b"what?\r\n\r\n")

    proxy = await serve(babble)
    outcome = await ask("https://api.example.test/v1", tls=trusting, proxy=f"http://127.0.0.1:{proxy.port}")
    assert isinstance(outcome, NoAnswer)
    assert outcome.kind is NoAnswerKind.PROXY


async def test_a_proxy_that_is_not_there(ask: "Ask", unused_port: int) -> None:
    """A refused connection to the proxy says nothing of the endpoint."""
    outcome = await ask("http://api.example.test/v1", proxy=f"http://127.0.0.1:{unused_port}")
    assert isinstance(outcome, NoAnswer)
    assert (outcome.kind, outcome.detail) == (NoAnswerKind.PROXY, "proxy: Connection refused")


async def test_a_proxy_that_never_answers(serve: "Serve", ask: "Ask", trusting: ssl.SSLContext) -> None:
    """Waiting for the tunnel is part of connecting."""

    async def silent(peer: "Peer") -> None:
        await peer.request()
        await asyncio.sleep(60)

    proxy = await serve(silent)
    outcome = await ask(
        "https://api.example.test/v1", tls=trusting, proxy=f"http://127.0.0.1:{proxy.port}", connect_s=0.1
    )
    assert isinstance(outcome, NoAnswer)
    assert outcome.kind is NoAnswerKind.CONNECT_TIMEOUT
    assert outcome.detail == "connecting through the proxy took too long"


async def test_a_wrong_certificate_behind_a_tunnel(
    serve: "Serve", ask: "Ask", authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    """TLS trouble behind the proxy is the endpoint's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.test").configure_cert(context)
    server = await serve(polite, tls=context, host="localhost")
    proxy = await serve(tunnel)
    outcome = await ask(server.url, tls=trusting, proxy=f"http://127.0.0.1:{proxy.port}")
    assert isinstance(outcome, NoAnswer)
    assert (outcome.kind, outcome.detail) == (NoAnswerKind.TLS, "the certificate is for another host name")


async def test_a_proxy_reached_over_tls(
    serve: "Serve", ask: "Ask", server_tls: ssl.SSLContext, trusting: ssl.SSLContext, authority: trustme.CA
) -> None:
    """TLS with the proxy and TLS with the endpoint are told apart."""
    server = await serve(polite, tls=server_tls, host="localhost")
    proxy = await serve(tunnel, tls=server_tls, host="localhost")
    fine = await ask(server.url, tls=trusting, proxy=f"https://localhost:{proxy.port}")
    assert isinstance(fine, Answer)
    wrong = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.test").configure_cert(wrong)
    bad_proxy = await serve(tunnel, tls=wrong, host="localhost")
    outcome = await ask(server.url, tls=trusting, proxy=f"https://localhost:{bad_proxy.port}")
    assert isinstance(outcome, NoAnswer)
    assert (outcome.kind, outcome.detail) == (NoAnswerKind.PROXY, "proxy: the certificate is for another host name")
