"""Whether anything is said in a value of an answer, and what of it a user would see; for all protocols."""

from typing import Any

_SAYS_NOTHING = frozenset({"type", "role", "id", "index", "format"})
_PARTS_READ = 16
_DEPTH = 3


def has_content(value: Any, depth: int = _DEPTH) -> bool:
    """Whether there is anything said in a string, in a list of parts, or in an object."""
    if isinstance(value, str):
        return bool(value)
    if depth and isinstance(value, list):
        return any(has_content(part, depth - 1) for part in value[:_PARTS_READ])
    if depth and isinstance(value, dict):
        return any(has_content(part, depth - 1) for key, part in value.items() if key not in _SAYS_NOTHING)
    return False


def text_in(value: Any) -> str:
    """The text of a string, or of a list of parts with `text`; empty for anything else."""
    if isinstance(value, str):
        return value
    parts = value[:_PARTS_READ] if isinstance(value, list) else ()
    texts = (part.get("text") for part in parts if isinstance(part, dict))
    return "".join(text for text in texts if isinstance(text, str))
