"""Asking the running daemon: one GET over its control socket, without the weight of an HTTP library."""

import json
import socket
from collections.abc import Iterable
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

ANSWER_WITHIN_S = 5.0
ANSWER_AT_MOST = 64 * 1024 * 1024


class _SocketConnection(HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("relaywatch", timeout=ANSWER_WITHIN_S)
        self._path = path

    def connect(self) -> None:
        """Open the socket instead of a TCP connection."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def ask(sockets: Iterable[Path], path: str) -> Any | None:
    """The JSON that the first answering daemon gives to `GET path`; None if none answers, or not well."""
    for at in sockets:
        answer = _ask_one(at, path)
        if answer is not None:
            return answer
    return None


def _ask_one(at: Path, path: str) -> Any | None:
    connection = _SocketConnection(at)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        if response.status != 200:  # noqa: PLR2004  OK
            return None
        return json.loads(response.read(ANSWER_AT_MOST))
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()
