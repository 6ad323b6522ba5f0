"""What a channel was told of incidents that still last."""

from typing import TYPE_CHECKING

from monitor.storage.outbox.standing import Sent, SentMessages

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World


async def _deliver(world: "World", channel: str, thread: str | None = None) -> None:
    """Everything that waits for a channel is taken by it."""
    while claimed := await world.outbox.claim(channel, world.start, 20, 10):
        for row in claimed:
            await world.outbox.settle_sent(row, world.start, thread)


async def test_the_newest_that_was_taken_of_each_open_incident(world: "World") -> None:
    """With the thread of the first; what waits, what is over and what another channel has are left out."""
    await world.begin()
    incidents = {1: world.incident(1), 2: world.incident(2, "gw/chat/n"), 3: world.incident(3, "gw/chat/o")}
    first = [world.queued(f"n{number}-1", "am", number, 1) for number in (1, 2, 3)]
    await world.commit(incidents=incidents, outbox=[*first, world.queued("n1-1", "ops", 1, 1)])
    await _deliver(world, "am", "thread")
    await world.commit(outbox=[world.queued("n2-2", "am", 2, 2)])
    await _deliver(world, "am")
    await world.commit(outbox=[world.queued("n1-2", "am", 1, 2)])
    await world.commit(incidents={3: world.incident(3, "gw/chat/o", resolved_s=60)})
    told = await SentMessages(world.writer).of_open_incidents("am")
    assert told == [
        Sent(first[0].notification.body(), "thread"),
        Sent(world.queued("n2-2", "am", 2, 2).notification.body(), "thread"),
    ]
    assert await SentMessages(world.writer).of_open_incidents("ops") == []
    assert await SentMessages(world.writer).of_open_incidents("nobody") == []


async def test_notices_do_not_stand(world: "World") -> None:
    """They belong to no incident."""
    await world.begin()
    await world.commit(outbox=[world.queued("n", "am")])
    await _deliver(world, "am")
    assert await SentMessages(world.writer).of_open_incidents("am") == []
