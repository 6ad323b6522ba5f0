"""An upstream that wants to do harm: the key it echoes, markup, mentions, links, escapes show up nowhere."""

import asyncio
import base64
import csv
import io
import json
import os
import pty
import re
import sys
import unicodedata
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import pytest

from monitor.simulator.faults import Fault, FaultKind
from monitor.simulator.gateway import Gateway, Target
from monitor.simulator.sinks import Answer

if TYPE_CHECKING:
    from tests.acceptance.conftest import Deployment, World

COMMAND = Path(sys.executable).with_name("relaywatch")
KEY = "qX7-Rk2/vT9+zLm4=Wb8~Nd5Jc3"
HOOK_SECRET = "whsec_" + base64.b64encode(b"a-secret-for-signing-0123").decode()
FRAGMENT = 6
EVIL = (
    "[/b] [link=https://evil.example] {0} %s <script>alert(1)</script> <!channel> <!here|x> @everyone "
    "<https://evil.example|click> "
    "\x1b[31m\x1b]0;owned\x07 \u202egnp.exe"
)
MARKUP = ("<script", "<!channel", "<!here", "<https://evil", "\x1b[31m", "\x1b]0;", "\x07", "\u202e")
BROKEN = ("echo/whole", "echo/mask", "echo/base64", "echo/quoted", "echo/html", "echo/reason", "echo/auth")
MODELS = (*BROKEN, "echo/other")
LISTS = ("check", "status", "history", "incidents", "report")


def _error(text: str, **more: str) -> str:
    return json.dumps({"error": {"message": text, "type": f"t {EVIL}", "code": EVIL} | more})


def _faults() -> dict[str, Fault]:
    in_base64 = base64.b64encode(KEY.encode()).decode()
    shifted = base64.b64encode(b"x" + KEY.encode()).decode()
    bearer = base64.b64encode(f"user:{KEY}".encode()).decode()
    echoing = {"x-request-id": KEY, "x-echo": KEY, "server": f"{KEY} <script>"}
    healthy = {"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "OK"}}]}
    text = {"content-type": "text/plain"}
    return {
        "echo/whole": Fault(kind=FaultKind.BODY, status=500, body=_error(f"key {KEY} {EVIL}"), headers=echoing),
        "echo/mask": Fault(kind=FaultKind.BODY, status=400, body=_error(f"key {KEY[:8]}*******{KEY[-6:]} {EVIL}")),
        "echo/base64": Fault(
            kind=FaultKind.BODY, status=502, body=f"{EVIL} {in_base64} {shifted} {bearer}", headers=text
        ),
        "echo/quoted": Fault(
            kind=FaultKind.BODY, status=404, body=_error(f"/v1?key={quote(KEY, safe='')}&k={quote_plus(KEY)} {EVIL}")
        ),
        "echo/html": Fault(
            kind=FaultKind.BODY, body=f"<html><title>{EVIL} {KEY}</title>{EVIL}", headers={"content-type": "text/html"}
        ),
        "echo/other": Fault(kind=FaultKind.BODY, body=json.dumps(healthy | {"model": f"{KEY}/{EVIL}"})),
        "echo/reason": Fault(
            kind=FaultKind.BODY,
            body=json.dumps({"choices": [{"finish_reason": f"error {KEY} {EVIL}", "message": {"content": None}}]}),
        ),
        "echo/auth": Fault(kind=FaultKind.HOSTILE, status=401, headers={"x-request-id": f"=1+1 {KEY[:12]}"}),
    }


def _each_on_its_own(daemon: "Deployment", gateway: Gateway) -> list[str]:
    """An endpoint for each model, so that each is an incident with a message of its own; one has the model list."""
    key = 'api_key = { env = "GW_KEY" }'
    listed = daemon.endpoint(gateway, "echo/other", more=key)
    alone = f"{key}\ncheck_models = false"
    return [listed, *(daemon.endpoint(gateway, one, name=one.replace("/", "-"), more=alone) for one in BROKEN)]


async def test_nothing_of_it_shows_up_anywhere(world: "World") -> None:
    """Neither channels, log, page, API, metrics, database nor the commands show the key or anything that acts."""
    gateway, hook, slack = await world.gateway(*MODELS), await world.hook(), await world.slack()
    daemon = world.deployment()
    daemon.environ |= {"GW_KEY": KEY, "HOOK_SECRET": HOOK_SECRET}
    daemon.arguments = ["--log-level", "debug"]
    daemon.configure(
        *_each_on_its_own(daemon, gateway),
        daemon.webhook(hook, more='secret = { env = "HOOK_SECRET" }'),
        daemon.slack(slack),
    )
    for model, fault in _faults().items():
        gateway.set_fault(model, fault)
    evil_names = {"data": [{"id": f"echo/{word} {KEY} {EVIL}", "object": "model"} for word in ("whole", "mask")]}
    gateway.set_fault(Target.MODEL_LIST, Fault(kind=FaultKind.BODY, body=json.dumps(evil_names)))
    hook.answer(Answer(500, f"{HOOK_SECRET} {EVIL}"))
    slack.answer(Answer(500, f"{slack.webhook_url} {slack.webhook_url.rpartition('/')[2]} {EVIL}"))

    await daemon.start()
    await daemon.until(lambda: len({one.body["details"]["model"] for one in hook.accepted}) == len(BROKEN), 20)
    await daemon.until(lambda: len(slack.messages) == len(BROKEN), 20, "all in Slack")
    shown = {path: await daemon.get(path) for path in ("/", "/metrics", "/api/v1/status", "/api/v1/incidents")}
    shown |= {" ".join(command): text async for command, text in _commands(daemon)}
    assert await daemon.stop() == 0
    stopped = await daemon.command("status", "--format", "csv")
    shown["stopped"] = stopped.stdout + stopped.stderr

    shown |= {"stderr": daemon.stderr.decode(), "stdout": daemon.stdout.decode()}
    shown |= {f"hook {number}": one.raw.decode() for number, one in enumerate(hook.received)}
    shown |= {f"slack {number}": json.dumps(message) for number, message in enumerate(slack.attempts)}
    shown |= {file.name: file.read_bytes().decode(errors="replace") for file in daemon.folder.glob("relaywatch.db*")}
    assert "simulatedhooktoken" in slack.webhook_url
    assert {"relaywatch.db", "history --format csv", "incidents show 1"} <= shown.keys()
    for where, text in shown.items():
        _leaks_nothing(where, text, secrets=(KEY, HOOK_SECRET, "simulatedhooktoken"))
    for received in hook.received:
        _is_calm(received.body)
    assert not slack.refusals
    assert [message.live for message in slack.messages if message.live] == []


async def test_a_terminal_shows_only_our_own_escapes(world: "World") -> None:
    """On a terminal colours are used; nothing of the upstream's steers it, and no markup is taken for our own."""
    gateway = await world.gateway(*MODELS)
    daemon = world.deployment()
    daemon.environ |= {"GW_KEY": KEY, "TERM": "xterm-256color", "COLUMNS": "300"}
    daemon.configure(daemon.endpoint(gateway, *MODELS, more='api_key = { env = "GW_KEY" }'))
    for model, fault in _faults().items():
        gateway.set_fault(model, fault)
    code, shown = await _on_a_terminal(daemon, "check", "-c", str(daemon.path))
    assert code == 1
    assert "owned" in shown
    assert "[link=https://evil.example]" in shown
    _leaks_nothing("terminal", shown, secrets=(KEY,))
    assert "\x1b[1;31m" in shown
    escapes = set(re.findall(r"\x1b(?:\[[0-9;?]*[A-Za-z]|.)", shown))
    assert not [one for one in escapes if not re.fullmatch(r"\x1b\[(?:[0-9;]*m|[12]?[AK]|\?25[hl])", one)]


async def _on_a_terminal(daemon: "Deployment", *arguments: str) -> tuple[int, str]:
    """Exit code and everything that a command writes on a terminal."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        COMMAND, *arguments, stdin=theirs, stdout=theirs, stderr=theirs, env=daemon.environ
    )
    os.close(theirs)
    shown = await asyncio.to_thread(_everything, ours)
    return await process.wait(), shown


def _everything(terminal: int) -> str:
    """What comes until the last writer is gone, which Linux tells by an error."""
    shown = bytearray()
    with suppress(OSError):
        while part := os.read(terminal, 65536):
            shown += part
    os.close(terminal)
    return shown.decode()


async def _commands(daemon: "Deployment") -> AsyncIterator[tuple[tuple[str, ...], str]]:
    lists = [(name, "--format", form) for name in LISTS for form in ("table", "json", "csv")]
    shows = [("incidents", "show", "1"), ("incidents", "show", "2", "--format", "json")]
    for command in (*lists, *shows):
        ended = await daemon.command(*command)
        assert ended.code in (0, 1), ended.stderr
        assert "Traceback" not in ended.stderr
        if command[-1] == "csv":
            _is_safe_in_a_spreadsheet(ended.stdout)
        yield command, ended.stdout + ended.stderr


def _leaks_nothing(where: str, text: str, secrets: tuple[str, ...]) -> None:
    folded = text.lower()
    for secret in secrets:
        for piece in _pieces(secret):
            assert piece.lower() not in folded, f"{where} shows {piece!r} of a secret: {_around(folded, piece.lower())}"
    escaped = () if where == "stderr" else tuple(json.dumps(mark)[1:-1] for mark in MARKUP if not mark.isprintable())
    for markup in (*MARKUP, *escaped):  # the log may show an escape as such, nothing else needs to
        means_nothing = where.startswith("relaywatch.db") and len(markup) == 1 and markup.isascii()
        assert means_nothing or markup not in text, f"{where} shows {markup!r}: {_around(text, markup)}"


def _pieces(secret: str) -> Iterator[str]:
    """Every six characters in a row, and every ten of its encodings."""
    yield from (secret[at : at + FRAGMENT] for at in range(len(secret) - FRAGMENT + 1))
    raw = secret.encode()
    encoded = [quote(secret, safe=""), raw.hex(), json.dumps(secret)[1:-1]]
    encoded += [base64.b64encode(pad + raw).decode()[4:-4] for pad in (b"", b"x", b"xx")]
    encoded += [base64.urlsafe_b64encode(pad + raw).decode()[4:-4] for pad in (b"", b"x", b"xx")]
    for form in encoded:
        yield from (form[at : at + 10] for at in range(len(form) - 9))


def _around(text: str, found: str) -> str:
    at = text.index(found)
    return repr(text[max(0, at - 80) : at + len(found) + 80])


def _is_calm(value: Any) -> None:
    """No control or format character in any text of a JSON value, but the line breaks of a message."""
    if isinstance(value, dict):
        for item in value.values():
            _is_calm(item)
    elif isinstance(value, list):
        for item in value:
            _is_calm(item)
    elif isinstance(value, str):
        assert not [char for char in value if unicodedata.category(char) in {"Cc", "Cf", "Cs"} and char != "\n"], value


def _is_safe_in_a_spreadsheet(text: str) -> None:
    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")), cell


@pytest.mark.parametrize("secret", [KEY])
def test_the_pieces_cover_the_secret(secret: str) -> None:
    """The search of these tests itself: it would find whole, cut and encoded secrets."""
    pieces = set(_pieces(secret))
    for text in (secret, secret[3:12], quote(secret, safe=""), base64.b64encode(secret.encode()).decode()):
        assert any(piece in text for piece in pieces)
