"""The log is moved into the file before a commit has to."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from monitor.storage.sqlite.checkpoints import Checkpoints


@pytest.fixture
def writing(tmp_path: Path) -> Iterator[tuple[Path, sqlite3.Connection]]:
    """A file with a log, and who writes it."""
    path = tmp_path / "x.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("journal_mode = wal", "wal_autocheckpoint = 0"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("CREATE TABLE t (a)")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        yield path, connection


def _write(connection: sqlite3.Connection, rows: int) -> None:
    for _ in range(rows):
        connection.execute("INSERT INTO t VALUES (zeroblob(3000))")


def test_a_long_log_is_moved_and_begins_anew(writing: tuple[Path, sqlite3.Connection]) -> None:
    """Of a short one nothing is touched."""
    path, connection = writing
    checkpoints = Checkpoints(path, pages=10)
    _write(connection, 2)
    assert not checkpoints.look()
    _write(connection, 20)
    before = checkpoints.frames()
    assert before >= 10
    assert not checkpoints.look()
    _write(connection, 1)
    assert checkpoints.frames() < before


def test_what_came_meanwhile_is_moved_while_the_writer_waits(writing: tuple[Path, sqlite3.Connection]) -> None:
    """Its own transaction, in which it has written nothing yet, is in nobody's way."""
    path, connection = writing
    checkpoints = Checkpoints(path, pages=10)
    _write(connection, 20)
    before = checkpoints.frames()
    connection.execute("BEGIN IMMEDIATE")
    checkpoints.finish()
    connection.execute("COMMIT")
    _write(connection, 1)
    assert checkpoints.frames() < before


def test_a_reader_that_holds_the_log_delays_nobody(writing: tuple[Path, sqlite3.Connection]) -> None:
    """What it still needs stays; the rest goes the next time."""
    path, connection = writing
    _write(connection, 20)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM t").fetchone()
        _write(connection, 20)
        assert Checkpoints(path, pages=10).look()
        _write(connection, 1)
    assert not Checkpoints(path, pages=10).look()
    _write(connection, 1)
    assert Checkpoints(path, pages=10).frames() < 10


def test_nothing_is_known_of_a_file_without_a_log(tmp_path: Path) -> None:
    """Neither of one that is not there, nor of a companion that says something else."""
    assert not Checkpoints(tmp_path / "x.db").look()
    (tmp_path / "x.db-shm").write_bytes(b"\xff" * 200)
    assert Checkpoints(tmp_path / "x.db").frames() == 0


def test_what_the_disk_says_is_told_by_the_writer(writing: tuple[Path, sqlite3.Connection]) -> None:
    """A file that cannot be opened raises nothing here."""
    path, connection = writing
    _write(connection, 20)
    path.rename(path.with_name("gone.db"))
    assert Checkpoints(path, pages=1).look()
