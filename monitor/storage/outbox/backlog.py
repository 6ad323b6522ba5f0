"""What each channel has not delivered, as numbers."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from monitor.storage import tables


@dataclass(frozen=True, slots=True)
class Waiting:
    """What one channel has not delivered."""

    pending: int
    dead: int


def count_waiting(connection: Connection) -> dict[str, Waiting]:
    """What each channel that ever had a notification has not delivered."""
    table = tables.outbox
    pending = table.c.settled_at_us.is_(None)
    query = select(
        table.c.channel,
        func.count().filter(pending),
        func.count().filter(table.c.state == "dead"),
    ).group_by(table.c.channel)
    return {channel: Waiting(*counts) for channel, *counts in connection.execute(query)}
