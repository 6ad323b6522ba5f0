"""Server-sent events out of bytes, as they arrive.

Owns the format of https://html.spec.whatwg.org/multipage/server-sent-events.html: three kinds of line ends, comments,
data over several lines, a byte order mark, characters and line ends cut in two by the network. Pure: knows no time,
never raises, and works in time and memory linear in what it is fed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

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
        self._rest: list[bytes] = []
        self._after_return = False
        self._begun = False
        self._name = b""
        self._data: list[bytes] = []

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that these bytes complete; to be left off only when nothing more is wanted at all."""
        if not data:
            return
        if self._after_return and data[0] == 0x0A:  # noqa: PLR2004  LF: the second half of a line's end
            data = data[1:]
        self._after_return = data.endswith(b"\r")
        first, *lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest.append(first)
        if not lines:
            return
        lines.insert(0, b"".join(self._rest))
        self._rest = [lines.pop()]
        for line in lines:
            event = self._line(line)
            if event is not None:
                yield event

    def close(self) -> Event | None:
        """What stands there without the blank line that should have ended it, once nothing more will come."""
        line, self._rest = b"".join(self._rest), []
        return (self._line(line) if line else None) or self._line(b"")

    def _line(self, line: bytes) -> Event | None:
        if not self._begun:
            self._begun = True
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if not line:
            return self._dispatch() if self._data or self._name else None
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
