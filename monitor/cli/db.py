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

from monitor.cli import db_backup, db_copy, db_prune, db_upgrade

if TYPE_CHECKING:
    from monitor.config.load import Loaded
    from monitor.storage.database import Database

app = typer.Typer(help="Look after the database.", no_args_is_help=True)
app.command()(db_upgrade.upgrade)
app.command()(db_backup.backup)
app.command()(db_prune.prune)
app.command()(db_copy.copy)


class InfoFormat(StrEnum):
    """How `db info` answers."""

    TABLE = "table"
    JSON = "json"


ConfigOption = Annotated[
    Path | None,
    typer.Option("-c", "--config", metavar="FILE", help="The configuration file.", show_default=False),
]


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
