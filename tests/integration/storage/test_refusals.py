"""A disk that is full or read-only, and other programs in the way: said in words, and over when it is over."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.errors import StartError, StorageError
from monitor.storage.engine import open_for_writing
from monitor.storage.sqlite import dialect
from monitor.storage.sqlite.database import SqliteDatabase

if TYPE_CHECKING:
    from tests.integration.storage.conftest import Recorder

    NewRecorder = Callable[[Path], Recorder]

OPEN_AS_NOBODY = """
import os, sys
from pathlib import Path
from monitor.errors import StartError
from monitor.storage.engine import open_for_writing
from monitor.storage.sqlite.database import SqliteDatabase
if os.geteuid() == 0:
    os.seteuid(65534)
try:
    open_for_writing(SqliteDatabase(Path(sys.argv[1])))
except StartError as error:
    print(error)
"""


def _open_without_rights(path: Path) -> str:
    """What the daemon says when it is not root."""
    done = subprocess.run([sys.executable, "-c", OPEN_AS_NOBODY, str(path)], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def _first_refused(recorder: "Recorder") -> int:
    """Commits until the disk is full; the number of the batch that was refused."""
    for number in range(1, 1000):
        try:
            recorder.commit(number)
        except StorageError as error:
            refusal = error
            break
    else:
        pytest.fail("nothing was refused")
    assert refusal.message == "the database refused: the disk is full"
    return number


def _fill(folder: Path) -> Path:
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            return ballast
    return ballast


@pytest.mark.root
def test_a_disk_that_fills_up_refuses_and_then_accepts(small_disk: Path, recorder_on: "NewRecorder") -> None:
    """Nothing that was acknowledged is lost, nothing is written twice, and the refused batch is written later."""
    path = small_disk / "x.db"
    recorder = recorder_on(path)
    recorder.commit(0)
    ballast = _fill(small_disk)
    number = _first_refused(recorder)
    ballast.unlink()
    recorder.commit(number)
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("SELECT count(*) FROM results").fetchone() == (50 * (number + 1),)
    assert connection.execute("SELECT consecutive_failures FROM states").fetchone() == (number,)
    connection.close()


@pytest.mark.root
def test_a_full_disk_refuses_the_start(small_disk: Path) -> None:
    """Said at once, whether the database is new or not."""
    path = small_disk / "x.db"
    open_for_writing(SqliteDatabase(path)).dispose()
    shutil.copy(path, small_disk / "old.db")
    _fill(small_disk)
    for name in ("old.db", "new.db"):
        with pytest.raises(StartError, match=r"the disk is full|no space left on device"):
            open_for_writing(SqliteDatabase(small_disk / name))


@pytest.mark.root
def test_a_disk_mounted_read_only_refuses_the_start(small_disk: Path) -> None:
    """Whether there is a database on it or not."""
    open_for_writing(SqliteDatabase(small_disk / "old.db")).dispose()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for name in ("old.db", "new.db"):
        with pytest.raises(StartError, match=r"read-only|cannot be opened") as caught:
            open_for_writing(SqliteDatabase(small_disk / name))
        assert "mounted writable" in str(caught.value) or "may be written" in str(caught.value)


def test_a_database_that_may_not_grow_refuses_and_then_accepts(tmp_path: Path, recorder_on: "NewRecorder") -> None:
    """The same without a mount: SQLite's own bound says that the disk is full."""
    path = tmp_path / "x.db"
    recorder = recorder_on(path)
    recorder.commit(0)
    recorder._runner.run(recorder._writer.run(lambda c: c.exec_driver_sql("PRAGMA max_page_count = 60")))
    number = _first_refused(recorder)
    recorder._runner.run(recorder._writer.run(lambda c: c.exec_driver_sql("PRAGMA max_page_count = 60000")))
    recorder.commit(number)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM results").fetchone() == (50 * (number + 1),)
    assert connection.execute("SELECT count(*) FROM reasons").fetchone() == (50 * (number + 1),)
    connection.close()


def test_a_read_only_file_refuses_the_start(tmp_path: Path) -> None:
    """One message and a hint, no traceback."""
    path = tmp_path / "x.db"
    open_for_writing(SqliteDatabase(path)).dispose()
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    path.chmod(0o444)
    said = _open_without_rights(path)
    assert said.startswith(f"cannot use the database {path}: it is read-only\n  hint: ")


def test_a_folder_that_may_not_be_written_refuses_the_start(tmp_path: Path) -> None:
    """Before anything is created."""
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    tmp_path.chmod(0o555)
    said = _open_without_rights(tmp_path / "x.db")
    tmp_path.chmod(0o755)
    assert said.startswith(f"cannot use the database {tmp_path / 'x.db'}: permission denied\n  hint: ")


def test_a_lock_of_another_program_is_a_refusal_that_ends(
    tmp_path: Path, recorder_on: "NewRecorder", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody's script holds a write transaction; once it ends the batch is written."""
    monkeypatch.setattr(dialect, "BUSY_TIMEOUT_MS", 10)
    monkeypatch.setitem(dialect._PRAGMAS, "busy_timeout", 10)
    path = tmp_path / "x.db"
    recorder = recorder_on(path)
    recorder.commit(0)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for _ in range(2):
        with pytest.raises(StorageError, match="another program holds it locked"):
            recorder.commit(1)
    other.execute("ROLLBACK")
    recorder.commit(1)
    assert other.execute("SELECT count(*) FROM results").fetchone() == (100,)
    other.close()


def test_a_long_reader_refuses_nobody(tmp_path: Path, recorder_on: "NewRecorder") -> None:
    """Whoever looks at an old moment for long is in nobody's way."""
    path = tmp_path / "x.db"
    recorder = recorder_on(path)
    recorder.commit(0)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM results").fetchone() == (50,)
    for number in range(1, 20):
        recorder.commit(number)
    assert reader.execute("SELECT count(*) FROM results").fetchone() == (50,)
    reader.execute("COMMIT")
    assert reader.execute("SELECT count(*) FROM results").fetchone() == (1000,)
    reader.close()
