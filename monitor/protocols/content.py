"""Whether anything is said in a value of an answer, and what of it a user would see; for all protocols."""

import json
from typing import Any

from monitor.domain.reply import TEXT_KEPT

PARTS_READ = 16
"""So many choices, parts or blocks of one answer are looked at."""
_SAYS_NOTHING = frozenset({"type", "role", "id", "index", "format"})
_DEPTH = 3


def has_content(value: Any, depth: int = _DEPTH) -> bool:
    """Whether there is anything said in a string, in a list of parts, or in an object."""
    if isinstance(value, str):
        return bool(value)
    if depth and isinstance(value, list):
        return any(has_content(part, depth - 1) for part in value[:PARTS_READ])
    if depth and isinstance(value, dict):
        return any(has_content(part, depth - 1) for key, part in value.items() if key not in _SAYS_NOTHING)
    return False


def text_in(value: Any) -> str:
    """The text of a string, or of a list of parts with `text`; empty for anything else."""
    if isinstance(value, str):
        return value
    parts = value[:PARTS_READ] if isinstance(value, list) else ()
    texts = (part.get("text") for part in parts if isinstance(part, dict))
    return "".join(text for text in texts if isinstance(text, str))


def arguments_of(value: Any) -> str:
    """The arguments of a tool call as JSON text, at most `TEXT_KEPT` characters; empty where there are none."""
    if value is None or isinstance(value, str):
        return (value or "")[:TEXT_KEPT]
    try:
        return json.dumps(value)[:TEXT_KEPT]
    except (RecursionError, ValueError):  # nested too deep, or a number of thousands of digits
        return ""


def object_in(document: Any, key: str) -> dict[str, Any]:
    """The object that stands under a key; an empty one where there is none."""
    found = document.get(key) if isinstance(document, dict) else None
    return found if isinstance(found, dict) else {}
