"""Asking an account what is left: with the key, once, and whatever it answers."""

from typing import TYPE_CHECKING

import pytest

from monitor.config.secrets import Secret
from monitor.domain.balance import BalanceRule
from monitor.probes.target import BalanceSource

if TYPE_CHECKING:
    from tests.integration.probes.conftest import Peer, Serve, Start

KEY = "sk-test-0123456789abcdef"


def source(url: str, pointer: str = "/data/0/balance") -> BalanceSource:
    """An account behind a URL."""
    return BalanceSource(f"{url}/balance", pointer, 60.0, BalanceRule(1.0, 0.0), {"X-Team": Secret("blue")})


async def test_the_request_and_the_amount(serve: "Serve", start: "Start") -> None:
    """A GET with the endpoint's key and the account's own header."""

    async def script(peer: "Peer") -> None:
        await peer.request()
        await peer.answer(b'{"data": [{"balance": "12.50"}]}')

    server = await serve(script)
    assert await start(server.url, balance=source(server.url)).balance("gw") == 12.5
    (request,) = server.requests
    assert request.startswith(b"GET /v1/balance HTTP/1.1\r\n")
    assert f"Authorization: Bearer {KEY}".encode() in request
    assert b"X-Team: blue" in request


@pytest.mark.parametrize(
    ("status", "headers", "body", "problem"),
    [
        ("500 Oops", "", b"{}", "HTTP 500"),
        ("302 Found", "Location: http://127.0.0.1:1/\r\n", b"", "HTTP 302"),
        ("200 OK", "", b"<html>", "the answer is not JSON"),
        ("200 OK", "", b"", "the answer is not JSON"),
        ("200 OK", "", b'{"data": []}', "the answer has no number at /data/0/balance"),
        ("200 OK", "", b'{"data": [{"balance": NaN}]}', "the answer has no number at /data/0/balance"),
        ("200 OK", "", b"[" * 100_000, "the answer is not JSON"),
        ("200 OK", "", b" " * 1_100_000, "the body is larger than 1 MiB"),
    ],
)
async def test_no_amount(  # noqa: PLR0917  what comes and what is made of it
    serve: "Serve", start: "Start", status: str, headers: str, body: bytes, problem: str
) -> None:
    """In a few words of our own: nothing that upstream wrote, and no second request."""

    async def script(peer: "Peer") -> None:
        await peer.request()
        await peer.answer(body, status=status, headers=headers)

    server = await serve(script)
    assert await start(server.url, balance=source(server.url)).balance("gw") == problem
    assert len(server.requests) == 1


async def test_nobody_there_and_nothing_to_ask(unused_port: int, start: "Start") -> None:
    """A connection that is refused is a problem like any other."""
    url = f"http://127.0.0.1:{unused_port}/v1"
    prober = start(url, balance=source(url))
    assert "refused" in str(await prober.balance("gw"))
    assert await prober.balance("gone") == "it is no longer configured"
