"""`relaywatch db rebuild`: all roll-ups once more, from the results that they were made from.

Needs the database for itself: what a daemon records meanwhile would be another answer.
"""

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.options import ConfigOption
from monitor.errors import EXIT_UNHEALTHY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from monitor.storage.database import Database
    from monitor.storage.rollups.rebuild import Rebuilt, Told


def rebuild(
    config: ConfigOption = None,
    *,
    check: Annotated[bool, typer.Option("--check", help="Only compare; exit 1 if a roll-up differs.")] = False,
) -> None:
    """Make all roll-ups again from results, where these are complete. Stop the daemon first."""
    from monitor.cli.options import load_config  # noqa: PLC0415  the command line imports what it needs
    from monitor.storage.configured import database_of  # noqa: PLC0415  the same
    from monitor.storage.reader import Reader  # noqa: PLC0415  the same

    database = database_of(load_config(config), os.environ)
    Reader(database).close()  # refuses what does not exist or must be migrated first
    with _shown() as told:
        found, added = _rebuilt(database, told, only_compare=check)
    rows, differing = sum(found.rows.values()), sum(found.differing.values())
    if check:
        typer.echo(f"{rows:,} roll-ups compared with their results, {differing:,} differ")
        raise typer.Exit(EXIT_UNHEALTHY if differing else 0)
    typer.echo(f"{rows + added:,} roll-ups made from results, {differing:,} of them differed from what stood there")


def _rebuilt(database: "Database", told: "Told", *, only_compare: bool) -> "tuple[Rebuilt, int]":
    import asyncio  # noqa: PLC0415  the same

    from monitor.clock import SystemClock  # noqa: PLC0415  the same
    from monitor.storage.engine import open_for_writing  # noqa: PLC0415  the same
    from monitor.storage.rollups.closing import Closer  # noqa: PLC0415  the same
    from monitor.storage.rollups.rebuild import rebuild as rebuild_all  # noqa: PLC0415  the same
    from monitor.storage.writer import Writer  # noqa: PLC0415  the same

    async def work() -> "tuple[Rebuilt, int]":
        writer = Writer(engine, held.fence)
        try:
            found = await rebuild_all(writer, told, only_compare=only_compare)
            added = 0 if only_compare else await Closer(writer, SystemClock(), pausing=False).close()
        finally:
            await writer.stop()
        return found, added

    with database.hold() as held:
        engine = open_for_writing(database)
        try:
            return asyncio.run(work())
        finally:
            engine.dispose()


def _shown() -> "AbstractContextManager[Told]":
    """A bar on a terminal; nothing elsewhere."""
    from contextlib import contextmanager  # noqa: PLC0415  the same

    @contextmanager
    def bar() -> "Iterator[Told]":
        if not sys.stderr.isatty():
            yield lambda _done, _of: None
            return
        from rich.console import Console  # noqa: PLC0415  only on a terminal
        from rich.progress import Progress  # noqa: PLC0415  the same

        with Progress(console=Console(file=sys.stderr), transient=True) as progress:
            task = progress.add_task("days", total=None)
            yield lambda done, of: progress.update(task, completed=done, total=of)

    return bar()
