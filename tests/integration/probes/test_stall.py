"""A process that stood still (stopped, starved, suspended) blames nobody else for it."""

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

from monitor.domain.outcome import Answer, NoAnswer, NoAnswerKind
from monitor.probes.connections import Connections
from monitor.probes.exchange import STALLED_S

if TYPE_CHECKING:
    from tests.integration.probes.conftest import Ask, Peer, Serve

STANDS_STILL_S = STALLED_S + 0.4


async def test_a_time_limit_noticed_much_too_late_is_the_monitors_own(serve: "Serve", ask: "Ask") -> None:
    """The answer may well have come in time: nobody was there to read it."""

    async def script(peer: "Peer") -> None:
        await peer.request()
        time.sleep(STANDS_STILL_S)  # noqa: ASYNC251  the whole process stands still
        await asyncio.sleep(1)

    server = await serve(script)
    outcome = await ask(server.url, timeout_s=0.2)
    assert isinstance(outcome, NoAnswer)
    assert outcome.kind is NoAnswerKind.INTERNAL
    assert "stood still" in outcome.detail


async def test_the_same_while_connecting(ask: "Ask") -> None:
    """The limit on connecting is a limit of its own."""
    over = threading.Event()

    def look_up(*_: object, **__: object) -> list[Any]:
        over.wait(10)
        raise OSError("nobody waits for this any more")

    connections = Connections(look_up)
    asyncio.get_running_loop().call_later(0.02, time.sleep, STANDS_STILL_S)
    outcome = await ask("http://slow.example/v1", connect_s=0.1, through=connections)
    over.set()
    await connections.aclose()
    assert isinstance(outcome, NoAnswer)
    assert outcome.kind is NoAnswerKind.INTERNAL


async def test_standing_still_within_the_limit_changes_nothing(serve: "Serve", ask: "Ask") -> None:
    """What came in time is an answer, also when it is read late."""

    async def script(peer: "Peer") -> None:
        await peer.request()
        await peer.answer()
        time.sleep(STANDS_STILL_S)  # noqa: ASYNC251  the whole process stands still

    server = await serve(script)
    assert isinstance(await ask(server.url, timeout_s=5), Answer)
