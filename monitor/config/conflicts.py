"""Rules across tables: values set in different places that cannot hold together, and what is doubtful about a file.

Works on the file's own values, right or wrong, so that these problems are told together with all others.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.config.duration import format_duration, parse_duration
from monitor.config.expect import full_every_is_idle
from monitor.config.problems import Loc, shown, toml_path
from monitor.errors import Problem

_BOUNDED = ("connect_timeout", "slow_after")
_DEFAULT_TIMEOUT_S = 10.0
_DEFAULT_INTERVAL_S = 60.0
Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Set:
    """A duration that is set somewhere."""

    seconds: float
    loc: Loc
    text: object


@dataclass(frozen=True, slots=True)
class _Level:
    """One table of overrides and where it stands; a check is ruled by the innermost that says something."""

    loc: Loc
    table: Table


def conflicts(raw: Table) -> list[Problem]:
    """Values set against each other: a part of a probe that is longer than the whole."""
    found = []
    for levels in _every_check(raw):
        timeout = _innermost(levels, "timeout")
        for key in _BOUNDED:
            part = _innermost(levels, key)
            if part is None or timeout is None or part.seconds <= timeout.seconds:
                continue
            inner = part if len(part.loc) >= len(timeout.loc) else timeout
            message = (
                f'{key} = "{format_duration(part.seconds)}" ({toml_path(part.loc)}) is longer than the timeout of '
                f'"{format_duration(timeout.seconds)}" ({toml_path(timeout.loc)}) that holds here'
            )
            found.append(Problem(toml_path(inner.loc), message, shown(inner.loc, inner.text)))
        found.extend(_not_slower(levels))
    return list(dict.fromkeys(found))


def doubts(raw: Table) -> list[Problem]:
    """What is allowed but perhaps not meant."""
    found = [*_channel_doubts(raw), *_without_effect(raw)]
    for levels in _every_check(raw):
        if _innermost(levels, "timeout") is not None:
            continue
        for key in _BOUNDED:
            part = _innermost(levels, key)
            if part is not None and part.seconds > _DEFAULT_TIMEOUT_S:
                whole = format_duration(_DEFAULT_TIMEOUT_S)
                message = f'is longer than the default timeout of "{whole}", which cuts it short; set timeout too'
                found.append(Problem(toml_path(part.loc), message, shown(part.loc, part.text)))
    return list(dict.fromkeys(found))


def _channel_doubts(raw: Table) -> Iterator[Problem]:
    count = len(_tables(raw, "channels"))
    if count == 0:
        yield Problem("channels", "there are none: nobody will be told of an outage; add [[channels]]")
    if count == 1:
        yield Problem("channels", "there is only one: while it fails, nobody is told; add a second of another kind")


def _without_effect(raw: Table) -> Iterator[Problem]:
    for levels in _every_check(raw):
        innermost = levels[0]
        if "models" in innermost.loc and full_every_is_idle([level.table for level in levels]):
            path = toml_path((*innermost.loc, "full_every"))
            yield Problem(path, "has no effect: without stream or expect every probe is as plain as any")
        if "models" in innermost.loc and "models_interval" in innermost.table:
            path = toml_path((*innermost.loc, "models_interval"))
            yield Problem(path, "has no effect on one model; it is how often the endpoint's model list is probed")


def _every_check(raw: Table) -> Iterator[tuple[_Level, ...]]:
    """The tables that rule each check, the innermost first."""
    defaults = raw.get("defaults")
    outer = _Level(("defaults",), defaults if isinstance(defaults, dict) else {})
    for position, table in enumerate(_tables(raw, "endpoints")):
        if not isinstance(table, dict):
            continue
        endpoint = _Level(("endpoints", position), table)
        yield endpoint, outer
        for place, model in enumerate(_tables(table, "models")):
            if isinstance(model, dict):
                yield _Level((*endpoint.loc, "models", place), model), endpoint, outer


def _innermost(levels: tuple[_Level, ...], key: str) -> _Set | None:
    for level in levels:
        if key in level.table:
            try:
                length = parse_duration(level.table[key])
            except ValueError:
                return None  # reported where it stands
            return _Set(length, (*level.loc, key), level.table[key])
    return None


def _tables(raw: Table, key: str) -> list[Any]:
    value = raw.get(key)
    return value if isinstance(value, list) else []


def _not_slower(levels: tuple[_Level, ...]) -> Iterator[Problem]:
    """A relaxed interval that is set where the interval that holds there is not shorter."""
    relaxed, interval = _innermost(levels, "relaxed_interval"), _innermost(levels, "interval")
    if relaxed is None or not relaxed.seconds or (interval is not None and len(relaxed.loc) < len(interval.loc)):
        return
    seconds = _DEFAULT_INTERVAL_S if interval is None else interval.seconds
    if relaxed.seconds <= seconds:
        where = "the default" if interval is None else toml_path(interval.loc)
        message = f'must be longer than the interval of "{format_duration(seconds)}" ({where}) that holds here'
        yield Problem(toml_path(relaxed.loc), message, shown(relaxed.loc, relaxed.text))
