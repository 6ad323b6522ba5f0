"""The command `ack`: somebody is on it, so nobody else is reminded."""

from typing import Annotated

import typer

from monitor.cli.acting import ByOption, act, yourself
from monitor.cli.options import ConfigOption, load_config

_OPTIONS = {"by": "--by", "note": "--note"}


def ack(
    number: Annotated[int, typer.Argument(metavar="ID", min=1, help="The incident's number.")],
    by: ByOption = None,
    note: Annotated[
        str, typer.Option("--note", metavar="TEXT", help="What the others should know.", show_default=False)
    ] = "",
    config: ConfigOption = None,
) -> None:
    """Say that you are on it: no reminders and no escalation until it is over. Told to whoever was told before."""
    from monitor.alerting.plain import printable  # noqa: PLC0415  the command line imports only what the command needs

    body = {"by": yourself() if by is None else by, "note": note}
    row = act(load_config(config), "POST", f"/api/v1/incidents/{number}/ack", body, _OPTIONS)
    typer.echo(f"incident {row['id']} is acknowledged by {printable(str(row['acknowledged_by']))}")
