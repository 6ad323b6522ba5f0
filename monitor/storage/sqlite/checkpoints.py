"""Moving the log into the file beside the writer, so that no commit waits for it.

SQLite would do it within the commit that makes the log long enough: a tenth of a second and more at ten thousand
checks. A connection of its own may do it while the writer goes on. Owns when; what is moved is SQLite's business. The
writer's own limit (`dialect`) is four times this one and is met only if nobody looks.
"""

import os
import sqlite3
import struct
from bisect import bisect_left
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from monitor.storage.sqlite.dialect import LOG_BYTES, PAGE_BYTES

# https://www.sqlite.org/fileformat2.html#the_write_ahead_log: each frame repeats the salts of the log's header. When
# the log begins anew it gets others, and what lies behind its last frame is of an earlier one.
_HEADER = struct.Struct(">IIII8s8s")
_MAGIC = (0x377F0682, 0x377F0683)
_FRAME_BYTES, _FRAME_SALTS_AT, _SALTS_BYTES = 24, 8, 8
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
        """How many pages are in the log; 0 where that cannot be known.

        Of the three files only the log may be opened beside SQLite: closing one of the others takes the locks of this
        whole process away, and then any other process that comes spoils them.
        """
        try:
            with self._path.with_name(f"{self._path.name}-wal").open("rb", buffering=0) as file:
                return _frames(file.fileno())
        except OSError:
            return 0

    def _move(self, tries: int) -> bool:
        """Whether the whole log was moved."""
        uri = f"file:{quote(str(self._path))}?mode=rw"
        with suppress(sqlite3.Error), closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            for _ in range(tries):
                # What it calls the length of the log is that at its beginning.
                _busy, _logged, moved = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                if moved >= self.frames():
                    return True
        return False


def _frames(log: int) -> int:
    header = os.pread(log, _HEADER.size, 0)
    if len(header) < _HEADER.size:
        return 0
    magic, _version, page_bytes, _number, salts, _checksum = _HEADER.unpack(header)
    if magic not in _MAGIC:
        return 0
    frame_bytes = _FRAME_BYTES + page_bytes

    def is_older(number: int) -> bool:
        at = _HEADER.size + number * frame_bytes + _FRAME_SALTS_AT
        return os.pread(log, _SALTS_BYTES, at) != bytes(salts)

    most = (os.fstat(log).st_size - _HEADER.size) // frame_bytes
    return bisect_left(range(most), x=True, key=is_older)
