"""A test message through a channel's own code, for people who want to know whether it works."""

import asyncio
import uuid
from collections.abc import Mapping

from monitor.alerting.notification import MONITOR, Event, Notification
from monitor.alerting.texts import Voice, channel_test
from monitor.clock import Clock
from monitor.delivery.channel import Channel, Receipt


async def try_channels(channels: Mapping[str, Channel], voice: Voice, clock: Clock) -> dict[str, Receipt]:
    """Send one test message to each, all at once, and close them; what each answered, by name."""
    try:
        receipts = await asyncio.gather(*(_try(channel, voice, clock) for channel in channels.values()))
    finally:
        for channel in channels.values():
            await channel.close()
    return dict(zip(channels, receipts, strict=True))


async def _try(channel: Channel, voice: Voice, clock: Clock) -> Receipt:
    words = channel_test(channel.name, clock.now(), voice)
    test = Notification(
        id=f"rw-test-{uuid.uuid4().hex}",
        event=Event.TEST,
        severity="warning",
        service=MONITOR,
        title=words.title,
        message=words.message,
    )
    return await channel.send(test)
