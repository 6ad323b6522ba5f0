"""Backups: whole, beside a writing daemon, never over anything."""

import asyncio
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.errors import StartError, UsageError
from monitor.storage.backup import back_up
from monitor.storage.engine import open_for_writing
from monitor.storage.reader import Reader
from monitor.storage.sqlite.database import SqliteDatabase

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World


async def test_a_backup_is_one_whole_file(world: "World", tmp_path: Path) -> None:
    """With what is still in the log, while the writer has the database open, and it opens as a database again."""
    await world.commit(*(world.result(at) for at in range(500)))
    target = tmp_path / "copy.db"
    size = await world.ask(back_up, target)
    assert not target.with_name("copy.db-wal").exists()
    assert target.stat().st_size == size
    assert target.stat().st_mode & 0o777 == 0o640
    connection = sqlite3.connect(target)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("SELECT count(*) FROM results").fetchone() == (500,)
    connection.close()
    (await asyncio.to_thread(open_for_writing, SqliteDatabase(target))).dispose()


def test_a_backup_overwrites_nothing(empty_database: Path, tmp_path: Path) -> None:
    """Not even a file that is no database."""
    target = tmp_path / "precious"
    target.write_text("mine")
    with Reader(SqliteDatabase(empty_database)) as reader, pytest.raises(UsageError, match="overwrites nothing"):
        back_up(reader, target)
    assert target.read_text() == "mine"


def test_a_backup_that_cannot_be_written_leaves_nothing(empty_database: Path, tmp_path: Path) -> None:
    """No folder, no file."""
    with Reader(SqliteDatabase(empty_database)) as reader, pytest.raises(StartError, match="no such file or directory"):
        back_up(reader, tmp_path / "nowhere" / "copy.db")


def test_a_backup_that_fails_half_way_leaves_nothing(
    empty_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A half backup is worse than none."""

    def fail(_: object, target: Path) -> None:
        target.write_text("half")
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("monitor.storage.backup._copy", fail)
    with Reader(SqliteDatabase(empty_database)) as reader, pytest.raises(StartError, match="disk is full"):
        back_up(reader, tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []
