"""A reload is put in force whole or not at all, and never keeps a daemon from stopping."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from monitor.app.daemon import Daemon
from monitor.app.setup import prepare
from monitor.app.tasks import Wishes
from monitor.clock import SystemClock
from monitor.config.load import Loaded, loads
from monitor.errors import StorageError, UsageError
from monitor.probes.prober import Prober
from monitor.storage.journal import Journal

NOBODY = "http://127.0.0.1:9/v1"


def configured(folder: Path, *models: str) -> Loaded:
    """One endpoint where nobody answers, no page, no channel."""
    names = ", ".join(f'"{model}"' for model in models)
    text = f'[[endpoints]]\nname = "gw"\nbase_url = "{NOBODY}"\nmodels = [{names}]\ncheck_models = false\n'
    return loads(f"[connectivity]\ntargets = []\n{text}", folder)


@asynccontextmanager
async def running(folder: Path, after: Loaded) -> AsyncIterator[tuple[Daemon, Wishes]]:
    """A daemon on two models; a reload brings `after`."""
    clock, wishes = SystemClock(), Wishes()
    environ = {"RUNTIME_DIRECTORY": str(folder)}
    setup = await asyncio.to_thread(prepare, configured(folder, "a", "b"), environ, clock)
    async with Daemon(setup, environ, lambda: after, clock) as daemon:
        task = asyncio.create_task(daemon.run(wishes))
        await asyncio.sleep(0)
        yield daemon, wishes
        wishes.stop.set()
        await task


def watched(folder: Path) -> set[str]:
    """The checks that the database takes for configured."""
    with closing(sqlite3.connect(folder / "relaywatch.db")) as database:
        return {name for (name,) in database.execute('SELECT "check" FROM checks WHERE removed_at_us IS NULL')}


async def until(condition: Any, within_s: float = 5.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110  a daemon has no event for each of these
            await asyncio.sleep(0.01)


async def test_a_reload_that_probes_cannot_follow_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even the database's list of checks."""
    asked: list[object] = []

    def refuse(_self: Prober, targets: object) -> None:
        asked.append(targets)
        raise UsageError("the CA file is gone")

    monkeypatch.setattr(Prober, "made_ready", refuse)
    async with running(tmp_path, configured(tmp_path, "b", "c")) as (daemon, wishes):
        wishes.reload.set()
        await until(lambda: asked)
        await asyncio.sleep(0.1)
        assert set(daemon.checks) == watched(tmp_path) == {"gw/chat/a", "gw/chat/b"}


async def test_a_reload_that_cannot_be_recorded_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Probes go on as before, to the endpoints that they know."""
    async with running(tmp_path, configured(tmp_path, "b", "c")) as (daemon, wishes):
        asked: list[object] = []

        async def refuse(_self: Journal, checks: object, _now: object) -> None:
            asked.append(checks)
            raise StorageError("the disk is full")

        monkeypatch.setattr(Journal, "register", refuse)
        endpoints = daemon._prober._endpoints
        wishes.reload.set()
        await until(lambda: asked)
        await asyncio.sleep(0.1)
        assert daemon._prober._endpoints is endpoints
        assert set(daemon.checks) == watched(tmp_path) == {"gw/chat/a", "gw/chat/b"}


async def test_a_reload_puts_the_whole_file_in_force(tmp_path: Path) -> None:
    """Checks that go, stay and come."""
    async with running(tmp_path, configured(tmp_path, "b", "c")) as (daemon, wishes):
        wishes.reload.set()
        await until(lambda: set(daemon.checks) == {"gw/chat/b", "gw/chat/c"})
        assert watched(tmp_path) == {"gw/chat/b", "gw/chat/c"}


async def test_a_reload_that_hangs_does_not_hold_up_the_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks to stop is heard although the database does not answer."""
    asked: list[object] = []
    async with running(tmp_path, configured(tmp_path, "b", "c")) as (_, wishes):

        async def hang(_self: Journal, checks: object, _now: object) -> None:
            asked.append(checks)
            await asyncio.Event().wait()

        monkeypatch.setattr(Journal, "register", hang)
        wishes.reload.set()
        await until(lambda: asked)
        wishes.stop.set()
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 5.0
