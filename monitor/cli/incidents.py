"""The command `incidents`: past and open ones, and one with its timeline and deliveries."""

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.listing import (
    AllOption,
    CheckOption,
    CursorOption,
    EndpointOption,
    FaultOption,
    LimitOption,
    ProviderOption,
    SinceOption,
    UntilOption,
    between,
    bound,
    must_be_known,
    position,
    words,
)
from monitor.cli.options import ConfigOption, Format, FormatOption, load_config, reader_of
from monitor.domain.cursor import Listing
from monitor.domain.result import FaultDomain
from monitor.domain.severity import Severity
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.alerting.texts import Voice
    from monitor.cli.render import Column
    from monitor.config.load import Loaded
    from monitor.config.schema import Config
    from monitor.storage.past.incident_list import IncidentSelection

FIELDS = (
    "id", "key", "endpoint", "severity", "status", "fault_domain", "checks", "started_at", "detected_at",
    "resolved_at", "duration_s", "acknowledged", "kind", "scope", "acknowledged_by",
)  # fmt: skip
EVIDENCE = 20
LARGEST = 2**63 - 1  # no database counts further

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
    MD = "md"


_StateOption = Annotated[Which, typer.Option(help="Which ones.")]
_SeverityOption = Annotated[
    list[str] | None, typer.Option(metavar="SEVERITY", help="Warning or critical.", show_default=False)
]


@app.callback()
def incidents(
    context: typer.Context,
    *,
    state: _StateOption = Which.ALL,
    endpoint: EndpointOption = None,
    check: CheckOption = None,
    provider: ProviderOption = None,
    fault: FaultOption = None,
    severity: _SeverityOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = None,
    everything: AllOption = False,
    cursor: CursorOption = None,
    config: ConfigOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    """Past and open incidents, newest first; `show ID` tells all about one."""
    if context.invoked_subcommand is not None:
        return
    from monitor.storage.past.incident_list import IncidentSelection  # noqa: PLC0415  imports only what the command needs

    loaded = load_config(config)
    since_us, until_us = between(loaded, since, until)
    selection = IncidentSelection(
        state=state.value,
        endpoint=endpoint,
        check=check,
        provider=provider,
        faults=words(FaultDomain, fault, "--fault"),
        severities=words(Severity, severity, "--severity"),
        since_us=since_us,
        until_us=until_us,
        limit=bound(limit, everything=everything),
        after=position(Listing.INCIDENTS, cursor),
    )
    _print(loaded, selection, output)


def _print(loaded: "Loaded", selection: "IncidentSelection", output: Format) -> None:
    from monitor.cli.render import Sheet, emit  # noqa: PLC0415  the same
    from monitor.cli.streaming import streamed, tell_cursor  # noqa: PLC0415  the same
    from monitor.clock import SystemClock  # noqa: PLC0415  the same
    from monitor.storage.past.incident_list import IncidentList  # noqa: PLC0415  the same

    columns = _columns(loaded.config.timezone)
    with reader_of(loaded) as reader:
        must_be_known(reader, check=selection.check, endpoint=selection.endpoint, provider=selection.provider)
        listed = IncidentList(reader, selection, SystemClock().now())
        emit(Sheet(streamed(listed), FIELDS, columns, empty="no incident"), output)
    tell_cursor(listed, Listing.INCIDENTS)


@app.command()
def show(
    number: Annotated[int, typer.Argument(metavar="ID", min=1, help="The incident's number.")],
    explain: Annotated[bool, typer.Option("--explain", help="Why people were told, or not: every decision.")] = False,
    config: ConfigOption = None,
    output: Annotated[
        ShowFormat, typer.Option("--format", help="Text for people, JSON for programs, a draft of the post-mortem.")
    ] = ShowFormat.TEXT,
) -> None:
    """All that is known of one incident: timeline, decisions, deliveries."""
    from monitor.clock import SystemClock  # noqa: PLC0415  the same
    from monitor.storage.past import timeline  # noqa: PLC0415  the same

    loaded, now = load_config(config), SystemClock().now()
    with reader_of(loaded) as reader:
        incident = timeline.incident(reader, number, now) if number <= LARGEST else None
        if incident is None:
            raise UsageError(f"there is no incident {number}", hint="`relaywatch incidents` lists them")
        evidence = timeline.evidence(reader, number, now, EVIDENCE) if output is ShowFormat.MD else ([], 0)
    voice = _voice(loaded.config)
    if output is ShowFormat.JSON:
        _write_json(incident, voice, explain=explain)
    elif output is ShowFormat.MD:
        from monitor.cli.postmortem import postmortem  # noqa: PLC0415  the same

        typer.echo(postmortem(incident, evidence, voice), nl=False)
    else:
        _tell(incident, loaded.config)
        if explain:
            _explain(incident, voice)


def _voice(config: "Config") -> "Voice":
    from zoneinfo import ZoneInfo  # noqa: PLC0415  the same

    from monitor.alerting.texts import Voice  # noqa: PLC0415  the same

    return Voice(config.language, ZoneInfo(config.timezone))


def _write_json(incident: dict[str, Any], voice: "Voice", *, explain: bool) -> None:
    from monitor.cli.explain import explained, so_far  # noqa: PLC0415  the same
    from monitor.cli.render import safe_json  # noqa: PLC0415  the same

    if explain:
        timeline = [{**one.event, "said": list(one.said)} for one in explained(incident, voice)]
        incident = {**incident, "timeline": timeline, "said": so_far(incident, voice)}
    typer.echo(safe_json(incident, indent=2))


def _explain(incident: dict[str, Any], voice: "Voice") -> None:
    from monitor.cli.explain import explained, so_far  # noqa: PLC0415  the same
    from monitor.cli.render import local_time  # noqa: PLC0415  the same

    local = local_time(str(voice.timezone))
    typer.echo(f"\nwhy people were told, or not ({voice.timezone})")
    for one in explained(incident, voice):
        event = one.event
        typer.echo(f"{local(event['at'])}  {event['event']}  {event['status']}, {event['severity']}")
        for line in one.said:
            typer.echo(f"    {line}")
    last = so_far(incident, voice)
    if last is not None:
        typer.echo(last)


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

    local = local_time(config.timezone)
    resolved = incident["resolved_at"]
    return [
        ("severity", incident["severity"]),
        ("status", incident["status"]),
        ("fault", incident["fault_domain"]),
        ("kind", None if incident["kind"] == "outage" else incident["kind"]),
        ("scope", None if incident["scope"] == "check" else incident["scope"]),
        ("checks", ", ".join(incident["checks"])),
        ("reason", incident["reason"]),
        ("what to do", _advice(incident, config)),
        ("started", local(incident["started_at"])),
        ("detected", local(incident["detected_at"])),
        ("resolved", "still open" if resolved is None else local(resolved)),
        ("lasted", duration(incident["duration_s"])),
        ("failed probes", str(incident["failed_probes"])),
        ("acknowledged", _acknowledged(incident, config)),
    ]


def _advice(incident: dict[str, Any], config: "Config") -> str | None:
    """As messages have it; None for what a newer RelayWatch may have written."""
    from monitor.alerting.rule_texts import advice_of  # noqa: PLC0415  the same
    from monitor.domain.action import Action  # noqa: PLC0415  the same
    from monitor.domain.incident_kind import IncidentKind  # noqa: PLC0415  the same

    try:
        action = None if incident["action"] is None else Action(incident["action"])
        return advice_of(IncidentKind(incident["kind"]), action, _voice(config))
    except ValueError:
        return None


def _acknowledged(incident: dict[str, Any], config: "Config") -> str | None:
    from monitor.cli.render import local_time  # noqa: PLC0415  the same

    known = incident["acknowledgement"]
    if known is None:
        return None
    note = "" if known["note"] is None else f": {known['note']}"
    return f"{known['by']}, {local_time(config.timezone)(known['at'])}{note}"
