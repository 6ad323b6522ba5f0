"""The command `incidents`: past and open ones, and one with its timeline and deliveries."""

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.options import ConfigOption, Format, FormatOption, load_config, reader_of
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.cli.render import Column
    from monitor.config.schema import Config

FIELDS = (
    "id", "key", "endpoint", "severity", "status", "fault_domain", "checks", "started_at", "detected_at",
    "resolved_at", "duration_s", "acknowledged", "kind", "scope", "acknowledged_by",
)  # fmt: skip
LIMIT = 50
LIMIT_AT_MOST = 1_000_000

app = typer.Typer(invoke_without_command=True)


class Which(StrEnum):
    """Which incidents are listed."""

    ALL = "all"
    OPEN = "open"
    RESOLVED = "resolved"


class ShowFormat(StrEnum):
    """How one incident is printed."""

    TEXT = "text"
    JSON = "json"


@app.callback()
def incidents(
    context: typer.Context,
    state: Annotated[Which, typer.Option(help="Which ones.")] = Which.ALL,
    limit: Annotated[int, typer.Option(min=1, max=LIMIT_AT_MOST, help="At most so many.")] = LIMIT,
    config: ConfigOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    """Past and open incidents, newest first; `show ID` tells all about one."""
    if context.invoked_subcommand is not None:
        return
    from monitor.cli.render import Sheet, emit  # noqa: PLC0415  the command line imports only what the command needs
    from monitor.clock import SystemClock  # noqa: PLC0415  the same
    from monitor.storage import history  # noqa: PLC0415  the same

    loaded = load_config(config)
    with reader_of(loaded) as reader:
        rows = history.incidents(reader, SystemClock().now(), state.value, limit)
    emit(Sheet(rows, FIELDS, _columns(loaded.config.timezone), empty="no incident"), output)


@app.command()
def show(
    number: Annotated[int, typer.Argument(metavar="ID", min=1, help="The incident's number.")],
    config: ConfigOption = None,
    output: Annotated[ShowFormat, typer.Option("--format", help="Text for people, JSON for programs.")] = (
        ShowFormat.TEXT
    ),
) -> None:
    """All that is known of one incident: timeline, decisions, deliveries."""
    from monitor.cli.render import safe_json  # noqa: PLC0415  the same
    from monitor.clock import SystemClock  # noqa: PLC0415  the same
    from monitor.storage import history  # noqa: PLC0415  the same

    loaded = load_config(config)
    with reader_of(loaded) as reader:
        incident = history.incident(reader, number, SystemClock().now())
    if incident is None:
        raise UsageError(f"there is no incident {number}", hint="`relaywatch incidents` lists them")
    if output is ShowFormat.JSON:
        typer.echo(safe_json(incident, indent=2))
    else:
        _tell(incident, loaded.config)


def _columns(zone: str) -> "tuple[Column, ...]":
    from monitor.cli.render import Column, duration, local_time  # noqa: PLC0415  the same

    return (
        Column("id", "id", right=True),
        Column("severity", "severity", styled=True),
        Column("status", "status"),
        Column("checks", "checks", _some, whole=True),
        Column("fault_domain", "fault", least_width=120),
        Column("started_at", f"started ({zone})", local_time(zone)),
        Column("resolved_at", "resolved", local_time(zone), least_width=100),
        Column("duration_s", "lasted", duration, right=True),
    )


def _some(checks: list[str]) -> str:
    return (
        checks[0]
        if len(checks) == 1
        else f"{', '.join(checks[:2])} and {len(checks) - 2} more".replace(" and 0 more", "")
    )


def _tell(incident: dict[str, Any], config: "Config") -> None:
    from monitor.cli.render import Column, Sheet, local_time, write_facts, write_table  # noqa: PLC0415  the same

    local = local_time(config.timezone)
    write_facts(f"incident {incident['id']}", _facts(incident, config), sys.stdout)
    sys.stdout.write(f"\ntimeline ({config.timezone})\n")
    event_columns = (
        Column("at", "at", local),
        Column("event", "event"),
        Column("status", "status", styled=True),
        Column("severity", "severity", styled=True, least_width=100),
        Column("decision", "told?"),
        Column("notifications", "messages", right=True),
        Column("reason", "reason", prose=True, least_width=100),
    )
    write_table(Sheet(incident["timeline"], (), event_columns, empty="nothing"), sys.stdout)
    sys.stdout.write("\ndeliveries\n")
    delivery_columns = (
        Column("created_at", "created", local),
        Column("channel", "channel"),
        Column("event", "event"),
        Column("state", "state"),
        Column("attempts", "attempts", right=True),
        Column("settled_at", "settled", local, least_width=100),
        Column("error", "error", prose=True),
    )
    write_table(Sheet(incident["deliveries"], (), delivery_columns, empty="none"), sys.stdout)


def _facts(incident: dict[str, Any], config: "Config") -> list[tuple[str, str | None]]:
    from monitor.cli.render import duration, local_time  # noqa: PLC0415  the same
    from monitor.domain.action import Action, sentence  # noqa: PLC0415  the same

    local, action = local_time(config.timezone), incident["action"]
    resolved = incident["resolved_at"]
    return [
        ("severity", incident["severity"]),
        ("status", incident["status"]),
        ("fault", incident["fault_domain"]),
        ("checks", ", ".join(incident["checks"])),
        ("reason", incident["reason"]),
        ("what to do", sentence(Action(action), config.language) if action in Action.__members__.values() else None),
        ("started", local(incident["started_at"])),
        ("detected", local(incident["detected_at"])),
        ("resolved", "still open" if resolved is None else local(resolved)),
        ("lasted", duration(incident["duration_s"])),
        ("failed probes", str(incident["failed_probes"])),
    ]
