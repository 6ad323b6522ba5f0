r"""A file beside the daemon in which results wait while the database does not take them: append-only, bounded, checked.

Owns the file. What is in it is told in `spooled`, when it is written and emptied in `app.spooling`. Everything here
blocks on the disk: call it in a thread.

    relaywatch spool 1 INSTANCE\n       which database the results are of
    (length, CRC-32, result)...         two big-endian 32-bit numbers, and so many bytes
"""

import errno
import itertools
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from monitor.clock import Moment
from monitor.domain.result import Result
from monitor.storage.spooled import from_bytes, to_bytes

MOST_BYTES = 64 * 1024 * 1024
MOST_RESULTS = 100_000
FILE_MODE = 0o600
_NAME = b"relaywatch spool 1 "
_HEAD = struct.Struct(">II")


class _File(NamedTuple):
    """Which file it is, whatever it is called."""

    device: int
    number: int


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
        self._file: _File | None = None
        self._end = len(self._header)

    def read(self, now: Moment) -> Found:
        """Everything that can be read, times anchored at `now`; what is appended later stands after it.

        A file of another database is laid aside under another name.

        Raises:
            OSError: the file cannot be read.
        """
        self.results, self._file, self._end = 0, None, len(self._header)
        try:
            with self.path.open("rb") as file:
                content, which = file.read(), _which(file.fileno())
        except FileNotFoundError:
            return Found([], 0)
        if not content.startswith(self._header):
            self._lay_aside(content)
            return Found([], len(content))
        found: list[Result] = []
        with suppress(ValueError):
            for end, line in _lines(content, self._end):
                found.append(from_bytes(line, now))
                self._end = end
        self.results, self._file = len(found), which
        return Found(found, len(content) - self._end)

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
        descriptor = self._opened()
        try:
            content = b"".join(lines)
            os.ftruncate(descriptor, self._end)  # what a crash has torn
            _write_all(descriptor, content, self._end)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._end += len(content)
        self.results += len(lines)
        return len(lines)

    def clear(self) -> None:
        """Forget everything; raises OSError."""
        with suppress(FileNotFoundError):
            if self._file == _File(self.path.stat().st_dev, self.path.stat().st_ino):
                self.path.unlink()
                _sync_folder(self.path.parent)
        self.results, self._file, self._end = 0, None, len(self._header)

    def _opened(self) -> int:
        """The file that was read or made here, and no other one: another daemon may have begun its own there."""
        flags = os.O_RDWR | os.O_CLOEXEC
        if self._file is None:
            return self._made(flags | os.O_CREAT | os.O_EXCL)
        descriptor = os.open(self.path, flags)
        if _which(descriptor) != self._file:
            os.close(descriptor)
            raise FileExistsError(errno.EEXIST, "another daemon's results wait there")
        return descriptor

    def _made(self, flags: int) -> int:
        descriptor = os.open(self.path, flags, FILE_MODE)
        try:
            _write_all(descriptor, self._header, 0)
            _sync_folder(self.path.parent)
        except OSError:
            os.close(descriptor)
            self.path.unlink()
            raise
        self._file, self._end = _which(descriptor), len(self._header)
        return descriptor

    def _lay_aside(self, content: bytes) -> None:
        if self._header.startswith(content):  # torn while it was made
            self.path.unlink()
            return
        numbers = itertools.count(2)
        aside = self.path.with_name(f"{self.path.name}.other")
        while aside.exists():
            aside = self.path.with_name(f"{self.path.name}.other-{next(numbers)}")
        self.path.rename(aside)

    def _fitting(self, results: Iterable[Result]) -> list[bytes]:
        lines: list[bytes] = []
        room = self._most_bytes - self._end
        for result in results:
            content = to_bytes(result)
            line = _HEAD.pack(len(content), zlib.crc32(content)) + content
            room -= len(line)
            if room < 0 or self.results + len(lines) >= self._most_results:
                break
            lines.append(line)
        return lines


def _which(descriptor: int) -> _File:
    found = os.fstat(descriptor)
    return _File(found.st_dev, found.st_ino)


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
