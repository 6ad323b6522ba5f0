"""What goes out to an endpoint."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from monitor import __version__
from monitor.config.secrets import Secret
from monitor.domain.check import Check, CheckKind
from monitor.domain.result import Finding, Status, Verdict
from monitor.probes.endpoint import LiveEndpoint
from monitor.probes.exchange import Request
from monitor.probes.target import EndpointTarget

LIST = Check("gw/models", "gw", CheckKind.MODELS, None, "gw")
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


def made(check: Check, **changes: Any) -> Request:
    """The next request of a check."""
    endpoint = LiveEndpoint(target(**changes))
    return endpoint.request(check, endpoint.questions.ask(check))


def test_the_model_list() -> None:
    """A GET below the base URL, compressed because lists are long."""
    request = made(LIST)
    assert (request.method, str(request.url), request.body) == ("GET", "https://api.example.test/v1/models", None)
    assert request.headers["Authorization"] == "Bearer sk-key"
    assert request.headers["User-Agent"] == f"relaywatch/{__version__}"
    assert "gzip" in request.headers["Accept-Encoding"]


@pytest.mark.parametrize(
    ("refused", "limit"), [(False, "max_tokens"), (True, "max_completion_tokens")], ids=["usual", "other"]
)
def test_a_completion(refused: bool, limit: str) -> None:  # noqa: FBT001  a parameter of the test
    """One short message and a token limit under the right name, and nothing that some API might refuse."""
    endpoint = LiveEndpoint(target())
    if refused:
        assert endpoint.questions.wants_again(CHAT, Finding(Verdict(Status.CLIENT_ERROR), token_parameter_refused=True))
    request = endpoint.request(CHAT, endpoint.questions.ask(CHAT))
    assert (request.method, str(request.url)) == ("POST", "https://api.example.test/v1/chat/completions")
    assert request.headers["Content-Type"] == "application/json"
    body = orjson.loads(request.body or b"")
    assert set(body) == {"model", "messages", limit}
    assert (body["model"], body[limit]) == ("openai/gpt-4.1", 16)
    assert [message["role"] for message in body["messages"]] == ["user"]


def test_a_stream_is_asked_for_with_its_counts() -> None:
    """The counts of a stream come only to those who ask for them."""
    request = made(replace(CHAT, stream=True))
    body = orjson.loads(request.body or b"")
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})
    assert request.headers["Accept"] == "text/event-stream"


def test_no_two_completions_are_the_same() -> None:
    """A message that never repeats cannot be answered from a cache."""
    endpoint = LiveEndpoint(target())
    assert len({endpoint.request(CHAT, endpoint.questions.ask(CHAT)).body for _ in range(100)}) == 100


def test_without_a_key_there_is_no_authorization() -> None:
    """Local servers need none."""
    assert "Authorization" not in made(LIST, key=None).headers


def test_configured_headers_override() -> None:
    """Whatever the configuration says wins, however it is capitalised."""
    headers = {"authorization": "Basic x", "user-agent": "me", "X-Org": "o"}
    for request in (made(LIST, headers=headers), made(CHAT, headers=headers)):
        assert request.headers.getall("Authorization") == ["Basic x"]
        assert request.headers.getall("User-Agent") == ["me"]
        assert request.headers["X-Org"] == "o"


def test_a_request_does_not_show_its_credentials() -> None:
    """A request that is printed by accident tells no key."""
    assert "sk-key" not in repr(made(LIST))
