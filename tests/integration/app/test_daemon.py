"""Nothing half-alive: what cannot start leaves nothing open, and what dies takes the whole daemon down and says why."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from monitor.app.daemon import Daemon
from monitor.app.setup import prepare
from monitor.app.tasks import Wishes
from monitor.clock import SystemClock
from monitor.config.load import Loaded, loads
from monitor.delivery.worker import Worker
from monitor.errors import EXIT_INTERNAL, EXIT_USAGE, InternalError, StartError, StorageError
from monitor.ledger import Ledger
from monitor.scheduling.scheduler import Scheduler
from monitor.simulator.pings import PingSink
from monitor.storage.journal import Journal

Part = Callable[..., Awaitable[None]]
CONFIGURATION = """
[web]
listen = "127.0.0.1:0"
[connectivity]
targets = []
[[endpoints]]
name = "gw"
base_url = "http://127.0.0.1:9/v1"
models = ["m"]
[[channels]]
name = "terminal"
type = "console"
"""


async def daemon_in(folder: Path, more: str = "") -> Daemon:
    """A daemon that nobody has entered yet."""
    clock, environ = SystemClock(), {"RUNTIME_DIRECTORY": str(folder)}
    setup = await asyncio.to_thread(prepare, loads(CONFIGURATION + more, folder), environ, clock)
    return Daemon(setup, environ, _never, clock)


def _never() -> Loaded:
    raise AssertionError("nobody asked for a reload")


async def _dies(*_: Any) -> None:
    raise OSError("it broke")


async def _ends(*_: Any) -> None:
    return


@pytest.mark.parametrize(
    ("owner", "name"),
    [(Ledger, "ledger"), (Scheduler, "scheduler"), (Worker, "delivery")],
    ids=["ledger", "scheduler", "delivery"],
)
async def test_a_part_that_dies_takes_the_daemon_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: type, name: str
) -> None:
    """The message names the part and the true cause, the log has the traceback, the exit code is 70."""
    monkeypatch.setattr(owner, "run", _dies)
    async with await daemon_in(tmp_path) as daemon:
        with (
            capture_logs() as logs,
            pytest.raises(InternalError, match=f"^the {name} died: OSError: it broke$") as died,
        ):
            async with asyncio.timeout(10):
                await daemon.run(Wishes())
    assert died.value.exit_code == EXIT_INTERNAL
    assert [(line["part"], line["log_level"]) for line in logs if line["event"] == "part_died"] == [(name, "critical")]


async def test_a_crash_is_told_to_the_dead_man_switch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its reason, before the process ends."""
    monkeypatch.setattr(Scheduler, "run", _dies)
    async with PingSink() as service:
        with capture_logs(), pytest.raises(InternalError):
            async with asyncio.timeout(10), await daemon_in(tmp_path, f'[deadman]\nurl = "{service.url}"\n') as daemon:
                await daemon.run(Wishes())
        assert (service.pings[-1].signal, service.pings[-1].body) == ("fail", "the scheduler died: OSError: it broke")


async def test_the_dead_man_switch_hears_of_start_and_stop(tmp_path: Path) -> None:
    """And that all is well in between; see its own tests."""
    wishes = Wishes()
    async with PingSink() as service, await daemon_in(tmp_path, f'[deadman]\nurl = "{service.url}"\n') as daemon:
        running = asyncio.create_task(daemon.run(wishes))
        await service.wait_for_signal("start", 10)
        wishes.stop.set()
        await asyncio.wait_for(running, 10)
        assert service.signals == ["start", "log"]


async def test_a_part_that_ends_on_its_own_is_dead_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that returns does its work no more."""
    monkeypatch.setattr(Scheduler, "run", _ends)
    async with await daemon_in(tmp_path) as daemon:
        with pytest.raises(InternalError, match=r"^the scheduler ended on its own$"):
            async with asyncio.timeout(10):
                await daemon.run(Wishes())


async def test_a_database_that_refuses_at_the_start_is_a_start_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that was just not full when the database was opened: exit code 2, and nothing stays open."""

    async def refuse(*_: object) -> None:
        raise StorageError("the database refused: the disk is full", hint="free some space on that disk")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "begin_run", refuse)
        with pytest.raises(StartError, match=r"cannot start: .* the disk is full") as refused:
            await (await daemon_in(tmp_path)).__aenter__()
    assert refused.value.exit_code == EXIT_USAGE
    assert refused.value.hint == "free some space on that disk"
    async with await daemon_in(tmp_path) as daemon:
        assert daemon.address is not None
    assert not (tmp_path / "control.sock").exists()


async def test_it_is_ready_until_a_part_makes_no_progress(tmp_path: Path) -> None:
    """The same question decides about `/readyz` and about the watchdog of systemd."""
    async with await daemon_in(tmp_path) as daemon:
        assert daemon.progress.stalled() == []
        assert daemon.progress.unready() == []
        daemon.house.scheduler._timer.heartbeat_mono_us -= 60_000_000
        assert daemon.progress.stalled() == ["scheduler"]
        assert daemon.progress.unready() == ["the scheduler makes no progress"]
