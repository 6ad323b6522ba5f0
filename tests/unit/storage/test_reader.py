"""Readers: never create, never write, and say why they cannot read."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import OperationalError

from monitor.errors import StartError, StorageError, UsageError
from monitor.storage.engine import open_for_writing
from monitor.storage.past import history
from monitor.storage.reader import Reader
from monitor.storage.sqlite.database import SqliteDatabase

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World


def test_a_read_never_creates_a_database(tmp_path: Path) -> None:
    """It says that there is none yet."""
    with pytest.raises(UsageError, match="there is no database"):
        Reader(SqliteDatabase(tmp_path / "x.db"))
    assert list(tmp_path.iterdir()) == []


def test_a_reader_cannot_write(empty_database: Path) -> None:
    """Not even by mistake."""
    with Reader(SqliteDatabase(empty_database)) as reader, pytest.raises(OperationalError, match="readonly"):
        reader.connection.exec_driver_sql("DELETE FROM meta")


def test_an_empty_or_old_database_must_be_migrated_first(tmp_path: Path) -> None:
    """A read never migrates either."""
    path = tmp_path / "x.db"
    path.touch()
    with pytest.raises(UsageError, match="has no tables yet") as caught:
        Reader(SqliteDatabase(path))
    assert "db upgrade" in str(caught.value)


def test_what_is_no_database_is_said(tmp_path: Path) -> None:
    """In the words of the start."""
    path = tmp_path / "x.db"
    path.write_text("Dear reader,\n" * 100)
    with pytest.raises(StartError, match="not an SQLite database"):
        Reader(SqliteDatabase(path))
    with pytest.raises(UsageError, match="is a folder"):
        Reader(SqliteDatabase(tmp_path))


def test_the_tables_of_another_program_are_refused(tmp_path: Path) -> None:
    """Before any question is asked of them."""
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE monitors (id)")
    connection.close()
    with pytest.raises(StartError, match="belongs to another program"):
        Reader(SqliteDatabase(path))


@pytest.mark.root
def test_who_may_not_write_the_folder_reads_a_closed_database(tmp_path: Path) -> None:
    """As a member of the group does while the daemon is stopped: there is no log, and none can be made."""
    path = tmp_path / "x.db"
    open_for_writing(SqliteDatabase(path)).dispose()
    path.chmod(0o444)
    code = (
        "import os, sys; from pathlib import Path; from monitor.storage.reader import Reader;"
        "from monitor.storage.sqlite.database import SqliteDatabase; os.seteuid(65534);"
        "reader = Reader(SqliteDatabase(Path('x.db')));"
        "print(reader.connection.exec_driver_sql('SELECT count(*) FROM results').scalar())"
    )
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == "0\n", done.stderr


@pytest.mark.root
def test_who_may_not_enter_the_folder_is_told_so(tmp_path: Path) -> None:
    """As a stranger is, who is not in the daemon's group: one clear message, no crash."""
    open_for_writing(SqliteDatabase(tmp_path / "x.db")).dispose()
    tmp_path.chmod(0o700)
    os.seteuid(65534)
    try:
        with pytest.raises(StartError, match="permission denied"):
            Reader(SqliteDatabase(tmp_path / "x.db"))
    finally:
        os.seteuid(0)


async def test_a_reader_sees_one_moment(world: "World") -> None:
    """What is committed while it looks is for the next one."""
    await world.commit(world.result(1))
    reader = await asyncio.to_thread(Reader, world.database)
    await world.commit(world.result(2))
    assert len(await asyncio.to_thread(history.results, reader, history.Selection())) == 1
    await asyncio.to_thread(reader.close)
    assert len(await world.ask(history.results, history.Selection())) == 2


def test_a_question_that_the_database_refuses_is_a_storage_error(empty_database: Path) -> None:
    """Not a traceback of a library."""
    with Reader(SqliteDatabase(empty_database)) as reader:
        reader.connection.exec_driver_sql("PRAGMA query_only = 0")
        reader.connection.exec_driver_sql("CREATE TEMP VIEW results AS SELECT 1 AS x")
        with pytest.raises(StorageError, match="the database refused: no such column"):
            history.results(reader, history.Selection())


def test_a_question_ends_when_nobody_waits_any_more(empty_database: Path) -> None:
    """However long its statement would run; the reader is closed as ever."""
    wishes = iter([False, True])
    with Reader(SqliteDatabase(empty_database)) as reader:
        reader.stop_when(lambda: next(wishes, True))
        with pytest.raises(OperationalError, match="interrupted"):
            reader.connection.exec_driver_sql(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
            ).scalar()
