"""What each channel was told of the incidents that still last: the newest message of each that it took.

Asked once in a while for channels that forget; owns the question, and sends nothing.
"""

from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, Select, and_, func, select

from monitor.storage import tables
from monitor.storage.outbox.outbox import SENT
from monitor.storage.writer import Writer


@dataclass(frozen=True, slots=True)
class Sent:
    """The newest message of one incident that one channel took.

    Attributes:
        body: the JSON object of the interface.
        thread: what the channel gave with the incident's first message; None if nothing.
    """

    body: dict[str, Any]
    thread: str | None


class SentMessages:
    """Questions about what was sent.

    Args:
        writer: asked in its thread, so that what was just settled counts.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def of_open_incidents(self, channel: str) -> list[Sent]:
        """Of each open incident the newest message that the channel took, oldest incident first.

        Raises:
            StorageError: the database refuses.
        """

        def work(connection: Connection) -> list[Sent]:
            rows = connection.execute(_newest(channel)).all()
            return [Sent(orjson.loads(row.body), row.thread) for row in rows]

        return await self._writer.run(work)


def _newest(channel: str) -> Select[Any]:
    row, incident, thread = tables.outbox, tables.incidents, tables.threads
    newest = (
        select(func.max(row.c.id).label("id"))
        .join(incident, incident.c.id == row.c.incident_id)
        .where(row.c.channel == channel, row.c.state == SENT, incident.c.resolved_at_us.is_(None))
        .group_by(row.c.incident_id)
        .subquery()
    )
    threads = and_(thread.c.channel == row.c.channel, thread.c.incident_id == row.c.incident_id)
    return (
        select(row.c.body, thread.c.thread)
        .join(newest, newest.c.id == row.c.id)
        .outerjoin(thread, threads)
        .order_by(row.c.incident_id)
    )
