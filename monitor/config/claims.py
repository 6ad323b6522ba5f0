"""Which claims of `renamed_from` cannot be meant.

Owns the check of what stands in the file; who is known by which name once it is valid is `renames`.
"""

from collections.abc import Iterable, Iterator

from pydantic_core import InitErrorDetails

from monitor.config.model import detail

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
