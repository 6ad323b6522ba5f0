"""A disk that fills up while the daemon runs, and is free again later."""

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.simulator.faults import Fault, FaultKind

if TYPE_CHECKING:
    from monitor.simulator.sinks import Received
    from tests.acceptance.conftest import World

BROKEN, FINE = "openai/gpt-4.1", "anthropic/claude-sonnet-4"
CHECK = f"gw/chat/{BROKEN}"


@pytest.mark.root
@pytest.mark.needs("mount")
async def test_told_of_past_the_database_and_nothing_is_lost(world: "World") -> None:
    """After 30 s a notice goes straight to a channel; an outage meanwhile is told of later; every result is kept."""
    gateway, hook = await world.gateway(BROKEN, FINE), await world.hook()
    disk = await world.small_disk("2m")
    daemon = world.deployment()
    daemon.database = disk / "rw.db"
    daemon.arguments = ["--log-level", "debug"]
    daemon.configure(
        daemon.endpoint(gateway, BROKEN, FINE),
        daemon.webhook(hook),
        f'[storage]\nurl = "sqlite:///{daemon.database}"\n',
        interval="500ms",
        models_interval="500ms",
    )
    await daemon.start()
    await daemon.until(lambda: len(daemon.rows("SELECT 1 FROM v_results")) > 6, 10, "results")

    _fill(disk)
    await daemon.wait_for("database_refuses", 10)
    gateway.set_fault(BROKEN, Fault(kind=FaultKind.STATUS, status=503))
    assert "makes no progress" not in await daemon.get("/readyz")
    assert "refuses" in await daemon.get("/readyz")
    notice = await hook.wait_for(lambda received: received.body["event"] == "notice", 40)
    assert not [line for line in daemon.events("probe") if line["fault_domain"] == "monitor"]
    assert "free" in notice.body["recommended_action"].lower()
    assert "disk is full" in notice.body["message"]
    assert [received.body["event"] for received in hook.received] == ["notice"]

    (disk / "ballast").unlink()
    await daemon.wait_for("database_accepts_again", 10, dropped=0)
    await hook.wait_for(_is_again, 5)
    opened = await hook.wait_for(lambda received: received.body["event"] == "opened", 5)
    gateway.set_fault(BROKEN, None)
    await hook.wait_for(lambda received: received.body["event"] == "resolved", 5)
    assert await daemon.stop() == 0

    assert world.told(hook) == [("opened", CHECK), ("resolved", CHECK)]
    assert opened.body["incident"]["duration_s"] > 0
    (recorded,) = daemon.rows("SELECT count(*) FROM v_results")
    assert recorded == (len(daemon.events("probe")),) == (gateway.requests.total(),)
    assert daemon.rows("SELECT count(*) FROM v_results WHERE status NOT IN ('UP', 'OVERLOADED')") == [(0,)]
    assert len(hook.received) == 4, [received.body["title"] for received in hook.received]


def _fill(disk: Path) -> None:
    with (disk / "ballast").open("wb", buffering=0) as ballast:
        for size in (65536, 4096, 1):
            try:
                while ballast.write(b"x" * size) == size:
                    pass
            except OSError:
                continue


def _is_again(received: "Received") -> bool:
    return bool(received.body["event"] == "notice" and "again" in received.body["title"])


@pytest.mark.root
@pytest.mark.needs("mount")
async def test_stops_in_time_on_a_full_disk(world: "World") -> None:
    """SIGTERM while nothing can be written: it ends within 10 s all the same and says what it could not write."""
    gateway, disk = await world.gateway(FINE), await world.small_disk("1m")
    daemon = world.deployment()
    daemon.configure(daemon.endpoint(gateway, FINE), f'[storage]\nurl = "sqlite:///{disk}/rw.db"\n')
    await daemon.start()
    _fill(disk)
    await daemon.wait_for("database_refuses", 10)
    daemon.signal(signal.SIGTERM)
    assert await daemon.ended(10) == 0
    (unwritten,) = daemon.events("results_unwritten")
    assert unwritten["results"] > 0
    assert b"Traceback" not in daemon.stderr
    assert b"100.00 %" in daemon.stdout
