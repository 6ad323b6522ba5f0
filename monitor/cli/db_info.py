"""`relaywatch db info`: where the database is, how large, what it holds of which time, and how long that is kept."""

import json
import os
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import typer

from monitor.cli.options import ConfigOption

_MINUTES = len("2026-11-21 09:00")


class InfoFormat(StrEnum):
    """How `db info` answers."""

    TABLE = "table"
    JSON = "json"


def info(
    config: ConfigOption = None,
    output: Annotated[InfoFormat, typer.Option("--format", help="Table or JSON.")] = InfoFormat.TABLE,
) -> None:
    """Say where the database is, how large, what it holds, and for how long."""
    from monitor.cli.options import load_config  # noqa: PLC0415  the command line imports what it needs
    from monitor.storage.configured import database_of  # noqa: PLC0415  the same
    from monitor.storage.reader import Reader  # noqa: PLC0415  the same
    from monitor.storage.summary import summary  # noqa: PLC0415  the same

    loaded = load_config(config)
    with Reader(database_of(loaded, os.environ)) as reader:
        facts = summary(reader, loaded.config.storage.ages)
    if output is InfoFormat.JSON:
        typer.echo(json.dumps([facts], indent=2))
    else:
        _show(facts, loaded.config.timezone)


def _show(facts: dict[str, Any], zone: str) -> None:
    from monitor.cli.options import Format  # noqa: PLC0415  the same
    from monitor.cli.render import Column, Sheet, emit, local_time  # noqa: PLC0415  the same
    from monitor.config.size import rough_size  # noqa: PLC0415  the same

    typer.echo(facts["path"])
    typer.echo(", ".join(_head(facts)))
    typer.echo()
    there = local_time(zone)

    def local(text: str) -> str:
        return there(text)[:_MINUTES]

    columns = (
        Column("table", "table", whole=True),
        Column("shown_rows", "rows", right=True),
        Column("bytes", "size", show=rough_size, right=True),
        Column("oldest", f"oldest ({zone})", show=local),
        Column("newest", "newest", show=local),
        Column("kept_s", "kept", show=_kept),
    )
    rows = [{**row, "shown_rows": f"{'' if row['exact'] else '~'}{row['rows']:,}"} for row in facts["tables"]]
    for row in rows:
        if row["oldest"] is not None and row["kept_s"] is None:
            row["kept_s"] = 0.0  # for ever
    emit(Sheet(rows, ("table",), columns), Format.TABLE)
    for line in _made(facts, local):
        typer.echo(line)


def _head(facts: dict[str, Any]) -> list[str]:
    from monitor.config.size import format_size, rough_size  # noqa: PLC0415  the same

    parts = [f"revision {facts['revision']}", rough_size(facts["bytes"])]
    if facts["log_bytes"]:
        parts.append(f"log {rough_size(facts['log_bytes'])}")
    parts.append(f"{rough_size(facts['free_bytes'])} free inside")
    if facts["size_limit"] is not None:
        parts.append(f"size_limit {format_size(facts['size_limit'])}")
    return parts


def _made(facts: dict[str, Any], local: Callable[[str], str]) -> list[str]:
    lines = [
        f"{row['table']} are made until {local(row['made_until'])}"
        for row in facts["tables"]
        if row["made_until"] is not None
    ]
    since = next((row["complete_since"] for row in facts["tables"] if row["table"] == "results"), None)
    return lines + ([f"results are complete since {local(since)}"] if since else [])


def _kept(seconds: float) -> str:
    from monitor.config.duration import format_duration  # noqa: PLC0415  the same

    return format_duration(seconds) if seconds else "for ever"
