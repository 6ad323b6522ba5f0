"""What differs between two configurations, in people's words: for the log of a reload and for `config diff`.

Pure. A secret shows where it comes from, never what it is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from monitor.config.effective import Table, effective_table, option_text
from monitor.config.model import toml_key
from monitor.config.schema import Config
from monitor.domain.check import Check
from monitor.domain.renaming import Renaming

if TYPE_CHECKING:
    from monitor.config.access import Access

MOST_TOLD = 50
_LONGEST = 160
_ABSENT = "absent"
_NAMED = ("endpoints", "channels")
_ADDITIONS = ("headers", "query", "body", "body_without", "path")
_NOT_OPTIONS = frozenset({"id", "endpoint", "kind", "model", "host"})


@dataclass(frozen=True, slots=True)
class View:
    """One of the two sides.

    Attributes:
        config: the models of its endpoints are not looked at; `checks` says it all.
    """

    config: Config
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One option; None where it is absent.

    Attributes:
        path: `defaults.timeout`, `endpoints.gw.base_url`, or a check's id and the option.
        before: as it would stand in the file, cut.
    """

    path: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        return f"{self.path}: {self.before or _ABSENT} to {self.after or _ABSENT}"


@dataclass(frozen=True, slots=True)
class Names:
    """What came, went, and stays but differs, by name."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """All of it.

    Attributes:
        renamed: former and present ids of checks that go on under another name.
        secrets: of whom a secret has another value, in the same place: `endpoints.gw`.
    """

    checks: Names = Names()
    renamed: tuple[tuple[str, str], ...] = ()
    endpoints: Names = Names()
    channels: Names = Names()
    options: tuple[Change, ...] = ()
    secrets: tuple[str, ...] = ()

    def for_log(self) -> dict[str, list[str]]:
        """Each list that is not empty, the longest cut."""
        lists: dict[str, list[str]] = {}
        for kind, names in (("checks", self.checks), ("endpoints", self.endpoints), ("channels", self.channels)):
            for what in ("added", "removed", "changed"):
                lists[f"{kind}_{what}"] = list(getattr(names, what))
        lists["checks_renamed"] = [f"{former} to {present}" for former, present in self.renamed]
        lists["options_changed"] = [str(change) for change in self.options]
        lists["secrets_changed"] = list(self.secrets)
        return {name: _cut(values) for name, values in lists.items() if values}

    def summary(self) -> str:
        """One short line."""
        counts = (
            (len(self.checks.added), "added"),
            (len(self.checks.removed), "removed"),
            (len(self.renamed), "renamed"),
            (len(self.checks.changed), "changed"),
        )
        parts = [f"{count} {what}" for count, what in counts if count]
        told = [f"checks: {', '.join(parts)}"] if parts else []
        if self.channels != Names():
            told.append("other channels")
        if self.secrets:
            told.append("other secrets")
        if not told and self.options:
            told.append("other options")
        return "; ".join(told) or "nothing differs"

    def lines(self) -> list[str]:
        """For people, one difference a line; none is cut."""
        marks = (("added", "+"), ("removed", "-"), ("changed", "~"))
        lines = [
            f"{mark} {kind} {name}"
            for kind, names in (("endpoint", self.endpoints), ("check", self.checks), ("channel", self.channels))
            for what, mark in marks
            for name in getattr(names, what)
        ]
        lines += [f"= check {former} is now {present}" for former, present in self.renamed]
        lines += [f"~ {change}" for change in self.options]
        return lines + [f"~ {owner}: a secret has another value" for owner in self.secrets]


def difference(before: View, after: View, renaming: Renaming) -> Difference:
    """What it would mean to put `after` in force where `before` is."""
    old, new = effective_table(before.config), effective_table(after.config)
    names = {kind: _names(_named(old[kind]), _named(new[kind])) for kind in _NAMED}
    options = list(_options(old, new))
    checks, renamed, own = _checks(before, after, renaming, options)
    options += own
    return Difference(checks, renamed, names["endpoints"], names["channels"], tuple(options))


def with_secrets(difference: Difference, before: "Access", after: "Access") -> Difference:
    """The same, with the names of whoever has the same references and other secrets behind them."""
    told = {change.path for change in difference.options}
    pairs = (("endpoints", before.endpoints, after.endpoints), ("channels", before.channels, after.channels))
    if before.deadman != after.deadman and not any(path.startswith("deadman.") for path in told):
        difference = replace(difference, secrets=("deadman",))
    owners = tuple(
        f"{kind}.{name}"
        for kind, old, new in pairs
        for name in new
        if name in old and old[name] != new[name] and not any(path.startswith(f"{kind}.{name}.") for path in told)
    )
    return replace(difference, secrets=(*difference.secrets, *owners))


def _options(old: Table, new: Table) -> Iterator[Change]:
    """Of what is on both sides; what an endpoint has from `[defaults]` is told once."""
    common = {kind: _named(old[kind]).keys() & _named(new[kind]).keys() for kind in _NAMED}
    flat = [
        {**_flat({key: value for key, value in side.items() if key not in _NAMED}), **_flat_named(side, common)}
        for side in (old, new)
    ]
    changes = [
        Change(path, flat[0].get(path), flat[1].get(path))
        for path in chain(flat[0], (path for path in flat[1] if path not in flat[0]))
        if flat[0].get(path) != flat[1].get(path)
    ]
    ruled = {(one.path.removeprefix("defaults."), one.before, one.after) for one in changes if _of_defaults(one.path)}
    for change in changes:
        if change.path.startswith("endpoints.") and (_option(change.path), change.before, change.after) in ruled:
            continue
        yield change


def _checks(
    before: View, after: View, renaming: Renaming, options: list[Change]
) -> tuple[Names, tuple[tuple[str, str], ...], list[Change]]:
    old, new = {check.id: check for check in before.checks}, {check.id: check for check in after.checks}
    added = [name for name in new if name not in old]
    removed = [name for name in old if name not in new]
    renamed = tuple((name, present) for name in removed if (present := renaming.check(name)) in new and name != present)
    gone, come = {former for former, _ in renamed}, {present for _, present in renamed}
    changed = [name for name, check in new.items() if name in old and old[name] != check]
    explained = {(_option(change.path), change.before, change.after) for change in options}
    own = [
        change
        for name in changed
        for change in _own_changes(old[name], new[name])
        if (_option(change.path), change.before, change.after) not in explained
    ]
    names = Names(
        tuple(name for name in added if name not in come),
        tuple(name for name in removed if name not in gone),
        tuple(changed),
    )
    return names, renamed, own


def _own_changes(old: Check, new: Check) -> Iterator[Change]:
    models_interval = new.model is None
    before, after = _fields(old), _fields(new)
    for name in chain(before, (name for name in after if name not in before)):
        if name not in _NOT_OPTIONS and before.get(name) != after.get(name):
            key = "models_interval" if models_interval and name == "interval" else name
            yield Change(f"{new.id}: {key}", before.get(name), after.get(name))


def _fields(value: Any, prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for one in fields(value):
        inner = getattr(value, one.name)
        text = option_text(one.name, inner)
        if inner is None:
            continue
        if one.name == "rules":
            found |= _fields(inner)
        elif is_dataclass(inner) and not isinstance(inner, type) and text == str(inner):
            found |= _fields(inner, f"{toml_key(one.name)}.")
        else:
            found[prefix + toml_key(one.name)] = _short(text)
    return found


def _named(tables: list[Table]) -> dict[str, Table]:
    return {
        table["name"]: {**{key: value for key, value in table.items() if key != "models"}, **_additions(table)}
        for table in tables
    }


def _additions(table: Table) -> Table:
    """What is added to requests for single models; all else that is said of them shows in their checks."""
    models = {
        model["id"]: found
        for model in table.get("models", [])
        if isinstance(model, dict) and (found := {key: model[key] for key in _ADDITIONS if key in model})
    }
    return {"models": models} if models else {}


def _names(old: Mapping[str, Table], new: Mapping[str, Table]) -> Names:
    return Names(
        tuple(name for name in new if name not in old),
        tuple(name for name in old if name not in new),
        tuple(name for name in new if name in old and new[name] != old[name]),
    )


def _flat_named(side: Table, common: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for kind in _NAMED:
        for name, table in _named(side[kind]).items():
            if name in common[kind]:
                found |= _flat(table, f"{kind}.{name}.")
    return found


def _flat(table: Table, prefix: str = "") -> dict[str, str]:
    """Every option by its path, as text."""
    found: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list) and value and all(isinstance(one, dict) and "name" in one for one in value):
            for one in value:
                found |= _flat(one, f"{prefix}{key}.{one['name']}.")
        else:
            found[f"{prefix}{key}"] = _short(option_text("", value))
    return found


def _of_defaults(path: str) -> bool:
    return path.startswith("defaults.")


def _option(path: str) -> str:
    return path.rpartition(": ")[2].rpartition(".")[2]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _cut(values: list[str]) -> list[str]:
    return values if len(values) <= MOST_TOLD else [*values[:MOST_TOLD], f"and {len(values) - MOST_TOLD} more"]
