"""Upgrades databases and dies by SIGKILL at a statement of one's choice. Started by the tests.

Reads lines `DATABASE STATEMENT` (0: none) and answers each with a line of JSON: `{"died": bool, "statements": [...]}`,
the SQL that SQLite was given until then. Each upgrade runs in a child, so that the imports are paid for once.
"""

import json
import os
import signal
import sqlite3
import sys
from pathlib import Path

from sqlalchemy import Engine, event

from monitor.storage import migrate
from monitor.storage.engine import open_for_writing
from monitor.storage.sqlite.database import SqliteDatabase

assert migrate  # imported before the first fork


def upgrade(path: Path, last: int, out: int) -> None:
    """In the child: every statement is written down before it runs; before number `last` comes the end."""
    count = 0

    def on_statement(sql: str) -> None:
        nonlocal count
        count += 1
        if count == last:
            os.kill(os.getpid(), signal.SIGKILL)
        os.write(out, json.dumps(sql[:80]).encode() + b"\n")

    @event.listens_for(Engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.set_trace_callback(on_statement)

    open_for_writing(SqliteDatabase(path)).dispose()


def main() -> None:
    """Until there are no more lines."""
    for line in sys.stdin:
        path, _, last = line.strip().rpartition(" ")
        taken, given = os.pipe()
        child = os.fork()
        if not child:
            os.close(taken)
            upgrade(Path(path), int(last), given)
            os._exit(0)
        os.close(given)
        with os.fdopen(taken, "rb") as pipe:
            statements = [json.loads(sql) for sql in pipe]
        _, status = os.waitpid(child, 0)
        if status not in (0, signal.SIGKILL):
            sys.exit(f"the upgrade of {path} failed")
        answer = {"died": status == signal.SIGKILL, "statements": statements}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


main()
