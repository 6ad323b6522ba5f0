"""`relaywatch db upgrade`: the schema of this version, made or reached, with a backup before where one is asked for."""

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.options import ConfigOption

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from monitor.storage.database import Database
    from monitor.storage.upgrade import Advance


def upgrade(
    config: ConfigOption = None,
    *,
    backup: Annotated[
        Path | None,
        typer.Option("--backup", metavar="FILE", help="First copy the database as it is into this new file."),
    ] = None,
) -> None:
    """Create the database or bring it to this version's schema; the daemon does the same when it starts."""
    from monitor.cli.options import load_config  # noqa: PLC0415  the command line imports what it needs
    from monitor.storage.configured import database_of  # noqa: PLC0415  the same
    from monitor.storage.revision import HEAD  # noqa: PLC0415  the same

    database = database_of(load_config(config), os.environ)
    with database.hold():
        if backup is not None:
            _back_up(database, backup)
        since = _upgraded(database)
    if since is None:
        typer.echo(f"{database.name} already is at revision {HEAD}")
        return
    typer.echo(f"{database.name} is now at revision {HEAD}")
    if since.since is not None:
        typer.echo("roll-ups of what was recorded before are made by the daemon, while it runs (or now: db rebuild)")


def _back_up(database: "Database", target: Path) -> None:
    from monitor.cli.db_backup import made  # noqa: PLC0415  the same

    typer.echo(made(database, target))


def _upgraded(database: "Database") -> "Advance | None":
    """The last step that was taken; None if there was none to take."""
    from monitor.storage.engine import open_for_writing  # noqa: PLC0415  the same

    taken: list[Advance] = []
    with _shown() as on_step:

        def noted(step: "Advance") -> None:
            taken.append(step)
            on_step(step)

        open_for_writing(database, on_step=noted).dispose()
    return taken[-1] if taken else None


@contextmanager
def _shown() -> "Iterator[Callable[[Advance], object]]":
    """How far it is, on a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import Progress  # noqa: PLC0415  only on a terminal

    from monitor.cli.render import console_on  # noqa: PLC0415  the same
    from monitor.storage.revision import STEPS  # noqa: PLC0415  the same

    with Progress(console=console_on(sys.stderr), transient=True) as progress:
        task = progress.add_task("upgrading", total=len(STEPS))

        def on_step(step: "Advance") -> None:
            progress.update(
                task, completed=step.number - 1, description=f"to revision {step.step.revision}: {step.step.brings}"
            )

        yield on_step
