"""Questions about states and the daemon: the rows of the interface."""

import re
from typing import TYPE_CHECKING

from monitor.domain.health import Health, advance
from monitor.storage.past import history

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


async def test_every_check_that_ever_was_is_known(world: "World") -> None:
    """Also one that was removed: its history can be asked for."""
    await world.journal.register([world.check("a"), world.check("b")], world.start)
    await world.journal.register([world.check("b")], world.start)
    assert await world.ask(history.known_checks) == ["gw/chat/a", "gw/chat/b"]


async def test_status_tells_of_every_configured_check(world: "World") -> None:
    """One that was never probed is PENDING since it was first seen; a removed one is not told of."""
    await world.journal.register([world.check(name) for name in "abc"], world.start)
    await world.journal.register([world.check("a"), world.check("b")], world.start)
    health = Health("gw/chat/a", world.start)
    for at in range(4):
        health = advance(world.check("a"), health, world.failure(at, check="gw/chat/a")).health
    await world.commit(healths={health.check: health})
    down, pending = await world.ask(history.status_rows, world.start.plus_s(60))
    assert down == {
        "check": "gw/chat/a",
        "endpoint": "gw",
        "model": "a",
        "state": "DOWN",
        "since": "2026-11-20T18:40:00.000Z",
        "status": "SERVER_ERROR",
        "consecutive_failures": 4,
        "availability_24h": 0.0,
    }
    assert (pending["state"], pending["status"], pending["availability_24h"]) == ("PENDING", None, None)
    assert list(pending) == list(down)
    assert ISO.fullmatch(pending["since"])


async def test_the_daemon_is_alive_while_it_holds_the_lock(world: "World") -> None:
    """Its pid, its last sign of life, what waits and what died."""
    assert await world.ask(history.daemon) == {
        "alive": False,
        "pid": None,
        "last_commit": None,
        "outbox_pending": 0,
        "dead": 0,
    }
    await world.begin()
    health = Health("gw/chat/m", world.start, latest_at=world.start.plus_s(3))
    await world.commit(healths={health.check: health}, outbox=[world.queued("a"), world.queued("b", "hook")])
    (row,) = await world.outbox.claim("ops", world.start, 20, 1)
    await world.outbox.settle_dead(row, world.start, "HTTP 404")
    async with world.held():
        found = await world.ask(history.daemon)
    assert found["alive"] is True
    assert isinstance(found["pid"], int)
    assert (found["last_commit"], found["outbox_pending"], found["dead"]) == ("2026-11-20T18:40:03.000Z", 1, 1)


async def test_the_backlog_is_by_channel(world: "World") -> None:
    """As the outbox itself counts it."""
    await world.commit(outbox=[world.queued("a"), world.queued("b"), world.queued("b", "hook")])
    assert {name: waiting.pending for name, waiting in (await world.ask(history.backlog)).items()} == {
        "hook": 1,
        "ops": 2,
    }
