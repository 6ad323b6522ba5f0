r"""A file beside the daemon in which results wait while the database does not take them: append-only, bounded, checked.

Owns the file. What is in it is told in `spooled`, when it is written and emptied in `app.spooling`. Everything here
blocks on the disk: call it in a thread.

    relaywatch spool 1 INSTANCE\n       which database the results are of
    (length, CRC-32, result)...         two big-endian 32-bit numbers, and so many bytes
"""

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from monitor.clock import Moment
from monitor.domain.result import Result
from monitor.storage.spooled import from_bytes, to_bytes

MOST_BYTES = 64 * 1024 * 1024
MOST_RESULTS = 100_000
FILE_MODE = 0o600
_NAME = b"relaywatch spool 1 "
_HEAD = struct.Struct(">II")


@dataclass(frozen=True, slots=True)
class Found:
    """What a spool held.

    Attributes:
        results: in the order in which they arrived.
        damaged_bytes: what could not be read after them: torn by a crash, or worse.
    """

    results: list[Result]
    damaged_bytes: int


class Spool:
    """Results on local disk.

    Args:
        path: of the file; its folder must exist.
        instance: the name of the database that the results are meant for.
        most_bytes: the file grows no larger.
        most_results: nor holds more of them.

    Attributes:
        results: how many it holds.
    """

    def __init__(
        self, path: Path, instance: str, *, most_bytes: int = MOST_BYTES, most_results: int = MOST_RESULTS
    ) -> None:
        self.path = path
        self.results = 0
        self._header = _NAME + instance.encode() + b"\n"
        self._most_bytes = most_bytes
        self._most_results = most_results
        self._end: int | None = None

    def read(self, now: Moment) -> Found:
        """Everything that can be read, times anchored at `now`; what is appended later stands after it.

        A file of another database is laid aside under another name.

        Raises:
            OSError: the file cannot be read.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            self.results, self._end = 0, None
            return Found([], 0)
        if not content.startswith(self._header):
            if content:
                self.path.replace(self.path.with_name(f"{self.path.name}.other"))
            self.results, self._end = 0, None
            return Found([], len(content))
        found: list[Result] = []
        good = len(self._header)
        with suppress(ValueError):
            for end, line in _lines(content, good):
                found.append(from_bytes(line, now))
                good = end
        self.results, self._end = len(found), good
        return Found(found, len(content) - good)

    def append(self, results: Iterable[Result]) -> int:
        """Write them down; on disk when this returns.

        Returns:
            How many there was room for.

        Raises:
            OSError: the disk refuses; nothing of them counts as written.
        """
        lines = self._fitting(results)
        if not lines:
            return 0
        is_new = self._end is None
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        try:
            start = 0 if self._end is None else self._end
            content = (self._header if is_new else b"") + b"".join(lines)
            os.ftruncate(descriptor, start)  # what a crash has torn
            _write_all(descriptor, content, start)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if is_new:
            _sync_folder(self.path.parent)
        self._end = start + len(content)
        self.results += len(lines)
        return len(lines)

    def clear(self) -> None:
        """Forget everything; raises OSError."""
        with suppress(FileNotFoundError):
            self.path.unlink()
            _sync_folder(self.path.parent)
        self.results, self._end = 0, None

    def _fitting(self, results: Iterable[Result]) -> list[bytes]:
        lines: list[bytes] = []
        room = self._most_bytes - (self._end or len(self._header))
        for result in results:
            content = to_bytes(result)
            line = _HEAD.pack(len(content), zlib.crc32(content)) + content
            room -= len(line)
            if room < 0 or self.results + len(lines) >= self._most_results:
                break
            lines.append(line)
        return lines


def _lines(content: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """Each whole and undamaged line with where it ends."""
    while len(content) - start >= _HEAD.size:
        length, checksum = _HEAD.unpack_from(content, start)
        start += _HEAD.size
        line = content[start : start + length]
        if len(line) != length or zlib.crc32(line) != checksum:
            return
        start += length
        yield start, line


def _write_all(descriptor: int, content: bytes, at: int) -> None:
    rest = memoryview(content)
    while rest:
        written = os.pwrite(descriptor, rest, at)
        rest, at = rest[written:], at + written


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
