"""Servers that misbehave on purpose, on loopback, and an exchange against them."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

import pytest
import trustme
from multidict import CIMultiDict
from yarl import URL

from monitor.domain.outcome import Outcome
from monitor.probes.connections import Connections
from monitor.probes.exchange import Request, Route, connecting_within, exchange

_SO_LINGER_NOW = struct.pack("ii", 1, 0)


@dataclass(slots=True)
class Peer:
    """One connection, seen from the server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def request(self) -> bytes:
        """The next request, head and body; empty when the client has gone."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        size = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
        return head + await self.reader.readexactly(size)

    async def send(self, data: bytes) -> None:
        """Send these bytes."""
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, body: bytes = b"{}", *, status: str = "200 OK", headers: str = "") -> None:
        """A correct answer with a content length."""
        await self.send(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body)

    def reset(self) -> None:
        """End the connection with an RST."""
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _SO_LINGER_NOW)
        self.writer.transport.abort()


Script = Callable[[Peer], Awaitable[None]]


@dataclass(slots=True)
class Server:
    """A server that plays a script on every connection."""

    scheme: str
    host: str = "127.0.0.1"
    port: int = 0
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        """The base URL."""
        return f"{self.scheme}://{self.host}:{self.port}/v1"


Serve = Callable[..., Awaitable[Server]]
Ask = Callable[..., Awaitable[Outcome]]
Saying = Callable[[bytes], Script]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts a server that plays a script on every connection; `host` is the name by which it is called."""
    running: list[tuple[asyncio.Server, Server]] = []

    async def start(script: Script, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Server:
        server = Server("http" if tls is None else "https", host=host)

        async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            server.connections += 1
            task = asyncio.current_task()
            assert task is not None
            server.tasks.add(task)
            try:
                with suppress(ConnectionError, asyncio.IncompleteReadError):
                    await script(_Recording(reader, writer, server))
            finally:
                server.tasks.discard(task)
                writer.close()

        listener = await asyncio.start_server(play, "127.0.0.1", 0, ssl=tls, limit=1 << 20)
        server.port = listener.sockets[0].getsockname()[1]
        running.append((listener, server))
        return server

    yield start
    for listener, server in running:
        listener.close()
        tasks = tuple(server.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0.01)  # transports say goodbye in later turns of the loop


class _Recording(Peer):
    """A peer whose requests the server remembers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Server) -> None:
        super().__init__(reader, writer)
        self._server = server

    async def request(self) -> bytes:
        """The next request, which is remembered too."""
        received = await super().request()
        if received:
            self._server.requests.append(received)
        return received


@pytest.fixture
async def connections() -> AsyncIterator[Connections]:
    """The sessions of one test."""
    opened = Connections()
    yield opened
    await opened.aclose()
    await asyncio.sleep(0.01)


@pytest.fixture
def ask(connections: Connections) -> Ask:
    """Makes one exchange, over a fresh connection unless `idle_s` is given."""

    async def run(
        url: str,
        *,
        body: bytes | None = None,
        tls: ssl.SSLContext | None = None,
        proxy: str | None = None,
        idle_s: float | None = None,
        timeout_s: float = 5.0,
        connect_s: float = 5.0,
        through: Connections = connections,
    ) -> Outcome:
        headers = CIMultiDict({"Authorization": "Bearer sk-probe", "User-Agent": "relaywatch/test"})
        request = Request("GET" if body is None else "POST", URL(f"{url}/models"), headers, body)
        route = Route(connecting_within(connect_s), idle_s, tls, None if proxy is None else URL(proxy))
        deadline = asyncio.get_running_loop().time() + timeout_s
        return await exchange(through, request, route, deadline=deadline, now_s=1_800_000_000.0)

    return run


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority that only the tests know."""
    return trustme.CA(key_type=trustme.KeyType.ECDSA)


@pytest.fixture
def unused_port() -> Iterator[int]:
    """A port on which nobody listens, and nobody else can."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@pytest.fixture
def saying() -> Saying:
    """Scripts that answer one request with the given bytes and close."""

    def script_for(data: bytes) -> Script:
        async def script(peer: Peer) -> None:
            await peer.request()
            await peer.send(data)

        return script

    return script_for


@pytest.fixture
def full_backlog() -> Iterator[str]:
    """The base URL of a host that takes no further connection."""
    with ExitStack() as opened:
        listener = opened.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = opened.enter_context(socket.socket())
            filler.setblocking(False)  # noqa: FBT003  a positional flag of the standard library
            filler.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
