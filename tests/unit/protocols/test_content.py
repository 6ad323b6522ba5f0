"""What is said in a value of an answer."""

from typing import Any

import pytest

from monitor.domain.reply import TEXT_KEPT
from monitor.protocols.content import arguments_of, has_content, object_in, text_in


@pytest.mark.parametrize(
    "value",
    ["x", " ", ["x"], [{"type": "text", "text": "x"}], {"thinking": "x"}, [{"a": ["x"]}], [{"a": {"b": "x"}}]],
)
def test_something_is_said(value: Any) -> None:
    """In any text that is not empty, some levels down as well."""
    assert has_content(value)


@pytest.mark.parametrize(
    "value",
    ["", [], {}, None, 0, 1, True, {"type": "text", "id": "1", "index": "2"}, [{"type": "text", "text": ""}]],
)
def test_nothing_is_said(value: Any) -> None:
    """By what only names the kind or the place of a part."""
    assert not has_content(value)


def test_text_is_that_of_the_parts() -> None:
    """Joined; what is not text is left out."""
    assert text_in([{"text": "O"}, {"thinking": "hm"}, "x", {"text": 1}, {"text": "K"}]) == "OK"
    assert text_in("OK") == "OK"
    assert text_in({"text": "OK"}) == ""


def test_arguments_are_json_text() -> None:
    """Whether they came as text or as a value, cut where they are too long; empty where they cannot be written."""
    deep: Any = {}
    for _ in range(100_000):
        deep = [deep]
    assert arguments_of('{"n": 7}') == '{"n": 7}'
    assert arguments_of({"n": 7}) == '{"n": 7}'
    assert arguments_of({}) == "{}"
    assert arguments_of(None) == ""
    assert arguments_of(deep) == ""
    assert len(arguments_of("x" * 100_000)) == len(arguments_of(["x" * 100_000])) == TEXT_KEPT


def test_an_object_under_a_key() -> None:
    """Or an empty one."""
    assert object_in({"a": {"b": 1}}, "a") == {"b": 1}
    assert object_in({"a": []}, "a") == object_in([], "a") == object_in({}, "a") == {}
