"""`doctor`: what it prints, how it ends, and what it never shows. The looking itself is tested in `probes`."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.cli.doctor_text import Pages, as_json
from monitor.domain.action import Language
from monitor.domain.diagnosis import Meaning, StepName, doubted, failed, passed, skipped

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Relaywatch

KEY = "sk-test-0123456789abcdefghij"
CONFIG = """
language = "{language}"
[connectivity]
targets = []
[[endpoints]]
name = "other"
base_url = "http://127.0.0.1:9/v1"
models = ["x"]
[[endpoints]]
name = "gw"
base_url = "http://127.0.0.1:{port}/v1"
api_key = {{ env = "TEST_KEY" }}
models = ["good"]
[[channels]]
name = "ops"
type = "slack"
webhook_url = {{ env = "NOT_SET" }}
"""
BEFORE = ["configuration", "dns", "tcp", "tls", "http", "clock", "protocol", "key", "model_list"]
STEPS = [*BEFORE, "model", "model", "limits"]


class Api(BaseHTTPRequestHandler):
    """An API that wants its key, and answers with hostile text where it fails."""

    asked = 0

    def do_GET(self) -> None:
        """The model list."""
        if self._is_known():
            self._answer(200, {"object": "list", "data": [{"id": "good"}]})

    def do_POST(self) -> None:
        """A completion; only `good` is there."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).asked += 1
        if not self._is_known():
            return
        if asked["model"] != "good":
            said = f"\x1b[31m no {self.headers['Authorization']} [bold]x[/bold]"
            self._answer(404, {"error": {"message": said, "type": "x", "code": "model_not_found"}})
        elif asked.get("stream"):
            chunk = {"id": "1", "object": "chat.completion.chunk", "model": "good"}
            choice = {"index": 0, "delta": {"content": "ok"}, "finish_reason": "stop"}
            event = json.dumps(chunk | {"choices": [choice]})
            self._send(200, f"data: {event}\n\ndata: [DONE]\n\n".encode(), "text/event-stream")
        else:
            choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "ok"}}
            self._answer(200, {"id": "1", "object": "chat.completion", "model": "good", "choices": [choice]})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is the base class's
        """Quiet."""

    def _is_known(self) -> bool:
        known = self.headers["Authorization"] == f"Bearer {KEY}"
        if not known:
            self._answer(401, {"error": {"message": "bad key", "type": "x", "code": "invalid_api_key", "param": None}})
        return known

    def _answer(self, status: int, body: Any) -> None:
        self._send(status, json.dumps(body).encode(), "application/json")

    def _send(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A folder whose configuration names a server that runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    (tmp_path / "relaywatch.toml").write_text(CONFIG.format(port=server.server_port, language="en"))
    monkeypatch.setenv("TEST_KEY", KEY)
    monkeypatch.delenv("NOT_SET", raising=False)
    monkeypatch.setattr(Api, "asked", 0)
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.usefixtures("port")
def test_a_healthy_endpoint(relaywatch: "Relaywatch", tmp_path: Path) -> None:
    """Every step is there, nothing is written, the key is nowhere, exit 0."""
    ended = relaywatch("doctor", "gw", "--format", "json")
    document = json.loads(ended.out)
    assert (document["endpoint"], document["healthy"], ended.code) == ("gw", True, 0)
    assert [step["step"] for step in document["steps"]] == STEPS
    assert set(document["steps"][0]) == {"step", "status", "says", "duration_ms", "facts", "meaning", "advice"}
    assert document["steps"][7]["says"] == "accepted; without it the list is refused"
    assert KEY not in ended.out + ended.err
    assert [file.name for file in tmp_path.iterdir()] == ["relaywatch.toml"]


@pytest.mark.usefixtures("port")
def test_as_text(relaywatch: "Relaywatch") -> None:
    """What it will cost stands first, and the last line tells how it is."""
    ended = relaywatch("doctor", "gw")
    assert "1 model will be asked, each for a whole answer and for a stream: at most 32 tokens of output" in ended.out
    assert "TLS         http:// has none" in ended.out
    assert ended.out.rstrip().endswith("healthy")
    assert all(line == line.rstrip() for line in ended.out.splitlines())


@pytest.mark.usefixtures("port")
def test_a_refused_key(relaywatch: "Relaywatch", monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the key's fault, and no model is asked."""
    monkeypatch.setenv("TEST_KEY", "sk-wrong-0123456789abcdef")
    ended = relaywatch("doctor", "gw")
    assert ended.code == 1
    assert "FAIL key" in ended.out
    assert "Check that the key is whole, active and belongs to this endpoint." in ended.out
    assert Api.asked == 0


@pytest.mark.usefixtures("port")
def test_a_key_that_is_not_there(relaywatch: "Relaywatch", monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs no key is examined all the same; the option is named as it stands in the file."""
    monkeypatch.delenv("TEST_KEY")
    ended = relaywatch("doctor", "gw", "--format", "json")
    steps = {step["step"]: step for step in json.loads(ended.out)["steps"]}
    assert ended.code == 1
    assert steps["configuration"]["says"] == "api_key: environment variable TEST_KEY is not set"
    assert steps["http"]["status"] == "ok"
    assert steps["key"]["status"] == "skipped"


@pytest.mark.usefixtures("port")
def test_a_model_that_is_not_configured(relaywatch: "Relaywatch") -> None:
    """It is asked; hostile text neither acts nor leaks."""
    ended = relaywatch("doctor", "gw", "--model", "nope")
    assert ended.code == 1
    assert "MODEL_NOT_FOUND" in ended.out
    assert "\x1b" not in ended.out
    assert KEY not in ended.out
    assert "[bold]x[/bold]" in ended.out


@pytest.mark.usefixtures("port")
def test_no_models(relaywatch: "Relaywatch") -> None:
    """Nothing is spent."""
    ended = relaywatch("doctor", "gw", "--no-models")
    assert ended.code == 0
    assert "this costs nothing" in ended.out
    assert Api.asked == 0


def test_korean(relaywatch: "Relaywatch", port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Meaning and advice are in the configured language."""
    (tmp_path / "relaywatch.toml").write_text(CONFIG.format(port=port, language="ko"))
    monkeypatch.setenv("TEST_KEY", "sk-wrong-0123456789abcdef")
    assert "키가 온전하고" in relaywatch("doctor", "gw").out


@pytest.mark.usefixtures("port")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("gv",), "nearest: gw"),
        (("gw", "--model", "a", "--no-models"), "exclude each other"),
        (("gw", "--model", "\x07"), "printable"),
    ],
)
def test_wrong_usage(relaywatch: "Relaywatch", arguments: tuple[str, ...], told: str) -> None:
    """Exit 2, one clear message, nothing on stdout."""
    ended = relaywatch("doctor", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err


def test_nobody_listens(relaywatch: "Relaywatch", port: int) -> None:
    """What comes after the failure is left out, with the reason, in one line."""
    del port
    ended = relaywatch("doctor", "other")
    assert ended.code == 1
    assert "FAIL TCP" in ended.out
    assert "HTTP, clock, protocol, key, model list, model, limits: tcp failed" in ended.out


def test_steps_as_they_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every status; what is left out for one reason stands in one line; long lines are broken where they began."""
    out = StringIO()
    monkeypatch.setattr("monitor.cli.table._PIPE_WIDTH", 60)
    pages = Pages(Language.EN, out)
    steps = [
        passed(StepName.DNS, "api.test: 1 IPv4 address", 4.0, source="resolver", ipv4=["192.0.2.7"], ipv6=[]),
        doubted(StepName.TCP, Meaning.SOME_REFUSED, "1 of 2 addresses", 0.2, addresses=[]),
        failed(StepName.TLS, Meaning.CERTIFICATE_EXPIRED, "the certificate has expired: api.test, 3 days ago", 1200.0),
        skipped(StepName.HTTP, "tls failed"),
        skipped(StepName.CLOCK, "tls failed"),
    ]
    for step in steps:
        pages.show(step)
    pages.end(steps)
    assert out.getvalue().splitlines()[:3] == [
        "  ok  DNS         api.test: 1 IPv4 address  4 ms",
        "                  IPv4  192.0.2.7",
        " warn TCP         1 of 2 addresses  < 1 ms",
    ]
    assert "  --  HTTP, clock: tls failed" in out.getvalue()
    assert "not healthy: TLS; look after: TCP" in out.getvalue()
    assert max(map(len, out.getvalue().splitlines())) <= 60


def test_json_obeys_no_terminal() -> None:
    """Marks that reorder a line are escaped."""
    text = as_json("gw", [passed(StepName.DNS, "a\u202eb\x9b")], Language.EN)
    assert "\u202e" not in text
    assert "\x9b" not in text
    assert json.loads(text)["steps"][0]["says"] == "a\u202eb\x9b"
