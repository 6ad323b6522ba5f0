"""What a reload says that it changes."""

from pathlib import Path
from typing import Any

import pytest

from monitor.config.access import resolve_access
from monitor.config.checks import checks_of
from monitor.config.difference import MOST_TOLD, Change, Difference, Names, View, difference, with_secrets
from monitor.config.load import Loaded, loads
from monitor.config.renames import renaming_of

TEXT = """
[defaults]
timeout = "10s"

[[endpoints]]
name = "gw"
base_url = "https://gw.example.com/v1"
api_key = { env = "KEY" }
models = ["a", "b"]

[[endpoints]]
name = "other"
base_url = "https://other.example.com/v1"
models = ["a"]

[[channels]]
name = "hook"
type = "webhook"
url = "https://hooks.example.com/x"
"""


def loaded(text: str) -> Loaded:
    """A configuration."""
    return loads(text, Path("/nowhere"))


def between(before: str, after: str) -> Difference:
    """What differs between two files."""
    old, new = (loaded(text).config for text in (before, after))
    return difference(View(old, checks_of(old)), View(new, checks_of(new)), renaming_of(new))


def swapped(old: str, new: str, text: str = TEXT) -> Difference:
    """What differs once `old` was replaced in the file."""
    assert old in text
    return between(text, text.replace(old, new))


def test_nothing_differs() -> None:
    """A reload of the same file says so."""
    same = between(TEXT, TEXT)
    assert (same, same.for_log(), same.lines(), same.summary()) == (Difference(), {}, [], "nothing differs")


def test_checks_that_come_and_go() -> None:
    """By their ids; the endpoint is not changed by it."""
    found = swapped('["a", "b"]', '["b", "c"]')
    assert found == Difference(checks=Names(("gw/chat/c",), ("gw/chat/a",)))
    assert found.summary() == "checks: 1 added, 1 removed"
    assert found.lines() == ["+ check gw/chat/c", "- check gw/chat/a"]


def test_a_default_is_told_once() -> None:
    """Not once more for each endpoint and each check that has it."""
    found = swapped('timeout = "10s"', 'timeout = "20s"')
    assert found.options == (Change("defaults.timeout", '"10s"', '"20s"'),)
    assert len(found.checks.changed) == 5
    assert found.for_log()["options_changed"] == ['defaults.timeout: "10s" to "20s"']


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('models = ["a", "b"]', 'models = ["a", "b"]\ntimeout = "30s"', 'endpoints.gw.timeout: "10s" to "30s"'),
        ('["a", "b"]', '["a", { id = "b", timeout = "30s" }]', 'gw/chat/b: timeout: "10s" to "30s"'),
        ('["a", "b"]', '["a", { id = "b", failure_ratio = false }]', 'gw/chat/b: failure_ratio: "5/20" to absent'),
        ('["a", "b"]', '["a", { id = "b", provider = "v" }]', 'gw/chat/b: provider: "gw" to "v"'),
        ('env = "KEY"', 'file = "key"', 'endpoints.gw.api_key: { env = "KEY" } to { file = "key" }'),
        ("[defaults]", 'language = "ko"\n[defaults]', 'language: "en" to "ko"'),
        ("[[endpoints]]", '[web]\nlisten = "127.0.0.1:1"\n[[endpoints]]', 'web.listen: absent to "127.0.0.1:1"'),
    ],
)
def test_an_option_is_told_with_both_values(old: str, new: str, told: str) -> None:
    """Where it stands, what it was, what it is; a secret by where it comes from."""
    before = TEXT
    after = before.replace(old, new, 1)
    assert after != before
    assert [str(change) for change in between(before, after).options] == [told]


def test_the_rhythm_of_the_model_list_is_told_once() -> None:
    """The check calls it its interval, the file does not."""
    found = swapped("[defaults]", '[defaults]\nmodels_interval = "1m"')
    assert [str(change) for change in found.options] == ['defaults.models_interval: "30s" to "1m"']
    assert found.checks.changed == ("gw/models", "other/models")


def test_endpoints_and_channels_that_come_and_go() -> None:
    """Without a list of all their options."""
    found = swapped('name = "other"', 'name = "third"')
    assert (found.endpoints, found.options) == (Names(("third",), ("other",)), ())
    found = swapped('name = "hook"', 'name = "crook"')
    assert (found.channels, found.options) == (Names(("crook",), ("hook",)), ())
    assert found.summary() == "other channels"


def test_what_was_renamed_neither_came_nor_went() -> None:
    """Its history goes on."""
    found = swapped('name = "other"', 'name = "third"\nrenamed_from = "other"')
    assert found.renamed == (("other/models", "third/models"), ("other/chat/a", "third/chat/a"))
    assert found.checks == Names()
    assert "= check other/models is now third/models" in found.lines()
    assert found.summary() == "checks: 2 renamed"


def test_a_secret_that_was_replaced_in_its_place_is_told_by_its_owner() -> None:
    """Never by its value."""

    def access(key: str) -> Any:
        return resolve_access(loaded(TEXT), {"KEY": key})

    found = with_secrets(between(TEXT, TEXT), access("sk-first-0123456789"), access("sk-second-012345678"))
    assert found.secrets == ("endpoints.gw",)
    assert found.lines() == ["~ endpoints.gw: a secret has another value"]
    assert with_secrets(Difference(), access("sk-same-0123456789"), access("sk-same-0123456789")) == Difference()


def test_a_long_list_is_cut_in_the_log() -> None:
    """Ten thousand models would make a line that nobody reads."""
    found = Difference(checks=Names(added=tuple(f"gw/chat/{number}" for number in range(MOST_TOLD + 7))))
    told = found.for_log()["checks_added"]
    assert (len(told), told[-1]) == (MOST_TOLD + 1, "and 7 more")
    assert len(found.lines()) == MOST_TOLD + 7


def test_a_table_that_comes_or_goes_is_told_by_its_options() -> None:
    """The dead-man switch, with its secret by where it comes from; a maintenance window under its name."""
    switch = '[deadman]\nurl = { env = "PING" }\n'
    assert [str(change) for change in between(TEXT, TEXT + switch).options] == [
        'deadman.url: absent to { env = "PING" }',
        'deadman.interval: absent to "1m"',
        'deadman.timeout: absent to "10s"',
    ]
    window = '[[maintenance]]\nname = "move"\nstart = 2026-01-01T00:00:00\nduration = "1h"\n'
    found = between(TEXT + window, TEXT + window.replace("1h", "2h"))
    assert [str(change) for change in found.options] == ['maintenance.move.duration: "1h" to "2h"']


def test_another_address_behind_the_same_reference_is_told() -> None:
    """That there is one, not which."""
    config = loaded(TEXT + '[deadman]\nurl = { env = "PING" }\n')
    first, second = (
        resolve_access(config, {"KEY": "sk-first-0123456789", "PING": f"https://hc.example.com/{number}"})
        for number in (1, 2)
    )
    assert with_secrets(Difference(), first, second).secrets == ("deadman",)
