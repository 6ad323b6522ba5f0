"""Starts the daemon in forks of one process, and lets it kill itself right before or right after its n-th transaction.

Reads one JSON object a line: `config`, `environ`, `point` (its number, or a word of what it writes, then the first such
one; null: never), `after` (the commit, or before it). Writes one a line: `pid` of each fork in turn, and `ended` with
`code` (negative: a signal). A fork tells in the file `points` in its folder, one line each, which transactions it has
reached: the tables that each has written, and what became of rows of the outbox. Transactions that change nothing are
no points; several in a row that only record what was probed are one.
"""

import json
import os
import re
import select
import signal
import sqlite3
import sys
import threading
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

from monitor.cli import check, run  # noqa: F401  what a daemon needs is imported once, not in each fork
from monitor.cli.main import main
from monitor.delivery import webhook  # noqa: F401  the same
from monitor.storage import migrate  # noqa: F401  the same

WRITES = re.compile(r'\s*(?:INSERT(?: OR \w+)? INTO|UPDATE(?: OR \w+)?|DELETE FROM) "?(\w+)')
RECORDS = frozenset({"results", "result_details", "reasons", "states", "state_memory", "rhythms", "daemon_runs"})
STATES = frozenset({"pending", "leased", "sent", "dead", "merged"})
WRITER = "storage-writer"


class Walk:
    """Counts the transactions of the writer thread, and ends the process at one of them."""

    def __init__(self, point: int | str, points: Path, *, after: bool) -> None:
        self._point = point
        self._after = after
        self._points = points.open("a", buffering=1)
        self._written: set[str] = set()
        self._changes = 0
        self._count = 0
        self._recorded = False

    def statement(self, *arguments: Any) -> None:
        """SQLAlchemy's `before_cursor_execute`."""
        statement, parameters = arguments[2:4]
        found = WRITES.match(statement)
        if found is None or threading.current_thread().name != WRITER:
            return
        if found[1] == "outbox":
            became = STATES.intersection(parameters) if statement.startswith("UPDATE") else ("queued",)
            self._written.update(f"outbox:{state}" for state in became)
        self._written.add(found[1])

    def commit(self, connection: sqlite3.Connection) -> None:
        """In the place of the dialect's own."""
        here = threading.current_thread().name == WRITER and self._is_a_point(connection.total_changes)
        if here and not self._after:
            os.kill(os.getpid(), signal.SIGKILL)
        connection.commit()
        if here:
            os.kill(os.getpid(), signal.SIGKILL)

    def _is_a_point(self, changes: int) -> bool:
        written, self._written = self._written, set()
        changed, self._changes = changes != self._changes, changes
        if not changed:
            return False
        recorded, self._recorded = self._recorded, written <= RECORDS
        if recorded and self._recorded:
            return False
        self._count += 1
        self._points.write(f"{' '.join(sorted(written))}\n")
        return self._count == self._point or self._point in written


def become(wish: dict[str, Any]) -> None:
    """Be the daemon."""
    folder = Path(wish["config"]).parent
    os.setsid()
    out = os.open(folder / "output", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    null = os.open(os.devnull, os.O_RDONLY)
    for number, file in ((0, null), (1, out), (2, out)):
        os.dup2(file, number)
    os.environ.clear()
    os.environ.update(wish["environ"])
    if wish["point"] is not None:
        walk = Walk(wish["point"], folder / "points", after=wish["after"])
        event.listen(Engine, "before_cursor_execute", walk.statement)
        DefaultDialect.do_commit = lambda _, connection: walk.commit(connection)  # type: ignore[method-assign]
    main(["run", "-c", wish["config"]])


def say(**what: int) -> None:
    """One line to who started this."""
    sys.stdout.write(f"{json.dumps(what)}\n")
    sys.stdout.flush()


def serve() -> None:
    """Until the input ends; then whatever still runs is killed."""
    wishes, children = b"", set[int]()
    while True:
        readable, _, _ = select.select([0], [], [], 0.02)
        read = os.read(0, 65536) if readable else None
        if read == b"":
            break
        *lines, wishes = (wishes + (read or b"")).split(b"\n")
        for line in lines:
            pid = os.fork()
            if not pid:
                become(json.loads(line))
            children.add(pid)
            say(pid=pid)
        for pid in tuple(children):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                children.remove(pid)
                say(ended=pid, code=os.waitstatus_to_exitcode(status))
    for pid in children:
        os.kill(pid, signal.SIGKILL)


serve()
