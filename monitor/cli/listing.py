"""What the commands that list the past have in common: their options, and what these mean.

Owns the words of people, and the clear message where one is none; how rows are printed is the business of `streaming`.
"""

import difflib
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from monitor.cli.options import moment_us, nearest_names
from monitor.domain.cursor import CursorError, Listing, Position, position_of
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.config.load import Loaded
    from monitor.storage.reader import Reader

LIMIT = 50
_Word = TypeVar("_Word", bound=StrEnum)

CheckOption = Annotated[str | None, typer.Option(metavar="ID", help="One check.", show_default=False)]
EndpointOption = Annotated[str | None, typer.Option(metavar="NAME", help="One endpoint.", show_default=False)]
ProviderOption = Annotated[str | None, typer.Option(metavar="NAME", help="One provider.", show_default=False)]
FaultOption = Annotated[
    list[str] | None,
    typer.Option(metavar="DOMAIN", help="Whose fault, such as endpoint; may be repeated.", show_default=False),
]
SinceOption = Annotated[
    str | None, typer.Option(metavar="TIME", help='ISO 8601, or how long ago: "24h".', show_default=False)
]
UntilOption = Annotated[str | None, typer.Option(metavar="TIME", help="The same.", show_default=False)]
LimitOption = Annotated[int | None, typer.Option(min=1, help=f"At most so many; default {LIMIT}.", show_default=False)]
AllOption = Annotated[bool, typer.Option("--all", help="All there are.")]
CursorOption = Annotated[
    str | None, typer.Option(metavar="TEXT", help="Go on where an earlier answer stopped.", show_default=False)
]


def words(kind: type[_Word], given: Iterable[str] | None, name: str) -> tuple[_Word, ...]:
    """What people wrote, in either case.

    Args:
        kind: the words there are.
        given: what was written.
        name: the option, for the message.

    Raises:
        UsageError: one of them is none; names the nearest.
    """
    known = {str(word).lower(): word for word in kind}
    for text in given or ():
        if text.lower() not in known:
            raise UsageError(
                f"{name} {text!r} is no {name.lstrip('-')}", hint=_nearest_word(text, [str(word) for word in kind])
            )
    return tuple(known[text.lower()] for text in given or ())


def between(loaded: "Loaded", since: str | None, until: str | None) -> tuple[int | None, int | None]:
    """From when until when, in microseconds since 1970.

    Raises:
        UsageError: one of them is no time, or nothing lies between them.
    """
    from monitor.clock import SystemClock  # noqa: PLC0415  the command line imports only what it needs

    zone, now_us = loaded.config.timezone, SystemClock().now().wall_us
    since_us = None if since is None else moment_us(since, "--since", now_us, zone)
    until_us = None if until is None else moment_us(until, "--until", now_us, zone)
    if since_us is not None and until_us is not None and since_us >= until_us:
        raise UsageError("--since must lie before --until")
    return since_us, until_us


def must_be_known(reader: "Reader", **wanted: str | None) -> None:
    """Raises UsageError, with the nearest name, for what never was.

    Args:
        reader: the database.
        wanted: names of a `check`, an `endpoint`, a `model`, a `provider`; None is any.
    """
    from monitor.storage.past.history import known_names  # noqa: PLC0415  the command line imports only what it needs

    for kind, name in wanted.items():
        if name is not None and name not in (known := known_names(reader, kind)):
            raise UsageError(f"there is no {kind} {name!r:.200}", hint=nearest_names(name, known))


def position(listing: Listing, cursor: str | None) -> Position | None:
    """Where a cursor leads.

    Raises:
        UsageError: it is none.
    """
    if cursor is None:
        return None
    try:
        return position_of(listing, cursor)
    except CursorError as error:
        raise UsageError(
            f"--cursor {cursor[:60]!r} {error}", hint="copy the whole of what the same command printed, or leave it out"
        ) from None


def bound(limit: int | None, *, everything: bool) -> int | None:
    """How many rows at most; None for all.

    Raises:
        UsageError: both a limit and everything are asked for.
    """
    if everything and limit is not None:
        raise UsageError("--all and --limit exclude each other")
    return None if everything else LIMIT if limit is None else limit


def _nearest_word(text: str, known: list[str]) -> str:
    upper = all(word.isupper() for word in known)
    close = difflib.get_close_matches(text.upper() if upper else text.lower(), known)
    return f"nearest: {', '.join(close)}" if close else f"one of {', '.join(known)}"
