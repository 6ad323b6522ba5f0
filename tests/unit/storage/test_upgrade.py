"""Steps of the schema: which are missing, what is refused, who is told meanwhile."""

import sqlite3
import threading
from itertools import pairwise
from pathlib import Path

import pytest

import monitor
from monitor.errors import StartError
from monitor.storage import migrate, revision, upgrade
from monitor.storage.engine import open_for_writing
from monitor.storage.revision import HEAD, STEPS, Step, missing_after
from monitor.storage.sqlite.database import SqliteDatabase
from monitor.storage.upgrade import Advance
from tests import released

_HEADER_BYTES = 100  # SQLite counts there who opened the file


def _execute(path: Path, sql: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(sql)
    connection.close()


def _value(path: Path, sql: str) -> object:
    connection = sqlite3.connect(path)
    ((value,),) = connection.execute(sql).fetchall()
    connection.close()
    return value


@pytest.fixture
def current(tmp_path: Path) -> Path:
    """A database of this version."""
    path = tmp_path / "current.db"
    open_for_writing(SqliteDatabase(path)).dispose()
    return path


@pytest.fixture
def oldest(tmp_path: Path) -> Path:
    """A database of the first schema, without rows."""
    path = tmp_path / "oldest.db"
    released.build_empty(path, STEPS[0].revision)
    return path


def test_what_is_missing_are_the_steps_after_the_revision() -> None:
    """An empty database has had none."""
    assert missing_after(None) == STEPS
    assert missing_after("0002") == STEPS[2:]
    assert missing_after(HEAD) == ()


def test_each_step_is_told_with_where_the_upgrade_began(oldest: Path) -> None:
    """Who waits sees how far it is."""
    told: list[Advance] = []
    open_for_writing(SqliteDatabase(oldest), on_step=told.append).dispose()
    expected = [(before.revision, step) for before, step in pairwise(STEPS)]
    assert [(advance.revision, advance.step) for advance in told] == expected
    assert {advance.since for advance in told} == {"0001"}
    assert [advance.number for advance in told] == list(range(2, len(STEPS) + 1))


def test_a_step_that_takes_long_is_told_again(oldest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From another thread, as long as it lasts: whoever supervises the start must not lose patience."""
    monkeypatch.setattr(upgrade, "REPEAT_EVERY_S", 0.001)
    again, take = threading.Event(), upgrade._take
    monkeypatch.setattr(upgrade, "_take", lambda *step: (again.wait(10), take(*step)))

    def on_step(_: Advance) -> None:
        if threading.current_thread() is not threading.main_thread():
            again.set()

    open_for_writing(SqliteDatabase(oldest), on_step=on_step).dispose()
    assert again.is_set()
    assert not any(thread.name == "upgrade-watch" for thread in threading.enumerate())


def test_a_newer_database_names_both_revisions_and_the_way_back(current: Path) -> None:
    """And the version that made it, which is to be installed again."""
    _execute(current, "UPDATE alembic_version SET version_num = '0099'")
    _execute(current, "UPDATE meta SET value = '9.9.9' WHERE key = 'upgraded_by'")
    with pytest.raises(StartError) as caught:
        open_for_writing(SqliteDatabase(current))
    assert caught.value.exit_code == 2
    expected = f"newer version of RelayWatch, 9.9.9: it has revision 0099, this version ({monitor.__version__}) knows"
    assert expected in caught.value.message
    assert caught.value.message.endswith(f"up to {HEAD}")
    assert "backup made before the upgrade" in (caught.value.hint or "")
    assert _value(current, "SELECT version_num FROM alembic_version") == "0099"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("DELETE FROM alembic_version", "damaged: it has lost its revision"),
        ("INSERT INTO alembic_version VALUES ('0001')", "damaged: it has two revisions"),
        ("UPDATE alembic_version SET version_num = 'fork'", "has the revision 'fork', which no version"),
        ("UPDATE alembic_version SET version_num = '0000'", "has the revision '0000', which no version"),
        ("DROP TABLE learned", f"damaged: revision {HEAD} without the tables learned"),
        ("DROP TABLE alembic_version", "belongs to another program"),
    ],
)
def test_a_damaged_revision_is_refused(current: Path, damage: str, said: str) -> None:
    """Nobody guesses what a database was; nothing of it is changed."""
    _execute(current, damage)
    before = current.read_bytes()[_HEADER_BYTES:]
    with pytest.raises(StartError) as caught:
        open_for_writing(SqliteDatabase(current))
    assert said in caught.value.message
    assert caught.value.hint
    assert current.read_bytes()[_HEADER_BYTES:] == before


def test_a_step_that_is_refused_says_where_the_database_stands(oldest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was committed stays; the next start goes on from there."""
    go = migrate.upgrade

    def refuse(connection: object, number: str) -> None:
        if number == "0003":
            raise sqlite3.OperationalError("disk I/O error")
        go(connection, number)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(migrate, "upgrade", refuse)
        with pytest.raises(StartError, match="upgrade of the database to revision 0003 was refused") as caught:
            open_for_writing(SqliteDatabase(oldest))
    assert "it is whole, at revision 0002" in (caught.value.hint or "")
    assert _value(oldest, "SELECT version_num FROM alembic_version") == "0002"
    open_for_writing(SqliteDatabase(oldest)).dispose()
    assert _value(oldest, "SELECT version_num FROM alembic_version") == HEAD


def test_an_upgrade_begins_only_where_there_is_room(oldest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that writes tables anew needs as much again, twice; nothing is changed without it."""
    room = 2 * oldest.stat().st_size  # enough for all that only adds
    monkeypatch.setattr(SqliteDatabase, "room", lambda _: room)
    rewriting = (*STEPS[:2], Step("0003", "", rewrites=True), *STEPS[3:])
    with monkeypatch.context() as patched:
        patched.setattr(revision, "STEPS", rewriting)
        with pytest.raises(StartError, match=r"needs \d+ MB of disk, and \d+ MB are free") as caught:
            open_for_writing(SqliteDatabase(oldest))
    assert "nothing was changed" in (caught.value.hint or "")
    assert _value(oldest, "SELECT version_num FROM alembic_version") == "0001"
    open_for_writing(SqliteDatabase(oldest)).dispose()
    assert _value(oldest, "SELECT version_num FROM alembic_version") == HEAD


def test_a_file_that_was_only_begun_is_completed(tmp_path: Path) -> None:
    """Killed right after it was made, or after its first step."""
    path = tmp_path / "begun.db"
    path.touch()
    open_for_writing(SqliteDatabase(path)).dispose()
    assert _value(path, "SELECT version_num FROM alembic_version") == HEAD
    assert _value(path, "SELECT value FROM meta WHERE key = 'upgraded_by'") == monitor.__version__
