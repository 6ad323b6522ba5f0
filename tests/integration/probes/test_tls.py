"""TLS towards an endpoint: what is trusted, what is refused, and what each refusal is called."""

import asyncio
import datetime as dt
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme

from monitor.domain.outcome import Answer, NoAnswer, NoAnswerKind
from monitor.probes.tls import private_context, system_context

if TYPE_CHECKING:
    from tests.integration.probes.conftest import Ask, Peer, Serve

YEAR_2001 = dt.datetime(2001, 1, 1, tzinfo=dt.UTC)


async def polite(peer: "Peer") -> None:
    """Answer every request correctly."""
    while await peer.request():
        await peer.answer()


def server_side(authority: trustme.CA, name: str = "localhost", until: dt.datetime | None = None) -> ssl.SSLContext:
    """The server's context with a certificate for `name`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    begin = None if until is None else dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    authority.issue_cert(name, not_before=begin, not_after=until).configure_cert(context)
    return context


@pytest.fixture
def trusting(authority: trustme.CA, tmp_path: Path) -> ssl.SSLContext:
    """The client's context with the tests' authority as its CA file."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return private_context(path, endpoint="gw")


async def test_a_private_authority(serve: "Serve", ask: "Ask", authority: trustme.CA, trusting: ssl.SSLContext) -> None:
    """A certificate signed by the CA file is fine; handshake and days left are told."""
    expires = dt.datetime.fromtimestamp(1_800_000_000 + 10 * 86_400, dt.UTC)
    server = await serve(polite, tls=server_side(authority, until=expires), host="localhost")
    outcome = await ask(server.url, tls=trusting)
    assert isinstance(outcome, Answer)
    assert outcome.certificate_days == pytest.approx(10, abs=0.001)
    phases = outcome.phases
    assert None not in (phases.dns_ms, phases.connect_ms, phases.tls_ms, phases.first_byte_ms)
    assert phases.tls_ms is not None
    assert phases.connect_ms is not None
    assert min(phases.tls_ms, phases.connect_ms) > 0


async def test_a_kept_connection_has_no_handshake(
    serve: "Serve", ask: "Ask", authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    """The second exchange over one connection reports neither phases of connecting nor the certificate."""
    server = await serve(polite, tls=server_side(authority), host="localhost")
    await ask(server.url, tls=trusting, idle_s=60.0, body=b"{}")
    outcome = await ask(server.url, tls=trusting, idle_s=60.0, body=b"{}")
    assert server.connections == 1
    assert (outcome.phases.dns_ms, outcome.phases.connect_ms, outcome.phases.tls_ms) == (None, None, None)
    assert outcome.certificate_days is None


async def test_a_certificate_that_has_expired(
    serve: "Serve", ask: "Ask", authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    """It is refused before anything is sent, and the detail says why."""
    server = await serve(polite, tls=server_side(authority, until=YEAR_2001), host="localhost")
    outcome = await ask(server.url, tls=trusting)
    assert isinstance(outcome, NoAnswer)
    assert (outcome.kind, outcome.detail) == (NoAnswerKind.TLS, "the certificate has expired")
    assert server.requests == []


async def test_a_certificate_for_somebody_else(
    serve: "Serve", ask: "Ask", authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    """It is refused before anything is sent, and the detail says why."""
    server = await serve(polite, tls=server_side(authority, "other.test"), host="localhost")
    outcome = await ask(server.url, tls=trusting)
    assert isinstance(outcome, NoAnswer)
    assert (outcome.kind, outcome.detail) == (NoAnswerKind.TLS, "the certificate is for another host name")
    assert server.requests == []


async def test_a_certificate_of_an_unknown_authority(serve: "Serve", ask: "Ask", authority: trustme.CA) -> None:
    """Without the CA file a private certificate is refused, before anything is sent."""
    server = await serve(polite, tls=server_side(authority), host="localhost")
    outcome = await ask(server.url, tls=system_context())
    assert isinstance(outcome, NoAnswer)
    assert outcome.kind is NoAnswerKind.TLS
    assert outcome.detail in {"the certificate's authority is unknown", "the certificate is self-signed"}
    assert server.requests == []


async def test_a_port_that_does_not_speak_tls(serve: "Serve", ask: "Ask") -> None:
    """https:// towards a plain port is named as that."""

    async def plain(peer: "Peer") -> None:
        await peer.reader.read(100)
        await peer.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    server = await serve(plain)
    outcome = await ask(server.url.replace("http:", "https:"), tls=system_context())
    assert isinstance(outcome, NoAnswer)
    assert (outcome.kind, outcome.detail) == (NoAnswerKind.TLS, "the server does not speak TLS on this port")


async def test_a_connection_that_ends_within_the_handshake(serve: "Serve", ask: "Ask") -> None:
    """Closed during the handshake is a reset, not trouble with a certificate."""

    async def shut(peer: "Peer") -> None:
        await peer.reader.read(100)

    server = await serve(shut)
    outcome = await ask(server.url.replace("http:", "https:"), tls=system_context())
    assert isinstance(outcome, NoAnswer)
    assert outcome.kind is NoAnswerKind.RESET


async def test_a_handshake_that_hangs(serve: "Serve", ask: "Ask") -> None:
    """It costs the connect timeout, and the detail says that it was TLS."""

    async def silent(peer: "Peer") -> None:
        await peer.reader.read(100)
        await asyncio.sleep(60)

    server = await serve(silent)
    outcome = await ask(server.url.replace("http:", "https:"), tls=system_context(), connect_s=0.1)
    assert isinstance(outcome, NoAnswer)
    assert (outcome.kind, outcome.detail) == (NoAnswerKind.CONNECT_TIMEOUT, "the TLS handshake took too long")
