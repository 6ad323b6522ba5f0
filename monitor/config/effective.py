"""The configuration as it holds, every override resolved: as plain data, and as TOML that loads to the same checks.

References to secrets are shown, the secrets are not read.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

from monitor.config.checks import effective
from monitor.config.duration import format_duration
from monitor.config.endpoints import Defaults, Endpoint, ModelTable, Overrides
from monitor.config.hours import HoursTable
from monitor.config.model import Model, toml_key
from monitor.config.schema import Config
from monitor.config.secrets import MASK, SecretRef
from monitor.config.size import Size, format_size
from monitor.config.urls import Address
from monitor.config.values import RatioOrFalse
from monitor.domain.check import Ratio

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_OF_MODEL = ("protocol", "provider", "renamed_from", "exact", "headers", "query", "body", "body_without", "path")
_ARRAYS = ("endpoints", "channels", "maintenance")
Table = dict[str, Any]


def effective_table(config: Config) -> Table:
    """The whole configuration by TOML key; a `SecretRef` stays one, everything else is plain."""
    table = _table(config, Config.model_fields.keys() - {"defaults", *_ARRAYS})
    table["defaults"] = _values(effective(config.defaults))
    table["endpoints"] = [_endpoint(endpoint, config.defaults) for endpoint in config.endpoints]
    table["channels"] = [_table(channel, type(channel).model_fields) for channel in config.channels]
    table["maintenance"] = [_table(window, type(window).model_fields) for window in config.maintenance]
    return table


def to_json(value: Any) -> Any:
    """The same for JSON: a secret is its source and a mask."""
    if isinstance(value, SecretRef):
        return {**_table(value, SecretRef.model_fields), "value": MASK}
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [to_json(item) for item in value]
    return value


def to_toml(table: Table) -> str:
    """The same as TOML; where a secret is referred to, a comment shows the mask."""
    plain = {key: value for key, value in table.items() if not isinstance(value, dict) and key not in _ARRAYS}
    blocks = ["\n".join(_lines(plain))]
    for key, value in table.items():
        if isinstance(value, dict):
            blocks.append("\n".join((f"[{key}]", *_lines(value))))
    blocks.extend("\n".join((f"[[{key}]]", *_lines(item))) for key in _ARRAYS for item in table[key])
    return "\n\n".join(blocks) + "\n"


def toml_text(text: str) -> str:
    """A TOML basic string; its escapes are those of JSON, and DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def option_text(name: str, value: Any) -> str:
    """One value as TOML; a secret is its reference.

    Args:
        name: of the attribute; it tells durations from numbers.
        value: of the configuration, or already plain.
    """
    return _inline(_plain(name, value))


def _endpoint(endpoint: Endpoint, defaults: Defaults) -> Table:
    ruling = effective(endpoint, defaults)
    table = _table(endpoint, Endpoint.model_fields.keys() - Overrides.model_fields.keys() - _left_out(endpoint))
    models = [_model(model, effective(model, endpoint, defaults), ruling) for model in endpoint.models]
    return {**table, **_values(ruling), "models": models}


def _left_out(endpoint: Endpoint) -> set[str]:
    return {"models"} if endpoint.patterns else {"models", "models_max"}


def _model(model: ModelTable, own: Mapping[str, Any], ruling: Mapping[str, Any]) -> Table | str:
    """A model's id, with what differs from its endpoint."""
    differing = {name: value for name, value in own.items() if value != ruling[name] and name != "models_interval_s"}
    kept = ("id", *(name for name in _OF_MODEL if getattr(model, name)))
    table = {**_table(model, kept), **_values(differing)}
    return model.id if len(table) == 1 else table


def _table(model: Model, names: Iterable[str]) -> Table:
    wanted = set(names)
    return _values({name: getattr(model, name) for name in type(model).model_fields if name in wanted})


def _values(values: Mapping[str, Any]) -> Table:
    return {toml_key(name): _plain(name, value) for name, value in values.items() if value is not None}


def _plain(name: str, value: Any) -> Any:
    if name == "body":
        return value
    if isinstance(value, float) and name.endswith("_s"):
        return format_duration(value)
    if isinstance(value, tuple) and not isinstance(value, Address):
        return [_plain(name, item) for item in value]
    return next((form(value) for kind, form in _FORMS if isinstance(value, kind)), value)


_FORMS: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (Ratio, RatioOrFalse.format),
    (Size, format_size),
    (Enum, lambda value: value.value),
    (Address, str),
    (Path, str),
    (date, lambda value: value.isoformat()),
    (SecretRef, lambda value: value),
    (HoursTable, HoursTable.shown),
    (Model, lambda value: _table(value, type(value).model_fields)),
    (dict, lambda value: {key: _plain(key, item) for key, item in value.items()}),
)


def _lines(table: Table) -> Iterable[str]:
    for key, value in table.items():
        if key == "models":
            yield from _models(value)
        else:
            yield f"{_key(key)} = {_inline(value)}{f'  # {MASK}' if _holds_secret(value) else ''}"


def _models(models: list[Any]) -> Iterable[str]:
    """One model a line."""
    yield "models = ["
    yield from (f"    {_inline(model)}," for model in models)
    yield "]"


def _inline(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return toml_text(value)
    if isinstance(value, SecretRef):
        return _inline(_table(value, SecretRef.model_fields))
    if isinstance(value, dict):
        inner = ", ".join(f"{_key(key)} = {_inline(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    return str(value)


def _holds_secret(value: Any) -> bool:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else (value,)
    return any(isinstance(item, SecretRef) for item in items)


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else toml_text(key)
