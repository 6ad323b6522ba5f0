"""Server-sent events out of bytes, as they arrive.

Owns the format of https://html.spec.whatwg.org/multipage/server-sent-events.html: three kinds of line ends, comments,
data over several lines, a byte order mark, characters and line ends cut in two by the network. Pure: knows no time,
never raises, and works in time and memory linear in what it is fed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE_END = re.compile(rb"[\r\n]")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BEGINNINGS = (b"data:", b"event:", b"id:", b"retry:", b":")
_LONGEST_BEGINNING = max(map(len, _BEGINNINGS))
BLANK = b"\xef\xbb\xbf \t\r\n"
"""Bytes that may stand before the first event and say nothing."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event.

    Attributes:
        name: of the field `event`; empty where there was none.
        data: the lines of `data`, joined; bytes that are not UTF-8 are replaced.
        damaged: it held bytes that are not UTF-8.
    """

    name: str
    data: str
    damaged: bool = False


class SseParser:
    """Turns bytes into events; feed it whatever comes."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._searched = 0
        self._after_return = False
        self._begun = False
        self._name = b""
        self._data: list[bytes] = []

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that these bytes complete."""
        self._rest += data
        start = 0
        while (found := _LINE_END.search(self._rest, max(start, self._searched))) is not None:
            end = found.start()
            is_second_half = self._after_return and end == start and self._rest[end] == 0x0A  # noqa: PLR2004  LF
            self._after_return = self._rest[end] == 0x0D  # noqa: PLR2004  CR
            line = bytes(self._rest[start:end])
            start = end + 1
            if not is_second_half and (event := self._line(line)) is not None:
                yield event
        if start:
            del self._rest[:start]
        if self._rest:
            self._after_return = False
        self._searched = len(self._rest)

    def close(self) -> Event | None:
        """What stands there without the blank line that should have ended it, once nothing more will come."""
        line, self._rest = bytes(self._rest), bytearray()
        self._searched = 0
        return (self._line(line) if line else None) or self._line(b"")

    def _line(self, line: bytes) -> Event | None:
        if not self._begun:
            self._begun = True
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
        elif name == b"event":
            self._name = value.removeprefix(b" ")
        return None

    def _dispatch(self) -> Event | None:
        name, parts = self._name, self._data
        self._name, self._data = b"", []
        if not parts:
            return None
        raw = b"\n".join(parts)
        data = raw.decode("utf-8", "replace")
        damaged = "\ufffd" in data and data.encode() != raw
        return Event(name.decode("utf-8", "replace"), data, damaged)


def looks_like_events(beginning: bytes) -> bool | None:
    """Whether a body is a stream of events, from its first bytes; None while they are too few to tell."""
    begun = beginning.lstrip(BLANK)
    if begun.startswith(_BEGINNINGS):
        return True
    short = len(begun) < _LONGEST_BEGINNING
    return None if short and any(one.startswith(begun) for one in _BEGINNINGS) else False
