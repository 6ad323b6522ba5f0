"""Asking the daemon over its socket: an answer, or None for whatever is not a good one."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitor.cli.control import ask

Daemon = Callable[[bytes], Path]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """A socket that gives one prepared answer to whoever asks."""
    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def listen(answer: bytes) -> Path:
        path = tmp_path / f"{len(listeners)}.sock"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen()
        listeners.append(listener)

        def serve() -> None:
            with listener.accept()[0] as caller:
                caller.recv(4096)
                caller.sendall(answer)

        threads.append(threading.Thread(target=serve, daemon=True))
        threads[-1].start()
        return path

    yield listen
    for thread in threads:
        thread.join(5)
    for listener in listeners:
        listener.close()


def http(body: bytes, status: str = "200 OK") -> bytes:
    """A whole answer."""
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status.encode(), len(body), body)


def test_an_answer(daemon: Daemon) -> None:
    """The JSON as it came."""
    assert ask([daemon(http(b'[{"state": "UP"}]'))], "/api/v1/status") == [{"state": "UP"}]


def test_the_first_that_answers_counts(daemon: Daemon, tmp_path: Path) -> None:
    """The likeliest place may be empty."""
    assert ask([tmp_path / "missing.sock", daemon(http(b"[]"))], "/api/v1/status") == []


def test_nobody(tmp_path: Path) -> None:
    """No socket, a dead one, no socket at all."""
    dead = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(dead))
    plain = tmp_path / "file"
    plain.write_text("")
    assert ask([tmp_path / "missing", dead, plain], "/") is None


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", http(b"<html>"), http(b"{}", "503 Service Unavailable")])
def test_no_good_answer_is_no_answer(daemon: Daemon, answer: bytes) -> None:
    """The database is asked instead."""
    assert ask([daemon(answer)], "/") is None
