"""Channels that forget: what still holds is told to them again and again.

Owns the rhythm. What a channel does with it is the channel's (`alertmanager`), what holds is asked of storage. A
refresh is no message: it is neither queued nor retried, the next one comes soon.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import structlog

from monitor.alerting.notification import Notification
from monitor.delivery.channel import Channel, Delivered, Receipt
from monitor.errors import StorageError

if TYPE_CHECKING:
    from monitor.storage.outbox.standing import Sent

log = structlog.get_logger("relaywatch.delivery")


@dataclass(frozen=True, slots=True)
class Standing:
    """What a channel was told of an incident that still lasts.

    Attributes:
        notification: the newest that the channel took.
        thread: what the channel gave with the first one; None if nothing.
    """

    notification: Notification
    thread: str | None


@runtime_checkable
class Refreshing(Channel, Protocol):
    """A channel that forgets what is not repeated.

    Attributes:
        refresh_every_s: how often.
    """

    refresh_every_s: float

    async def refresh(self, standing: Iterable[Standing]) -> Receipt:
        """Say once more what holds, within `SEND_TIMEOUT_S`. Never raises."""
        ...


class SentMessages(Protocol):
    """What is asked of storage; `storage.standing` fits it."""

    async def of_open_incidents(self, channel: str) -> Sequence["Sent"]:
        """The newest message that the channel took of each incident that still lasts. May raise StorageError."""
        ...


class Refresher:
    """Refreshes every channel that asks for it, each at its own rhythm.

    Args:
        channels: all of them, by name.
        sent: what they were told.
    """

    def __init__(self, channels: Mapping[str, Channel], sent: SentMessages) -> None:
        self._channels = {name: channel for name, channel in channels.items() if isinstance(channel, Refreshing)}
        self._sent = sent
        self._troubles: dict[str, str] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._stopped = False

    async def run(self) -> None:
        """Refresh at once, for what was forgotten while nobody was there, and then until `stop`."""
        async with asyncio.TaskGroup() as group:
            for name, channel in self._channels.items() if not self._stopped else ():
                self._tasks.append(group.create_task(self._keep(channel), name=f"refresh:{name}"))

    def stop(self) -> None:
        """Let `run` end at once: a refresh that is cut off is no loss."""
        self._stopped = True
        for task in self._tasks:
            task.cancel()

    async def refresh(self, channel: Refreshing) -> None:
        """Once, one channel."""
        try:
            standing = [*_readable(await self._sent.of_open_incidents(channel.name))]
            receipt = await channel.refresh(standing) if standing else None
        except StorageError as error:
            self._note(channel.name, f"the database refuses: {error.message}")
        else:
            trouble = None if receipt is None or isinstance(receipt, Delivered) else receipt.reason
            self._note(channel.name, trouble)

    async def _keep(self, channel: Refreshing) -> None:
        while True:
            await self.refresh(channel)
            await asyncio.sleep(channel.refresh_every_s)

    def _note(self, name: str, trouble: str | None) -> None:
        """The same trouble again and again is a warning once."""
        known = self._troubles.pop(name, None)
        if trouble is None:
            return
        self._troubles[name] = trouble
        level = log.debug if trouble == known else log.warning
        level("refresh_failed", channel=name, error=trouble)


def _readable(rows: Iterable["Sent"]) -> Iterator[Standing]:
    """A newer or broken RelayWatch may have written what cannot be read; it was told all the same."""
    for row in rows:
        with suppress(KeyError, TypeError, ValueError):
            yield Standing(Notification.from_body(row.body), row.thread)
