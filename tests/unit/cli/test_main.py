"""The command as a whole: what is listed, how errors end, and how little `--help` imports."""

import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.cli.main import COMMANDS, load_command
from monitor.errors import RelayWatchError, StartError

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Relaywatch

LISTED = [
    "init",
    "run",
    "demo",
    "check",
    "doctor",
    "bench",
    "status",
    "history",
    "catalogue",
    "incidents",
    "report",
    "ack",
    "silence",
    "notify",
    "config",
    "db",
    "simulate",
]
HEAVY = ("pydantic", "sqlalchemy", "aiohttp", "structlog", "rich", "jinja2", "apscheduler", "slack_sdk", "asyncio")


def fails_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let the command `status` end with `error`."""

    def fail(_path: Path | None) -> None:
        raise error

    monkeypatch.setattr("monitor.cli.status.load_config", fail)


def test_help_lists_what_is_built_and_nothing_else(relaywatch: "Relaywatch") -> None:
    """In the order in which one meets them."""
    ended = relaywatch("--help")
    assert ended.code == 0
    listed = re.findall(r"^  (\w+) {2,}\S", ended.out.partition("Commands:")[2], re.MULTILINE)
    assert listed == LISTED


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_help_and_takes_the_log_level(relaywatch: "Relaywatch", name: str) -> None:
    """Each module can be imported, each function is documented."""
    assert load_command(name).name == name
    ended = relaywatch(name, "--help")
    assert ended.code == 0
    assert "--log-level" in ended.out
    assert "completion" not in ended.out
    assert re.match(rf"Usage: relaywatch {name} ", ended.out)


def test_help_imports_next_to_nothing() -> None:
    """The bar is 0.35 s; what is not imported costs nothing on any machine."""
    script = (
        "import sys\nfrom monitor.cli.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n"
        f"    print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stderr.strip() == "[]"
    assert "Commands:" in ran.stdout


def test_version(relaywatch: "Relaywatch") -> None:
    """As pip knows it."""
    assert relaywatch("--version").out == f"relaywatch {version('relaywatch')}\n"


def test_a_wrong_command_names_the_nearest(relaywatch: "Relaywatch") -> None:
    """Exit 2, one message."""
    ended = relaywatch("statsu")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "error: there is no command 'statsu'\n  hint: did you mean `relaywatch status`?\n"


@pytest.mark.parametrize(
    "arguments", [("status", "--nope"), ("--log-level", "loud", "status"), ("status", "--log-level", "loud")]
)
def test_wrong_usage_exits_2(relaywatch: "Relaywatch", arguments: tuple[str, ...]) -> None:
    """Typer's own messages, on stderr."""
    ended = relaywatch(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert "Error: " in ended.err


def test_without_a_configuration(relaywatch: "Relaywatch") -> None:
    """What to do is said."""
    ended = relaywatch("status", "-c", "missing.toml")
    assert ended.code == 2
    assert "missing.toml" in ended.err
    assert "relaywatch init" in ended.err


@pytest.mark.parametrize(
    ("error", "code"), [(StartError("no port", hint="another one"), 2), (RelayWatchError("x"), 70)]
)
def test_an_error_for_people_is_one_message_and_its_code(
    relaywatch: "Relaywatch", monkeypatch: pytest.MonkeyPatch, error: RelayWatchError, code: int
) -> None:
    """No traceback."""
    fails_with(monkeypatch, error)
    ended = relaywatch("status")
    assert ended.code == code
    assert ended.err == f"error: {error}\n"


def test_an_error_that_quotes_hostile_text_is_tame(relaywatch: "Relaywatch", monkeypatch: pytest.MonkeyPatch) -> None:
    """A file's content may be in the message."""
    fails_with(monkeypatch, StartError("bad \x1b[2J\u202e"))
    assert relaywatch("status").err == "error: bad \\x1b[2J\\u202e\n"


def test_a_fault_of_our_own_is_logged_with_its_traceback(
    relaywatch: "Relaywatch", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 70."""
    fails_with(monkeypatch, ZeroDivisionError("of our own"))
    ended = relaywatch("status")
    assert ended.code == 70
    assert '"event":"crashed"' in ended.err
    assert "ZeroDivisionError: of our own" in ended.err


def test_an_interrupt_is_quiet(relaywatch: "Relaywatch", monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is no error to be explained."""
    fails_with(monkeypatch, KeyboardInterrupt())
    ended = relaywatch("status")
    assert (ended.code, ended.err.strip()) == (130, "")


def test_a_reader_that_goes_away_is_quiet(recorded: Path) -> None:
    """`relaywatch history | head -1` ends without a traceback."""
    relaywatch_command = [sys.executable, "-m", "monitor.cli.main", "history", "--format", "json", "--limit", "1000"]
    read, write = os.pipe()
    os.close(read)
    ran = subprocess.run(relaywatch_command, cwd=recorded, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert ran.stderr == b""
    assert ran.returncode == 141
