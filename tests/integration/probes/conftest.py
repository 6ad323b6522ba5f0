"""Servers that misbehave on purpose, on loopback, and an exchange against them."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import pytest
import trustme
from multidict import CIMultiDict
from yarl import URL

from monitor.clock import SystemClock
from monitor.config.secrets import Secret
from monitor.domain.outcome import Outcome
from monitor.domain.redact import Redactor
from monitor.probes.connections import Connections
from monitor.probes.exchange import Request, Route, connecting_within, exchange
from monitor.probes.prober import Prober
from monitor.probes.target import EndpointTarget

KEY = "sk-test-0123456789abcdef"
COMPLETION = {
    "id": "c1",
    "object": "chat.completion",
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "OK"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
}
MODELS = {"object": "list", "data": [{"id": "m", "object": "model"}]}
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
Start = Callable[..., Prober]
TargetAt = Callable[..., EndpointTarget]


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


def target_of(url: str, **changes: Any) -> EndpointTarget:
    """The endpoint `gw` at this URL."""
    plain = EndpointTarget(
        name="gw",
        base_url=url,
        protocol="openai",
        api_key=Secret(KEY),
        headers={},
        proxy=None,
        ca_file=None,
        concurrency=10,
        models=("m",),
        keepalive_s=60.0,
    )
    return replace(plain, **changes)


@pytest.fixture
def target_at() -> TargetAt:
    """Makes the endpoint `gw` at a URL, whose key is `KEY`."""
    return target_of


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts probers on the endpoint `gw` at a URL, and closes them after the test."""
    async with AsyncExitStack() as running:

        def begin(url: str, *, total: int = 100, **changes: Any) -> Prober:
            targets = {"gw": target_of(url, **changes)}
            prober = Prober(targets, concurrency=total, clock=SystemClock(), redactor=Redactor([KEY]))
            running.push_async_callback(prober.aclose)
            return prober

        yield begin
    await asyncio.sleep(0.01)


@pytest.fixture
def api() -> Script:
    """An API that works, and demands the key."""

    async def script(peer: Peer) -> None:
        while request := await peer.request():
            if f"Authorization: Bearer {KEY}".encode() not in request:
                await peer.answer(
                    b'{"error":{"message":"bad key","code":"invalid_api_key"}}', status="401 Unauthorized"
                )
            elif request.startswith(b"GET /v1/models "):
                await peer.answer(orjson.dumps(MODELS))
            else:
                await peer.answer(orjson.dumps(COMPLETION), headers="X-Request-Id: req-7\r\n")

    return script
