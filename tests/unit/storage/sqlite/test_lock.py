"""One daemon per database."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.errors import StartError
from monitor.storage.sqlite import lock
from monitor.storage.sqlite.lock import DaemonLock, holder


def test_the_holder_is_named(tmp_path: Path) -> None:
    """Whoever asks learns the process and the host, as long as it is held."""
    path = tmp_path / "x.db"
    assert holder(path) is None
    with DaemonLock(path):
        assert holder(path) == (os.getpid(), socket.gethostname())
    assert holder(path) is None


def test_a_second_daemon_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says who is in the way."""
    monkeypatch.setattr(lock, "PAUSE_S", 0)
    with (
        DaemonLock(tmp_path / "x.db"),
        pytest.raises(StartError, match=f"in use by process {os.getpid()} on {socket.gethostname()}"),
    ):
        DaemonLock(tmp_path / "x.db")


def test_a_holder_that_died_leaves_the_way_free(tmp_path: Path) -> None:
    """The operating system releases what a killed process held, even though its name is still written there."""
    path = tmp_path / "x.db"
    code = (
        "import os; from pathlib import Path; from monitor.storage.sqlite.lock import DaemonLock;"
        f"held = DaemonLock(Path({str(path)!r})); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert lock.lock_path(path).read_text() != ""
    assert holder(path) is None
    DaemonLock(path).release()


def test_a_lock_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """No folder, and a folder in its place."""
    with pytest.raises(StartError, match=r"the folder of the database .*x\.db does not exist"):
        DaemonLock(tmp_path / "nowhere" / "x.db")
    lock.lock_path(tmp_path / "x.db").mkdir()
    with pytest.raises(StartError, match="is a directory"):
        DaemonLock(tmp_path / "x.db")


def test_nonsense_in_a_held_lock_file_still_means_held(tmp_path: Path) -> None:
    """Between the lock and the name there is an instant without a name."""
    path = tmp_path / "x.db"
    with DaemonLock(path):
        lock.lock_path(path).write_text("")
        assert holder(path) == (0, "unknown")
