"""Doubts about who is told."""

from collections.abc import Callable

import pytest

from monitor.config.load import Loaded

LoadText = Callable[[str], Loaded]
SETUP = """
[[endpoints]]
name = "gw"
base_url = "https://gw.example.com/v1"
models = ["openai/gpt-4.1", "anthropic/claude"]
tags = ["prod"]
[[endpoints]]
name = "spare"
base_url = "https://spare.example.com/v1"
{more}
"""
OPS = '[[channels]]\nname = "ops"\ntype = "console"\n'
SECOND = '[[channels]]\nname = "second"\ntype = "console"\n'
WINDOW = '[[maintenance]]\nname = "w"\nstart = 2026-11-22T02:00:00\nduration = "1h"\n'
NO_CHANNEL = (
    "channels: nobody is told of some critical incidents: no channel wants SERVER_ERROR of spare/models "
    "when its fault domain is endpoint"
)


def _warned(load: LoadText, lines: str, more: str = "") -> list[str]:
    return [str(warning) for warning in load(SETUP.format(more=more) + lines).warnings]


@pytest.mark.parametrize(
    ("lines", "warning"),
    [
        (
            OPS + SECOND + 'only = { endpoints = ["gv", "gw"] }\n',
            'channels[1].only.endpoints: matches nothing that is probed; did you mean "gw"? (is "gv")',
        ),
        (
            OPS + SECOND + 'only = [{ tags = "test" }, { models = "openai/*" }]\n',
            'channels[1].only[0].tags: matches nothing that is probed (is "test")',
        ),
        (
            OPS + SECOND + 'only = { models = ["OpenAI/*"], endpoints = "gw" }\n',
            'channels[1].only.models: matches nothing that is probed (is "OpenAI/*")',
        ),
        (
            OPS + SECOND + WINDOW + 'only = { endpoints = "spare", models = "openai/*" }\n',
            "maintenance[0].only: matches nothing: no check fits all of its keys together",
        ),
        (
            OPS + SECOND + '[[alerting.escalations]]\nafter = "5m"\nchannels = ["ops"]\nonly = { checks = "gw" }\n',
            'alerting.escalations[0].only.checks: matches nothing that is probed (is "gw")',
        ),
        (
            OPS + SECOND + "escalations_only = true\n",
            "channels[1].escalations_only: no escalation names this channel: it is told only while another one fails",
        ),
        (
            OPS + 'only = { severities = "warning" }\n' + SECOND + 'only = { endpoints = "gw" }\n',
            NO_CHANNEL,
        ),
        (
            OPS + 'hours = { days = "mon-fri" }\n' + SECOND + 'hours = { days = "sat-sun", from = "08:00" }\n',
            "channels: at some hours, such as sat 00:00, no channel wants some critical incidents",
        ),
        (
            OPS + 'hours = { from = "09:00", to = "18:00" }\n' + SECOND + 'hours = { from = "18:30", to = "09:00" }\n',
            "channels: at some hours, such as mon 18:00, no channel wants some critical incidents",
        ),
    ],
)
def test_what_is_doubtful(load_text: LoadText, lines: str, warning: str) -> None:
    """Each doubt is told once, where it stands."""
    assert _warned(load_text, lines) == [warning]


@pytest.mark.parametrize(
    "lines",
    [
        OPS + SECOND,
        OPS + 'only = { endpoints = "gw" }\n' + SECOND + 'only = { endpoints = "s*" }\n',
        OPS + 'only = { fault_domains = ["key", "quota"] }\n' + SECOND
        + 'only = { fault_domains = ["model", "provider", "endpoint", "network", "monitor"] }\n',
        OPS + 'hours = { from = "09:00", to = "18:00" }\n' + SECOND + 'hours = { from = "18:00", to = "09:00" }\n',
        OPS + SECOND + 'only = { severities = "warning" }\n',
        OPS + SECOND + 'escalations_only = true\n[[alerting.escalations]]\nafter = "5m"\nchannels = ["second"]\n',
        OPS + SECOND + WINDOW + 'only = { providers = "openai", tags = "prod" }\n',
    ],
)  # fmt: skip
def test_what_is_not(load_text: LoadText, lines: str) -> None:
    """Channels that share the work, in any way."""
    assert _warned(load_text, lines) == []


def test_incidents_that_are_never_critical_need_nobody_for_critical_ones(load_text: LoadText) -> None:
    """A severity of its own says so."""
    lines = OPS + 'only = { endpoints = "gw" }\n' + SECOND + 'only = { severities = "warning" }\n'
    assert len(_warned(load_text, lines)) == 1
    assert _warned(load_text, lines, more='severity = "warning"') == []
