"""`renamed_from`: who had which name before, and which such claims cannot be meant."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pydantic_core import InitErrorDetails

from monitor.config.model import detail
from monitor.domain.renaming import Renaming

if TYPE_CHECKING:
    from monitor.config.schema import Config

KEY = "renamed_from"


def wrong_claims(kind: str, entries: Iterable[object], name_key: str) -> Iterator[InitErrorDetails]:
    """Former names that are still in use, or claimed twice; nobody could tell whose history it is.

    Args:
        kind: the array in which the entries stand: `endpoints`, `models`.
        entries: as they stand in the file, right or wrong.
        name_key: what an entry's name is called: `name`, `id`.
    """
    tables = [entry if isinstance(entry, dict) else {name_key: entry} for entry in entries]
    present = {table[name_key] for table in tables if isinstance(table.get(name_key), str)}
    claimed: set[str] = set()
    for position, table in enumerate(tables):
        former = table.get(KEY)
        if not isinstance(former, str):
            continue
        message = None
        if former == table.get(name_key):
            message = "is the name that it has; leave this out"
        elif former in present:
            message = "another one has this name now, and its history; leave this out, or rename in two steps"
        elif former in claimed:
            message = "another one was renamed from this too; it can have been only one of them"
        claimed.add(former)
        if message is not None:
            yield detail((kind, position, KEY), message, former)


def renaming_of(config: "Config") -> Renaming:
    """What the configuration says of former names."""
    endpoints = {one.renamed_from: one.name for one in config.endpoints if one.renamed_from is not None}
    models = {
        (endpoint.name, model.renamed_from): model.id
        for endpoint in config.endpoints
        for model in endpoint.models
        if model.renamed_from is not None
    }
    return Renaming(endpoints, models)
