"""Text that is safe to show: what an upstream sent, without anything that could act on a screen.

Owns what every place needs (control characters, terminal escapes, direction overrides, length). Escaping for one kind
of place (HTML, Slack, CSV) belongs to that place.
"""

import re
from types import MappingProxyType

ELLIPSIS = "…"

_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # control sequences: colours, cursor, clear screen
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"  # strings: titles, links
    r"|\x1b[ -/]*[0-~]?",  # every other escape
)
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_NO_MEANING = "\ufffd"
_CONTROLS = (*range(0x20), *range(0x7F, 0xA0))
_BLANKS = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029"
_DIRECTION = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_INVISIBLE_TAGS = range(0xE0000, 0xE0080)

_REPLACED: MappingProxyType[int, str | None] = MappingProxyType(
    dict.fromkeys(_CONTROLS, _NO_MEANING)
    | dict.fromkeys(map(ord, _BLANKS), " ")
    | dict.fromkeys((*map(ord, _DIRECTION), *_INVISIBLE_TAGS)),
)

_BREAK = "\u2060"
_LIVE = re.compile(
    r"(?<=:)(?=//)"  # http://
    r"|(?<=\bwww)(?=\.)|(?<=\bmailto)(?=:)"
    r"|(?<=@)(?=[\w&!])|(?<=<)(?=[@#!])",  # @here, @channel, user@example.org, <@U1>, <!channel>
    re.IGNORECASE,
)


def harmless(text: str) -> str:
    """`text` without control characters, terminal escapes and direction overrides; line breaks and blanks stay."""
    return "\n".join(_harmless_line(line) for line in text.split("\n"))


def printable(text: str) -> str:
    """`text` as `harmless` leaves it, on one line, runs of blanks made one."""
    return " ".join(_harmless_line(text).split())


def lifeless(text: str) -> str:
    """`text` in which mentions and links are broken by an invisible character: no chat notifies or opens anything."""
    return _LIVE.sub(_BREAK, text)


def _harmless_line(text: str) -> str:
    return _SURROGATES.sub(_NO_MEANING, _ESCAPES.sub("", text)).translate(_REPLACED)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters of `text`; an ellipsis stands for what was left out."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + ELLIPSIS
