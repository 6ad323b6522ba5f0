"""What is particular to SQLite: pragmas, the text of times in views, how a statement is stopped.

Owns what `storage.dialect` asks of an engine, and the engines of a file. Whether a file is there and may be opened is
the business of `database`.
"""

import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, NullPool, Table, create_engine, event
from sqlalchemy.dialects import sqlite

BUSY_TIMEOUT_MS = 5000
# A month of roll-ups is read twice, for sums and for sketches. No more is taken than is touched.
_READER_CACHE = -8_000  # KiB
FILE_MODE = 0o640
# Asserted after they were set: a file system without shared memory refuses WAL without an error, for one.
_PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": BUSY_TIMEOUT_MS}
# Of a new file only. A probe dirties one page of results wherever its check stands: with pages of 4 KiB ten thousand
# checks write 16 kB a probe, with these 6 kB (measured), and rows and reads cost the same.
PAGE_BYTES = 1024
# Of a new file only, too: free pages can be given back to the disk. It costs a twelfth more written bytes (measured).
_AUTO_VACUUM = 2  # incremental: when we say so
# A larger log is checkpointed less often: a page that many commits touch goes to the file once.
LOG_BYTES = 16 * 1024 * 1024
_TUNING = {
    "wal_autocheckpoint": 4 * LOG_BYTES // PAGE_BYTES,  # a daemon's is moved earlier, beside it: see `checkpoints`
    "journal_size_limit": 4 * LOG_BYTES,
    "secure_delete": 0,  # forgetting would write each page that it frees, to overwrite what is no secret
    "cache_size": -2_000,  # KiB; twice as much holds no more of what ten thousand checks touch, and saves no CPU
}


def create_file(path: Path) -> None:
    """An empty file readable by its group; SQLite gives its companions the same mode. Nothing if it exists.

    Raises:
        OSError: it cannot be created.
    """
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, FILE_MODE)
    except FileExistsError:
        return
    os.fchmod(descriptor, FILE_MODE)
    os.close(descriptor)


def write_engine(path: Path) -> Engine:
    """An engine whose transactions take the write lock when they begin; never creates the file."""
    engine = _engine(f"file:{quote(str(path))}?mode=rw")

    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
        made = {"page_size": PAGE_BYTES, "auto_vacuum": _AUTO_VACUUM}
        for name, value in {**made, **_PRAGMAS, **_TUNING}.items():
            connection.execute(f"PRAGMA {name} = {value}")
        for name, expected in _PRAGMAS.items():
            (actual,) = connection.execute(f"PRAGMA {name}").fetchone()
            if actual != expected:
                raise sqlite3.OperationalError(f"PRAGMA {name} is {actual} and cannot be set to {expected}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def read_engine(path: Path, *, immutable: bool = False) -> Engine:
    """An engine that cannot write.

    Args:
        path: the file.
        immutable: nobody writes; needed where a reader may not create the companions of a closed database.
    """
    engine = _engine(f"file:{quote(str(path))}?mode=ro{'&immutable=1' if immutable else ''}")

    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA query_only = 1")
        connection.execute(f"PRAGMA cache_size = {_READER_CACHE}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def touch(connection: Connection) -> None:
    """Reads one page, so that a file which cannot be read says so; the snapshot of a reader begins here."""
    connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema").scalar()


def insert(table: Table) -> sqlite.Insert:
    """An insert that knows what to do about a conflict."""
    return sqlite.insert(table)


def free_bytes(connection: Connection) -> int:
    """What deleted rows have left behind in the file, to be used again."""
    pages = connection.exec_driver_sql("PRAGMA freelist_count").scalar() or 0
    return int(pages * (connection.exec_driver_sql("PRAGMA page_size").scalar() or 0))


def lift_bounds(connection: Connection) -> None:
    """There are none but for the lock, which is had by now."""
    del connection


def iso_sql(column: str) -> str:
    """A time column as ISO 8601 UTC with milliseconds."""
    return f"strftime('%Y-%m-%dT%H:%M:%S', {column} / 1000000, 'unixepoch') || printf('.%03dZ', {column} / 1000 % 1000)"


def day_sql(column: str) -> str:
    """The UTC day of a time column."""
    return f"strftime('%Y-%m-%d', {column} / 1000000, 'unixepoch')"


def _engine(uri: str) -> Engine:
    # One connection each for whoever asks: the writer keeps its own for life, a reader for one question.
    def connect() -> sqlite3.Connection:
        return sqlite3.connect(
            uri, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_TIMEOUT_MS / 1000
        )

    return create_engine("sqlite://", creator=connect, poolclass=NullPool)
