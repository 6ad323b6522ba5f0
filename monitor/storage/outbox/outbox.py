"""Notifications on their way out: claimed with a lease, sent by somebody else, settled after the answer.

Owns the order per incident and channel, and the leases. Sends nothing and decides nothing about retries.

Whether something is due or a lease has run out is decided by the monotonic clock of this run, so that a wall clock that
is set back or forth neither hurries nor delays a message. The times in the table are for people and for the next start.
"""

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Row, and_, select, update

from monitor.alerting.batch import Queued
from monitor.alerting.lateness import Instead
from monitor.clock import US_PER_S, Moment
from monitor.errors import StorageError
from monitor.storage import dialect, registry, tables
from monitor.storage.outbox.backlog import Waiting, count_waiting
from monitor.storage.outbox.detours import Choose, Detours, Look, nobody
from monitor.storage.outbox.turns import following, heads, with_threads
from monitor.storage.rows import outbox_row
from monitor.storage.writable import clean
from monitor.storage.writer import Writer

__all__ = ["Claimed", "Outbox", "Waiting", "count_waiting"]

PENDING, LEASED, SENT, DEAD, MERGED = "pending", "leased", "sent", "dead", "merged"
NO_SUCH_CHANNEL = "the channel is no longer configured"
# A wait that was written down before the last stop is honoured up to the longest `Retry-After` there is.
LONGEST_WAIT_US = 3600 * US_PER_S


@dataclass(frozen=True, slots=True)
class Claimed:
    """A notification that is to be sent now, by whoever claimed it.

    Attributes:
        body: the JSON object of the interface.
        incident_id: None for a notice.
        attempts: how many were begun before this one; 0 at first.
        thread: what the channel gave with the incident's first message; None before that.
        merged_since_us: when the first of those arose that this one tells along with itself; None if it is alone.
    """

    row_id: int
    notification_id: str
    channel: str
    body: dict[str, Any]
    incident_id: int | None
    sequence: int
    attempts: int
    created_at_us: int
    thread: str | None = None
    merged_since_us: int | None = None


class Outbox:
    """The queue between the ledger's transaction and the channels.

    Args:
        writer: the one writer.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._run_id = 0
        self._insert = dialect.insert_or_keep_sql(writer.dialect, tables.outbox)
        self._insert_thread = dialect.insert_or_keep_sql(writer.dialect, tables.threads)
        self._detours = Detours(writer.dialect)
        # Both in microseconds of the monotonic clock, by row; touched in the writer thread only.
        self._leased_until: dict[int, int] = {}
        self._due: dict[int, int] = {}

    async def void_leases(self, now: Moment) -> None:
        """To be called once at start, after the run has begun: whoever held a lease is gone."""
        await self._writer.run(lambda connection: self._void_leases(connection, now))

    async def give_up_absent(self, channels: Collection[str], now: Moment, choose: Choose = nobody) -> int:
        """Give up what waits for channels other than these, which are all that are configured; how many that were.

        What is critical goes to whom `choose` says, in the same transaction.
        """
        table = tables.outbox
        which = (table.c.settled_at_us.is_(None), table.c.channel.not_in(channels))
        values = {"state": DEAD, "settled_at_us": now.wall_us, "last_error": NO_SUCH_CHANNEL}

        def work(connection: Connection) -> int:
            given_up = list(connection.execute(select(table.c.id).where(*which)).scalars())
            connection.execute(update(table).where(*which).values(lease_until_us=None, lease_run=None, **values))
            deque(self._detours.redirect(connection, given_up, Instead.REMOVED, choose), maxlen=0)
            return len(given_up)

        return await self._writer.run(work)

    async def fall_back(self, after_s: Mapping[str, float], choose: Choose, now: Moment) -> Look:
        """Copy to other channels what its own has not taken for too long, and the ends of what was copied before.

        Args:
            after_s: how long each channel may take; one that is missing may take for ever.
            choose: makes each copy.
            now: the present moment.
        """
        return await self._writer.run(lambda connection: self._detours.look(connection, after_s, choose, now))

    async def claim(self, channel: str, now: Moment, lease_s: float, limit: int) -> list[Claimed]:
        """Up to `limit` notifications that are due, oldest first, each leased for `lease_s`.

        Of one incident only the first that is not settled can be claimed, or the one that stands for it (`merging`),
        so what is claimed together may be sent in any order.
        """
        taken: list[int] = []
        replaced: list[int] = []

        def work(connection: Connection) -> list[Claimed]:
            due = (row for row in heads(connection, channel) if self._claimable_us(row.id) <= now.mono_us)
            turns = following(connection, channel, list(islice(due, limit)))
            taken.extend(turn.row_id for turn in turns)
            replaced.extend(row_id for turn in turns for row_id in turn.stands_for)
            if not taken:
                return []
            rows = connection.execute(with_threads(taken)).all()
            self._merge(connection, replaced, now)
            self._take(connection, taken, now, lease_s)
            since = {turn.row_id: turn.merged_since_us for turn in turns}
            return [_claimed(row, since[row.id]) for row in rows]

        def settled(committed: bool) -> None:  # noqa: FBT001  the writer's callback
            if committed:
                self._leased_until.update(dict.fromkeys(taken, now.plus_s(lease_s).mono_us))
                for row_id in replaced:
                    self._due.pop(row_id, None)

        try:
            return await self._writer.run(work, settled)
        except StorageError:
            taken.clear()  # should they be leased all the same, nobody sends them: they can be claimed again
            raise

    async def settle_sent(self, row: Claimed, now: Moment, thread: str | None = None) -> bool:
        """The channel has it. Holds even if the lease ran out meanwhile; False if it was settled as sent before.

        The first `thread` of an incident is kept for its later messages on that channel.
        """
        values = {"state": SENT, "settled_at_us": now.wall_us, "last_error": None}

        def keep_thread(connection: Connection) -> None:
            if thread is not None and row.incident_id is not None:
                connection.exec_driver_sql(self._insert_thread, (row.channel, row.incident_id, thread))

        return await self._settle(row, values, tables.outbox.c.state != SENT, along=keep_thread)

    async def settle_retry(self, row: Claimed, now: Moment, at: Moment, error: str) -> bool:
        """Not taken, to be tried again `at`; False if somebody else has it by now."""
        values = {"state": PENDING, "next_attempt_us": max(at.wall_us, now.wall_us), "last_error": clean(error)}
        return await self._settle(row, values, self._holds(row), due_us=at.mono_us)

    async def settle_dead(
        self, row: Claimed, now: Moment, error: str, *, also: Sequence[Queued] = (), choose: Choose = nobody
    ) -> bool:
        """Given up; later ones of the incident may go. False if somebody else has it by now.

        In the same transaction `also` is queued, and a critical message goes to whom `choose` says.
        """
        values = {"state": DEAD, "settled_at_us": now.wall_us, "last_error": clean(error)}

        def go_elsewhere(connection: Connection) -> None:
            deque(self._detours.redirect(connection, [row.row_id], Instead.GIVEN_UP, choose), maxlen=0)
            for queued in also:
                connection.exec_driver_sql(self._insert, outbox_row(queued))

        return await self._settle(row, values, self._holds(row), along=go_elsewhere)

    async def assure(self) -> None:
        """What was claimed is still this daemon's to send.

        Raises:
            LeadershipError: another daemon has taken the database over.
            StorageError: it cannot be asked, and long enough has passed for another one to come.
        """
        await self._writer.assure()

    async def next_due_s(self, channel: str, now: Moment) -> float | None:
        """Seconds until something of this channel can be claimed, 0 if at once; None if nothing waits."""

        def work(connection: Connection) -> float | None:
            moments = [self._claimable_us(row.id) for row in heads(connection, channel)]
            return max(0, min(moments) - now.mono_us) / US_PER_S if moments else None

        return await self._writer.run(work)

    async def counts(self) -> dict[str, Waiting]:
        """What each channel that ever had a notification has not delivered."""
        return await self._writer.run(count_waiting)

    async def _settle(
        self,
        row: Claimed,
        values: dict[str, Any],
        condition: ColumnElement[bool],
        *,
        due_us: int | None = None,
        along: Callable[[Connection], None] | None = None,
    ) -> bool:
        table = tables.outbox
        statement = (
            update(table)
            .where(table.c.id == row.row_id, condition)
            .values(lease_until_us=None, lease_run=None, **values)
        )

        changed: list[bool] = []

        def work(connection: Connection) -> bool:
            changed.append(connection.execute(statement).rowcount == 1)
            if changed[0] and along is not None:
                along(connection)
            return changed[0]

        def settled(committed: bool) -> None:  # noqa: FBT001  the writer's callback
            if committed and changed[0]:
                self._leased_until.pop(row.row_id, None)
                self._due.pop(row.row_id, None)
                if due_us is not None:
                    self._due[row.row_id] = due_us

        return await self._writer.run(work, settled)

    def _holds(self, row: Claimed) -> ColumnElement[bool]:
        columns = tables.outbox.c
        return and_(columns.state == LEASED, columns.lease_run == self._run_id, columns.attempts == row.attempts + 1)

    def _claimable_us(self, row_id: int) -> int:
        """When a row can be claimed, on the monotonic clock; what this run knows nothing of, at once."""
        return self._leased_until.get(row_id) or self._due.get(row_id) or 0

    def _merge(self, connection: Connection, rows: list[int], now: Moment) -> None:
        table = tables.outbox
        values = {"state": MERGED, "settled_at_us": now.wall_us, "next_attempt_us": None}
        if rows:
            connection.execute(update(table).where(table.c.id.in_(rows)).values(values))

    def _take(self, connection: Connection, rows: list[int], now: Moment, lease_s: float) -> None:
        table = tables.outbox
        connection.execute(
            update(table)
            .where(table.c.id.in_(rows))
            .values(
                state=LEASED,
                attempts=table.c.attempts + 1,
                lease_run=self._run_id,
                lease_until_us=now.plus_s(lease_s).wall_us,
                next_attempt_us=None,
            ),
        )

    def _void_leases(self, connection: Connection, now: Moment) -> None:
        table = tables.outbox
        self._run_id = registry.newest_run(connection)
        self._leased_until.clear()
        self._due.clear()
        self._detours.forget()
        connection.execute(
            update(table).where(table.c.state == LEASED).values(state=PENDING, lease_until_us=None, lease_run=None),
        )
        waits = select(table.c.id, table.c.next_attempt_us).where(
            table.c.settled_at_us.is_(None), table.c.next_attempt_us.is_not(None)
        )
        for row_id, next_us in connection.execute(waits):
            self._due[row_id] = now.mono_us + min(max(0, next_us - now.wall_us), LONGEST_WAIT_US)


def _claimed(row: Row[Any], merged_since_us: int | None) -> Claimed:
    return Claimed(
        row_id=row.id,
        notification_id=row.notification_id,
        channel=row.channel,
        body=orjson.loads(row.body),
        incident_id=row.incident_id,
        sequence=row.sequence,
        attempts=row.attempts,
        created_at_us=row.created_at_us,
        thread=row.thread,
        merged_since_us=merged_since_us,
    )
