"""Model lists as the database remembers them: for a start, and as people ask for them.

Owns the questions; what a list means is `domain.catalogue`, how it is written `kept`.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, func, select

from monitor.clock import US_PER_S, iso
from monitor.domain.catalogue import GRACE_FOR_MOST_S, Gone, Listing, recalled
from monitor.domain.check import CheckKind
from monitor.domain.model_kind import ModelKind
from monitor.storage import fact_tables, tables
from monitor.storage.reader import Reader, question


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a start needs to know of model lists.

    Attributes:
        listings: by endpoint.
        probed: ids of the models that were probed last, by endpoint.
    """

    listings: Mapping[str, Listing]
    probed: Mapping[str, Collection[str]]


def remembered(connection: Connection, now_us: int) -> Remembered:
    """The lists as they were last believed, and what was probed."""
    gone = _gone(connection, now_us - round(GRACE_FOR_MOST_S * US_PER_S))
    rows = connection.execute(select(fact_tables.catalogues)).all()
    listings = {
        row.endpoint: recalled(orjson.loads(row.models), gone.get(row.endpoint, {}), _kinds(row.kinds)) for row in rows
    }
    return Remembered(listings, _probed(connection))


@question
def recall(reader: Reader, now_us: int) -> Remembered:
    """The same for a command."""
    return remembered(reader.connection, now_us)


@question
def known_endpoints(reader: Reader) -> list[str]:
    """The endpoints whose list was read."""
    table = fact_tables.catalogues
    return list(reader.connection.execute(select(table.c.endpoint).order_by(table.c.endpoint)).scalars())


@question
def models(reader: Reader, endpoint: str) -> list[dict[str, Any]]:
    """Every model of an endpoint's list: `endpoint model kind check since`, in alphabetical order.

    `since` is when it appeared, null where it was there from the first list on; `check` is null where it is not probed.
    """
    catalogue, change = fact_tables.catalogues, fact_tables.catalogue_changes
    found = reader.connection.execute(select(catalogue).where(catalogue.c.endpoint == endpoint)).one_or_none()
    if found is None:
        return []
    newest = (
        select(change.c.model, func.max(change.c.at_us).label("at_us"))
        .where(change.c.endpoint == endpoint, change.c.appeared == 1)
        .group_by(change.c.model)
    )
    since = {row.model: row.at_us for row in reader.connection.execute(newest)}
    table = tables.checks
    probed = select(table.c.model, table.c.check).where(table.c.endpoint == endpoint, table.c.removed_at_us.is_(None))
    checks = {row.model: row.check for row in reader.connection.execute(probed)}
    listing = recalled(orjson.loads(found.models), {}, _kinds(found.kinds))
    return [
        {
            "endpoint": endpoint,
            "model": model,
            "kind": str(listing.kind(model)),
            "check": checks.get(model),
            "since": iso(since[model]) if model in since else None,
        }
        for model in sorted(listing.models or ())
    ]


@question
def changes(reader: Reader, endpoint: str | None, since_us: int = 0, limit: int = 100) -> list[dict[str, Any]]:
    """What came and went, newest first: `at endpoint model change`, which is `appeared` or `vanished`."""
    table = fact_tables.catalogue_changes
    query = select(table).where(table.c.at_us >= since_us).order_by(table.c.at_us.desc(), table.c.model).limit(limit)
    if endpoint is not None:
        query = query.where(table.c.endpoint == endpoint)
    return [
        {
            "at": iso(row.at_us),
            "endpoint": row.endpoint,
            "model": row.model,
            "change": "appeared" if row.appeared else "vanished",
        }
        for row in reader.connection.execute(query)
    ]


def _gone(connection: Connection, since_us: int) -> dict[str, dict[str, Gone]]:
    table = fact_tables.catalogue_changes
    query = select(table).where(table.c.at_us >= since_us).order_by(table.c.at_us)
    gone: defaultdict[str, dict[str, Gone]] = defaultdict(dict)
    for row in connection.execute(query):
        if row.appeared:
            gone[row.endpoint].pop(row.model, None)
        else:
            gone[row.endpoint][row.model] = Gone(row.at_us)
    return gone


def _probed(connection: Connection) -> dict[str, set[str]]:
    table = tables.checks
    query = select(table.c.endpoint, table.c.model).where(
        table.c.kind == str(CheckKind.CHAT), table.c.removed_at_us.is_(None)
    )
    probed: defaultdict[str, set[str]] = defaultdict(set)
    for row in connection.execute(query):
        probed[row.endpoint].add(row.model)
    return probed


def _kinds(text: str) -> dict[str, ModelKind]:
    known = set(ModelKind)
    return {model: ModelKind(kind) for model, kind in orjson.loads(text).items() if kind in known}
