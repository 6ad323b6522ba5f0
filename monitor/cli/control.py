"""Talking to the running daemon over its control socket, without the weight of an HTTP library.

`ask` reads and takes no answer for an answer: whoever asks has the database too. `send` acts, and says why it cannot.
"""

import json
import socket
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from monitor.errors import UsageError

ANSWER_WITHIN_S = 5.0
ANSWER_AT_MOST = 64 * 1024 * 1024
_OK = 200
_NOBODY_THERE = (FileNotFoundError, ConnectionRefusedError, NotADirectoryError)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the daemon said: a status of HTTP and the JSON, a problem document where it refused."""

    status: int
    body: Any


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


def send(sockets: Iterable[Path], method: str, path: str, body: Any = None) -> Answer:
    """What the daemon answers to something that it is to do.

    Raises:
        UsageError: no daemon runs, it may not be asked, or it did not answer; then it may have acted or not.
    """
    tried = tuple(sockets)
    for at in tried:
        with closing(_SocketConnection(at)) as connection:
            try:
                connection.connect()
            except _NOBODY_THERE:
                continue
            except OSError as error:
                raise UsageError(
                    f"the control socket {at} cannot be opened: {error.strerror or error}",
                    hint="it belongs to the daemon's user and group: act as one of them",
                ) from None
            return _sent(connection, method, path, body)
    raise UsageError(
        f"the daemon is not running: nobody answers on {tried[0]}",
        hint="it is the daemon that acts; `relaywatch run` starts it",
    )


def _sent(connection: HTTPConnection, method: str, path: str, body: Any) -> Answer:
    try:
        content = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        connection.request(method, path, content, headers)
        response = connection.getresponse()
        return Answer(response.status, json.loads(response.read(ANSWER_AT_MOST)))
    except (OSError, HTTPException, ValueError) as error:
        raise UsageError(
            f"the daemon gave no answer: {error or type(error).__name__}",
            hint="it may have acted all the same: look first",
        ) from None


def _ask_one(at: Path, path: str) -> Any | None:
    connection = _SocketConnection(at)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return json.loads(response.read(ANSWER_AT_MOST)) if response.status == _OK else None
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()
