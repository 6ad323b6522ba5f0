"""Protocol `openai`: what goes out."""

import orjson
import pytest

from monitor import __version__
from monitor.config.secrets import Secret
from monitor.domain.check import Check, CheckKind
from monitor.probes.openai import OpenAiProtocol
from monitor.probes.target import EndpointTarget

CHAT = Check("gw/chat/openai/gpt-4.1", "gw", CheckKind.CHAT, "openai/gpt-4.1", "openai", max_tokens=16)


def target(key: str | None = "sk-key", headers: dict[str, str] | None = None) -> EndpointTarget:
    """An endpoint with this key and these headers."""
    return EndpointTarget(
        name="gw",
        base_url="https://api.example.test/v1",
        protocol="openai",
        api_key=None if key is None else Secret(key),
        headers={name: Secret(value) for name, value in (headers or {}).items()},
        proxy=None,
        ca_file=None,
        concurrency=10,
        models=("openai/gpt-4.1",),
        keepalive_s=75.0,
    )


def test_the_model_list() -> None:
    """A GET below the base URL, compressed because lists are long."""
    request = OpenAiProtocol(target()).model_list()
    assert (request.method, str(request.url), request.body) == ("GET", "https://api.example.test/v1/models", None)
    assert request.headers["Authorization"] == "Bearer sk-key"
    assert request.headers["User-Agent"] == f"relaywatch/{__version__}"
    assert "gzip" in request.headers["Accept-Encoding"]


@pytest.mark.parametrize(
    ("completion_tokens", "limit"), [(False, "max_tokens"), (True, "max_completion_tokens")], ids=["usual", "other"]
)
def test_a_completion(completion_tokens: bool, limit: str) -> None:  # noqa: FBT001  a parameter of the test
    """One short message and a token limit under the right name, and nothing that some API might refuse."""
    request = OpenAiProtocol(target()).completion(CHAT, completion_tokens=completion_tokens)
    assert (request.method, str(request.url)) == ("POST", "https://api.example.test/v1/chat/completions")
    assert request.headers["Content-Type"] == "application/json"
    body = orjson.loads(request.body or b"")
    assert set(body) == {"model", "messages", limit}
    assert (body["model"], body[limit]) == ("openai/gpt-4.1", 16)
    assert [message["role"] for message in body["messages"]] == ["user"]


def test_no_two_completions_are_the_same() -> None:
    """A message that never repeats cannot be answered from a cache."""
    protocol = OpenAiProtocol(target())
    bodies = {protocol.completion(CHAT, completion_tokens=False).body for _ in range(100)}
    assert len(bodies) == 100


def test_without_a_key_there_is_no_authorization() -> None:
    """Local servers need none."""
    assert "Authorization" not in OpenAiProtocol(target(key=None)).model_list().headers


def test_configured_headers_override() -> None:
    """Whatever the configuration says wins, however it is capitalised."""
    protocol = OpenAiProtocol(target(headers={"authorization": "Basic x", "user-agent": "me", "X-Org": "o"}))
    for request in (protocol.model_list(), protocol.completion(CHAT, completion_tokens=False)):
        assert request.headers.getall("Authorization") == ["Basic x"]
        assert request.headers.getall("User-Agent") == ["me"]
        assert request.headers["X-Org"] == "o"


def test_a_request_does_not_show_its_credentials() -> None:
    """A request that is printed by accident tells no key."""
    assert "sk-key" not in repr(OpenAiProtocol(target()).model_list())
