"""Backups: whole and looked at, beside a writing daemon, never over anything, and back again."""

import asyncio
import os
import sqlite3
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from monitor.clock import SystemClock
from monitor.errors import StartError, UsageError
from monitor.storage.engine import open_for_writing
from monitor.storage.sqlite import backup as backups
from monitor.storage.sqlite.backup import Backup, back_up
from monitor.storage.sqlite.database import SqliteDatabase
from tests import released

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World

CLOCK = SystemClock()
in_a_file = pytest.mark.parametrize("opened", ["sqlite"], indirect=True)


class Usage(NamedTuple):
    """Of a disk, in bytes."""

    total: int
    used: int
    free: int


def _made(source: Path, target: Path) -> Backup:
    return back_up(SqliteDatabase(source), target, CLOCK)


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A day's rows of an older schema."""
    path = tmp_path / "source" / "relaywatch.db"
    path.parent.mkdir()
    released.build(path, "0003")
    return path


@in_a_file
async def test_a_backup_is_one_whole_file(world: "World", tmp_path: Path) -> None:
    """With what is still in the log, while the writer has the database open, and it opens as a database again."""
    await world.commit(*(world.result(at) for at in range(500)))
    target = tmp_path / "copy.db"
    made = await asyncio.to_thread(_made, world.path, target)
    state = await asyncio.to_thread(target.stat)
    assert (state.st_size, state.st_mode & 0o777) == (made.size, 0o640)
    assert [name for name in await asyncio.to_thread(os.listdir, tmp_path) if "copy" in name] == [target.name]
    assert made.contents.rows["results"] == 500
    connection = sqlite3.connect(target)
    assert connection.execute("SELECT count(*) FROM results").fetchone() == (500,)
    connection.close()
    (await asyncio.to_thread(open_for_writing, SqliteDatabase(target))).dispose()


@in_a_file
async def test_a_backup_is_of_one_moment(world: "World", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is committed between two pieces does not show, begins nothing anew, and is not counted as missing."""
    await world.commit(*(world.result(at) for at in range(2000)))
    monkeypatch.setattr(backups, "PAGES_AT_ONCE", 5)
    loop, number = asyncio.get_running_loop(), 2000
    shares: list[float] = []

    def commit_more(what: str, share: float | None) -> None:
        nonlocal number
        if what == "copying" and share is not None:
            shares.append(share)
            number += 1
            asyncio.run_coroutine_threadsafe(world.commit(world.result(number)), loop).result(10)

    made = await asyncio.to_thread(back_up, SqliteDatabase(world.path), tmp_path / "copy.db", CLOCK, commit_more)
    assert made.contents.rows["results"] == 2000
    assert world.value("SELECT count(*) FROM results") == number > 2005
    assert shares == sorted(shares)


def test_an_older_schema_is_copied_as_it_is(recorded: Path, tmp_path: Path) -> None:
    """So that there is a way back before the upgrade."""
    target = tmp_path / "before.db"
    made = _made(recorded, target)
    assert made.contents.revision == "0003"
    assert recorded.parent.joinpath("relaywatch.db").exists()
    open_for_writing(SqliteDatabase(recorded)).dispose()
    with sqlite3.connect(target) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0003",)
    connection.close()


def test_a_backup_overwrites_nothing(recorded: Path, tmp_path: Path) -> None:
    """Not even a file that is no database, nor a link that leads nowhere."""
    target, link = tmp_path / "precious", tmp_path / "link"
    target.write_text("mine")
    link.symlink_to("nowhere")
    for name in (target, link):
        with pytest.raises(UsageError, match="overwrites nothing"):
            _made(recorded, name)
    assert target.read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


def test_a_file_that_comes_meanwhile_stays(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is taken at the very end, and only where it is free; also where there are no links."""
    target, publish = tmp_path / "copy.db", backups._publish

    def late(partial: Path, name: Path) -> None:
        name.write_text("mine")
        publish(partial, name)

    monkeypatch.setattr(backups, "_publish", late)
    with pytest.raises(UsageError, match="overwrites nothing"):
        _made(recorded, target)

    def refuse(*_: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    target.unlink()
    with pytest.raises(UsageError, match="overwrites nothing"):
        _made(recorded, target)
    assert target.read_text() == "mine"
    monkeypatch.setattr(backups, "_publish", publish)
    target.unlink()
    assert _made(recorded, target).size == target.stat().st_size
    assert not list(tmp_path.glob("*.partial*"))


def test_a_backup_that_cannot_be_written_leaves_nothing(recorded: Path, tmp_path: Path) -> None:
    """No folder, no file."""
    with pytest.raises(StartError, match="no such file or directory"):
        _made(recorded, tmp_path / "nowhere" / "copy.db")


def test_room_is_looked_for_first(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Better than a disk filled under a running daemon."""
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(0, 0, 100_000))
    with pytest.raises(StartError, match=r"needs \d+ MB, and 0 MB are free there"):
        _made(recorded, tmp_path / "copy.db")
    assert not list(tmp_path.glob("copy*"))


@pytest.mark.parametrize("fault", [sqlite3.OperationalError("database or disk is full"), KeyboardInterrupt()])
def test_a_backup_that_fails_half_way_leaves_nothing(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    """A half backup is worse than none."""

    def fail(_source: object, partial: Path, _on_progress: object) -> None:
        partial.write_text("half")
        partial.with_name(f"{partial.name}-journal").write_text("half")
        raise fault

    monkeypatch.setattr(backups, "_copy", fail)
    expected = StartError if isinstance(fault, sqlite3.Error) else KeyboardInterrupt
    with pytest.raises(expected):
        _made(recorded, tmp_path / "copy.db")
    assert not list(tmp_path.glob("copy*"))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("DELETE FROM results WHERE check_id = 1", "does not hold as many rows"),
        ("DELETE FROM checks WHERE id = 4", "a row of .* refers to one of checks that is not there"),
        ("UPDATE alembic_version SET version_num = '0001'", "does not hold as many rows"),
    ],
)
def test_a_copy_that_is_not_as_the_database_is_no_backup(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str, said: str
) -> None:
    """It is looked at, not believed."""
    copy = backups._copy

    def damaged(source: object, partial: Path, on_progress: backups.OnProgress) -> None:
        copy(source, partial, on_progress)  # type: ignore[arg-type]
        with sqlite3.connect(partial) as connection:
            connection.execute(damage)
        connection.close()

    monkeypatch.setattr(backups, "_copy", damaged)
    with pytest.raises(StartError, match=said):
        _made(recorded, tmp_path / "copy.db")
    assert not list(tmp_path.glob("copy*"))


def test_a_damaged_page_is_found(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of the results, where nothing else would have noticed."""
    copy = backups._copy

    def damaged(source: object, partial: Path, on_progress: backups.OnProgress) -> None:
        copy(source, partial, on_progress)  # type: ignore[arg-type]
        with partial.open("r+b") as file:
            file.seek(partial.stat().st_size // 2048 * 1024)
            file.write(b"\xff" * 1024)

    monkeypatch.setattr(backups, "_copy", damaged)
    with pytest.raises(StartError, match=r"damaged|malformed"):
        _made(recorded, tmp_path / "copy.db")
    assert not list(tmp_path.glob("copy*"))


def test_what_a_killed_backup_left_is_taken_over(recorded: Path, tmp_path: Path) -> None:
    """But not what another one is writing now."""
    partial = tmp_path / "copy.db.partial"
    partial.write_bytes(b"x" * 10_000_000)
    partial.with_name("copy.db.partial-journal").write_text("old")
    with partial.open("rb") as other:
        flock(other, LOCK_EX)
        with pytest.raises(UsageError, match="another backup is writing"):
            _made(recorded, tmp_path / "copy.db")
    assert _made(recorded, tmp_path / "copy.db").contents.rows["checks"] == 4
    assert [path.name for path in tmp_path.glob("copy*")] == ["copy.db"]


def test_an_empty_database_has_no_backup(tmp_path: Path) -> None:
    """There is nothing to come back to."""
    (tmp_path / "empty.db").touch()
    with pytest.raises(UsageError, match="has no tables yet"):
        _made(tmp_path / "empty.db", tmp_path / "copy.db")
    with pytest.raises(UsageError, match="there is no database"):
        _made(tmp_path / "none.db", tmp_path / "copy.db")
