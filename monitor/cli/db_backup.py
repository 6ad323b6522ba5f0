"""`relaywatch db backup`: one file, copied while the daemon writes, and verified before it is there."""

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.options import ConfigOption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.storage.database import Database
    from monitor.storage.sqlite.backup import Backup, OnProgress


def backup(
    target: Annotated[Path, typer.Argument(help="The new file; one that exists is never overwritten.")],
    config: ConfigOption = None,
) -> None:
    """Copy the database into one file while the daemon goes on writing, and verify the copy."""
    from monitor.cli.options import load_config  # noqa: PLC0415  the command line imports what it needs
    from monitor.storage.configured import database_of  # noqa: PLC0415  the same

    typer.echo(made(database_of(load_config(config), os.environ), target))


def made(database: "Database", target: Path) -> str:
    """Makes a backup; what is said of it.

    Raises:
        UsageError: `target` exists, or the database is none that can be copied like this.
        StartError: it could not be made.
    """
    from monitor.clock import SystemClock  # noqa: PLC0415  the same
    from monitor.errors import UsageError  # noqa: PLC0415  the same
    from monitor.storage.sqlite.backup import back_up  # noqa: PLC0415  the same
    from monitor.storage.sqlite.database import SqliteDatabase  # noqa: PLC0415  the same

    if not isinstance(database, SqliteDatabase):
        raise UsageError(
            f"`db backup` copies an SQLite file; {database.name} is on a PostgreSQL server, which has its own tools",
            hint=f"pg_dump --format=custom --file={target} DATABASE; back with pg_restore (docs/operations.md)",
        )
    with _shown() as on_progress:
        return _told(target, back_up(database, target, SystemClock(), on_progress))


def _told(target: Path, done: "Backup") -> str:
    rows, tables = sum(done.contents.rows.values()), len(done.contents.rows)
    return (
        f"{target}: {done.size:,} bytes, copied in {done.copied_s:.1f} s\n"
        f"verified in {done.verified_s:.1f} s: integrity and keys hold, revision {done.contents.revision},"
        f" {rows:,} rows in {tables} tables as in the database"
    )


@contextmanager
def _shown() -> "Iterator[OnProgress]":
    """How far it is, on a terminal."""
    if not sys.stderr.isatty():
        yield lambda _what, _share: None
        return
    from rich.progress import Progress  # noqa: PLC0415  only on a terminal

    from monitor.cli.render import console_on  # noqa: PLC0415  the same

    with Progress(console=console_on(sys.stderr), transient=True) as progress:
        task = progress.add_task("copying", total=1.0)

        def on_progress(what: str, share: float | None) -> None:
            known: dict[str, Any] = {"total": None} if share is None else {"completed": share}
            progress.update(task, description=what, **known)

        yield on_progress
