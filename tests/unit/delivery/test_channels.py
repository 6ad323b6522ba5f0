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
from monitor.errors import StartError

if TYPE_CHECKING:
    from monitor.alerting.texts import Voice

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
