"""All channels together: one worker each, started, woken and drained as one.

Owns no delivery itself (`worker`) and no channel (`channels`).
"""

import asyncio
import random
from collections.abc import Mapping
from typing import Any

import structlog

from monitor.alerting.notification import Notification
from monitor.alerting.texts import Voice
from monitor.clock import Clock, Moment
from monitor.delivery.announce import Announcer
from monitor.delivery.channel import Channel, Delivered, Receipt
from monitor.delivery.due import Outbox
from monitor.delivery.fallback import FallbackRule, Fallbacks, Watch
from monitor.delivery.record import Observer, Record
from monitor.delivery.refresh import Refresher, SentMessages
from monitor.delivery.worker import REFUSED_S, Surroundings, Worker
from monitor.errors import StorageError

log = structlog.get_logger("relaywatch.delivery")


class Delivery:
    """Everything that is sent.

    Args:
        channels: by name, in the order of the configuration.
        outbox: the messages that wait.
        clock: the time.
        voice: for notices about channels, and for what messages say of their own way.
        fallbacks: by channel; the default where one is missing.
        sent: what channels were told, for those that must be told again; None: they are not.
        observer: told of each try.
        rng: of the back-off.
    """

    def __init__(
        self,
        channels: Mapping[str, Channel],
        outbox: Outbox,
        clock: Clock,
        voice: Voice,
        *,
        fallbacks: Mapping[str, FallbackRule] | None = None,
        sent: SentMessages | None = None,
        observer: Observer | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self._channels = dict(channels)
        self._outbox = outbox
        self._clock = clock
        announcer = Announcer(tuple(channels), voice)
        rules = {name: (fallbacks or {}).get(name, FallbackRule()) for name in channels}
        self._fallbacks = Fallbacks(rules, announcer, voice, clock)
        self._watch = Watch(outbox, self._fallbacks, clock, self.wake)
        around = Surroundings(
            outbox,
            clock,
            announcer,
            rng or random.Random(),  # noqa: S311  spread only
            self._fallbacks,
            self.wake,
            voice,
        )
        self._records = {name: Record(name, observer) for name in channels}
        self._workers = {name: Worker(channel, around, self._records[name]) for name, channel in channels.items()}
        self._refresher = None if sent is None else Refresher(channels, sent)
        self._running: asyncio.Task[Any] | None = None

    async def run(self) -> None:
        """Deliver until `drain`; leases of an earlier run are void, and messages for removed channels given up."""
        self._running = asyncio.current_task()
        await self._take_over()
        async with asyncio.TaskGroup() as group:
            for name, worker in self._workers.items():
                group.create_task(worker.run(), name=f"delivery:{name}")
            group.create_task(self._watch.run(), name="delivery-fallback")
            if self._refresher is not None:
                group.create_task(self._refresher.run(), name="delivery-refresh")

    async def drain(self, within_s: float) -> bool:
        """End `run`: one last look at what is due, then the sends in flight.

        Returns:
            False if they took longer than `within_s`; what was cut off stays leased, and the next run sends it again.
        """
        for worker in self._workers.values():
            worker.stop()
        self._watch.stop()
        if self._refresher is not None:
            self._refresher.stop()
        if self._running is None:
            return True
        _, late = await asyncio.wait({self._running}, timeout=within_s)
        for task in late:
            task.cancel()
            await asyncio.wait({task})
        return not late

    def wake(self) -> None:
        """The ledger has committed: there may be something new for every channel."""
        for worker in self._workers.values():
            worker.wake()
        self._watch.wake()

    def last_progress(self) -> Moment | None:
        """When the slowest worker last made progress; None before the first round of one, or without channels."""
        moments = [worker.last_progress for worker in self._workers.values()]
        known = [moment for moment in moments if moment is not None]
        return min(known, key=lambda moment: moment.mono_us) if known and len(known) == len(moments) else None

    async def send_now(self, notification: Notification) -> Mapping[str, Receipt]:
        """Send past the outbox, once, to the first channel that takes it: for news that cannot be recorded."""
        receipts: dict[str, Receipt] = {}
        for name, channel in self._channels.items():
            receipts[name] = await channel.send(notification)
            if isinstance(receipts[name], Delivered):
                break
        return receipts

    async def close(self) -> None:
        """Let go of every channel's connections."""
        for channel in self._channels.values():
            await channel.close()

    async def _take_over(self) -> None:
        while True:
            try:
                await self._outbox.void_leases(self._clock.now())
                now, copy = self._clock.now(), self._fallbacks.copy
                given_up = await self._outbox.give_up_absent(tuple(self._channels), now, copy)
            except StorageError as error:
                for record in self._records.values():
                    record.refused(error.message)
                await asyncio.sleep(REFUSED_S)
            else:
                if given_up:
                    log.error("notifications_given_up", count=given_up, error="their channels are no longer configured")
                return
