"""What an answer must be and who may give it: from the file to the check."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from monitor.config.checks import checks_of
from monitor.config.effective import effective_table, to_json
from monitor.config.load import Loaded
from monitor.domain.check import Check
from monitor.domain.expect import Expect
from monitor.domain.identity import ANYBODY

LoadText = Callable[[str], Loaded]
FILE = """
[defaults]
expect = {{ challenge = true }}
full_every = 5

[[endpoints]]
name = "gw"
base_url = "https://gw.example.com/v1"
answered_by = ["gpt-4o*"]
models = ["plain", {{ id = "m", {} }}]
"""


def model(load_text: LoadText, options: str) -> Check:
    """The check of the model with these options of its own."""
    return next(check for check in checks_of(load_text(FILE.format(options)).config) if check.model == "m")


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        ("max_tokens = 16", "expect", Expect(challenge=True)),
        ("expect = false", "expect", None),
        ("expect = { json = true }", "expect", Expect(json=True)),
        ("expect = { matches = '\\d', prompt = 'a digit' }", "expect", Expect(prompt="a digit", matches="\\d")),
        ("expect = { min_length = 3, tool = true }", "expect", Expect(min_length=3, tool=True)),
        ("max_tokens = 16", "answered_by", ("gpt-4o*",)),
        ('answered_by = "asked"', "answered_by", ()),
        ('answered_by = "any"', "answered_by", (ANYBODY,)),
        ("max_tokens = 16", "full_every", 5),
        ("full_every = 1", "full_every", 1),
        ("max_tokens = 16", "raise_max_tokens_to", 256),
        ("raise_max_tokens_to = 0", "raise_max_tokens_to", 0),
    ],
)
def test_the_innermost_word_counts(load_text: LoadText, options: str, field: str, value: Any) -> None:
    """A model's table replaces the inherited one whole; false expects nothing."""
    assert getattr(model(load_text, options), field) == value


def test_a_model_list_is_held_to_nothing(load_text: LoadText) -> None:
    """There is nobody to answer."""
    checks = checks_of(load_text(FILE.format("max_tokens = 16")).config)
    assert checks[0].model is None
    assert checks[0].expect is None


def test_what_is_expected_is_shown_as_it_stands_in_the_file(load_text: LoadText) -> None:
    """As data that is JSON too."""
    table = effective_table(load_text(FILE.format("expect = { json = true }, answered_by = 'any'")).config)
    shown = json.loads(json.dumps(to_json(table)))["endpoints"][0]
    assert shown["expect"] == {"challenge": True, "json": False, "tool": False}
    assert shown["answered_by"] == ["gpt-4o*"]
    assert shown["models"][1]["answered_by"] == "any"


def test_a_rhythm_of_full_probes_that_are_as_plain_as_any_is_doubtful(load_text: LoadText) -> None:
    """Allowed, but perhaps not meant."""
    warned = load_text(FILE.format("full_every = 3, expect = false")).warnings
    assert [warning.path for warning in warned if "full_every" in warning.path] == ["endpoints[0].models[1].full_every"]
    assert not [one for one in load_text(FILE.format("full_every = 3")).warnings if "full_every" in one.path]
