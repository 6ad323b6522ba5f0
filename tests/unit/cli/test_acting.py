"""`ack` and `silence`: what they ask of the daemon, what they print, and how each refusal reads."""

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.cli.acting import yourself

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Relaywatch

ROW = {
    "id": 3,
    "state": "active",
    "by": "kim",
    "reason": "move\x1b[2J",
    "matcher": {"checks": ["gw/*"], "severities": ["warning"]},
    "until": "time",
    "created_at": "2026-11-21T12:00:00.000Z",
    "starts_at": "2026-11-21T12:00:00.000Z",
    "ends_at": "2026-11-21T14:00:00.000Z",
    "expired_at": None,
}


@dataclass
class FakeDaemon:
    """Gives prepared answers on the control socket, and remembers what it was asked."""

    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    status: int = 200
    answer: Any = None
    raw: bytes | None = None

    def serve(self, listener: socket.socket) -> None:
        """Until the listener is closed."""
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return
            with caller:
                self._answer(caller)

    def _answer(self, caller: socket.socket) -> None:
        head, _, body = caller.recv(65536).partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        length = next((int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:")), 0)
        while len(body) < length:
            body += caller.recv(65536)
        method, path, _ = lines[0].split()
        self.asked.append((method, path, json.loads(body) if body else None))
        content = json.dumps(self.answer).encode()
        caller.sendall(
            self.raw or b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (self.status, len(content), content)
        )


@pytest.fixture
def daemon(configured: Path) -> Iterator[FakeDaemon]:
    """A daemon on the control socket of the configuration."""
    fake, listener = FakeDaemon(), socket.socket(socket.AF_UNIX)
    listener.bind(str(configured / "control.sock"))
    listener.listen()
    thread = threading.Thread(target=fake.serve, args=(listener,), daemon=True)
    thread.start()
    yield fake
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


@pytest.fixture
def _you(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sits at the terminal."""
    monkeypatch.delenv("SUDO_USER", raising=False)
    monkeypatch.setenv("USER", "kim")
    monkeypatch.setattr(socket, "gethostname", lambda: "ops-1")


@pytest.mark.usefixtures("_you")
def test_ack(relaywatch: "Relaywatch", daemon: FakeDaemon) -> None:
    """By you, on this machine, unless you say otherwise."""
    daemon.answer = {"id": 7, "acknowledged_by": "kim@ops-1\x1b[2J"}
    ended = relaywatch("ack", "7")
    assert (ended.code, ended.out) == (0, "incident 7 is acknowledged by kim@ops-1\n")
    relaywatch("ack", "7", "--by", "lee", "--note", "on it")
    assert daemon.asked == [
        ("POST", "/api/v1/incidents/7/ack", {"by": "kim@ops-1", "note": ""}),
        ("POST", "/api/v1/incidents/7/ack", {"by": "lee", "note": "on it"}),
    ]


def test_an_incident_that_is_not_open(relaywatch: "Relaywatch", daemon: FakeDaemon) -> None:
    """The daemon's own words, exit 2."""
    daemon.status, daemon.answer = 404, {"detail": "there is no open incident 7"}
    ended = relaywatch("ack", "7")
    assert (ended.code, ended.out) == (2, "")
    assert "error: there is no open incident 7" in ended.err


@pytest.mark.parametrize("arguments", [("ack", "7"), ("silence", "expire", "7")])
@pytest.mark.usefixtures("configured")
def test_without_a_daemon(relaywatch: "Relaywatch", arguments: tuple[str, ...]) -> None:
    """Nobody else acts."""
    ended = relaywatch(*arguments)
    assert ended.code == 2
    assert "the daemon is not running: nobody answers on" in ended.err
    assert "`relaywatch run` starts it" in ended.err


def test_a_daemon_that_breaks_off(relaywatch: "Relaywatch", daemon: FakeDaemon) -> None:
    """It may have acted: whoever asked is told so."""
    daemon.raw = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"
    ended = relaywatch("ack", "7")
    assert ended.code == 2
    assert "it may have acted all the same" in ended.err


def test_a_database_that_refuses(relaywatch: "Relaywatch", daemon: FakeDaemon) -> None:
    """A fault of ours, not a wrong usage."""
    daemon.status, daemon.answer = 503, {"detail": "it holds already, but the database refuses to record it"}
    ended = relaywatch("ack", "7")
    assert ended.code == 70
    assert "the database refuses to record it" in ended.err


@pytest.mark.usefixtures("_you")
def test_silence_add(relaywatch: "Relaywatch", daemon: FakeDaemon) -> None:
    """Every option has its place; times without an offset are meant in the configured zone."""
    daemon.status, daemon.answer = 201, {**ROW, "hides": [7, 8]}
    ended = relaywatch(
        *("silence", "add", "--check", "gw/*", "--check", "b/*", "--endpoint", "gw", "--model", "m", "--provider", "p"),
        *("--tag", "t", "--severity", "warning", "--fault-domain", "quota", "--status", "TIMEOUT"),
        *("--from", "2026-11-21T20:00", "--until", "2026-11-21T22:00", "--until-resolved", "--reason", "move"),
    )
    assert ended.code == 0, ended.err
    assert ended.out == (
        "silence 3: checks gw/*; severities warning until 2026-11-21 23:00:00 (Asia/Seoul)\n"
        "open incidents that it hides now: 7, 8\n"
    )
    matcher = {
        "checks": ["gw/*", "b/*"],
        "endpoints": ["gw"],
        "models": ["m"],
        "providers": ["p"],
        "tags": ["t"],
        "severities": ["warning"],
        "fault_domains": ["quota"],
        "statuses": ["TIMEOUT"],
    }
    times = {"starts_at": "2026-11-21T11:00:00.000Z", "ends_at": "2026-11-21T13:00:00.000Z", "until": "resolved"}
    assert daemon.asked == [
        ("POST", "/api/v1/silences", {"by": "kim@ops-1", "reason": "move", "matcher": matcher, **times})
    ]


def test_a_silence_of_everything(relaywatch: "Relaywatch", daemon: FakeDaemon) -> None:
    """Only whoever says so gets it; JSON is the row, and no terminal obeys it."""
    row = {**ROW, "matcher": {}, "until": "resolved", "state": "pending", "hides": []}
    daemon.status, daemon.answer = 201, row
    add = ("silence", "add", "--all-checks", "--for", "2h", "--by", "kim", "--reason", "move")
    ended = relaywatch(*add)
    assert ended.out == (
        "silence 3: everything from 2026-11-21 21:00:00 (Asia/Seoul) until it is over, 2026-11-21 23:00:00 "
        "(Asia/Seoul) at the latest\nno open incident is hidden now\n"
    )
    assert daemon.asked[0][2] == {"by": "kim", "reason": "move", "all_checks": True, "for": "2h", "until": "time"}
    out = relaywatch(*add, "--format", "json").out
    assert json.loads(out) == row
    assert "\x1b" not in out


REASON = ("--reason", "x")


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--check", "gw/*", *REASON), "say when it ends"),
        (("--check", "gw/*", "--for", "2h", "--until", "2026-11-21", *REASON), "both say when it ends"),
        (("--for", "2h", *REASON), "say what is to be silent"),
        (("--all-checks", "--check", "gw/*", "--for", "2h", *REASON), "--all-checks is everything already"),
        (("--check", "gw/*", "--until", "2h", *REASON), "--until '2h' is no time"),
        (("--check", "gw/*", "--until", "soon", *REASON), "--until 'soon' is no time"),
        (("--check", "gw/*", "--for", "2h"), "--reason"),
    ],
)
def test_wrong_usage(relaywatch: "Relaywatch", arguments: tuple[str, ...], told: str) -> None:
    """Told before anybody is asked."""
    ended = relaywatch("silence", "add", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err


def test_what_the_daemon_refuses_is_told_in_the_words_of_the_command(
    relaywatch: "Relaywatch", daemon: FakeDaemon
) -> None:
    """Each under the option that was typed."""
    problems = [{"path": "matcher.checks", "message": '"gv/*" matches nothing'}, {"path": "for", "message": "too long"}]
    daemon.status, daemon.answer = 400, {"detail": "all", "problems": problems}
    add = ("silence", "add", "--check", "gv/*", "--for", "999d", *REASON)
    assert 'it is refused:\n  --check: "gv/*" matches nothing\n  --for: too long' in relaywatch(*add).err
    daemon.answer = {"detail": "all", "problems": [{"path": "matcher.severities[0]", "message": "unknown word"}]}
    assert "error: --severity: unknown word" in relaywatch(*add).err


def test_silence_expire(relaywatch: "Relaywatch", daemon: FakeDaemon) -> None:
    """Ended now."""
    daemon.answer = {**ROW, "state": "expired"}
    ended = relaywatch("silence", "expire", "3")
    assert (ended.code, ended.out) == (0, "silence 3 has ended; what it hid and still fails is told now\n")
    assert daemon.asked == [("DELETE", "/api/v1/silences/3", None)]


def test_silence_list_asks_the_daemon(relaywatch: "Relaywatch", daemon: FakeDaemon) -> None:
    """A table in the configured zone; CSV with the matcher in words."""
    daemon.answer = [ROW]
    table = relaywatch("silence", "list").out
    assert "checks gw/*; severities warning" in table
    assert "2026-11-21 23:00:00" in table
    assert "\x1b[2J" not in table
    assert "checks gw/*; severities warning" in relaywatch("silence", "list", "--all", "--format", "csv").out
    assert [asked[1] for asked in daemon.asked] == ["/api/v1/silences?state=current", "/api/v1/silences?state=all"]


@pytest.mark.usefixtures("recorded")
def test_silence_list_without_a_daemon(relaywatch: "Relaywatch") -> None:
    """Reads the database."""
    ended = relaywatch("silence", "list", "--format", "json")
    assert (ended.code, json.loads(ended.out)) == (0, [])
    assert "nothing is silenced" in relaywatch("silence", "list").out


def test_a_socket_that_may_not_be_opened(
    relaywatch: "Relaywatch", configured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is not of the daemon's group reads whose it is."""

    class Closed(socket.socket):
        def connect(self, address: Any) -> None:
            raise PermissionError(13, "Permission denied", address)

    monkeypatch.setattr(socket, "socket", Closed)
    ended = relaywatch("ack", "7")
    assert ended.code == 2
    assert f"the control socket {configured / 'control.sock'} cannot be opened: Permission denied" in ended.err


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"USER": "kim"}, "kim@"),
        ({"USER": "root", "SUDO_USER": "kim"}, "kim@"),
        ({"LOGNAME": "lee"}, "lee@"),
        ({}, "uid "),
    ],
)
def test_who_you_are(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], expected: str) -> None:
    """Through sudo too; a service without a name has a number."""
    for name in ("USER", "SUDO_USER", "LOGNAME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert yourself().startswith(expected)
