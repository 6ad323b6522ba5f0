"""What several commands share: which file, which format, which time, which database."""

import difflib
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.clock import US_PER_S
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.config.load import Loaded
    from monitor.storage.reader import Reader


class Format(StrEnum):
    """How a list is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


ConfigOption = Annotated[
    Path | None,
    typer.Option("-c", "--config", metavar="FILE", help="The configuration file.", show_default=False),
]
FormatOption = Annotated[Format, typer.Option("--format", help="A table for people, JSON or CSV for programs.")]


def load_config(option: Path | None) -> "Loaded":
    """The configuration that holds; raises UsageError."""
    import os  # noqa: PLC0415  the command line imports only what the command needs

    from monitor.config.load import find_path, load  # noqa: PLC0415  the same

    return load(find_path(option, os.environ))


def moment_us(text: str, name: str, now_us: int, zone: str) -> int:
    """A time as people write it, in microseconds since 1970; nothing is before that.

    Args:
        text: ISO 8601 (without an offset it is meant in `zone`), or how long ago, such as "24h".
        name: the option, for the message.
        now_us: the present.
        zone: the configured time zone.

    Raises:
        UsageError: it is neither.
    """
    from zoneinfo import ZoneInfo  # noqa: PLC0415  the command line imports only what the command needs

    from monitor.config.duration import parse_duration  # noqa: PLC0415  the same

    try:
        return max(0, now_us - round(parse_duration(text) * US_PER_S))
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{name} {text!r} is no time", hint='write "2026-11-21", "2026-11-21T09:00:00Z", or how long ago: "24h"'
        ) from None
    at = at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(zone))
    return max(0, round((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * US_PER_S))


def reader_of(loaded: "Loaded") -> "Reader":
    """The configured database, read-only; raises UsageError where there is none yet."""
    import os  # noqa: PLC0415  the command line imports only what the command needs

    from monitor.storage.configured import database_of  # noqa: PLC0415  the same
    from monitor.storage.reader import Reader  # noqa: PLC0415  the same

    return Reader(database_of(loaded, os.environ))


def nearest_names(name: str, known: Iterable[str]) -> str:
    """A hint that names what was perhaps meant."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5) or sorted(names)[:3]
    return f"nearest: {', '.join(close)}" if close else "none is known"
