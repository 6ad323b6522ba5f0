"""`relaywatch config`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli.config import app
from monitor.errors import ConfigError

KEY = "gateway-key-0123456789"
VALID = """
[[endpoints]]
name = "gw"
base_url = "https://gw.example.com/v1"
api_key = { env = "GW_KEY" }
models = ["a/one", { id = "a/two", interval = "5m" }]
[[channels]]
name = "one"
type = "console"
"""
WRONG = 'langauge = "en"\n' + VALID


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A valid configuration, with its key in the environment."""
    monkeypatch.setenv("GW_KEY", KEY)
    file = tmp_path / "relaywatch.toml"
    file.write_text(VALID)
    return file


def test_check_says_ok_and_what_probing_costs(path: Path) -> None:
    """Warnings on stderr, the summary on stdout."""
    result = CliRunner().invoke(app, ["check", "-c", str(path)])
    assert result.exit_code == 0
    assert result.stderr.startswith("warning: channels: there is only one")
    assert "endpoints 1, channels 1, checks 3" in result.stdout
    assert "probes a day 4,608, requests a month 138,240" in result.stdout
    assert "completions a month 51,840, at most 829,440 output tokens" in result.stdout


def test_check_finds_the_file_as_all_commands_do(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here through the variable."""
    monkeypatch.setenv("RELAYWATCH_CONFIG", str(path))
    assert f"OK: {path}" in CliRunner().invoke(app, ["check"]).stdout


def test_check_raises_every_problem(path: Path) -> None:
    """The command line prints it and exits 2."""
    path.write_text(WRONG)
    result = CliRunner().invoke(app, ["check", "-c", str(path)])
    assert isinstance(result.exception, ConfigError)
    assert result.exception.exit_code == 2
    assert result.stdout == ""


def test_check_looks_at_the_secrets(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unset key is a problem, unless secrets are skipped."""
    monkeypatch.delenv("GW_KEY")
    result = CliRunner().invoke(app, ["check", "-c", str(path)])
    assert "endpoints[0].api_key: environment variable GW_KEY is not set" in str(result.exception)
    assert CliRunner().invoke(app, ["check", "-c", str(path), "--skip-secrets"]).exit_code == 0


def test_check_looks_at_the_length_of_the_socket(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon would refuse to start."""
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/" + "x" * 120)
    assert "at most 107" in str(CliRunner().invoke(app, ["check", "-c", str(path)]).exception)


def test_check_as_json_is_json_alone(path: Path) -> None:
    """Warnings and problems are rows of the same form."""
    warnings = json.loads(CliRunner().invoke(app, ["check", "-c", str(path), "--format", "json"]).stdout)
    assert [(row["level"], row["path"]) for row in warnings] == [("warning", "channels")]
    path.write_text(WRONG)
    result = CliRunner().invoke(app, ["check", "-c", str(path), "--format", "json"])
    (problem,) = json.loads(result.stdout)
    assert problem == {
        "level": "error",
        "path": "langauge",
        "message": 'unknown key: did you mean "language"?',
        "value": None,
    }
    assert isinstance(result.exception, ConfigError)


def test_show_masks_secrets_without_reading_them(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown is where they come from."""
    monkeypatch.delenv("GW_KEY")
    result = CliRunner().invoke(app, ["show", "-c", str(path)])
    assert 'api_key = { env = "GW_KEY" }  # ********\n' in result.stdout
    assert '{ id = "a/two", interval = "5m" },\n' in result.stdout
    shown = json.loads(CliRunner().invoke(app, ["show", "-c", str(path), "--format", "json"]).stdout)
    assert shown["endpoints"][0]["api_key"] == {"env": "GW_KEY", "value": "********"}


def test_show_needs_a_valid_file(path: Path) -> None:
    """The same problems as `check`."""
    path.write_text(WRONG)
    assert isinstance(CliRunner().invoke(app, ["show", "-c", str(path)]).exception, ConfigError)


def test_schema_is_json() -> None:
    """It needs no configuration."""
    schema = json.loads(CliRunner().invoke(app, ["schema"]).stdout)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert "endpoints" in schema["properties"]


def test_diff_says_what_a_reload_would_change(path: Path, tmp_path: Path) -> None:
    """Without a daemon, and without reading a secret."""
    new = tmp_path / "elsewhere" / "new.toml"
    new.parent.mkdir()
    new.write_text(VALID.replace('"a/one", ', "").replace('"one"', '"two"').replace("5m", "6m"))
    result = CliRunner().invoke(app, ["diff", str(new), "-c", str(path)], env={"GW_KEY": ""})
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "- check gw/chat/a/one",
        "~ check gw/chat/a/two",
        "+ channel two",
        "- channel one",
        '~ gw/chat/a/two: interval: "5m" to "6m"',
    ]


def test_diff_of_the_same_says_so(path: Path, tmp_path: Path) -> None:
    """A relative path means the same file, wherever the new configuration lies now."""
    path.write_text(VALID.replace("[[channels]]", 'ca_file = "ca.pem"\n[[channels]]'))
    new = tmp_path / "elsewhere" / "new.toml"
    new.parent.mkdir()
    new.write_text(path.read_text())
    assert CliRunner().invoke(app, ["diff", str(new), "-c", str(path)]).stdout == "nothing differs\n"


def test_diff_refuses_what_is_wrong(path: Path, tmp_path: Path) -> None:
    """The new file is checked on the way."""
    new = tmp_path / "new.toml"
    new.write_text(WRONG)
    assert isinstance(CliRunner().invoke(app, ["diff", str(new), "-c", str(path)]).exception, ConfigError)


def test_check_tries_templates(path: Path) -> None:
    """With and without the secrets: a template that would break is found before it is used, with file and line."""
    path.write_text(VALID + 'template = { message = "m.j2" }\n')
    template = path.with_name("m.j2")
    template.write_text("{{ title }}\n{{ sevrity }}\n")
    for arguments in (["check"], ["check", "--skip-secrets"]):
        result = CliRunner().invoke(app, [*arguments, "-c", str(path)])
        assert isinstance(result.exception, ConfigError)
        (problem,) = result.exception.problems
        assert problem.path == "channels[0].template.message"
        assert problem.message == f'{template}:2: unknown field "sevrity": did you mean "severity"?'
    template.write_text("{{ title }}")
    assert CliRunner().invoke(app, ["check", "-c", str(path)]).exit_code == 0


def test_check_looks_at_the_urls_of_apprise(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that does not exist is found before an outage, and the URL is not shown."""
    monkeypatch.setenv("ONE", "json://localhost/x")
    monkeypatch.setenv("TWO", "telegrm://secret-token/42")
    path.write_text(VALID.replace('type = "console"', 'type = "apprise"\nurls = [{ env = "ONE" }, { env = "TWO" }]'))
    result = CliRunner().invoke(app, ["check", "-c", str(path)])
    assert isinstance(result.exception, ConfigError)
    (problem,) = result.exception.problems
    assert str(problem).startswith("channels[0].urls[1]: the secret is not a URL that Apprise can use")
    assert "secret-token" not in result.output
