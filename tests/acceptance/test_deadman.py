"""The dead-man switch of the installed daemon: heard while it works, silent when it was killed."""

import signal
from typing import TYPE_CHECKING

from monitor.simulator.pings import PingSink

if TYPE_CHECKING:
    from tests.acceptance.conftest import World

STEADY = "openai/gpt-4.1"


async def test_it_is_heard_while_it_works_and_not_when_it_was_killed(world: "World") -> None:
    """Start, all is well, stop in good order; then a kill, of which nobody says a word."""
    gateway = await world.gateway(STEADY)
    async with PingSink() as service:
        daemon = world.deployment()
        daemon.environ["PING"] = service.url
        switch = '[deadman]\nurl = { env = "PING" }\ninterval = "10s"\n'
        daemon.configure(daemon.endpoint(gateway, STEADY), switch)
        await daemon.start()
        await service.wait_for_signal("start", 5)
        await service.wait_for_signal("", 15)
        metrics = await daemon.get("/metrics")
        assert 'relaywatch_deadman_pings_total{outcome="arrived",signal="well"} 1.0' in metrics
        assert await daemon.stop() == 0
        assert service.signals == ["start", "", "log"]

        await daemon.start()
        await service.wait_for_signal("start", 5, after=3)
        await daemon.kill()
        assert service.signals[3:] == ["start"]
    assert service.url.rpartition("/")[2].encode() not in daemon.stderr


async def test_a_service_that_is_gone_changes_nothing(world: "World") -> None:
    """Probing goes on, one warning is logged, and the stop is as quick as ever."""
    gateway = await world.gateway(STEADY)
    daemon = world.deployment()
    daemon.configure(daemon.endpoint(gateway, STEADY), '[deadman]\nurl = "http://127.0.0.1:9/ping"\n')
    await daemon.start()
    await daemon.wait_for("deadman_unreachable", 5)
    before = gateway.requests[STEADY]
    await daemon.until(lambda: gateway.requests[STEADY] >= before + 2, 5, "it probes")
    daemon.signal(signal.SIGTERM)
    assert await daemon.ended(6) == 0
    assert len(daemon.events("deadman_unreachable")) == 1
