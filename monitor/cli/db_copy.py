"""`relaywatch db copy`: a history from one database into another, in either direction.

Both must be free: no daemon may run on them. A copy that was interrupted goes on where it ended.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

import typer

from monitor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.progress import Progress

    from monitor.storage.copying.copy import Step
    from monitor.storage.copying.paging import Digest
    from monitor.storage.database import Database

_NO_PASSWORD = "put it into PGPASSWORD, or into ~/.pgpass"  # noqa: S105  advice


def copy(
    source: Annotated[str, typer.Option("--from", metavar="URL", help="The database that is read.")],
    target: Annotated[str, typer.Option("--to", metavar="URL", help="An empty one, or one half copied.")],
) -> None:
    """Copy a whole history into another database and compare every row; run it again if it was interrupted."""
    databases = _database(source, "--from"), _database(target, "--to")
    if databases[0].name == databases[1].name:
        raise UsageError("--from and --to are the same database")
    found = _copied(*databases)
    rows = sum(digest.rows for digest in found.values())
    typer.echo(f"{databases[1].name}: {rows:,} rows in {len(found)} tables, each equal to its source")


def _copied(source: "Database", target: "Database") -> "Mapping[str, Digest]":
    from monitor.storage.copying.copy import Copy  # noqa: PLC0415  the command line imports what it needs
    from monitor.storage.engine import open_for_writing  # noqa: PLC0415  the same
    from monitor.storage.faults import DatabaseFault, storage_error  # noqa: PLC0415  the same
    from monitor.storage.reader import Reader  # noqa: PLC0415  the same

    Reader(source).close()  # refuses what does not exist or must be migrated first
    with source.hold(), target.hold() as held, Reader(source) as reader, _Shown() as shown:
        engine = open_for_writing(target, is_copy=True)
        try:
            return Copy(reader.connection, engine, shown.tell, held.fence).run()
        except DatabaseFault as fault:
            raise storage_error(fault) from fault
        finally:
            engine.dispose()


class _Shown:
    """A bar per table on a terminal; nothing elsewhere."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._bars: dict[tuple[str, str], int] = {}

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console  # noqa: PLC0415  the same
            from rich.progress import Progress  # noqa: PLC0415  the same

            self._progress = Progress(console=Console(file=sys.stderr), transient=True)
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def tell(self, step: "Step") -> None:
        """Move the bar of this table."""
        if self._progress is None:
            return
        which = step.doing, step.table
        if which not in self._bars:
            self._bars[which] = self._progress.add_task(f"{step.doing} {step.table}", total=max(step.of, 1))
        self._progress.update(self._progress.tasks[self._bars[which]].id, completed=step.rows if step.of else 1)


def _database(url: str, option: str) -> "Database":
    from pydantic_core import PydanticCustomError  # noqa: PLC0415  the same

    from monitor.config import urls  # noqa: PLC0415  the same
    from monitor.storage.configured import database_at  # noqa: PLC0415  the same

    try:
        return database_at(urls.storage_url(url), Path.cwd())
    except PydanticCustomError as wrong:
        message = wrong.message()
        if "password" in message:
            told = f"{option} contains a password, which everybody on this machine can read"
            raise UsageError(told, hint=_NO_PASSWORD) from None
        raise UsageError(f"{option} {message}") from None
