"""What each channel has not delivered, as numbers."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from monitor.storage import tables


@dataclass(frozen=True, slots=True)
class Waiting:
    """What one channel has not delivered.

    Attributes:
        oldest_us: when the oldest pending one was created; None without one.
    """

    pending: int
    dead: int
    oldest_us: int | None


def count_waiting(connection: Connection) -> dict[str, Waiting]:
    """What each channel that ever had a notification has not delivered."""
    table = tables.outbox
    pending = table.c.settled_at_us.is_(None)
    query = select(
        table.c.channel,
        func.count().filter(pending),
        func.count().filter(table.c.state == "dead"),
        func.min(table.c.created_at_us).filter(pending),
    ).group_by(table.c.channel)
    return {channel: Waiting(*counts) for channel, *counts in connection.execute(query)}
