"""A reload is put in force whole or not at all, and never keeps a daemon from stopping."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from monitor.app.daemon import Daemon
from monitor.app.setup import prepare
from monitor.app.tasks import Wishes
from monitor.clock import SystemClock
from monitor.config.last_good import recall
from monitor.config.load import Loaded, loads
from monitor.errors import StorageError, UsageError
from monitor.probes.prober import Prober
from monitor.storage.journal import Journal

NOBODY = "http://127.0.0.1:9/v1"


def configured(folder: Path, *models: str, more: str = "", entries: str = "") -> Loaded:
    """One endpoint where nobody answers, no page, no channel."""
    names = ", ".join([*(f'"{model}"' for model in models), *([entries] if entries else [])])
    text = f'{more}[[endpoints]]\nname = "gw"\nbase_url = "{NOBODY}"\nmodels = [{names}]\ncheck_models = false\n'
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

        async def refuse(_self: Journal, checks: object, *_: object) -> None:
            asked.append(checks)
            raise StorageError("the disk is full")

        monkeypatch.setattr(Journal, "register", refuse)
        endpoints = daemon.house.prober._endpoints
        wishes.reload.set()
        await until(lambda: asked)
        await asyncio.sleep(0.1)
        assert daemon.house.prober._endpoints is endpoints
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

        async def hang(_self: Journal, checks: object, *_: object) -> None:
            asked.append(checks)
            await asyncio.Event().wait()

        monkeypatch.setattr(Journal, "register", hang)
        wishes.reload.set()
        await until(lambda: asked)
        wishes.stop.set()
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 5.0


async def test_a_reload_says_what_it_changes(tmp_path: Path) -> None:
    """In one line of the log: what comes, what goes, which option has which value now."""
    after = configured(tmp_path, "b", "c", more='[defaults]\ninterval = "90s"\n')
    with capture_logs() as logs:
        async with running(tmp_path, after) as (daemon, wishes):
            wishes.reload.set()
            await until(lambda: set(daemon.checks) == {"gw/chat/b", "gw/chat/c"})
            await until(lambda: any(line["event"] == "config_reloaded" for line in logs))
    (told,) = [line for line in logs if line["event"] == "config_reloaded"]
    assert told["checks_added"] == ["gw/chat/c"]
    assert told["checks_removed"] == ["gw/chat/a"]
    assert told["options_changed"] == ['defaults.interval: "1m" to "1m30s"']
    assert [line["path"] for line in logs if line["event"] == "config_warning"] == ["channels"]
    assert not [line for line in logs if line["event"] == "config_needs_restart"]


async def test_how_long_results_are_kept_needs_no_restart(tmp_path: Path) -> None:
    """It is read anew by each pruning; another database does."""
    after = configured(tmp_path, "b", more='[storage]\nraw_retention = "9d"\n')
    with capture_logs() as logs:
        async with running(tmp_path, after) as (daemon, wishes):
            wishes.reload.set()
            await until(lambda: set(daemon.checks) == {"gw/chat/b"})
    assert daemon.setup.ages.raw_s == 9 * 86_400
    assert not [line for line in logs if line["event"] == "config_needs_restart"]


async def test_a_database_that_refuses_a_reload_is_no_fault_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Log, page and status say which of the two it is."""

    async def refuse(*_: object) -> None:
        raise StorageError("the disk is full")

    with capture_logs() as logs:
        async with running(tmp_path, configured(tmp_path, "b", "c")) as (daemon, wishes):
            said: list[str] = []
            monkeypatch.setattr(daemon.house.notifier, "ready", said.append)
            monkeypatch.setattr(Journal, "register", refuse)
            wishes.reload.set()
            await until(lambda: said)
    assert daemon.house.metrics.config_problem == "the disk is full"
    assert [line["because"] for line in logs if line["event"] == "config_reload_failed"] == ["database"]
    assert "invalid" not in said[0]
    assert "the database refuses; still watching 2 checks: the disk is full" in said[0]


async def test_a_model_that_is_renamed_keeps_what_is_known_of_it(tmp_path: Path) -> None:
    """In memory and on disk; no trace of the old name comes back."""
    after = configured(tmp_path, "b", entries='{ id = "c", renamed_from = "a" }')
    with capture_logs() as logs:
        async with running(tmp_path, after) as (daemon, wishes):
            await until(lambda: daemon.house.ledger.healths["gw/chat/a"].latest is not None)
            failed = daemon.house.ledger.healths["gw/chat/a"]
            wishes.reload.set()
            await until(lambda: set(daemon.checks) == {"gw/chat/b", "gw/chat/c"})
            assert daemon.house.ledger.healths["gw/chat/c"].consecutive_failures >= failed.consecutive_failures
    assert watched(tmp_path) == {"gw/chat/b", "gw/chat/c"}
    with closing(sqlite3.connect(tmp_path / "relaywatch.db")) as database:
        assert database.execute("SELECT COUNT(*) FROM checks").fetchone() == (2,)
    assert [(line["before"], line["check"]) for line in logs if line["event"] == "check_renamed"] == [
        ("gw/chat/a", "gw/chat/c")
    ]


async def test_what_is_in_force_is_kept_for_a_start_with_a_broken_file(tmp_path: Path) -> None:
    """First the configuration of the start, then that of the reload."""
    async with running(tmp_path, configured(tmp_path, "b", "c")) as (daemon, wishes):
        await kept(tmp_path, ["a", "b"])
        wishes.reload.set()
        await kept(tmp_path, ["b", "c"])
        assert set(daemon.checks) == {"gw/chat/b", "gw/chat/c"}


async def kept(folder: Path, models: list[str]) -> None:
    """Wait until the copy of the last valid configuration has these models."""
    found: list[str] = []
    async with asyncio.timeout(5):
        while found != models:
            copy = await asyncio.to_thread(recall, folder / "relaywatch.toml", {})
            found = [] if copy is None else [model.id for model in copy.loaded.config.endpoints[0].models]
