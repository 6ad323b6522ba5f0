"""`notify test`: what it prints, and its exit codes."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli.notify import app
from monitor.errors import EXIT_USAGE, UsageError

ENDPOINT = """
[[endpoints]]
name = "gw"
base_url = "https://gw.example.com/v1"
api_key = { env = "RELAYWATCH_TEST_UNSET" }
models = ["a/one"]
"""
CONSOLE = """
[[channels]]
name = "out"
type = "console"
"""
NOBODY = """
[[channels]]
name = "hook"
type = "webhook"
url = "http://127.0.0.1:1/hook"
"""


def test_a_delivered_test_exits_0(tmp_path: Path) -> None:
    """The message arrives through the channel's own code; no API key is needed for that."""
    result = CliRunner().invoke(app, ["test", "-c", _config(tmp_path, ENDPOINT + CONSOLE)])
    assert result.exit_code == 0, result.output
    assert "[test] TEST: RelayWatch reaches the channel out" in result.output
    assert "out: delivered (written)" in result.output


def test_a_failed_one_exits_1_and_says_why(tmp_path: Path) -> None:
    """All are tried; one failure is enough for 1."""
    result = CliRunner().invoke(app, ["test", "-c", _config(tmp_path, ENDPOINT + CONSOLE + NOBODY)])
    assert result.exit_code == 1
    assert "out: delivered" in result.output
    assert "hook: FAILED, may pass: cannot connect: Connection refused" in result.output


def test_only_the_named_channels_are_tried(tmp_path: Path) -> None:
    """Each once, however often it is named."""
    config = _config(tmp_path, ENDPOINT + CONSOLE + NOBODY)
    result = CliRunner().invoke(app, ["test", "out", "out", "-c", config])
    assert result.exit_code == 0
    assert result.output.count("out: delivered") == 1
    assert "hook" not in result.output


@pytest.mark.parametrize(
    ("text", "name", "message", "hint"),
    [
        (ENDPOINT + CONSOLE + NOBODY, "hok", "there is no channel 'hok'", 'did you mean "hook"?'),
        (ENDPOINT, "out", "no channel is configured", "add [[channels]] with name and type"),
    ],
)
def test_usage_errors(tmp_path: Path, text: str, name: str, message: str, hint: str) -> None:
    """An unknown name tells the nearest, exit 2."""
    result = CliRunner().invoke(app, ["test", name, "-c", _config(tmp_path, text)])
    assert isinstance(result.exception, UsageError)
    assert result.exception.exit_code == EXIT_USAGE
    assert message in result.exception.message
    assert result.exception.hint == hint


def _config(folder: Path, text: str) -> str:
    path = folder / "relaywatch.toml"
    path.write_text(text)
    return str(path)
