"""Nothing is sent for a database that another daemon has taken over."""

import asyncio
from typing import TYPE_CHECKING

import pytest

from monitor.errors import LeadershipError, StorageError

if TYPE_CHECKING:
    from tests.unit.delivery.conftest import Live, World

TAKEN = LeadershipError("the daemon 7 on beta has taken over the database")


def _assured(world: "World", *answers: Exception | None) -> None:
    left = list(answers)

    async def assure() -> None:
        answer = left.pop(0) if left else None
        if answer is not None:
            raise answer

    world.outbox.assure = assure  # type: ignore[method-assign]


def test_what_was_claimed_is_not_sent_once_another_leads(live: "Live[None]") -> None:
    """Delivery ends, and says why."""

    async def story(world: "World") -> None:
        channel = world.channel()
        _assured(world, TAKEN)
        world.commit(1)
        ended = world.start()
        with pytest.raises(BaseExceptionGroup) as raised:
            await ended
        assert raised.group_contains(LeadershipError, match="has taken over")
        assert channel.attempts == []

    live(story)


def test_where_that_cannot_be_known_it_waits(live: "Live[None]") -> None:
    """The database is away: it is asked until it answers, and then the message goes once."""

    async def story(world: "World") -> None:
        channel = world.channel()
        _assured(world, *[StorageError("the database refused: away")] * 3)
        world.commit(1)
        world.start()
        await world.settled()
        assert channel.arrived == ["1-1-ops"]
        assert len(channel.attempts) == 1
        assert asyncio.get_running_loop().time() >= 3

    live(story)
