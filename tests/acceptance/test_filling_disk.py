"""A disk that fills up while the daemon runs, and is free again later."""

import asyncio
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.simulator.faults import Fault, FaultKind

if TYPE_CHECKING:
    from monitor.simulator.sinks import Received
    from tests.acceptance.conftest import World

BROKEN, FINE = "openai/gpt-4.1", "anthropic/claude-sonnet-4"
CHECK = f"gw/chat/{BROKEN}"
LITTLE_MEMORY = Path(__file__).with_name("daemon_with_little_memory.py")


@pytest.mark.root
@pytest.mark.needs("mount")
async def test_told_of_past_the_database_and_nothing_is_lost(world: "World") -> None:
    """After 30 s a notice goes straight to a channel; an outage meanwhile is told of later; every result is kept."""
    gateway, hook = await world.gateway(BROKEN, FINE), await world.hook()
    disk = await world.small_disk("24m")
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
    gateway, disk = await world.gateway(FINE), await world.small_disk("24m")
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


@pytest.mark.root
@pytest.mark.needs("mount")
async def test_what_found_no_room_is_a_gap_in_coverage(world: "World") -> None:
    """Turns whose results were dropped were due and are not counted; what was seen was available."""
    gateway, disk = await world.gateway(FINE), await world.small_disk("24m")
    daemon = world.deployment()
    daemon.database = disk / "rw.db"
    daemon.inside, daemon.arguments = [sys.executable, str(LITTLE_MEMORY)], ["--log-level", "debug"]
    daemon.configure(
        daemon.endpoint(gateway, FINE),
        f'[storage]\nurl = "sqlite:///{daemon.database}"\n',
        interval="200ms",
        models_interval="200ms",
    )
    await daemon.start()
    await daemon.until(lambda: len(daemon.rows("SELECT 1 FROM results")) > 20, 10, "results")

    _fill(disk)
    await daemon.wait_for("database_refuses", 10)
    seen = len(daemon.events("probe"))
    await daemon.until(lambda: len(daemon.events("probe")) > seen + 60, 20, "probes that find no room")
    (disk / "ballast").unlink()
    again = await daemon.wait_for("database_accepts_again", 15)
    assert await daemon.stop() == 0

    assert again["dropped"] > 10
    (recorded,) = daemon.rows("SELECT count(*) FROM results")
    assert recorded[0] <= len(daemon.events("probe")) - again["dropped"]
    assert daemon.rows("SELECT count(*) FROM results WHERE status <> 0") == [(0,)]
    told = await daemon.command("report", "-c", str(daemon.path), "--window", "24h", "--format", "json")
    (row,) = [row for row in told.json if row["check"] == f"gw/chat/{FINE}"]
    assert row["availability"] == 100.0, row
    assert row["coverage"] < 95, row


@pytest.mark.root
@pytest.mark.needs("mount")
async def test_pruning_frees_a_disk_that_is_nearly_full(world: "World") -> None:
    """With little more room than a few bites need, old results go, and their room is the disk's again."""
    disk = await world.small_disk("24m")
    daemon = world.deployment()
    daemon.database = disk / "rw.db"
    daemon.configure(
        daemon.endpoint("http://127.0.0.1:9/v1", FINE), f'[storage]\nurl = "sqlite:///{daemon.database}"\n'
    )
    assert (await daemon.command("db", "upgrade", "-c", str(daemon.path))).code == 0
    await asyncio.to_thread(_grow, daemon.database, 5_000_000)
    _fill(disk)
    with (disk / "ballast").open("r+b") as ballast:
        ballast.truncate(ballast.seek(0, 2) - 400_000)
    before = shutil.disk_usage(disk).free
    pruned = await daemon.command("db", "prune", "-c", str(daemon.path))
    assert pruned.code == 0, pruned
    assert shutil.disk_usage(disk).free > before + 500_000


def _grow(database: Path, size: int) -> None:
    """Old results of one check, and roll-ups that are said to be made."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            'INSERT INTO checks (id, "check", endpoint, kind, provider, first_seen_us) VALUES (?, ?, ?, ?, ?, ?)',
            (1, "c", "e", "chat", "p", 0),
        )
        connection.executemany(
            "INSERT INTO results (check_id, started_at_us, status, trigger, lag_100us) VALUES (1, ?, 0, 0, 3)",
            ((at,) for at in range(0, size * 1000 // 20, 1000)),
        )
        for level in ("rollups_5m", "rollups_hourly", "rollups_daily"):
            connection.execute("INSERT INTO meta VALUES (?, ?)", (f"{level}_until_us", str(1 << 60)))
