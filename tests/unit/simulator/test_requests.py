"""What the gateway refuses before a model is asked, and what it remembers of a request."""

from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from monitor.simulator.faults import ServedModel
from monitor.simulator.requests import Seen, json_object, open_headers, prompt_of, refused_request

MESSAGES = [{"role": "user", "content": "Say OK. (1a2b3c4d)"}]
MODEL = ServedModel(id="m", refuses_max_tokens=True)


@pytest.mark.parametrize(
    ("asked", "model", "status", "word"),
    [
        ({}, None, 400, "model"),
        ({"model": 7}, None, 400, "model"),
        ({"model": "x"}, None, 404, "model_not_found"),
        ({"model": "m"}, MODEL, 400, "messages"),
        ({"model": "m", "messages": []}, MODEL, 400, "messages"),
        ({"model": "m", "messages": MESSAGES, "max_tokens": 1}, MODEL, 400, "unsupported_parameter"),
        ({"model": "m", "messages": MESSAGES, "stream": True}, MODEL, 400, "stream"),
    ],
)
def test_a_wrong_request_is_refused_in_openais_words(
    asked: dict[str, Any], model: ServedModel | None, status: int, word: str
) -> None:
    """Status and code are those of OpenAI's API."""
    refusal = refused_request(asked, model)
    assert refusal is not None
    assert refusal.status == status
    assert word in (refusal.text or "")


def test_a_right_request_is_not_refused() -> None:
    """The other name of the parameter is the one such a model takes."""
    assert refused_request({"model": "m", "messages": MESSAGES, "max_completion_tokens": 16}, MODEL) is None


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[1]", b"\xff"])
def test_a_body_that_is_no_object_is_an_empty_one(body: bytes) -> None:
    """Reading never raises."""
    assert json_object(body) == {}


def test_credentials_are_not_remembered() -> None:
    """Whatever their case, the headers that carry keys are left out."""
    secret = {"Authorization": "Bearer k", "X-API-Key": "k", "api-key": "k", "Cookie": "k"}
    request = make_mocked_request("GET", "/", headers=secret | {"User-Agent": "probe"})
    assert open_headers(request) == {"user-agent": "probe"}


@pytest.mark.parametrize(
    ("prompt", "nonce"), [("Say OK. (1a2b3c4d)", "1a2b3c4d"), ("abcdefab", "abcdefab"), ("Hi", None), (None, None)]
)
def test_the_nonce_is_the_last_long_word_of_the_prompt(prompt: str | None, nonce: str | None) -> None:
    """Letters alone may be one: a random hexadecimal word can lack digits."""
    seen = Seen(0.0, "/", "m", {}, prompt, frozenset(), 1, None)
    assert seen.nonce == nonce


@pytest.mark.parametrize("messages", [None, [], ["text"], [{"content": ["part"]}]])
def test_a_prompt_that_is_no_text_is_none(messages: object) -> None:
    """Reading never raises."""
    assert prompt_of({"messages": messages}) is None
