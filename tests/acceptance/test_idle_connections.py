"""A server that closes idle connections just when the next probe wants to use them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.acceptance.conftest import World

CHECKS = 100
PROBES = 1000
IDLE_S = 5.0


async def test_no_false_failure_in_a_thousand_probes(world: "World") -> None:
    """Connections are closed after 5 s of rest, every check rests for 5 s: each of 1,000 probes finds it UP."""
    models = [f"vendor{number % 7}/model-{number:03d}" for number in range(CHECKS)]
    gateway, hook = await world.gateway(*models, keepalive_timeout=IDLE_S), await world.hook()
    daemon = world.deployment()
    daemon.configure(
        daemon.endpoint(gateway, *models, more="check_models = false\nconcurrency = 50"),
        daemon.webhook(hook),
        interval="5s",
    )
    await daemon.start()
    await daemon.until(lambda: gateway.requests.total() >= PROBES, 70, f"{PROBES} probes")
    assert await daemon.stop() == 0

    (recorded,) = daemon.rows("SELECT count(*), count(*) FILTER (WHERE status <> 'UP') FROM v_results")
    assert recorded == (gateway.requests.total(), 0), daemon.rows("SELECT * FROM v_results WHERE status <> 'UP'")
    assert hook.received == []
    assert not daemon.events("probe")
