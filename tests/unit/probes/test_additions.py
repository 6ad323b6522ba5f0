"""What an endpoint and its models add to requests: from the file to what goes out."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.access import resolve_access
from monitor.config.checks import checks_of
from monitor.config.load import loads
from monitor.domain.ask import Ask
from monitor.domain.check import Check, CheckKind
from monitor.probes.additions import Additions, merged
from monitor.probes.endpoint import LiveEndpoint
from monitor.probes.exchange import Request
from monitor.probes.target import targets_of

LIST = Check("gw/models", "gw", CheckKind.MODELS, None, "gw")
TABLES = st.recursive(
    st.integers(0, 9) | st.lists(st.integers(0, 9), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
).filter(lambda value: isinstance(value, dict))
SECRETS = {"KEY": "sk-0123456789abcdefghijkl", "TOKEN": "t-0123456789", "SIGN": "s-0123456789"}


def endpoint_of(options: str, base_url: str = "https://gw.example.test/v1") -> LiveEndpoint:
    """An endpoint with these options."""
    loaded = loads(f'[[endpoints]]\nname = "gw"\nbase_url = "{base_url}"\n{options}\n', Path("/"))
    return LiveEndpoint(targets_of(loaded.config, resolve_access(loaded, SECRETS))["gw"])


def question(endpoint: LiveEndpoint, model: str = "m", *, protocol: str = "openai", stream: bool = False) -> Request:
    """What goes out to a model."""
    check = Check(f"gw/chat/{model}", "gw", CheckKind.CHAT, model, "gw", protocol=protocol)
    return endpoint.request(check, Ask(model, "Say OK.", 16, stream=stream))


def body_of(request: Request) -> dict[str, Any]:
    """The body that goes out."""
    body: dict[str, Any] = orjson.loads(request.body or b"{}")
    return body


def test_azure_deployments() -> None:
    """The deployment is in the path, the version in the query, the key in its own header."""
    endpoint = endpoint_of(
        """
        path = "/openai/deployments/{model}/chat/completions"
        query = { api-version = "2024-10-21" }
        api_key = { env = "KEY" }
        key_header = "api-key"
        check_models = false
        models = ["chat",
            { id = "vec", protocol = "openai-embeddings", path = "/openai/deployments/{model}/embeddings" }]
        """,
        "https://x.openai.azure.com",
    )
    chat, vectors = question(endpoint, "chat"), question(endpoint, "vec", protocol="openai-embeddings")
    where = "https://x.openai.azure.com/openai/deployments"
    assert str(chat.url) == f"{where}/chat/chat/completions?api-version=2024-10-21"
    assert str(vectors.url) == f"{where}/vec/embeddings?api-version=2024-10-21"
    assert chat.headers["api-key"] == SECRETS["KEY"]
    assert "Authorization" not in chat.headers


@pytest.mark.parametrize("protocol", ["openai", "anthropic"])
def test_a_key_in_authorization_is_a_bearer_token(protocol: str) -> None:
    """Also for a protocol that would have sent it elsewhere."""
    options = f'protocol = "{protocol}"\napi_key = {{ env = "KEY" }}\nkey_header = "authorization"\nmodels = ["m"]'
    headers = question(endpoint_of(options), protocol=protocol).headers
    assert headers["Authorization"] == f"Bearer {SECRETS['KEY']}"
    assert "x-api-key" not in headers


def test_a_model_speaks_its_own_protocol() -> None:
    """And the list is asked for in the endpoint's."""
    endpoint = endpoint_of(
        'api_key = { env = "KEY" }\nmodels = [{ id = "c", protocol = "anthropic" }]', "https://gw.example.test"
    )
    message, listing = question(endpoint, "c", protocol="anthropic"), endpoint.request(LIST, None)
    assert str(message.url) == "https://gw.example.test/v1/messages"
    assert (message.headers["x-api-key"], message.headers["anthropic-version"]) == (SECRETS["KEY"], "2023-06-01")
    assert str(listing.url) == "https://gw.example.test/models"
    assert listing.headers["Authorization"] == f"Bearer {SECRETS['KEY']}"


def test_headers_and_query_of_a_model_stand_over_those_of_its_endpoint() -> None:
    """By name, headers without regard to capitals; the list gets only the endpoint's."""
    endpoint = endpoint_of(
        """
        headers = { X-Team = "core", X-Token = { env = "TOKEN" } }
        query = { region = "eu", sig = { env = "SIGN" } }
        models = ["plain", { id = "own", headers = { x-team = "own" }, query = { region = "us", more = "a b" } }]
        """
    )
    own, plain, listing = question(endpoint, "own"), question(endpoint, "plain"), endpoint.request(LIST, None)
    assert own.headers.getall("X-Team") == ["own"]
    assert plain.headers.getall("X-Team") == listing.headers.getall("X-Team") == ["core"]
    assert own.headers["X-Token"] == SECRETS["TOKEN"]
    assert dict(own.url.query) == {"region": "us", "sig": SECRETS["SIGN"], "more": "a b"}
    assert dict(plain.url.query) == dict(listing.url.query) == {"region": "eu", "sig": SECRETS["SIGN"]}
    assert SECRETS["SIGN"] not in repr(own)
    assert SECRETS["SIGN"] not in repr(endpoint.target)


def test_a_query_goes_beside_the_one_that_a_protocol_has() -> None:
    """And over it."""
    endpoint = endpoint_of('protocol = "anthropic"\nquery = { limit = "5", beta = "true" }')
    assert dict(endpoint.request(LIST, None).url.query) == {"limit": "5", "beta": "true"}


def test_bodies_are_merged_level_by_level() -> None:
    """Keys leave before others come; a key in both lists is replaced as a whole; no level touches another's."""
    endpoint = endpoint_of(
        """
        body = { metadata = { user = "probe", team = "core" }, temperature = 0.5 }
        body_without = ["stream_options"]
        models = ["plain",
            { id = "own", body_without = ["temperature", "no.such"], body = { metadata = { user = "own" }, p = 1 } },
            { id = "new", body_without = ["metadata", "max_tokens"], body = { metadata = { on = [1, { a = true }] } } },
            { id = "deep", body_without = ["metadata.team", "temperature.x"] }]
        """
    )
    for _ in range(2):
        plain = body_of(question(endpoint, "plain", stream=True))
        assert plain["metadata"] == {"user": "probe", "team": "core"}
        assert (plain["temperature"], plain["stream"], plain["max_tokens"]) == (0.5, True, 16)
        assert "stream_options" not in plain
        own = body_of(question(endpoint, "own"))
        assert (own["metadata"], own["p"]) == ({"user": "own", "team": "core"}, 1)
        assert "temperature" not in own
        new = body_of(question(endpoint, "new"))
        assert (new["metadata"], "max_tokens" in new) == ({"on": [1, {"a": True}]}, False)
        assert body_of(question(endpoint, "deep"))["metadata"] == {"user": "probe"}


def test_a_list_has_no_body_however_much_is_added() -> None:
    """It stays a GET at its own path."""
    request = endpoint_of('body = { a = 1 }\npath = "/x/{model}"\nmodels = ["m"]').request(LIST, None)
    assert (request.method, str(request.url), request.body) == ("GET", "https://gw.example.test/v1/models", None)


@pytest.mark.parametrize(
    ("model", "path"),
    [("a/b", "a/b"), ("a b", "a%20b"), ("a?b#c", "a%3Fb%23c"), ("50%", "50%25"), ("x:free", "x:free"), ("é", "%C3%A9")],
)
def test_an_id_in_a_path(model: str, path: str) -> None:
    """What would end the path is quoted; a slash parts it."""
    endpoint = endpoint_of(f'path = "/m/{{model}}/run"\nmodels = ["{model}"]')
    assert str(question(endpoint, model).url) == f"https://gw.example.test/v1/m/{path}/run"


def test_a_model_that_a_pattern_brings_in_has_what_the_last_fitting_one_adds() -> None:
    """A named id has its own, and nothing of any pattern."""
    endpoint = endpoint_of(
        """
        models = ["named", { id = "*", body = { a = 1 } },
            { id = "open/*", body = { b = 1 }, headers = { X-Open = "1" } }, "!open/*-preview", "plain/*"]
        """
    )
    bodies = {model: body_of(question(endpoint, model)).keys() for model in ("named", "x", "open/x", "plain/x")}
    added = {model: keys - {"model", "messages", "max_tokens"} for model, keys in bodies.items()}
    assert added == {"named": set(), "x": {"a"}, "open/x": {"b"}, "plain/x": set()}
    assert question(endpoint, "open/x").headers["X-Open"] == "1"


def test_the_way_to_go_is_worked_out_once() -> None:
    """For all models together where none adds anything; else once for each."""
    same, own = endpoint_of('models = ["a", "b"]'), endpoint_of('models = ["a", { id = "b", body = { x = 1 } }]')
    assert question(same, "a").headers is question(same, "b").headers
    assert question(own, "a").headers is question(own, "a").headers
    assert question(own, "a").headers is not question(own, "b").headers


def test_a_stream_is_not_asked_for_where_there_is_none() -> None:
    """Of a model that speaks another protocol than the rest."""
    text = '[defaults]\nstream = true\n[[endpoints]]\nname = "gw"\nbase_url = "http://a"\n'
    config = loads(f'{text}models = ["c", {{ id = "e", protocol = "openai-embeddings" }}]', Path("/")).config
    assert [(check.protocol, check.stream) for check in checks_of(config)] == [
        ("openai", False),
        ("openai", True),
        ("openai-embeddings", False),
    ]


@given(old=TABLES, more=TABLES)
def test_merging(old: dict[str, Any], more: dict[str, Any]) -> None:
    """Nothing is lost that nobody replaced, what is added is there, and neither side is changed."""
    before = orjson.dumps([old, more])
    result = merged(old, more)
    assert orjson.dumps([old, more]) == before
    assert result.keys() == old.keys() | more.keys()
    assert merged(result, more) == result
    assert merged({}, more) == more
    assert all(result[key] == old[key] for key in old.keys() - more.keys())


@given(table=TABLES, path=st.lists(st.sampled_from("abc"), min_size=1, max_size=3))
def test_leaving_out(table: dict[str, Any], path: list[str]) -> None:
    """What is named is gone, once and for all, and the table that was given keeps it."""
    before = orjson.dumps(table)
    level = Additions(body_without=(".".join(path),))
    without = level.on_body(table)
    assert orjson.dumps(table) == before
    assert level.on_body(without) == without
    inner: Any = without
    for key in path:
        inner = inner.get(key, {}) if isinstance(inner, dict) else {}
    assert not inner
