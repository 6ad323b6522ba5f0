"""Moving the log into the file beside the writer, so that no commit waits for it.

SQLite would do it within the commit that makes the log long enough: a tenth of a second and more at ten thousand
checks. A connection of its own may do it while the writer goes on. Owns when; what is moved is SQLite's business. The
writer's own limit (`dialect`) is four times this one and is met only if nobody looks.
"""

import sqlite3
import struct
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from monitor.storage.sqlite.dialect import LOG_BYTES, PAGE_BYTES

# Source: "WAL-Index File Format" of SQLite's description of its log: a version, and how many frames are in use.
_VERSION, _VERSION_AT, _FRAMES_AT = 3_007_000, 0, 16
_HEADER_BYTES = 48
_TRIES = 2


class Checkpoints:
    """Of one database.

    Args:
        path: its file.
        pages: how long the log may become before it is moved.
    """

    def __init__(self, path: Path, pages: int = LOG_BYTES // PAGE_BYTES) -> None:
        self._path = path
        self._pages = pages

    def look(self) -> bool:
        """Move the log if it is long, beside the writer.

        Blocks: call it in a thread. Never raises what the disk says: the writer meets it too.

        Returns:
            True if something was committed meanwhile, so that `finish` has to move a little more.
        """
        return self.frames() >= self._pages and not self._move(_TRIES)

    def finish(self) -> None:
        """Move the rest; call it in the writer's thread. Only a log that is moved whole begins anew."""
        self._move(1)

    def frames(self) -> int:
        """How many pages are in the log; 0 where that cannot be known."""
        try:
            with self._path.with_name(f"{self._path.name}-shm").open("rb") as file:
                header = file.read(_HEADER_BYTES)
        except OSError:
            return 0
        if len(header) < _HEADER_BYTES or struct.unpack_from("=I", header, _VERSION_AT)[0] != _VERSION:
            return 0
        frames: int = struct.unpack_from("=I", header, _FRAMES_AT)[0]
        return frames

    def _move(self, tries: int) -> bool:
        """Whether the whole log was moved."""
        uri = f"file:{quote(str(self._path))}?mode=rw"
        with suppress(sqlite3.Error), closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            for _ in range(tries):
                _busy, logged, moved = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                if logged == moved:
                    return True
        return False
