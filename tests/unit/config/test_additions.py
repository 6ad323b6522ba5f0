"""What an endpoint adds to requests, in the configuration: shown, resolved, and told when it changes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.config.access import resolve_access
from monitor.config.checks import checks_of
from monitor.config.difference import Difference, View, difference, with_secrets
from monitor.config.effective import effective_table, to_json, to_toml
from monitor.config.load import Loaded, loads
from monitor.config.renames import renaming_of

TEXT = """
[defaults]
stream = true

[[endpoints]]
name = "gw"
base_url = "https://gw.example.com/v1"
query = { region = "eu" }
body = { delay_s = 1.5, deep = { list = [1, { a = true }], text = "x" }, none = {} }
body_without = ["stream_options"]
models = [
    "a",
    { id = "b", protocol = "openai-embeddings", headers = { x-token = { env = "TOKEN" } }, path = "/e/{model}" },
    { id = "c*", query = { sig = { env = "SIGN" } }, body = { top_p = 0.5 } },
]
"""
SECRETS = {"TOKEN": "t-0123456789", "SIGN": "s-9876543210"}


def loaded(text: str) -> Loaded:
    """A configuration."""
    return loads(text, Path("/nowhere"))


def swapped(old: str, new: str) -> Difference:
    """What differs once `old` was replaced in the file."""
    assert old in TEXT
    one, other = loaded(TEXT).config, loaded(TEXT.replace(old, new)).config
    return difference(View(one, checks_of(one)), View(other, checks_of(other)), renaming_of(other))


def test_what_is_shown_loads_to_the_same() -> None:
    """A number in a body is no duration, whatever its key."""
    one = loaded(TEXT).config
    shown = to_toml(effective_table(one))
    other = loaded(shown).config
    assert to_toml(effective_table(other)) == shown
    for field in ("query", "body", "body_without", "path"):
        assert getattr(other.endpoints[0], field) == getattr(one.endpoints[0], field)
    fields = ("id", "protocol", "headers", "query", "body", "path")
    assert [[getattr(model, field) for field in fields] for model in other.endpoints[0].models] == [
        [getattr(model, field) for field in fields] for model in one.endpoints[0].models
    ]


def test_secrets_of_models_are_masked_too() -> None:
    """In JSON, with the place they come from."""
    data = json.loads(json.dumps(to_json(effective_table(loaded(TEXT).config))))
    models = data["endpoints"][0]["models"]
    assert models[1]["headers"] == {"x-token": {"env": "TOKEN", "value": "********"}}
    assert models[2]["query"] == {"sig": {"env": "SIGN", "value": "********"}}


def test_secrets_of_models_are_resolved_and_redacted() -> None:
    """Each missing one is told where it stands."""
    access = resolve_access(loaded(TEXT), SECRETS)
    gateway = access.endpoints["gw"]
    assert gateway.query["region"].reveal() == "eu"
    assert gateway.models["b"].headers["x-token"].reveal() == SECRETS["TOKEN"]
    assert gateway.models["c*"].query["sig"].reveal() == SECRETS["SIGN"]
    assert set(SECRETS.values()) <= set(access.secrets())
    assert not any(secret in repr(access) for secret in SECRETS.values())


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('region = "eu"', 'region = "us"', '~ endpoints.gw.query.region: "eu" to "us"'),
        ("delay_s = 1.5", "delay_s = 2.5", "~ endpoints.gw.body.delay_s: 1.5 to 2.5"),
        ('"/e/{model}"', '"/f/{model}"', '~ endpoints.gw.models.b.path: "/e/{model}" to "/f/{model}"'),
        ("top_p = 0.5", "top_p = 0.6", "~ endpoints.gw.models.c*.body.top_p: 0.5 to 0.6"),
        (", body = { top_p = 0.5 }", "", "~ endpoints.gw.models.c*.body.top_p: 0.5 to absent"),
        (
            'protocol = "openai-embeddings", ',
            "",
            '~ gw/chat/b: protocol: "openai-embeddings" to "openai"',
        ),
    ],
)
def test_a_change_is_told(old: str, new: str, told: str) -> None:
    """Of the endpoint, or of the model or pattern where it stands."""
    assert told in swapped(old, new).lines()


def test_another_secret_of_a_model_is_told() -> None:
    """By the name of the endpoint."""
    one = loaded(TEXT)
    before, after = (resolve_access(one, {**SECRETS, "SIGN": sign}) for sign in ("s-9876543210", "s-other"))
    same = Difference()
    assert with_secrets(same, before, after).secrets == ("endpoints.gw",)


def test_a_stream_beside_models_without_one_is_no_mistake(load_text: Callable[[str], Loaded]) -> None:
    """The endpoint's word is meant for the others."""
    text = TEXT.replace("[defaults]\nstream = true\n", "").replace('name = "gw"', 'name = "gw"\nstream = true')
    checks = checks_of(load_text(text).config)
    assert [(check.model, check.stream) for check in checks] == [(None, False), ("a", True), ("b", False)]
