"""By which protocol an answer is written."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.protocols.recognition import family_of, recognised
from monitor.protocols.registry import BUILT_IN

ANTHROPIC_ERROR = {"type": "error", "error": {"type": "authentication_error", "message": "x-api-key is required"}}
OPENAI_ERROR = {"error": {"message": "no", "type": "invalid_request_error", "param": None, "code": "invalid_api_key"}}
ANTHROPIC_LIST = {"data": [], "has_more": False, "first_id": None, "last_id": None}


@pytest.mark.parametrize(
    ("headers", "document", "found"),
    [
        ({}, ANTHROPIC_ERROR, "anthropic"),
        ({}, OPENAI_ERROR, "openai"),
        ({}, {"object": "list", "data": []}, "openai"),
        ({}, ANTHROPIC_LIST, "anthropic"),
        ({"anthropic-organization-id": "x"}, None, "anthropic"),
        ({"openai-version": "2020-10-01"}, {}, "openai"),
        ({"anthropic-organization-id": "x"}, OPENAI_ERROR, "openai"),
        ({}, {"error": "not found"}, None),
        ({}, {"error": {"message": "no"}}, None),
        ({}, [], None),
    ],
)
def test_recognised(headers: dict[str, str], document: Any, found: str | None) -> None:
    """The body tells more than the headers, which a gateway may pass on."""
    assert recognised(headers, document) == found


@given(st.recursive(st.none() | st.text() | st.integers(), lambda inner: st.dictionaries(st.text(), inner)))
def test_whatever_it_is_nothing_is_raised(document: Any) -> None:
    """Hostile documents too."""
    recognised({}, document)


def test_families() -> None:
    """All of OpenAI's protocols list models alike."""
    assert {family_of(name) for name in BUILT_IN} == {"openai", "anthropic"}
