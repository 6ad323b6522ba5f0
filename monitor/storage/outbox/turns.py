"""Whose turn it is: the questions that a claim asks of the outbox.

Owns the order per incident and channel as SQL; which message goes in a head's turn is `merging`.
"""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, exists, or_, select

from monitor.storage import tables
from monitor.storage.outbox.merging import Next, next_of


def _heads() -> Select[Any]:
    row, earlier = tables.outbox, tables.outbox.alias("earlier")
    goes_before = or_(
        earlier.c.sequence < row.c.sequence, and_(earlier.c.sequence == row.c.sequence, earlier.c.id < row.c.id)
    )
    blocked = exists().where(
        earlier.c.channel == row.c.channel,
        earlier.c.incident_id == row.c.incident_id,
        earlier.c.settled_at_us.is_(None),
        goes_before,
    )
    return (
        select(row.c.id, row.c.incident_id)
        .where(row.c.channel == bindparam("channel"), row.c.settled_at_us.is_(None), ~blocked)
        .order_by(row.c.id)
    )


_HEADS = _heads()  # made once: an alias costs more than the question


def heads(connection: Connection, channel: str) -> Iterable[Row[Any]]:
    """The first unsettled notification of each incident, and every unsettled notice."""
    return connection.execute(_HEADS, {"channel": channel})


def following(connection: Connection, channel: str, due: list[Row[Any]]) -> list[Next]:
    """What is sent in the turn of each of these heads."""
    row = tables.outbox
    incidents = [head.incident_id for head in due if head.incident_id is not None]
    columns = (row.c.id, row.c.incident_id, row.c.event, row.c.state, row.c.created_at_us)
    query = (
        select(*columns)
        .where(row.c.channel == channel, row.c.incident_id.in_(incidents))
        .order_by(row.c.incident_id, row.c.sequence, row.c.id)
    )
    of_incidents = groupby(connection.execute(query) if incidents else (), lambda message: message.incident_id)
    notices = [Next(head.id) for head in due if head.incident_id is None]
    return [*notices, *(next_of(list(messages)) for _, messages in of_incidents)]


def with_threads(row_ids: list[int]) -> Select[Any]:
    """These rows, oldest first, each with its incident's thread on its channel."""
    row, threads = tables.outbox, tables.threads
    of_its_incident = and_(threads.c.channel == row.c.channel, threads.c.incident_id == row.c.incident_id)
    joined = row.join(threads, of_its_incident, isouter=True)
    return select(row, threads.c.thread).select_from(joined).where(row.c.id.in_(row_ids)).order_by(row.c.id)
