"""The configuration as it holds."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.config.checks import checks_of
from monitor.config.effective import effective_table, to_json, to_toml, toml_text
from monitor.config.load import Loaded, load
from monitor.config.routing import calendar_of

LoadText = Callable[[str], Loaded]
EXAMPLE = Path(__file__).parents[3] / "config.example.toml"
ODD = """
[defaults]
timeout = "4s"
failure_ratio = false
[web]
listen = "[::1]:0"
public_url = "https://status.example.org/"
[[endpoints]]
name = "a"
base_url = "http://127.0.0.1/v1/"
api_key = { credential = "key" }
headers = { x-a = 'say "b" \\', x-token = { file = "token" } }
tags = ["prod"]
flapping = false
models = [
    "o/q",
    { id = 'a "b" \\ 모델', timeout = "2s", slow_after = "0s", failure_ratio = "1/3", severity = "warning" },
]
[[endpoints]]
name = "b"
base_url = "http://[::1]:8000"
timeout = "20s"
flapping = { high = 40.5 }
[alerting]
group_wait = "0s"
flapping = { low = 10 }
reminder = "90m"
[[alerting.escalations]]
after = "5m"
channels = ["c"]
only = [{ models = "o/*", fault_domains = ["key"] }, { statuses = "TIMEOUT" }]
[[channels]]
name = "c"
type = "console"
only = { severities = "critical", checks = ["a/*"] }
hours = [{ days = ["sat-mon"], from = "22:00", to = "06:00" }, { days = "wed" }]
escalations_only = true
[[maintenance]]
name = "once"
start = 2026-11-22T02:30:00Z
end = 2026-11-22T03:30:00
[[maintenance]]
name = "again"
start = "2026-11-22 02:30"
duration = "90m"
rrule = "RRULE:FREQ=MONTHLY;BYDAY=-1SU"
exdate = [2026-12-27, 2027-01-31T02:30:00+09:00]
timezone = "Asia/Seoul"
only = { tags = "prod" }
"""


@pytest.mark.parametrize("text", [ODD, EXAMPLE.read_text(encoding="utf-8")])
def test_what_is_shown_loads_to_the_same(load_text: LoadText, text: str) -> None:
    """The same checks, endpoints and channels come out of it again, and showing it again changes nothing."""
    loaded = load_text(text)
    shown = to_toml(effective_table(loaded.config))
    again = load_text(shown)
    assert checks_of(again.config) == checks_of(loaded.config)
    assert again.config.channels == loaded.config.channels
    assert again.config.alerting == loaded.config.alerting
    assert calendar_of(again.config) == calendar_of(loaded.config)
    assert [endpoint.headers for endpoint in again.config.endpoints] == [
        endpoint.headers for endpoint in loaded.config.endpoints
    ]
    assert to_toml(effective_table(again.config)) == shown


def test_secrets_are_shown_as_their_source_and_a_mask() -> None:
    """In TOML as a comment, in JSON as a value."""
    table = effective_table(load(EXAMPLE).config)
    assert 'api_key = { env = "HOLYSHEEP_API_KEY" }  # ********\n' in to_toml(table)
    data = json.loads(json.dumps(to_json(table)))
    assert data["endpoints"][0]["api_key"] == {"env": "HOLYSHEEP_API_KEY", "value": "********"}
    assert data["endpoints"][0]["timeout"] == "10s"


def test_text_is_quoted_for_toml() -> None:
    """Quotes, backslashes and the control character that JSON lets through."""
    assert toml_text('a"b\\\x7f') == '"a\\"b\\\\\\u007f"'
