"""The registry: every configured channel is built, in order, with its secrets."""

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.config.access import resolve_access
from monitor.config.channels import CHANNEL_TYPES
from monitor.config.load import loads
from monitor.delivery import channels
from monitor.delivery.channels import build_channels
from monitor.errors import ConfigError, StartError

if TYPE_CHECKING:
    from monitor.alerting.texts import Voice
    from monitor.delivery.channel import Channel

TEXT = """
[[endpoints]]
name = "gw"
base_url = "https://gw.example.com/v1"
models = ["a/one"]
[[channels]]
name = "out"
type = "console"
[[channels]]
name = "ops"
type = "slack"
webhook_url = { env = "SLACK" }
[[channels]]
name = "bot"
type = "slack"
bot_token = { env = "TOKEN" }
channel = "#ops"
[[channels]]
name = "hook"
type = "webhook"
url = "https://example.org/hook"
secret = { env = "SIGN" }
headers = { X-Team = "ops" }
[[channels]]
name = "pager"
type = "pagerduty"
routing_key = { env = "PAGER" }
"""
ENVIRON = {
    "SLACK": "https://hooks.slack.com/services/T0/B0/secretpathsecretpath",
    "TOKEN": "xoxb-123-456-abcdef",
    "SIGN": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "PAGER": "0123456789abcdef0123456789abcdef",
}


def test_every_type_of_the_configuration_has_its_channel() -> None:
    """A type that may be configured can be built."""
    assert set(channels._BUILDERS) == set(CHANNEL_TYPES.values())


async def test_channels_are_built_in_the_order_of_the_file(tmp_path: Path, voice: "Voice") -> None:
    """Names as configured; nothing is opened until the first send, so closing is free."""
    loaded = loads(TEXT, tmp_path)
    built = build_channels(loaded.config, resolve_access(loaded, ENVIRON), voice)
    assert [(name, type(one).__name__, one.name) for name, one in built.items()] == [
        ("out", "ConsoleChannel", "out"),
        ("ops", "SlackWebhookChannel", "ops"),
        ("bot", "SlackBotChannel", "bot"),
        ("hook", "WebhookChannel", "hook"),
        ("pager", "PagerDutyChannel", "pager"),
    ]
    for one in built.values():
        await one.close()


@pytest.mark.parametrize("name", ["ops", "hook", "pager"])
def test_a_channel_without_its_secret_is_refused(tmp_path: Path, voice: "Voice", name: str) -> None:
    """It names the channel, and refuses at start and not at the first alert."""
    loaded = loads(TEXT, tmp_path)
    access = resolve_access(loaded, ENVIRON)
    broken: dict[str, Any] = {**access.channels, name: type(access.channels[name])()}
    with pytest.raises(StartError, match=f"channel {name} "):
        build_channels(loaded.config, type(access)(access.endpoints, broken), voice)


def test_slack_is_loaded_only_where_it_is_configured() -> None:
    """A daemon without Slack does not pay for its SDK."""
    code = "import monitor.delivery.channels, sys; sys.exit('slack_sdk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


OTHERS = """
[[endpoints]]
name = "gw"
base_url = "https://gw.example.com/v1"
[[channels]]
name = "alerts"
type = "alertmanager"
urls = ["http://am1:9093", { env = "MEMBER" }]
headers = { authorization = { env = "AUTH" } }
[[channels]]
name = "mail"
type = "email"
host = "smtp.example.org"
username = "relaywatch"
password = { env = "PASSWORD" }
from = "RelayWatch <relaywatch@example.org>"
to = ["ops@example.org"]
[[channels]]
name = "phones"
type = "apprise"
urls = [{ env = "JSON" }, { env = "OTHER" }]
[[channels]]
name = "own"
type = "console"
template = { title = "t.j2", message = "m.j2" }
"""
SECRETS = {
    "MEMBER": "https://user:secret@am2",
    "AUTH": "Bearer abcdefgh",
    "PASSWORD": "correct horse",
    "JSON": "json://localhost/x",
    "OTHER": "json://localhost/y",
}


def _build(tmp_path: Path, voice: "Voice", **secrets: str) -> "dict[str, Channel]":
    loaded = loads(OTHERS, tmp_path)
    return build_channels(loaded.config, resolve_access(loaded, SECRETS | secrets), voice)


def test_channels_beyond_http(tmp_path: Path, voice: "Voice") -> None:
    """Each type has its class; a channel with templates speaks through them."""
    (tmp_path / "t.j2").write_text("{{ title }}")
    (tmp_path / "m.j2").write_text("{{ message }}")
    built = _build(tmp_path, voice)
    assert {name: type(one).__name__ for name, one in built.items()} == {
        "alerts": "AlertmanagerChannel",
        "mail": "EmailChannel",
        "phones": "AppriseChannel",
        "own": "Templated",
    }


def test_everything_wrong_with_channels_is_told_at_once(tmp_path: Path, voice: "Voice") -> None:
    """URLs that Apprise cannot use, templates that would break; none of it shows a secret."""
    (tmp_path / "t.j2").write_text("{{ titel }}")
    (tmp_path / "m.j2").write_text("{{ message }")
    with pytest.raises(ConfigError) as caught:
        _build(tmp_path, voice, OTHER="nonsense://secret-token")
    assert [problem.path for problem in caught.value.problems] == [
        "channels[2].urls[1]",
        "channels[3].template.title",
        "channels[3].template.message",
    ]
    assert "secret-token" not in str(caught.value)


def test_a_missing_extra_is_named(tmp_path: Path, voice: "Voice", monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever configures Apprise without its package is told what to install."""
    (tmp_path / "t.j2").write_text("{{ title }}")
    (tmp_path / "m.j2").write_text("{{ message }}")
    monkeypatch.setitem(sys.modules, "apprise", None)
    monkeypatch.delitem(sys.modules, "monitor.delivery.apprise_channel", raising=False)
    monkeypatch.delattr("monitor.delivery.apprise_channel", raising=False)
    with pytest.raises(ConfigError) as caught:
        _build(tmp_path, voice)
    assert [str(problem) for problem in caught.value.problems] == [
        "channels[2].type: needs a package that is not installed (apprise): install relaywatch[apprise]",
    ]


def test_what_is_not_configured_is_not_loaded() -> None:
    """Libraries that cost memory are imported where they are used."""
    code = (
        "import monitor.delivery.channels, monitor.delivery.delivery, sys;"
        "sys.exit(str({'apprise', 'aiosmtplib', 'jinja2', 'slack_sdk'} & sys.modules.keys()))"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert ended.stderr.strip() == "set()"
