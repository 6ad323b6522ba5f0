"""The command `status`: what is believed now, from the running daemon, else from the database."""

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.options import ConfigOption, Format, FormatOption, load_config, reader_of
from monitor.errors import EXIT_UNHEALTHY

if TYPE_CHECKING:
    from monitor.cli.render import Sheet
    from monitor.config.load import Loaded

FIELDS = ("check", "endpoint", "model", "state", "since", "status", "consecutive_failures", "availability_24h")
DAEMON_FIELDS = ("alive", "pid", "last_commit", "outbox_pending", "dead", "spent_today", "spent_month", "caps_spent")


def status(
    daemon: Annotated[bool, typer.Option("--daemon", help="The daemon itself, instead of the checks.")] = False,
    config: ConfigOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    """What is believed now; exit 1 if a check is DOWN or the daemon is dead."""
    from monitor.cli.render import emit  # noqa: PLC0415  the command line imports only what the command needs

    loaded = load_config(config)
    if daemon:
        (row,) = rows = _daemon(loaded)
        emit(_daemon_sheet(rows, loaded.config.timezone), output)
        healthy = bool(row["alive"])
    else:
        rows, alive = _checks(loaded)
        emit(_sheet(rows, loaded.config.timezone), output)
        for cap in _caps_spent(loaded, rows) if alive else ():
            typer.echo(f"warning: models are {cap}", err=True)
        if output is Format.TABLE:
            _say_what_is_low(loaded)
        if not alive:
            typer.echo("warning: the daemon is not running; this is what it believed last", err=True)
        healthy = alive and all(row["state"] != "DOWN" for row in rows)
    if not healthy:
        raise typer.Exit(EXIT_UNHEALTHY)


def _checks(loaded: "Loaded") -> tuple[list[dict[str, Any]], bool]:
    """The rows, and whether a daemon runs."""
    answered = _ask(loaded, "/api/v1/status")
    if answered is not None:
        return answered, True
    from monitor.clock import SystemClock  # noqa: PLC0415  the same
    from monitor.storage.past import history  # noqa: PLC0415  the same

    with reader_of(loaded) as reader:
        return history.status_rows(reader, SystemClock().now()), bool(history.daemon(reader)["alive"])


def _caps_spent(loaded: "Loaded", rows: list[dict[str, Any]]) -> list[str]:
    """Why models are not asked, where it is for want of money; only looked for where something is unknown."""
    if all(row["status"] != "UNKNOWN" for row in rows):
        return []
    return [cap for row in _ask(loaded, "/api/v1/daemon") or () for cap in row.get("caps_spent", ())]


def _say_what_is_low(loaded: "Loaded") -> None:
    """Rate limits and accounts that are nearly used up, one line each; only a running daemon knows."""
    from monitor.logs import visible  # noqa: PLC0415  the command line imports only what the command needs

    for row in _ask(loaded, "/api/v1/limits") or ():
        if row["low"] and row["remaining"] is not None:
            allowed = "" if row["limit"] is None else f" of {row['limit']:,.0f}"
            kind = row["kind"].replace("_", " ")
            typer.echo(f"low: {visible(row['check'])}: {row['remaining']:,.0f}{allowed} {kind} left", err=True)
    for row in _ask(loaded, "/api/v1/balances") or ():
        if row["low"] and row["amount"] is not None:
            end = "" if row["days_left"] is None else f", empty in {row['days_left']:.1f} days"
            typer.echo(f"low: {row['endpoint']}: balance {row['amount']:,.2f}{end}", err=True)


def _daemon(loaded: "Loaded") -> list[dict[str, Any]]:
    answered = _ask(loaded, "/api/v1/daemon")
    if answered is not None:
        return answered
    from monitor.storage.past import history  # noqa: PLC0415  the same

    with reader_of(loaded) as reader:
        return [history.daemon(reader)]


def _ask(loaded: "Loaded", path: str) -> list[dict[str, Any]] | None:
    from monitor.cli.control import ask  # noqa: PLC0415  the same
    from monitor.config.paths import control_candidates  # noqa: PLC0415  the same

    answer = ask(control_candidates(loaded, os.environ), path)
    return answer if isinstance(answer, list) else None


def _sheet(rows: list[dict[str, Any]], zone: str) -> "Sheet":
    from monitor.cli.render import Column, Sheet, local_time, percent  # noqa: PLC0415  the same

    return Sheet(
        rows=rows,
        fields=FIELDS,
        columns=(
            Column("check", "check", whole=True),
            Column("state", "state", styled=True),
            Column("since", f"since ({zone})", local_time(zone), least_width=90),
            Column("status", "status", styled=True),
            Column("consecutive_failures", "failures", right=True),
            Column("availability_24h", "24 h", percent, right=True),
        ),
        empty="no check has been configured yet",
    )


def _daemon_sheet(rows: list[dict[str, Any]], zone: str) -> "Sheet":
    from monitor.cli.render import Column, Sheet, local_time, yes_or_no  # noqa: PLC0415  the same
    from monitor.domain.prices import dollars  # noqa: PLC0415  the same

    return Sheet(
        rows=rows,
        fields=DAEMON_FIELDS,
        columns=(
            Column("alive", "alive", yes_or_no, styled=True),
            Column("pid", "pid", right=True),
            Column("last_commit", f"last commit ({zone})", local_time(zone)),
            Column("outbox_pending", "outbox pending", right=True),
            Column("dead", "dead", right=True),
            Column("spent_today", "spent today", dollars, right=True),
            Column("spent_month", "this month", dollars, right=True),
            Column("caps_spent", "caps spent", "; ".join, prose=True),
        ),
    )
