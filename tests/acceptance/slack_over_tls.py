"""The double of Slack where a bot expects it: at https://slack.com, behind a proxy.

A bot's address is not configurable, and should not be; a proxy is. This one takes every CONNECT, answers the TLS
handshake as slack.com with a certificate of an authority of its own, and hands the rest to the double.
"""

import asyncio
import ssl
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import trustme

from monitor.simulator.sinks import SlackSink

CUT = (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError)


class SlackOverTls:
    """A running double with its proxy, as an asynchronous context manager.

    Args:
        folder: where the authority's certificate is put.

    Attributes:
        sink: the double.
        authority: the PEM file that a client has to trust.
    """

    def __init__(self, folder: Path) -> None:
        self.sink = SlackSink()
        self.authority = folder / "slack-authority.pem"
        self._house = AsyncExitStack()
        self._tunnels: set[asyncio.Task[None]] = set()
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)

    async def __aenter__(self) -> Self:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.authority)
        authority.issue_cert("slack.com").configure_cert(self._context)
        await self._house.enter_async_context(self.sink)
        self._server = await asyncio.start_server(self._taken, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for tunnel in self._tunnels:
            tunnel.cancel()
        await asyncio.gather(*self._tunnels, return_exceptions=True)
        await self._house.aclose()

    @property
    def proxy(self) -> str:
        """The proxy's URL."""
        host, port = self._server.sockets[0].getsockname()
        return f"http://{host}:{port}"

    def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._tunnel(reader, writer))
        self._tunnels.add(task)
        task.add_done_callback(self._tunnels.discard)

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(*CUT):
            asked = await reader.readuntil(b"\r\n\r\n")
            assert asked.startswith(b"CONNECT slack.com:443 "), asked
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await writer.start_tls(self._context)
            url = urlsplit(self.sink.api_url)
            inner_reader, inner_writer = await asyncio.open_connection(url.hostname, url.port)
            try:
                await asyncio.gather(_pass_on(reader, inner_writer), _pass_on(inner_reader, writer))
            finally:
                inner_writer.close()
        writer.close()


async def _pass_on(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    with suppress(*CUT):
        while data := await source.read(65536):
            to.write(data)
            await to.drain()
    to.close()
