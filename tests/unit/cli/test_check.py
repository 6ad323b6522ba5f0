"""`check`: probes now, once, against a server on loopback; no database, no channel's secret."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Relaywatch

KEY = "sk-test-0123456789abcdefghij"
FIELDS = (
    "check endpoint kind model status fault_domain http_status latency_ms ttft_ms lag_ms reason action request_id "
    "started_at answered_by"
)
CONFIG = """
[[endpoints]]
name = "gw"
base_url = "http://127.0.0.1:{port}/v1"
api_key = {{ env = "TEST_KEY" }}
models = ["good", "echo"]
[[channels]]
name = "ops"
type = "slack"
webhook_url = {{ env = "NOT_SET" }}
"""


class Api(BaseHTTPRequestHandler):
    """An API with a good model and one that echoes the key in its error."""

    def do_GET(self) -> None:
        """The model list."""
        self._answer(200, {"object": "list", "data": [{"id": "good"}, {"id": "echo"}]})

    def do_POST(self) -> None:
        """A completion."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if asked["model"] == "good":
            choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "ok"}}
            self._answer(200, {"id": "1", "object": "chat.completion", "model": "good", "choices": [choice]})
        else:
            self._answer(500, {"error": {"message": f"boom {self.headers['Authorization']} \x1b[31m", "type": "x"}})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is the base class's
        """Quiet."""

    def _answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose configuration names a server that runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    (tmp_path / "relaywatch.toml").write_text(CONFIG.format(port=server.server_port))
    monkeypatch.setenv("TEST_KEY", KEY)
    monkeypatch.delenv("NOT_SET", raising=False)
    yield tmp_path
    server.shutdown()
    thread.join()
    server.server_close()


def test_rows_in_configured_order_and_exit_1(relaywatch: "Relaywatch", folder: Path) -> None:
    """One check fails; nothing is written; the key is nowhere."""
    ended = relaywatch("check", "--format", "json")
    rows = json.loads(ended.out)
    assert [(row["check"], row["status"]) for row in rows] == [
        ("gw/models", "UP"),
        ("gw/chat/good", "UP"),
        ("gw/chat/echo", "SERVER_ERROR"),
    ]
    assert list(rows[0]) == FIELDS.split()
    assert (rows[2]["http_status"], rows[2]["fault_domain"]) == (500, "endpoint")
    assert ended.code == 1
    assert KEY not in ended.out + ended.err
    assert [file.name for file in folder.iterdir()] == ["relaywatch.toml"]


@pytest.mark.usefixtures("folder")
def test_named_checks_only(relaywatch: "Relaywatch") -> None:
    """In configured order, whatever the order of the names; exit 0 when all are well."""
    ended = relaywatch("check", "gw/chat/good", "gw/models", "--format", "json")
    assert [row["check"] for row in json.loads(ended.out)] == ["gw/models", "gw/chat/good"]
    assert ended.code == 0


@pytest.mark.usefixtures("folder")
def test_a_table_tells_what_to_do(relaywatch: "Relaywatch") -> None:
    """And no escape of the upstream reaches the terminal."""
    ended = relaywatch("check")
    assert "gw/chat/echo: " in ended.out
    assert "\x1b" not in ended.out
    assert KEY not in ended.out


@pytest.mark.usefixtures("folder")
def test_an_unknown_check_names_the_nearest(relaywatch: "Relaywatch") -> None:
    """Exit 2, nothing is probed."""
    ended = relaywatch("check", "gw/chat/goood")
    assert (ended.code, ended.out) == (2, "")
    assert "nearest: gw/chat/good" in ended.err


@pytest.mark.usefixtures("folder")
def test_a_missing_key_is_one_clear_message(relaywatch: "Relaywatch", monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 2."""
    monkeypatch.delenv("TEST_KEY")
    ended = relaywatch("check")
    assert ended.code == 2
    assert "TEST_KEY" in ended.err
