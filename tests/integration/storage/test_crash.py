"""Killed at any moment: what was acknowledged is there, and nothing is half there."""

import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.errors import StartError
from monitor.storage.sqlite import lock
from monitor.storage.sqlite.lock import DaemonLock

PROGRAM = Path(__file__).with_name("daemon_that_writes.py")
KILLS = 10
RESULTS_A_BATCH = 20


def _write_until_killed(path: Path, first: int, acknowledged: int) -> int:
    """Kills the daemon after at least so many batches, wherever it then is; the last batch it acknowledged."""
    command = [sys.executable, str(PROGRAM), str(path), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(acknowledged)]
        process.kill()
        lines += process.stdout.read().splitlines(keepends=True)
    whole = [line for line in lines if line.endswith("\n")]
    assert len(whole) >= acknowledged
    return int(whole[-1])


def test_an_acknowledged_batch_survives_kill_9(tmp_path: Path) -> None:
    """Ten kills, each at another moment, each followed by a daemon that takes over at once."""
    path, number = tmp_path / "x.db", 0
    chance = random.Random()  # noqa: S311  any moment will do
    for _ in range(KILLS):
        last = _write_until_killed(path, number, chance.randrange(1, 40))
        connection = sqlite3.connect(path)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        batches = connection.execute("SELECT count(*) FROM outbox").fetchone()[0]
        newest = connection.execute("SELECT max(consecutive_failures) FROM states").fetchone()[0]
        assert newest >= last
        assert batches == newest + 1
        for table in ("results", "result_details"):
            count = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608  a constant
            assert count == RESULTS_A_BATCH * batches
        connection.close()
        number = newest + 1


def test_a_second_daemon_is_refused_while_the_first_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the number of the process that is in the way."""
    monkeypatch.setattr(lock, "PAUSE_S", 0)
    path = tmp_path / "x.db"
    command = [sys.executable, str(PROGRAM), str(path), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(StartError, match=f"in use by process {process.pid} on"):
            DaemonLock(path)
        process.kill()
    DaemonLock(path).release()
