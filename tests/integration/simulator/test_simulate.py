"""The command `simulate`, in a process of its own where signals matter."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.cli.simulate import simulate
from monitor.errors import ConfigError, StartError, UsageError

RUN = "import typer; from monitor.cli.simulate import simulate; typer.run(simulate)"
SCRIPT = 'models = [{ id = "a/b" }, { id = "모델 \\"x\\"" }]'


@contextmanager
def running(*options: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """The command in a process, and its base URL once it is up."""
    command = [sys.executable, "-W", "error", "-c", RUN, *options]
    environment = os.environ | {"SIMULATED_KEY": "sk-right"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found is not None
            yield process, found[0]
        finally:
            process.kill()


def listed(base_url: str, key: str) -> list[str]:
    """The ids in the model list."""
    request = urllib.request.Request(f"{base_url}/models", headers={"Authorization": f"Bearer {key}"})  # noqa: S310  loopback
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310  loopback
        return [model["id"] for model in json.load(response)["data"]]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_a_signal_and_ends_with_0(number: signal.Signals, tmp_path: Path) -> None:
    """What it serves is the script; what it prints is a configuration for it."""
    script = tmp_path / "script.toml"
    script.write_text(SCRIPT, encoding="utf-8")
    with running("--script", str(script), "--key-env", "SIMULATED_KEY") as (process, base_url):
        ids = listed(base_url, "sk-right")
        process.send_signal(number)
        assert process.wait(timeout=10) == 0
        rest = process.stdout.read() if process.stdout else ""
    (endpoint,) = tomllib.loads(rest)["endpoints"]
    assert endpoint["models"] == ids == ["a/b", '모델 "x"']
    assert (endpoint["base_url"], endpoint["api_key"]) == (base_url, {"env": "SIMULATED_KEY"})


def test_it_ends_by_itself_after_its_duration(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a script it serves the built-in one."""
    simulate(duration="10ms")
    shown = capsys.readouterr()
    assert "Simulated gateway at http://127.0.0.1:" in shown.out
    assert "anthropic/claude-sonnet-4" in shown.out
    assert shown.err == "requests answered: 0\n"


def test_a_bad_script_is_one_message(tmp_path: Path) -> None:
    """With every problem, exit code 2."""
    script = tmp_path / "script.toml"
    script.write_text('bogus = 1\nmodels = [{ id = "a", faults = [{ kind = "nap" }] }]', encoding="utf-8")
    with pytest.raises(ConfigError, match="2 problems") as caught:
        simulate(script=script)
    assert caught.value.exit_code == 2


def test_a_port_in_use_is_one_message() -> None:
    """Exit code 2, naming the port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=f"127.0.0.1:{port}: it is in use"):
            simulate(port=port)


@pytest.mark.parametrize(("duration", "message"), [("40", "must be a duration"), ("0s", "longer than zero")])
def test_a_wrong_duration_is_refused(duration: str, message: str) -> None:
    """Before anything starts."""
    with pytest.raises(UsageError, match=message):
        simulate(duration=duration)


@pytest.mark.parametrize("value", [None, "", "  "])
def test_an_unset_or_empty_key_is_refused(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    """Naming the variable."""
    monkeypatch.delenv("SIMULATED_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("SIMULATED_KEY", value)
    with pytest.raises(UsageError, match="SIMULATED_KEY is unset or empty"):
        simulate(key_env="SIMULATED_KEY")
