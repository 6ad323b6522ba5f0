"""An endpoint examined over real sockets: what is found at each step, and what is not looked at any more after it."""

import asyncio
import datetime as dt
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import trustme

from monitor.config.secrets import Secret
from monitor.config.urls import Address
from monitor.domain.check import Check, CheckKind
from monitor.domain.diagnosis import Meaning, Step, StepName, StepStatus
from monitor.domain.redact import Redactor
from monitor.errors import Problem
from monitor.probes.doctor.examination import examine
from monitor.probes.doctor.subject import Instruments, Subject, Told, list_check_of

if TYPE_CHECKING:
    from tests.integration.probes.conftest import Peer, Script, Serve, TargetAt

KEY = "sk-test-0123456789abcdef"
OK, WARNING, FAILED, SKIPPED = StepStatus.OK, StepStatus.WARNING, StepStatus.FAILED, StepStatus.SKIPPED
YEAR_2000, YEAR_2001 = dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(2001, 1, 1, tzinfo=dt.UTC)
CHUNK = {"id": "c", "object": "chat.completion.chunk", "model": "m"}
EVENT = orjson.dumps({**CHUNK, "choices": [{"index": 0, "delta": {"content": "OK"}, "finish_reason": "stop"}]})


@dataclass
class Found:
    """The steps of one examination."""

    steps: list[Step] = field(default_factory=list)

    def __getitem__(self, name: StepName) -> Step:
        return next(step for step in self.steps if step.name is name)

    @property
    def failing(self) -> list[tuple[StepName, Meaning | None]]:
        """What failed, and how."""
        return [(step.name, step.meaning) for step in self.steps if step.status is FAILED]

    def skipped(self, *names: StepName) -> bool:
        """Whether these were all left out, with a reason."""
        return all(self[name].status is SKIPPED and self[name].says for name in names)


Examine = Callable[..., Awaitable[Found]]


@pytest.fixture
async def doctor(target_at: "TargetAt") -> AsyncIterator[Examine]:
    """Examines the endpoint `gw` at a URL."""

    async def run(
        url: str, *, told: Told | None = None, stream: bool = False, more: Any = None, **target: Any
    ) -> Found:
        check = Check("gw/chat/m", "gw", CheckKind.CHAT, "m", "gw", stream=stream, timeout_s=5.0)
        subject = Subject(
            target=target_at(url, **target),
            told=told or Told(Path("relaywatch.toml")),
            models=[check],
            list_check=list_check_of("gw", 5.0, 1.0),
            redactor=Redactor([KEY]),
        )
        subject = replace(subject, **(more or {}))
        instruments = await asyncio.to_thread(Instruments, subject)
        try:
            return Found([step async for step in examine(subject, instruments, lambda _: None)])
        finally:
            await instruments.aclose()

    yield run
    await asyncio.sleep(0.01)


async def streaming(peer: "Peer", request: bytes) -> None:
    """Answer a completion as it was asked for."""
    if b'"stream":true' in request.replace(b" ", b""):
        await peer.answer(b"data: " + EVENT + b"\n\ndata: [DONE]\n\n", headers="Content-Type: text/event-stream\r\n")
    else:
        choice = {"index": 0, "message": {"role": "assistant", "content": "OK"}, "finish_reason": "stop"}
        await peer.answer(orjson.dumps({"id": "c", "object": "chat.completion", "model": "m", "choices": [choice]}))


def api_at(prefix: str = "/v1", *, has_list: bool = True) -> "Script":
    """An API that works below `prefix` and nowhere else."""

    async def script(peer: "Peer") -> None:
        while request := await peer.request():
            path = request.split()[1].decode()
            if path == f"{prefix}/models" and has_list:
                await peer.answer(orjson.dumps({"object": "list", "data": [{"id": "m"}]}))
            elif path == f"{prefix}/chat/completions":
                await streaming(peer, request)
            else:
                await peer.answer(b'{"detail":"Not Found"}', status="404 Not Found")

    return script


def server_side(authority: trustme.CA, name: str = "localhost", until: dt.datetime | None = None) -> ssl.SSLContext:
    """The server's context with a certificate for `name`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, not_before=None if until is None else YEAR_2000, not_after=until).configure_cert(context)
    return context


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    """The tests' authority."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


async def test_a_healthy_endpoint_over_tls(
    serve: "Serve", doctor: Examine, authority: trustme.CA, ca_file: Path
) -> None:
    """Version, cipher, and the chain up to its root, whose names and days are right."""
    ends = dt.datetime.now(dt.UTC) + dt.timedelta(days=40, minutes=5)  # noqa: TID251  a certificate lives in real time
    server = await serve(api_at(), tls=server_side(authority, until=ends), host="localhost")
    found = await doctor(server.url, ca_file=ca_file)
    assert found.failing == []
    tls = found[StepName.TLS]
    assert tls.status is OK
    assert tls.facts["version"] == "TLSv1.3"
    assert tls.facts["names"] == ["localhost"]
    assert tls.facts["name_matches"] is True
    assert tls.facts["chain_known"] is True
    assert tls.facts["chain"][0]["days_left"] == 40.0
    assert tls.facts["chain"][-1]["subject"] == tls.facts["chain"][-1]["issuer"]
    assert [step.facts["stream"] for step in found.steps if step.name is StepName.MODEL] == [False, True]


async def test_a_certificate_that_ends_soon(
    serve: "Serve", doctor: Examine, authority: trustme.CA, ca_file: Path
) -> None:
    """It works, and is a warning."""
    ends = dt.datetime.now(dt.UTC) + dt.timedelta(days=3)  # noqa: TID251  a certificate lives in real time
    server = await serve(api_at(), tls=server_side(authority, until=ends), host="localhost")
    step = (await doctor(server.url, ca_file=ca_file))[StepName.TLS]
    assert (step.status, step.meaning) == (WARNING, Meaning.CERTIFICATE_ENDS_SOON)


@pytest.mark.parametrize(
    ("name", "until", "trusted", "meaning", "says"),
    [
        ("localhost", YEAR_2001, True, Meaning.CERTIFICATE_EXPIRED, "days ago"),
        ("other.test", None, True, Meaning.CERTIFICATE_OTHER_NAME, "other.test"),
        ("localhost", None, False, Meaning.CHAIN_INCOMPLETE, "does not show"),
    ],
)
async def test_a_certificate_that_is_refused(  # noqa: PLR0917  a row of a table and its fixtures
    serve: "Serve",
    doctor: Examine,
    authority: trustme.CA,
    ca_file: Path,
    name: str,
    until: dt.datetime | None,
    trusted: bool,  # noqa: FBT001  a row of a table
    meaning: Meaning,
    says: str,
) -> None:
    """It is looked at all the same, so that one sees why; nothing is sent over that connection."""
    server = await serve(api_at(), tls=server_side(authority, name, until), host="localhost")
    found = await doctor(server.url, ca_file=ca_file if trusted else None)
    assert found.failing == [(StepName.TLS, meaning)]
    assert says in found[StepName.TLS].says
    assert found[StepName.TLS].facts["names"] == [name]
    assert server.requests == []
    assert found.skipped(StepName.HTTP, StepName.KEY, StepName.MODEL_LIST, StepName.MODEL)


async def test_a_port_without_tls(serve: "Serve", doctor: Examine) -> None:
    """https:// towards a plain port is named as that."""

    async def plain(peer: "Peer") -> None:
        await peer.reader.read(100)
        await peer.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    server = await serve(plain)
    found = await doctor(server.url.replace("http:", "https:"))
    assert found.failing == [(StepName.TLS, Meaning.TLS_NOT_SPOKEN)]


async def test_nobody_listens(doctor: Examine, unused_port: int) -> None:
    """A refusal says that somebody is there: the way out is not doubted."""
    uplink = [Address("127.0.0.1", unused_port)]
    found = await doctor(f"http://127.0.0.1:{unused_port}/v1", more={"uplink": uplink})
    assert found.failing == [(StepName.TCP, Meaning.PORT_REFUSED)]
    assert StepName.UPLINK not in {step.name for step in found.steps}
    assert found.skipped(StepName.HTTP, StepName.CLOCK, StepName.LIMITS)


async def test_nobody_answers(doctor: Examine, full_backlog: str, unused_port: int) -> None:
    """A silence may be our own fault: the way out is tried."""
    uplink = [Address("127.0.0.1", unused_port)]
    found = await doctor(full_backlog, more={"uplink": uplink})
    assert found.failing == [(StepName.TCP, Meaning.PORT_SILENT), (StepName.UPLINK, Meaning.NO_NETWORK)]


async def test_one_address_of_two_refuses(serve: "Serve", doctor: Examine) -> None:
    """It works, but whoever connects may lose time: a warning, with both addresses."""
    server = await serve(api_at(), host="two.test")

    def lookup(_host: str, port: int, **_how: Any) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("127.0.0.2", "127.0.0.1")]

    found = await doctor(server.url, more={"lookup": lookup})
    step = found[StepName.TCP]
    assert (step.status, step.meaning) == (WARNING, Meaning.SOME_REFUSED)
    assert [row["failure"] for row in step.facts["addresses"]] == ["refused", None]
    assert found.failing == []


@pytest.mark.parametrize("wrong", ["", "/v1/v1"])
async def test_the_api_is_next_door(serve: "Serve", doctor: Examine, wrong: str) -> None:
    """A missing or doubled /v1: the address that answers is named, and the rest is left out."""
    server = await serve(api_at())
    base_url = server.url.removesuffix("/v1") + wrong
    found = await doctor(base_url)
    assert found.failing == [(StepName.HTTP, Meaning.OTHER_BASE_URL)]
    assert found[StepName.HTTP].facts["answers_at"] == server.url


async def test_models_without_a_list(serve: "Serve", doctor: Examine) -> None:
    """The list is not missed where it is not probed; where it is, the advice is to stop."""
    server = await serve(api_at(has_list=False))
    found = await doctor(server.url)
    assert found.failing == [(StepName.MODEL_LIST, Meaning.LIST_ABSENT)]
    quiet = await doctor(server.url, told=Told(Path("x"), check_models=False))
    assert quiet.failing == []


async def test_another_protocol_is_spoken(serve: "Serve", doctor: Examine) -> None:
    """An Anthropic error on an openai endpoint; the key is not blamed."""

    async def anthropic(peer: "Peer") -> None:
        error = {"type": "error", "error": {"type": "authentication_error", "message": "x-api-key header is required"}}
        while await peer.request():
            await peer.answer(orjson.dumps(error), status="401 Unauthorized")

    server = await serve(anthropic)
    found = await doctor(server.url)
    assert found.failing == [(StepName.PROTOCOL, Meaning.OTHER_PROTOCOL)]
    assert found.skipped(StepName.KEY, StepName.MODEL_LIST, StepName.MODEL)


async def test_a_key_that_is_refused_though_none_is_needed(serve: "Serve", doctor: Examine) -> None:
    """Only asking without it tells."""

    async def picky(peer: "Peer") -> None:
        while request := await peer.request():
            if b"Authorization" in request:
                await peer.answer(b'{"error":{"message":"bad key","code":"invalid_api_key"}}', status="401 No")
            else:
                await peer.answer(b'{"object":"list","data":[{"id":"m"}]}')

    server = await serve(picky)
    found = await doctor(server.url)
    assert found.failing == [(StepName.KEY, Meaning.KEY_HARMS)]
    assert all(KEY.encode() in request or b"Authorization" not in request for request in server.requests)


async def test_what_cannot_be_resolved_is_not_needed_for_the_way(serve: "Serve", doctor: Examine) -> None:
    """Without its key the endpoint is examined as far as HTTP."""
    server = await serve(api_at())
    problem = Problem("api_key", "environment variable X is not set")
    found = await doctor(server.url, told=Told(Path("x"), problems=[problem]), api_key=None)
    assert found.failing == [(StepName.CONFIGURATION, Meaning.SECRET_MISSING)]
    assert found[StepName.HTTP].status is OK
    assert found.skipped(StepName.KEY, StepName.MODEL_LIST, StepName.MODEL, StepName.LIMITS)


def proxy_with(answer: bytes | None) -> "Script":
    """A proxy that gives this answer to CONNECT; None opens the way."""

    async def script(peer: "Peer") -> None:
        request = await peer.request()
        if answer is not None:
            await peer.send(answer)
            return
        host, _, port = request.split()[1].decode().rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        await peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_pump(peer.reader, writer), _pump(reader, peer.writer))

    return script


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def test_through_a_proxy(serve: "Serve", doctor: Examine, authority: trustme.CA, ca_file: Path) -> None:
    """Name and port are the proxy's, the certificate is the endpoint's; the proxy's password is nowhere."""
    server = await serve(api_at(), tls=server_side(authority), host="localhost")
    proxy = await serve(proxy_with(None))
    url = Secret(f"http://user:pa55word@127.0.0.1:{proxy.port}")
    found = await doctor(server.url, ca_file=ca_file, proxy=url, more={"redactor": Redactor([KEY])})
    assert found.failing == []
    assert found[StepName.PROXY].status is OK
    assert found[StepName.TLS].facts["names"] == ["localhost"]
    assert found[StepName.TCP].facts["port"] == proxy.port
    assert b"Proxy-Authorization: Basic" in proxy.requests[0]
    assert "pa55word" not in repr(found.steps)


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (b"HTTP/1.1 407 Who are you\r\n\r\n", Meaning.PROXY_CREDENTIALS),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", Meaning.PROXY_FAILED),
        (b"SSH-2.0-OpenSSH_9\r\n\r\n", Meaning.PROXY_FAILED),
        (b"", Meaning.PROXY_FAILED),
    ],
)
async def test_a_proxy_that_does_not_open_the_way(
    serve: "Serve", doctor: Examine, answer: bytes, meaning: Meaning
) -> None:
    """The proxy is blamed, not the endpoint behind it."""
    proxy = await serve(proxy_with(answer))
    found = await doctor("https://api.test/v1", proxy=Secret(f"http://127.0.0.1:{proxy.port}"))
    assert found.failing == [(StepName.PROXY, meaning)]
    assert found.skipped(StepName.TLS, StepName.HTTP)


async def test_hostile_text_is_cut_and_redacted(serve: "Serve", doctor: Examine) -> None:
    """Wherever it comes from: headers, the body, a certificate."""

    async def hostile(peer: "Peer") -> None:
        while await peer.request():
            body = orjson.dumps({"error": {"message": f"\x1b[31m{KEY} {'x' * 5000}", "code": "server_error"}})
            await peer.answer(body, status="500 No", headers=f"Server: evil {KEY} {'y' * 900}\r\n")

    server = await serve(hostile)
    found = await doctor(server.url)
    shown = repr(found.steps)
    assert KEY not in shown
    assert "\\x1b" not in shown
    assert all(len(step.says) <= 400 for step in found.steps)
