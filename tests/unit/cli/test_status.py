"""`status` through the running daemon's socket."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Relaywatch

ROW = {
    "check": "gw/models",
    "endpoint": "gw",
    "model": None,
    "state": "UP",
    "since": "2026-11-21T12:00:00.000Z",
    "status": "UP",
    "consecutive_failures": 0,
    "availability_24h": 99.9,
}


@pytest.fixture
def answering(configured: Path) -> Iterator[Callable[[list[dict[str, Any]]], list[bytes]]]:
    """A daemon that answers every question with the same rows; gives the requests it got."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(configured / "control.sock"))
    asked: list[bytes] = []

    def answer(rows: list[dict[str, Any]]) -> list[bytes]:
        body = json.dumps(rows).encode()

        def serve() -> None:
            with listener.accept()[0] as caller:
                asked.append(caller.recv(4096))
                caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

        listener.listen()
        threading.Thread(target=serve, daemon=True).start()
        return asked

    yield answer
    listener.close()


def test_all_is_well(relaywatch: "Relaywatch", answering: Callable[..., list[bytes]]) -> None:
    """Exit 0, no database needed."""
    asked = answering([ROW])
    ended = relaywatch("status", "--format", "json")
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out) == [ROW]
    assert asked[0].startswith(b"GET /api/v1/status ")


def test_a_check_that_is_down(relaywatch: "Relaywatch", answering: Callable[..., list[bytes]]) -> None:
    """Exit 1."""
    answering([ROW, {**ROW, "state": "DOWN"}])
    assert relaywatch("status").code == 1


def test_the_daemon_itself(relaywatch: "Relaywatch", answering: Callable[..., list[bytes]]) -> None:
    """Exit 0 while it lives."""
    row = {"alive": True, "pid": 7, "last_commit": None, "outbox_pending": 0, "dead": 0}
    asked = answering([row])
    ended = relaywatch("status", "--daemon")
    assert ended.code == 0
    assert "yes" in ended.out
    assert asked[0].startswith(b"GET /api/v1/daemon ")
