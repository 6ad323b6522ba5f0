"""What the gateway refuses before a model is asked, and what it remembers of a request."""

from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from monitor.simulator.requests import Seen, json_object, limit_of, open_headers, prompt_of, sent_key, tokens_in


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
    ("headers", "key"),
    [({"Authorization": "Bearer k"}, "k"), ({"X-API-Key": "k"}, "k"), ({"api-key": "k"}, "k"), ({}, "")],
)
def test_a_key_is_found_where_each_vendor_has_it(headers: dict[str, str], key: str) -> None:
    """A bearer token, Anthropic's header, Azure's."""
    assert sent_key(make_mocked_request("GET", "/", headers=headers)) == key


@pytest.mark.parametrize(
    ("prompt", "nonce"), [("Say OK. (1a2b3c4d)", "1a2b3c4d"), ("abcdefab", "abcdefab"), ("Hi", None), (None, None)]
)
def test_the_nonce_is_the_last_long_word_of_the_prompt(prompt: str | None, nonce: str | None) -> None:
    """Letters alone may be one: a random hexadecimal word can lack digits."""
    seen = Seen(0.0, "/", "m", {}, prompt, frozenset(), 1, None)
    assert seen.nonce == nonce


@pytest.mark.parametrize(
    ("messages", "prompt"),
    [
        (None, None),
        ([], None),
        (["text"], None),
        ([{"content": ["part"]}], None),
        ([{"content": "a"}, {"content": "b"}], "b"),
        ([{"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}], "ab"),
    ],
)
def test_the_prompt_is_the_text_of_the_last_message(messages: Any, prompt: str | None) -> None:
    """A string or parts; None for anything else, and reading never raises."""
    assert prompt_of(messages) == prompt


def test_a_limit_is_found_under_the_first_name_that_holds_a_number() -> None:
    """True is no number."""
    assert limit_of({"a": True, "b": 7}, "a", "b") == ("b", 7)
    assert limit_of({}, "a") == (None, None)


def test_longer_texts_have_more_tokens() -> None:
    """Four letters each, and some for every text."""
    assert tokens_in("") < tokens_in("a" * 40) < tokens_in("a" * 40, "b")
