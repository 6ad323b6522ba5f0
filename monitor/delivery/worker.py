"""One channel's worker: claim what is due, send it, settle what the other side answered.

Owns order and parallelism on one channel, and that an answer is never lost: a message that was sent is settled until
the database takes it, not sent again. Whether a send is repeated is `retry`; who hears of a dead channel is `announce`.
A process that dies between send and settle sends again, with the same id.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.alerting.lateness import as_told
from monitor.alerting.notification import Notification
from monitor.alerting.texts import Voice
from monitor.clock import US_PER_S, Clock, Moment
from monitor.delivery.announce import Announcer
from monitor.delivery.bell import Bell
from monitor.delivery.channel import SEND_TIMEOUT_S, Channel, Delivered, Permanent, Receipt, Retry
from monitor.delivery.due import Outbox
from monitor.delivery.fallback import Fallbacks
from monitor.delivery.record import Outcome, Record
from monitor.delivery.retry import is_over, pause_s
from monitor.errors import StorageError

if TYPE_CHECKING:
    from monitor.storage.outbox.outbox import Claimed

LEASE_S = SEND_TIMEOUT_S + 10.0
HANGS_AFTER_S = SEND_TIMEOUT_S + 1.0
PARALLEL = 4
IDLE_S = 15.0
BLOCKED_S = 0.25
REFUSED_S = 1.0
UNREADABLE = "the stored message cannot be read"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all workers share.

    Attributes:
        fallbacks: who is told instead of a channel that gives up.
        wake: called when there is something new for other channels.
        voice: in which messages say that they are late.
    """

    outbox: Outbox
    clock: Clock
    announcer: Announcer
    rng: random.Random
    fallbacks: Fallbacks
    wake: Callable[[], None]
    voice: Voice


class Worker:
    """Delivers everything of one channel, in order per incident, several incidents at once.

    Attributes:
        last_progress: when the worker last went round or finished a try; trouble outside is progress too.
    """

    def __init__(self, channel: Channel, around: Surroundings, record: Record) -> None:
        self._channel = channel
        self._around = around
        self._record = record
        self._in_flight: dict[int, Claimed] = {}
        self._born: dict[int, Moment] = {}
        self._bell = Bell()
        self.last_progress: Moment | None = None

    def wake(self) -> None:
        """There may be something new to send."""
        self._bell.ring()

    def stop(self) -> None:
        """Let `run` end after one last look at what is due and the sends in flight."""
        self._bell.stop()

    async def run(self) -> None:
        """Deliver until `stop`."""
        async with asyncio.TaskGroup() as deliveries:
            while not self._bell.is_stopped:
                self._bell.begin_round()
                wait_s = await self._look(deliveries)
                self._progressed()
                await self._bell.wait(wait_s)
            await self._look(deliveries)

    async def _look(self, deliveries: asyncio.TaskGroup) -> float:
        """Start what is due; seconds until the next look, unless woken."""
        free, now = PARALLEL - len(self._in_flight), self._around.clock.now()
        if free <= 0:
            return IDLE_S
        try:
            rows = await self._around.outbox.claim(self._channel.name, now, LEASE_S, free)
            self._start(rows, deliveries)
            due_s = await self._around.outbox.next_due_s(self._channel.name, self._around.clock.now())
        except StorageError as error:
            self._record.refused(error.message)
            return REFUSED_S
        self._record.accepted()
        return IDLE_S if due_s is None else min(max(due_s, BLOCKED_S), IDLE_S)

    def _start(self, rows: Iterable["Claimed"], deliveries: asyncio.TaskGroup) -> None:
        now = self._around.clock.now()
        for row in rows:
            is_new = row.row_id not in self._in_flight
            self._in_flight[row.row_id] = row
            self._born.setdefault(row.row_id, now.anchor(row.created_at_us))
            if is_new:
                deliveries.create_task(self._deliver(row), name=f"deliver:{self._channel.name}:{row.row_id}")

    async def _deliver(self, row: "Claimed") -> None:
        try:
            notification = _read(row)
            if notification is None:
                self._record.unreadable(row.notification_id)
                await self._settle(lambda now: self._around.outbox.settle_dead(self._newest(row), now, UNREADABLE))
            else:
                await self._deliver_readable(row, notification)
        finally:
            del self._in_flight[row.row_id]
            self._bell.ring()

    async def _deliver_readable(self, row: "Claimed", notification: Notification) -> None:
        await self._until_taken(self._around.outbox.assure)
        began = self._around.clock.now()
        told = as_told(notification, self._late_s(row, began), self._around.voice, merged=_is_merged(row))
        receipt = await self._send(told, row.thread)
        ended = self._around.clock.now()
        outcome, attempt = self._outcome(row, receipt, ended), row.attempts + 1
        self._record.tried(told, receipt, outcome, attempt=attempt, took_s=ended.s_since(began))
        self._progressed()
        match outcome, receipt:
            case Outcome.SENT, Delivered(_, thread):
                self._around.announcer.delivered(self._channel.name)
                await self._settle(lambda now: self._around.outbox.settle_sent(self._newest(row), now, thread))
            case Outcome.RETRY, Retry(reason, after_s):
                at = ended.plus_s(pause_s(attempt, after_s, self._around.rng))
                await self._settle(lambda now: self._around.outbox.settle_retry(self._newest(row), now, at, reason))
                return
            case _, Retry(reason) | Permanent(reason):
                await self._give_up(row, notification, reason)
        del self._born[row.row_id]

    async def _send(self, notification: Notification, thread: str | None) -> Receipt:
        try:
            async with asyncio.timeout(HANGS_AFTER_S):
                return await self._channel.send(notification, thread)
        except TimeoutError:
            return Retry(f"the channel hangs, given up after {HANGS_AFTER_S:g} s")
        except Exception as error:  # noqa: BLE001  a channel that breaks its promise must not stop the others
            return Retry(f"the channel failed ({type(error).__name__})")

    def _late_s(self, row: "Claimed", now: Moment) -> float:
        """Seconds since the message arose, or the first that it stands for."""
        waited_us = row.created_at_us - (row.merged_since_us or row.created_at_us)
        return now.s_since(self._born[row.row_id]) + max(0, waited_us) / US_PER_S

    def _outcome(self, row: "Claimed", receipt: Receipt, now: Moment) -> Outcome:
        match receipt:
            case Delivered():
                return Outcome.SENT
            case Permanent():
                return Outcome.DEAD
            case Retry():
                return Outcome.DEAD if is_over(now.s_since(self._born[row.row_id])) else Outcome.RETRY

    async def _give_up(self, row: "Claimed", lost: Notification, reason: str) -> None:
        """One transaction: nobody may learn that the message is dead unless somebody else is told of it."""
        outbox, copy = self._around.outbox, self._around.fallbacks.copy
        notice = self._around.announcer.notice(self._channel.name, lost, reason, self._around.clock.now())
        also = () if notice is None else (notice,)
        await self._settle(
            lambda now: outbox.settle_dead(self._newest(row), now, reason, also=also, choose=copy),
        )
        self._around.wake()

    async def _settle(self, write: Callable[[Moment], Awaitable[object]]) -> None:
        """Write until the database takes it."""
        await self._until_taken(lambda: write(self._around.clock.now()))

    async def _until_taken(self, ask: Callable[[], Awaitable[object]]) -> None:
        while True:
            try:
                await ask()
            except StorageError as error:
                self._record.refused(error.message)
                await asyncio.sleep(REFUSED_S)
            else:
                return

    def _newest(self, row: "Claimed") -> "Claimed":
        """The row as it was last claimed: a lease may have run out while the database refused to settle."""
        return self._in_flight[row.row_id]

    def _progressed(self) -> None:
        self.last_progress = self._around.clock.now()


def _is_merged(row: "Claimed") -> bool:
    return row.merged_since_us is not None


def _read(row: "Claimed") -> Notification | None:
    try:
        return Notification.from_body(row.body)
    except (KeyError, TypeError, ValueError):
        return None
