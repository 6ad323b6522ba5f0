"""Logs: one stream of events on stderr, as JSON lines for machines and as readable lines on a terminal.

Owns how an event is written: level, order of fields, redaction, neutralised control characters, journal priorities, and
the way by which libraries' own messages join the stream. Owns no event: their names stand where they happen and are
listed in `docs/logs.md`.
"""

import logging
import os
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, BinaryIO, TextIO

import orjson

# structlog takes Rich, which the commands bring along, for tracebacks that this module never draws: 3 MB of a daemon's
# memory and a tenth of its start. While structlog is imported Rich is not there.
_rich = sys.modules.get("rich")
if _rich is None:
    sys.modules["rich"] = None  # type: ignore[assignment]  # the import system's word for "not to be had"
import structlog  # noqa: E402  see above

if _rich is None:
    del sys.modules["rich"]

Redact = Callable[[str], str]

# C0 and C1 controls move the cursor, bidirectional marks and line separators rearrange what a person reads.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_PRIORITIES = MappingProxyType({"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2})
_QUIET = MappingProxyType(
    {"aiohttp.access": logging.CRITICAL + 1, "apscheduler": logging.WARNING, "slack_sdk": logging.WARNING}
)
_DEEPEST = 6


class Level(StrEnum):
    """From which weight on events are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Redactor:
    """Masks what must not be read; the secrets are known only after the configuration was read.

    Attributes:
        redact: applied to every text of every event.
    """

    def __init__(self) -> None:
        self.redact: Redact = lambda text: text

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """The event with every text redacted and made safe to show; a structlog processor."""
        for name, value in event.items():
            if type(value) is int or type(value) is float:
                continue
            event[name] = self._clean(value, name == "exception", _DEEPEST)
        return event

    def _clean(self, value: Any, multiline: bool, depth: int) -> Any:  # noqa: FBT001  private and hot
        if isinstance(value, str):
            return "\n".join(map(self._line, value.split("\n"))) if multiline else visible(self.redact(str(value)))
        if value is None or isinstance(value, bool | int | float):
            return value
        if depth and isinstance(value, Mapping):
            return {
                visible(self.redact(str(key))): self._clean(item, multiline, depth - 1) for key, item in value.items()
            }
        if depth and isinstance(value, list | tuple | set | frozenset):
            return [self._clean(item, multiline, depth - 1) for item in value]
        return self._clean(str(value), multiline, depth)

    def _line(self, line: str) -> str:
        text = line.lstrip(" ")
        return line[: len(line) - len(text)] + visible(self.redact(text))


_redactor = Redactor()


def redact_with(redact: Redact) -> None:
    """From now on every text of every event goes through `redact`, libraries' messages and tracebacks too."""
    _redactor.redact = redact


def visible(text: str) -> str:
    """`text` with every character that could steer a terminal or reorder a line shown as an escape."""
    return _UNSAFE.sub(_escape, text) if _UNSAFE.search(text) else text


def configure(level: Level = Level.INFO, stream: TextIO | None = None) -> None:
    """Send every event to `stream` (stderr): JSON lines, or readable ones where it is a terminal.

    Under systemd each JSON line is preceded by its priority (`<3>` for an error), so that `journalctl -p err` works.
    """
    stream = sys.stderr if stream is None else stream
    number = logging.getLevelNamesMapping()[level.upper()]
    readable = stream.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            *([_Console(colours=os.environ.get("NO_COLOR", "") == "")] if readable else _json_processors(stream)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=_console_factory(stream) if readable else _bytes_factory(stream),
        # A cached logger would keep the level and the stream of its first use.
        cache_logger_on_first_use=False,
    )
    _adopt_libraries(level)


class LibraryHandler(logging.Handler):
    """Writes what libraries log through the standard library as events named `library_message`."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        try:
            log = structlog.get_logger().bind(logger=record.name, message=record.getMessage())
            log.log(min(record.levelno, logging.CRITICAL), "library_message", exc_info=record.exc_info or None)
        except Exception:  # noqa: BLE001  a log line must never break what it tells of
            self.handleError(record)


def _adopt_libraries(level: Level) -> None:
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, LibraryHandler)]:
        root.removeHandler(handler)
    root.addHandler(LibraryHandler())
    root.setLevel(logging.INFO if level is Level.DEBUG else logging.WARNING)
    logging.captureWarnings(capture=True)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(least)


def _json_processors(stream: TextIO) -> list[structlog.typing.Processor]:
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True, key="time")
    return [stamp, _redactor, _JournalLine() if reaches_journal(stream) else _json_line]


class _Console:
    """Renders an event for a person."""

    def __init__(self, *, colours: bool) -> None:
        self._stamp = structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False, key="timestamp")
        self._render = structlog.dev.ConsoleRenderer(
            colors=colours, exception_formatter=structlog.dev.plain_traceback, pad_event_to=22
        )

    def __call__(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
        stamped = self._stamp(logger, method, _redactor(logger, method, event))
        return str(self._render(logger, method, stamped))


class _JournalLine:
    """Renders an event as JSON behind its systemd priority."""

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> bytes:
        return b"<%d>%b" % (_PRIORITIES.get(event.get("level", "info"), 6), _json_line(_logger, _method, event))


def _json_line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> bytes:
    head = {name: event.pop(name) for name in ("time", "level", "event") if name in event}
    return orjson.dumps({**head, **event})


def reaches_journal(stream: TextIO) -> bool:
    """True if systemd connected this stream to its journal: `JOURNAL_STREAM` names the very file behind it.

    Source: systemd.exec(5), `$JOURNAL_STREAM`.
    """
    device, _, inode = os.environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        behind = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return (device, inode) == (str(behind.st_dev), str(behind.st_ino))


def _bytes_factory(stream: TextIO) -> Callable[..., structlog.BytesLogger]:
    binary: BinaryIO = stream.buffer
    return structlog.BytesLoggerFactory(binary)


def _console_factory(stream: TextIO) -> Callable[..., structlog.PrintLogger]:
    return structlog.PrintLoggerFactory(stream)


def _escape(found: re.Match[str]) -> str:
    return found.group().encode("unicode_escape").decode("ascii")
