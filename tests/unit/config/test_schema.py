"""The tables, their values and their JSON Schema."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.config.load import Loaded
from monitor.config.problems import problems_of, shown
from monitor.config.schema import Config, Connectivity, json_schema
from monitor.config.urls import Address, listen, self_check_target
from monitor.domain.action import Language

LoadText = Callable[[str], Loaded]
WithEndpoint = Callable[[str], Loaded]

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
_KEYS = sorted({*Config.known_keys(), "name", "base_url", "models", "type", "headers", "api_key", "id", "timeout"})


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)  # the first draws build the strategies
@given(
    st.dictionaries(
        st.sampled_from(_KEYS),
        _VALUES | st.lists(st.dictionaries(st.sampled_from(_KEYS), _VALUES, max_size=5), max_size=3),
        max_size=5,
    ),
)
def test_any_content_is_a_configuration_or_problems(raw: dict[str, Any]) -> None:
    """No content of a file ends in anything but problems with a path and a message."""
    with pytest.raises(ValidationError) as caught:
        Config.model_validate(raw)
    problems = problems_of(caught.value)
    assert problems
    assert all(problem.path and problem.message for problem in problems)


def test_a_configuration_is_frozen(with_endpoint: WithEndpoint) -> None:
    """Nobody changes it on the way."""
    config = with_endpoint("").config
    with pytest.raises(ValidationError):
        config.language = Language.KO  # type: ignore[misc]


def test_a_slash_at_the_end_of_a_base_url_is_ignored(load_text: LoadText) -> None:
    """As the official SDKs do."""
    loaded = load_text('[[endpoints]]\nname = "a"\nbase_url = "https://gw.example.com/v1//"\n')
    assert loaded.config.endpoints[0].base_url == "https://gw.example.com/v1"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/v1",
        "http://[::1]:8000",
        "https://host_name/openai/deployments/x",
        "https://한국.example/v1",
    ],
)
def test_base_urls_of_all_kinds(load_text: LoadText, url: str) -> None:
    """Addresses, names, paths."""
    assert load_text(f'[[endpoints]]\nname = "a"\nbase_url = "{url}"\n').config.endpoints[0].base_url == url


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8780", Address("127.0.0.1", 8780)),
        ("127.9.9.9:0", Address("127.9.9.9", 0)),
        ("[::1]:80", Address("::1", 80)),
        ("LocalHost:1", Address("localhost", 1)),
    ],
)
def test_where_the_page_listens(text: str, address: Address) -> None:
    """Loopback, in its three notations."""
    assert listen(text) == address
    assert str(address) == text.lower()


@pytest.mark.parametrize(
    "text", ["[::]:80", "192.168.0.1:80", "example.org:80", "::1:80", ":80", "127.0.0.1:x", "127.0.0.1:٣"]
)
def test_where_it_does_not(problems_of: Callable[[str], list[str]], text: str) -> None:
    """Anything that others reach, and anything unclear."""
    endpoint = '[[endpoints]]\nname = "a"\nbase_url = "http://a"\n'
    assert len(problems_of(f'[web]\nlisten = "{text}"\n{endpoint}')) == 1


@pytest.mark.parametrize(
    ("kind", "hint"),
    [
        ("discord", "through Apprise"),
        ("kakaowork", "through Apprise"),
        ("smtp", 'did you mean "email"?'),
        ("prometheus", 'did you mean "alertmanager"?'),
        ("web-hook", 'did you mean "webhook"?'),
    ],
)
def test_types_under_other_names(problems_of: Callable[[str], list[str]], kind: str, hint: str) -> None:
    """Whoever writes the service's name is told which type reaches it."""
    text = f'[[endpoints]]\nname = "a"\nbase_url = "http://a"\n[[channels]]\nname = "c"\ntype = "{kind}"\n'
    assert hint in problems_of(text)[0]


@pytest.mark.parametrize(
    ("loc", "value", "expected"),
    [
        (("language",), "fr", '"fr"'),
        (("language",), "x" * 99, '"' + "x" * 57 + '..."'),
        (("language",), "\x1b[31m", '"\\u001b[31m"'),
        (("endpoints", 0, "api_key"), "abc", "********"),
        (("endpoints", 0, "headers", "x"), "abc", "********"),
        (("channels", 0, "url"), "https://h/x", "********"),
        (("channels", 0, "urls", 1), "https://h/x", "********"),
        (("channels", 0, "password"), "abc", "********"),
        (("endpoints", 0, "provider"), "gsk_0123456789abcdefghij", "********"),
        (("defaults", "interval"), 5, "5"),
        (("defaults", "stream"), True, "true"),
        (("defaults",), {}, None),
    ],
)
def test_how_a_value_is_shown(loc: tuple[str | int, ...], value: object, expected: str | None) -> None:
    """Cut, harmless for a terminal, without secrets."""
    assert shown(loc, value) == expected


def test_the_json_schema_describes_the_file() -> None:
    """TOML's own keys and notations, no null, unknown keys refused."""
    schema = json_schema()
    text = json.dumps(schema)
    defaults = schema["$defs"]["Defaults"]
    assert '"null"' not in text
    assert "timeout_s" not in text
    assert defaults["properties"]["interval"]["default"] == "60s"
    assert defaults["additionalProperties"] is False
    assert re.fullmatch(defaults["properties"]["interval"]["pattern"], "1h30m")
    assert schema["properties"]["endpoints"]["items"] == {"$ref": "#/$defs/Endpoint"}
    assert schema["$defs"]["Endpoint"]["required"] == ["name", "base_url"]


def test_targets_of_the_self_check(problems_of: Callable[[str], list[str]]) -> None:
    """Two well-known resolvers unless others are named; IPv6 stands in brackets, names are in lower case."""
    assert Connectivity().targets == (Address("1.1.1.1", 53), Address("8.8.8.8", 53))
    assert self_check_target("[2606:4700::1111]:53") == Address("2606:4700::1111", 53)
    assert self_check_target("DNS.example.org:853") == Address("dns.example.org", 853)
    endpoint = '[[endpoints]]\nname = "a"\nbase_url = "http://a"\n'
    (problem,) = problems_of(f"[connectivity]\ntargets = {['1.1.1.1:53'] * 17}\n{endpoint}")
    assert problem.startswith("connectivity.targets: ")
