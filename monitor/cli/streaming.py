"""Long lists on their way out: printed as they are read, with a bar where one waits, and a cursor where they stop.

Owns how a long answer behaves towards whoever reads it: what is told beside the rows goes to stderr. What the rows are
is the commands' business.
"""

import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

import typer

from monitor.clock import Clock, SystemClock
from monitor.domain.cursor import Listing, Position, cursor_of

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE_S = 1.0
"""After so long it is shown how far the work has come."""


class Listed(Protocol):
    """A list that is read piece by piece."""

    last: Position | None
    more: bool

    def pages(self) -> Iterator[list[dict[str, Any]]]:
        """Its rows, in the pieces in which they are read."""
        ...

    def share(self) -> float:
        """How much of the work is done, from 0 to 1."""
        ...


class Bar:
    """Says on stderr how far the work has come, where somebody waits for it at a terminal.

    Rows that go to a file leave the terminal to it; where they go to the terminal itself, or through a pipe to what may
    show them there, it ends with the first row.

    Args:
        clock: how long it has been waited.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since = clock.now()
        self._stays = _is_file(sys.stdout)
        self._wanted = sys.stderr.isatty()
        self._shown: Progress | None = None

    def tell(self, share: Callable[[], float], *, rows: bool) -> None:
        """So much is done; it is asked only while somebody is shown it.

        Args:
            share: from 0 to 1.
            rows: whether rows are about to be printed.
        """
        if rows and not self._stays:
            self._wanted = False
            self.end()
        if self._wanted and self._shown is None and self._clock.now().s_since(self._since) >= PATIENCE_S:
            self._shown = _begun()
        if self._shown is not None:
            self._shown.update(self._shown.task_ids[0], completed=share(), refresh=True)

    def end(self) -> None:
        """Leave the terminal as it was."""
        if self._shown is not None:
            self._shown.stop()
            self._shown = None


def streamed(listed: Listed, clock: Clock | None = None) -> Iterator[Mapping[str, Any]]:
    """The rows of a list, one after the other, with a bar beside them."""
    bar = Bar(clock or SystemClock())
    try:
        for page in listed.pages():
            bar.tell(listed.share, rows=bool(page))
            yield from page
    finally:
        bar.end()


def tell_cursor(listed: Listed, listing: Listing, *, grows: bool = False) -> None:
    """Where to go on, on stderr, if there is more, or if the list `grows` at its end."""
    if listed.last is not None and (listed.more or grows):
        words = "there is more" if listed.more else "what comes later"
        typer.echo(f"{words}: --cursor {cursor_of(listing, listed.last)}", err=True)


def _is_file(stream: Any) -> bool:
    with suppress(OSError, ValueError):
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    return False


def _begun() -> "Progress":
    from rich.console import Console  # noqa: PLC0415  only who waits pays
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("reading"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    shown = Progress(*columns, console=Console(file=sys.stderr), transient=True, auto_refresh=False)
    shown.add_task("reading", total=1.0)
    shown.start()
    return shown
