"""By which protocol an answer is written, told from its looks.

A guess from what only one of them writes, for a person who may have configured the other. Gateways that speak several
write as they like, so nothing here decides a verdict.
"""

from collections.abc import Mapping
from typing import Any

ANTHROPIC = "anthropic"
OPENAI = "openai"
_OPENAI_ERROR_KEYS = frozenset({"param", "code"})


def recognised(headers: Mapping[str, str], document: Any) -> str | None:
    """`anthropic` or `openai`; None where nothing tells.

    Args:
        headers: of the answer, names in lower case.
        document: the JSON value of its body; None for any other body.
    """
    if isinstance(document, dict):
        found = _by_error(document) or _by_list(document)
        if found is not None:
            return found
    named = (family for family in (ANTHROPIC, OPENAI) if any(name.startswith(f"{family}-") for name in headers))
    return next(named, None)


def family_of(protocol: str) -> str:
    """The family of a configured protocol: those of one family list models and write errors alike."""
    return OPENAI if protocol.startswith(OPENAI) else protocol


def _by_error(document: Mapping[str, Any]) -> str | None:
    error = document.get("error")
    if not isinstance(error, dict) or "type" not in error:
        return None
    if document.get("type") == "error":
        return ANTHROPIC
    return OPENAI if _OPENAI_ERROR_KEYS & error.keys() else None


def _by_list(document: Mapping[str, Any]) -> str | None:
    if not isinstance(document.get("data"), list):
        return None
    if document.get("object") == "list":
        return OPENAI
    return ANTHROPIC if {"has_more", "first_id"} <= document.keys() else None
