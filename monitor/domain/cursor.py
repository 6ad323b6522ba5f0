"""Cursors: where a listing stopped, as a short text that leads back to the same place.

A cursor names a position between two rows by the keys of the row before it, never by a count: rows that are added later
move nothing. Owns the text and how a damaged one is known; what lies beyond a position is for whoever lists.
"""

import base64
import binascii
import struct
import zlib
from enum import Enum
from typing import NamedTuple

_BODY = struct.Struct(">cqq")
_SUM = struct.Struct(">I")
_LENGTH = 28  # 17 bytes of body and 4 of checksum in base 64, without padding


class Listing(Enum):
    """What a cursor belongs to; the value is the first byte of its text, decoded."""

    RESULTS = b"r"
    INCIDENTS = b"i"


class Position(NamedTuple):
    """The keys of the row before it, in the order in which rows are sorted.

    Attributes:
        at_us: microseconds since 1970; 0 where rows are sorted by their id alone.
        id: of the row's check, or of the row itself.
    """

    at_us: int
    id: int


class CursorError(ValueError):
    """A text that is no cursor of that listing; the message says why."""


def cursor_of(listing: Listing, position: Position) -> str:
    """The text: 28 characters that need no quoting in a shell, in a URL or in a spreadsheet."""
    body = _BODY.pack(listing.value, *position)
    return base64.urlsafe_b64encode(body + _SUM.pack(zlib.crc32(body))).decode("ascii")


def position_of(listing: Listing, text: str) -> Position:
    """Where a cursor of `listing` leads.

    Raises:
        CursorError: it is damaged, or of another listing.
    """
    if len(text) != _LENGTH or not text.isascii():
        raise CursorError("is no cursor, or only a part of one")
    try:
        raw = base64.b64decode(text, altchars=b"-_", validate=True)
    except binascii.Error:
        raise CursorError("is no cursor") from None
    if base64.urlsafe_b64encode(raw).decode("ascii") != text:  # `+` and `/` are read as well
        raise CursorError("is no cursor")
    body, (expected,) = raw[: _BODY.size], _SUM.unpack(raw[_BODY.size :])
    if zlib.crc32(body) != expected:
        raise CursorError("is damaged")
    kind, at_us, number = _BODY.unpack(body)
    if kind != listing.value:
        raise CursorError("belongs to another list")
    return Position(at_us, number)
