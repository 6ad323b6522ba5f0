"""`relaywatch db prune`: forgetting now what is too old, saying what would go, making the file small once.

Deletes in small bites beside a running daemon; `--compact` needs the database for itself.
"""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.options import ConfigOption

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.domain.ages import Ages
    from monitor.storage.database import Database
    from monitor.storage.retention.retention import Pruned


def prune(
    config: ConfigOption = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go and delete nothing.")] = False,
    compact: Annotated[
        bool,
        typer.Option("--compact", help="Then write the whole file anew, without free room. Stop the daemon first."),
    ] = False,
) -> None:
    """Delete now what is older than it is to be kept, as the daemon does once an hour; give room back to the disk."""
    from monitor.cli.options import load_config  # noqa: PLC0415  the command line imports what it needs
    from monitor.storage.configured import database_of  # noqa: PLC0415  the same
    from monitor.storage.reader import Reader  # noqa: PLC0415  the same

    loaded = load_config(config)
    database, ages = database_of(loaded, os.environ), loaded.config.storage.ages
    with Reader(database) as reader:  # refuses what does not exist or must be migrated first
        if dry_run:
            from monitor.storage.retention.forecast import would_go  # noqa: PLC0415  the same

            typer.echo(_would(would_go(reader, ages, _now_us())))
            return
    if compact:
        _prune_and_compact(database, ages)
    else:
        typer.echo(_did(_prune(database, ages)))


def _prune(database: "Database", ages: "Ages") -> "Pruned":
    import asyncio  # noqa: PLC0415  the same

    from monitor.clock import SystemClock  # noqa: PLC0415  the same
    from monitor.storage.engine import open_for_writing  # noqa: PLC0415  the same
    from monitor.storage.retention.retention import Retention  # noqa: PLC0415  the same
    from monitor.storage.writer import Writer  # noqa: PLC0415  the same

    engine = open_for_writing(database)

    async def work() -> "Pruned":
        writer = Writer(engine)
        try:
            return await Retention(writer, SystemClock()).prune(ages)
        finally:
            await writer.stop()

    try:
        return asyncio.run(work())
    finally:
        engine.dispose()


def _prune_and_compact(database: "Database", ages: "Ages") -> None:
    from monitor.config.size import rough_size  # noqa: PLC0415  the same
    from monitor.errors import UsageError  # noqa: PLC0415  the same
    from monitor.storage.sqlite.database import SqliteDatabase  # noqa: PLC0415  the same
    from monitor.storage.sqlite.housekeeping import compact, must_have_room  # noqa: PLC0415  the same

    if not isinstance(database, SqliteDatabase):
        raise UsageError("--compact is for a database in a file", hint="PostgreSQL gives room back by itself")
    with database.hold():
        must_have_room(database.path)
        typer.echo(_did(_prune(database, ages)))
        before, after = compact(database.path)
    typer.echo(f"compacted {database.name}: {rough_size(before)} before, {rough_size(after)} now")


def _did(pruned: "Pruned") -> str:
    from monitor.storage.retention.retention import Fit  # noqa: PLC0415  the same

    lines = [f"deleted {_listed(pruned.rows)}" if pruned.rows else "nothing is older than it is to be kept"]
    if pruned.pages:
        lines.append(f"gave {pruned.pages:,} free pages back to the disk")
    if pruned.fit is Fit.SHORTENED:
        lines.append("that is more than their age asks for: the database was larger than size_limit")
    if pruned.fit is Fit.OUT_OF_REACH:
        lines.append("the database is still larger than size_limit; roll-ups of hours and days and incidents are kept")
    return "\n".join(lines)


def _would(rows: "Mapping[str, int]") -> str:
    return f"would delete {_listed(rows)}" if rows else "nothing is older than it is to be kept"


def _listed(rows: "Mapping[str, int]") -> str:
    return ", ".join(f"{count:,} of {name}" for name, count in rows.items())


def _now_us() -> int:
    from monitor.clock import SystemClock  # noqa: PLC0415  the same

    return SystemClock().now().wall_us
