"""`relaywatch db`: migrations, what the database holds, a copy of it, and forgetting what is too old.

`info` and `backup` read, with the daemon running or not. `prune` writes in small bites beside a running daemon;
`upgrade` needs the database for itself. Heavy imports stand inside the commands, so that `--help` stays quick.
"""

import json
import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from monitor.config.load import Loaded
    from monitor.storage.database import Database

app = typer.Typer(help="Look after the database.", no_args_is_help=True)


class InfoFormat(StrEnum):
    """How `db info` answers."""

    TABLE = "table"
    JSON = "json"


ConfigOption = Annotated[
    Path | None,
    typer.Option("-c", "--config", metavar="FILE", help="The configuration file.", show_default=False),
]


@app.command()
def upgrade(config: ConfigOption = None) -> None:
    """Create the database or bring it to this version's schema; the daemon does the same when it starts."""
    from monitor.storage.engine import open_for_writing  # noqa: PLC0415  the command line imports what it needs
    from monitor.storage.revision import HEAD  # noqa: PLC0415  the same

    _, database = _database(config)
    migrated: list[bool] = []
    with database.hold():
        open_for_writing(database, on_step=lambda _: migrated.append(True)).dispose()
    typer.echo(f"{database.name} {'is now' if migrated else 'already is'} at revision {HEAD}")


@app.command()
def info(
    config: ConfigOption = None,
    output: Annotated[InfoFormat, typer.Option("--format", help="Table or JSON.")] = InfoFormat.TABLE,
) -> None:
    """Say where the database is, how large, and what it holds."""
    from monitor.storage.reader import Reader  # noqa: PLC0415  the same
    from monitor.storage.summary import summary  # noqa: PLC0415  the same

    _, database = _database(config)
    with Reader(database) as reader:
        facts = summary(reader)
    typer.echo(json.dumps([facts], indent=2) if output is InfoFormat.JSON else _as_lines(facts))


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="The new file; one that exists is never overwritten.")],
    config: ConfigOption = None,
) -> None:
    """Copy the database into one file while the daemon goes on writing."""
    from monitor.storage.backup import back_up  # noqa: PLC0415  the same
    from monitor.storage.reader import Reader  # noqa: PLC0415  the same

    _, database = _database(config)
    with Reader(database) as reader:
        size = back_up(reader, target)
    typer.echo(f"{target}: {size:,} bytes")


@app.command()
def prune(config: ConfigOption = None) -> None:
    """Delete results older than `[storage] raw_retention` now, as the daemon does once a day."""
    import asyncio  # noqa: PLC0415  the same

    from monitor.storage.reader import Reader  # noqa: PLC0415  the same

    loaded, database = _database(config)
    Reader(database).close()  # refuses what does not exist or must be migrated first
    pruned = asyncio.run(_prune(database, loaded.config.storage.raw_retention_s))
    typer.echo(f"deleted {pruned.results:,} results, {pruned.reasons:,} reasons that nothing refers to any more")


async def _prune(database: "Database", keep_s: float) -> Any:
    from monitor.clock import SystemClock  # noqa: PLC0415  the same
    from monitor.storage.engine import open_for_writing  # noqa: PLC0415  the same
    from monitor.storage.retention import Retention  # noqa: PLC0415  the same
    from monitor.storage.writer import Writer  # noqa: PLC0415  the same

    writer = Writer(open_for_writing(database))
    try:
        return await Retention(writer, SystemClock()).prune(keep_s)
    finally:
        await writer.stop()


def _database(option: Path | None) -> "tuple[Loaded, Database]":
    from monitor.config.load import find_path, load  # noqa: PLC0415  the same
    from monitor.storage.configured import database_of  # noqa: PLC0415  the same

    loaded = load(find_path(option, os.environ))
    return loaded, database_of(loaded, os.environ)


def _as_lines(facts: dict[str, Any]) -> str:
    rows = {f"rows in {name}": f"{count:,}" for name, count in facts["rows"].items()}
    plain = {name: value for name, value in facts.items() if name != "rows"}
    shown = {name: f"{value:,}" if isinstance(value, int) else value or "-" for name, value in plain.items()}
    return "\n".join(f"{name.replace('_', ' '):<24}{value}" for name, value in (shown | rows).items())
