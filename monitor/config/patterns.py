"""Entries of `models` that stand for what an endpoint lists: `"*"`, `"openai/*"`, `"!openai/*-preview"`.

Owns how they are written and which of them cannot be meant; what they stand for is `followed`. Patterns are shell
wildcards, as in `only`; an id that has such characters itself is written `{ id = "odd[1]", exact = true }`.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import InitErrorDetails

from monitor.config.model import detail

WILD = frozenset("*?[")
NOT = "!"


def _one_pattern(value: object) -> object:
    return [value] if isinstance(value, str) and is_wild(value) else value


OnePattern = BeforeValidator(_one_pattern)
"""`models = "*"` is short for `models = ["*"]`."""
ModelsMax = Annotated[int, Field(strict=True, ge=1, le=5000)]


def is_wild(text: str) -> bool:
    """Whether an entry, unless it is `exact`, stands for whatever is listed, or for whatever is not to be probed."""
    return text.startswith(NOT) or not WILD.isdisjoint(text)


def wrong_patterns(table: Mapping[str, Any]) -> Iterator[InitErrorDetails]:
    """What cannot be meant about the patterns of an endpoint, from the file's own values, right or wrong."""
    models = _one_pattern(table.get("models", []))
    entries = [(at, entry, _wild_id(entry)) for at, entry in enumerate(models if isinstance(models, list) else [])]
    wild = [(at, entry, text) for at, entry, text in entries if text is not None]
    for position, entry, text in wild:
        yield from _wrong_pattern(("models", position), entry, text)
    taking = [at for at, _, text in wild if text.startswith(NOT)]
    if taking and len(taking) == len(wild):
        yield detail(("models", taking[0]), 'takes away from nothing; patterns such as "*" bring models in first')
    if wild and table.get("check_models") is False:
        message = "patterns follow the model list, which is not read here; name models, or leave this out"
        yield detail(("check_models",), message, value=False)


def _wrong_pattern(loc: tuple[str | int, ...], entry: object, text: str) -> Iterator[InitErrorDetails]:
    options = [key for key in entry if key != "id"] if isinstance(entry, dict) else []
    if text == NOT:
        yield detail(loc, 'must name what is not to be probed after the "!"', text)
    elif text.startswith(NOT) and options:
        yield detail((*loc, options[0]), "has no effect on what is not probed; leave it out")
    elif "renamed_from" in options:
        yield detail((*loc, "renamed_from"), "a pattern stands for many models, and a former name is one model's")


def _wild_id(entry: object) -> str | None:
    if isinstance(entry, dict):
        entry = None if entry.get("exact") is True else entry.get("id")
    return entry if isinstance(entry, str) and is_wild(entry) else None
