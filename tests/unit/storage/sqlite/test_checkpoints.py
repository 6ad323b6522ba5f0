"""The log is moved into the file before a commit has to."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
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


def _commit_and_go_on(connection: sqlite3.Connection) -> None:
    _write(connection, 1)
    connection.execute("COMMIT")
    connection.execute("BEGIN IMMEDIATE")


def test_what_is_committed_while_the_log_is_moved_is_not_taken_for_moved(
    writing: tuple[Path, sqlite3.Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite says how long the log was when it began; a log that is not moved whole would never begin anew."""
    path, connection = writing

    class Overtaken(sqlite3.Connection):
        def execute(self, sql: str, *rest: object) -> sqlite3.Cursor:
            cursor = super().execute(sql, *rest)  # type: ignore[arg-type]
            if "wal_checkpoint" in sql:
                _commit_and_go_on(connection)
            return cursor

    checkpoints = Checkpoints(path, pages=10)
    _write(connection, 20)
    connection.execute("BEGIN IMMEDIATE")
    before = checkpoints.frames()
    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Overtaken))
        assert checkpoints.look()
    connection.execute("COMMIT")
    assert checkpoints.frames() > before
    checkpoints.finish()
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
    """Neither of one that is not there, nor of one that is short, nor of one that says something else."""
    assert not Checkpoints(tmp_path / "x.db").look()
    for content in (b"", b"\x37\x7f\x06\x82", b"\xff" * 200):
        (tmp_path / "x.db-wal").write_bytes(content)
        assert Checkpoints(tmp_path / "x.db").frames() == 0


@pytest.mark.parametrize("written", [0, 1, 7, 64])
def test_pages_of_the_log_are_counted(writing: tuple[Path, sqlite3.Connection], written: int) -> None:
    """As SQLite counts them; what an earlier and longer log has left behind it is not."""
    path, connection = writing
    _write(connection, 100)
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    _write(connection, 1)  # the log begins anew
    _write(connection, written)
    (_, logged, _), *_ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    assert Checkpoints(path).frames() == logged > 0


def test_looking_takes_no_lock_away(writing: tuple[Path, sqlite3.Connection]) -> None:
    """Whoever comes first to a database makes the index of its log anew: it must see that somebody is there."""
    path, connection = writing
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM t").fetchone()
    assert _locks(path)
    before = _locks(path)
    Checkpoints(path, pages=1).look()
    Checkpoints(path).finish()
    assert _locks(path) == before


def _locks(path: Path) -> set[tuple[str, str, str]]:
    """Kind, mode and first byte of the locks that this process holds on a database and the index of its log."""
    inodes = {str(one.stat().st_ino) for one in (path, path.with_name(f"{path.name}-shm"))}
    lines = (line.split() for line in Path("/proc/locks").read_text().splitlines())
    return {(line[1], line[3], line[6]) for line in lines if len(line) > 6 and line[5].rsplit(":")[-1] in inodes}


def test_what_the_disk_says_is_told_by_the_writer(writing: tuple[Path, sqlite3.Connection]) -> None:
    """A file that cannot be opened raises nothing here."""
    path, connection = writing
    _write(connection, 20)
    path.rename(path.with_name("gone.db"))
    assert Checkpoints(path, pages=1).look()
