"""What is added to the requests of an endpoint, and to those about one of its models.

Owns how the additions of several levels become one request: the protocol's word first, the endpoint's over it, the
model's over both. Pure; knows nothing of where they are configured.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from monitor.config.additions import MODEL
from monitor.config.followed import matches
from monitor.config.secrets import Secret

_NOT_QUOTED = "/:@!$&'()*+,;="
"""What may stand in a path as it is; a `/` in an id parts the path, as gateways that take ids there mean it."""


@dataclass(frozen=True, slots=True)
class Additions:
    """What one level adds.

    Attributes:
        body: merged into the JSON body, table by table.
        body_without: keys that are taken out before that; a dot leads into a table.
        path: in place of the protocol's; None for that one.
    """

    headers: Mapping[str, Secret] = field(default_factory=dict)
    query: Mapping[str, Secret] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    body_without: tuple[str, ...] = ()
    path: str | None = None

    def __bool__(self) -> bool:
        return bool(self.headers or self.query or self.body or self.body_without or self.path)

    @property
    def changes_body(self) -> bool:
        """Whether bodies are others because of it."""
        return bool(self.body or self.body_without)

    def on_body(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The body as this level wants it; the one that was given stays as it is."""
        changed = dict(body)
        for path in self.body_without:
            changed = _without(changed, path.split("."))
        return merged(changed, self.body)


NOTHING = Additions()


@dataclass(frozen=True, slots=True)
class OfModels:
    """What is added for single models.

    Attributes:
        named: ids that stand in the configuration.
        by_id: of these, those that add something.
        by_pattern: patterns in the order of the file, each with what it adds; the last that fits a model counts.
    """

    named: frozenset[str] = frozenset()
    by_id: Mapping[str, Additions] = field(default_factory=dict)
    by_pattern: tuple[tuple[str, Additions], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.by_id or any(additions for _, additions in self.by_pattern))

    def of(self, model: str) -> Additions:
        """What is added for this model."""
        if model in self.named:
            return self.by_id.get(model, NOTHING)
        fitting = (additions for pattern, additions in reversed(self.by_pattern) if matches(model, pattern))
        return next(fitting, NOTHING)


NO_MODELS = OfModels()


def merged(old: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Two tables as one: tables in both are merged in turn, anything else of `more` replaces what was there."""
    result = dict(old)
    for key, value in more.items():
        before = result.get(key)
        result[key] = merged(before if isinstance(before, dict) else {}, value) if isinstance(value, dict) else value
    return result


def path_of(levels: Sequence[Additions], model: str, usual: str) -> str:
    """The path of a question: the innermost that is configured, else the protocol's."""
    path = next((level.path for level in reversed(levels) if level.path is not None), None)
    return usual if path is None else path.replace(MODEL, quote(model, safe=_NOT_QUOTED))


def _without(body: dict[str, Any], path: list[str]) -> dict[str, Any]:
    key, *rest = path
    if key not in body:
        return body
    if not rest:
        return {name: value for name, value in body.items() if name != key}
    inner = body[key]
    return {**body, key: _without(inner, rest)} if isinstance(inner, dict) else body
