"""The web room over real sockets: two faces, what they refuse, and clear words where they cannot open."""

import asyncio
import os
import re
import socket
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest

from monitor.errors import StartError
from monitor.web.metrics import Metrics
from monitor.web.server import Server

if TYPE_CHECKING:
    from tests.integration.web.conftest import Room


async def through_socket(path: Path, request: str) -> str:
    """The raw answer to a raw request over the control socket."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(request.encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer.decode()


async def test_the_control_socket_answers_whatever_host_is_asked_for(room: "Room") -> None:
    """File permissions guard it, not names."""
    answer = await through_socket(
        room.control, "GET /healthz HTTP/1.1\r\nHost: relaywatch\r\nConnection: close\r\n\r\n"
    )
    assert answer.startswith("HTTP/1.1 200 OK")
    assert answer.endswith('{"status":"alive"}')


async def test_the_control_socket_is_for_its_owner_and_group(room: "Room") -> None:
    """Acting on the daemon needs the right to this file."""
    assert stat.S_IMODE(os.lstat(room.control).st_mode) == 0o660


async def test_a_foreign_host_is_refused_on_tcp(room: "Room") -> None:
    """DNS rebinding: a site that resolves its own name to this machine."""
    for host, status in (("evil.example", 421), ("status.example.org", 200), ("localhost:8780", 200)):
        async with room.session.get(f"{room.url}/", headers={"Host": host}) as answer:
            assert answer.status == status
            if status == 421:
                assert answer.content_type == "application/problem+json"
                assert (await answer.json())["title"] == "Misdirected Request"


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/metrics", "/api/v1/status", "/nothing", "/style.css", "/icon/up.svg"]
)
async def test_every_answer_carries_the_security_headers(room: "Room", path: str) -> None:
    """Errors too."""
    async with room.session.get(room.url + path) as answer:
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Server"] == "relaywatch"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_only_reading_is_possible(room: "Room", method: str) -> None:
    """No method but GET and HEAD."""
    async with room.session.request(method, f"{room.url}/api/v1/status") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
        assert (await answer.json())["status"] == 405


async def test_head_has_no_body(room: "Room") -> None:
    """As HTTP promises."""
    async with room.session.head(f"{room.url}/") as answer:
        assert (answer.status, await answer.read()) == (200, b"")


@pytest.mark.parametrize("path", ["checks/x%00y/results", "catalogue/%00"])
async def test_no_name_holds_a_null_character(room: "Room", path: str) -> None:
    """Not every database could be asked for one."""
    async with room.session.get(f"{room.url}/api/v1/{path}") as answer:
        assert (answer.status, answer.content_type) == (400, "application/problem+json")


async def test_bounds_on_what_is_sent(room: "Room") -> None:
    """A body, a long query and a long path are refused before anything is done."""
    async with room.session.get(f"{room.url}/", data=b"x" * 10_000) as answer:
        assert answer.status == 413
    async with room.session.get(f"{room.url}/api/v1/incidents?state={'x' * 2000}") as answer:
        assert answer.status == 414
    async with room.session.get(f"{room.url}/{'x' * 9000}") as answer:
        assert answer.status == 400


async def test_an_unknown_path_is_a_problem_document_that_echoes_nothing(room: "Room") -> None:
    """RFC 9457; what was asked for is not repeated."""
    async with room.session.get(f"{room.url}/<script>") as answer:
        assert (answer.status, answer.content_type) == (404, "application/problem+json")
        body = await answer.json()
        assert (body["type"], body["title"], body["status"]) == ("about:blank", "Not Found", 404)
        assert "script" not in str(body)


async def test_a_port_in_use_is_one_clear_message(room: "Room", tmp_path: Path) -> None:
    """And nothing is left open."""
    assert room.server.address is not None
    control = tmp_path / "second.sock"
    second = Server(room.sources, Metrics(), listen=room.server.address, control=control)
    with pytest.raises(StartError, match=r"cannot listen on 127\.0\.0\.1:\d+: the address is in use") as caught:
        await second.start()
    assert caught.value.exit_code == 2
    assert not control.exists()


async def test_a_socket_that_answers_belongs_to_another(room: "Room") -> None:
    """Its owner keeps it, and keeps answering."""
    with pytest.raises(StartError, match="another RelayWatch answers on the control socket"):
        await Server(room.sources, Metrics(), control=room.control).start()
    assert "200 OK" in await through_socket(room.control, "GET /healthz HTTP/1.0\r\n\r\n")


async def test_a_socket_that_nobody_answers_on_is_replaced(room: "Room", tmp_path: Path) -> None:
    """A daemon that was killed leaves one behind."""
    path = tmp_path / "stale.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    server = Server(room.sources, Metrics(), control=path)
    await server.start()
    assert "200 OK" in await through_socket(path, "GET /healthz HTTP/1.0\r\n\r\n")
    await server.stop()
    assert not path.exists()


async def test_a_file_in_the_place_of_the_socket_is_not_removed(room: "Room", tmp_path: Path) -> None:
    """It may be somebody's data."""
    path = tmp_path / "notes.txt"
    path.write_text("mine")
    with pytest.raises(StartError, match=re.escape(str(path))):
        await Server(room.sources, Metrics(), control=path).start()
    assert path.read_text() == "mine"


@pytest.mark.parametrize("name", ["missing/control.sock", "x" * 120])
async def test_a_socket_that_cannot_be_opened_is_one_clear_message(room: "Room", tmp_path: Path, name: str) -> None:
    """The folder is missing; the path is too long for the system."""
    with pytest.raises(StartError, match="control socket"):
        await Server(room.sources, Metrics(), control=tmp_path / name).start()


async def test_stopping_leaves_the_socket_of_a_successor_alone(room: "Room", tmp_path: Path) -> None:
    """Only the very file that was made is removed."""
    path = tmp_path / "shared.sock"
    server = Server(room.sources, Metrics(), control=path)
    await server.start()
    path.unlink()
    path.write_text("of the successor")
    await server.stop()
    assert path.read_text() == "of the successor"


async def test_after_stopping_nobody_answers(room: "Room") -> None:
    """Both faces are closed, the socket is gone."""
    url = room.url
    await room.server.stop()
    assert not room.control.exists()
    with pytest.raises(aiohttp.ClientConnectionError):
        await room.session.get(f"{url}/healthz")


async def test_localhost_is_a_place_to_listen(room: "Room") -> None:
    """A name, and any free port."""
    server = Server(room.sources, Metrics(), listen=("localhost", 0))
    await server.start()
    assert server.address is not None
    assert server.address[0] == "127.0.0.1"
    async with room.session.get(f"http://localhost:{server.address[1]}/healthz") as answer:
        assert answer.status == 200
    await server.stop()
