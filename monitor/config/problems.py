"""From pydantic's errors to problems for people: the TOML path, a plain message, the value without secrets."""

import datetime as dt
import json
import re
from typing import TYPE_CHECKING

from monitor.config.model import UNKNOWN_KEY
from monitor.config.secrets import MASK
from monitor.config.vendors import looks_like_key
from monitor.errors import Problem

if TYPE_CHECKING:
    from pydantic import ValidationError

Loc = tuple[str | int, ...]

_MESSAGES = {
    "missing": "is required",
    "model_type": "must be a table",
    "dict_type": "must be a table",
    "tuple_type": "must be an array",
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
}
_SECRET_KEYS = frozenset(
    {"api_key", "bot_token", "headers", "password", "proxy", "routing_key", "secret", "webhook_url"}
)
_ADDRESS_KEYS = frozenset({"url", "urls"})
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_USERINFO = re.compile(r"//.*@")
_QUERY = re.compile(r"(?<=://)([^?]*)\?.*")
_MOST_SHOWN = 60


def problems_of(error: "ValidationError") -> list[Problem]:
    """Every problem of a validation, in the order of the file's tables."""
    found = [
        _problem(line["loc"], line["type"], line["msg"], line["input"]) for line in error.errors(include_url=False)
    ]
    return list(dict.fromkeys(found))


def toml_path(loc: Loc) -> str:
    """`("endpoints", 0, "models", 2)` as `endpoints[0].models[2]`."""
    path = ""
    for part in loc:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            path += f".{_key(part)}" if path else _key(part)
    return path or "the file"


def shown(loc: Loc, value: object) -> str | None:
    """A value as it stands in the file, cut, its secrets masked; None for what is not one plain value."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return MASK if _is_secret(loc) else str(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if not isinstance(value, str):
        return None
    if value and (_is_secret(loc) or looks_like_key(value)):
        return MASK
    text = _QUERY.sub(rf"\1?{MASK}", _USERINFO.sub(f"//{MASK}@", value))
    cut = text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 3]}..."
    return json.dumps(cut, ensure_ascii=not cut.isprintable())


def _problem(loc: Loc, kind: str, message: str, value: object) -> Problem:
    text = _MESSAGES.get(kind, message).replace("Input should be", "must be").replace("valid integer", "whole number")
    if kind == "tuple_type" and isinstance(value, dict):
        text = f"must be an array of tables: write [[{loc[-1]}]] with two brackets"
    if kind == "tuple_type" and isinstance(value, str) and len(loc) > 1:
        text = 'must be an array: write it in brackets, ["..."]'
    silent = kind in {UNKNOWN_KEY, "missing"}
    return Problem(toml_path(loc), text, None if silent else shown(loc, value))


def _is_secret(loc: Loc) -> bool:
    """Whether something secret may stand here; the address itself of a channel or of the dead-man switch counts."""
    is_own_address = loc[:1] in {("channels",), ("deadman",)} and not _ADDRESS_KEYS.isdisjoint(loc)
    return is_own_address or not _SECRET_KEYS.isdisjoint(loc)


def _key(key: str) -> str:
    if _BARE_KEY.fullmatch(key):
        return key
    return json.dumps(key[:_MOST_SHOWN], ensure_ascii=not key.isprintable())
