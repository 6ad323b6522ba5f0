"""The command `silence`: nobody is told of something for a while, though it goes on being watched."""

import os
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.acting import ByOption, act, yourself
from monitor.cli.options import ConfigOption, Format, FormatOption, load_config, reader_of
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.cli.render import Column
    from monitor.config.load import Loaded

FIELDS = ("id", "state", "by", "reason", "matcher", "until", "created_at", "starts_at", "ends_at", "expired_at")
_KEYS = {
    "checks": "--check",
    "endpoints": "--endpoint",
    "models": "--model",
    "providers": "--provider",
    "tags": "--tag",
    "severities": "--severity",
    "fault_domains": "--fault-domain",
    "statuses": "--status",
}
_OPTIONS = {f"matcher.{key}": option for key, option in _KEYS.items()} | {
    "matcher": "what is to be silent",
    "by": "--by",
    "reason": "--reason",
    "for": "--for",
    "starts_at": "--from",
    "ends_at": "--until",
}

app = typer.Typer(help="Let nobody be told of something for a while.", no_args_is_help=True)


class AddFormat(StrEnum):
    """How a new silence is printed."""

    TEXT = "text"
    JSON = "json"


def _several(option: str, metavar: str, what: str) -> Any:
    return typer.Option(option, metavar=metavar, help=f"{what}; may be repeated.", show_default=False)


Patterns = list[str] | None


@app.command()
def add(
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; whoever wonders later reads it.")],
    check: Annotated[Patterns, _several("--check", "PATTERN", 'Ids of checks, such as "gw/*"')] = None,
    endpoint: Annotated[Patterns, _several("--endpoint", "PATTERN", "Endpoints")] = None,
    model: Annotated[Patterns, _several("--model", "PATTERN", 'Models, such as "openai/*"')] = None,
    provider: Annotated[Patterns, _several("--provider", "PATTERN", "Providers")] = None,
    tag: Annotated[Patterns, _several("--tag", "TAG", "Tags of endpoints")] = None,
    severity: Annotated[Patterns, _several("--severity", "WORD", "Only that urgent: warning, critical")] = None,
    fault_domain: Annotated[Patterns, _several("--fault-domain", "WORD", "Only that fault, such as quota")] = None,
    status: Annotated[Patterns, _several("--status", "STATUS", "Only that status, such as RATE_LIMITED")] = None,
    all_checks: Annotated[bool, typer.Option("--all-checks", help="Everything there is.")] = False,
    for_: Annotated[
        str | None, typer.Option("--for", metavar="DURATION", help='How long, such as "2h".', show_default=False)
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Until when; ISO 8601.", show_default=False)
    ] = None,
    until_resolved: Annotated[
        bool, typer.Option("--until-resolved", help="Until what it hides is over; with --for at most that long.")
    ] = False,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="Since when; now by default.", show_default=False)
    ] = None,
    by: ByOption = None,
    config: ConfigOption = None,
    output: Annotated[AddFormat, typer.Option("--format", help="Text for people, JSON for programs.")] = AddFormat.TEXT,
) -> None:
    """Silence what fits all of the options given. It goes on being watched; the end of what was told is told."""
    end = _End(for_, until, until_resolved, from_)
    loaded = load_config(config)
    zone = loaded.config.timezone
    lists = (check, endpoint, model, provider, tag, severity, fault_domain, status)
    about = _matcher({key: values for key, values in zip(_KEYS, lists, strict=True) if values}, all_checks)
    body = {"by": yourself() if by is None else by, "reason": reason, **about, **end.fields(zone)}
    row = act(loaded, "POST", "/api/v1/silences", body, _OPTIONS)
    _print(row, zone, output)


@app.command("list")
def show(
    everything: Annotated[bool, typer.Option("--all", help="Those that have ended too.")] = False,
    config: ConfigOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    """Silences in force or still to come, oldest first."""
    from monitor.cli.render import Sheet, emit  # noqa: PLC0415  the command line imports only what the command needs

    loaded = load_config(config)
    rows = _rows(loaded, everything=everything)
    if output is Format.CSV:
        rows = [{**row, "matcher": _about(row["matcher"])} for row in rows]
    emit(Sheet(rows, FIELDS, _columns(loaded.config.timezone), empty="nothing is silenced"), output)


@app.command()
def expire(
    number: Annotated[int, typer.Argument(metavar="ID", min=1, help="The silence's number.")],
    config: ConfigOption = None,
) -> None:
    """End a silence now; what still fails is told."""
    row = act(load_config(config), "DELETE", f"/api/v1/silences/{number}")
    typer.echo(f"silence {row['id']} has ended; what it hid and still fails is told now")


@dataclass(frozen=True, slots=True)
class _End:
    """When a silence begins and ends, as it was typed."""

    for_: str | None
    until: str | None
    until_resolved: bool
    from_: str | None

    def __post_init__(self) -> None:
        if not (self.for_ or self.until or self.until_resolved):
            raise UsageError("say when it ends", hint='--for 2h, --until "2026-11-21T18:00", or --until-resolved')
        if self.for_ and self.until:
            raise UsageError("--for and --until both say when it ends", hint="give one of them")

    def fields(self, zone: str) -> dict[str, str]:
        """The same in the body of a request."""
        given = {
            "for": self.for_,
            "starts_at": None if self.from_ is None else _time(self.from_, "--from", zone),
            "ends_at": None if self.until is None else _time(self.until, "--until", zone),
            "until": "resolved" if self.until_resolved else "time",
        }
        return {name: value for name, value in given.items() if value is not None}


def _matcher(matcher: dict[str, list[str]], everything: bool) -> dict[str, Any]:
    if bool(matcher) == everything:
        hint = f"{', '.join(_KEYS.values())}; or --all-checks for everything"
        raise UsageError("--all-checks is everything already" if everything else "say what is to be silent", hint=hint)
    return {"all_checks": True} if everything else {"matcher": matcher}


def _print(row: dict[str, Any], zone: str, output: AddFormat) -> None:
    from monitor.cli.render import safe_json  # noqa: PLC0415  the command line imports only what the command needs

    typer.echo(safe_json(row, indent=2) if output is AddFormat.JSON else _in_words(row, zone))


def _rows(loaded: "Loaded", *, everything: bool) -> list[dict[str, Any]]:
    from monitor.cli.control import ask  # noqa: PLC0415  the same
    from monitor.clock import SystemClock  # noqa: PLC0415  the same
    from monitor.config.paths import control_candidates  # noqa: PLC0415  the same
    from monitor.storage.past.silenced import silences  # noqa: PLC0415  the same

    state = "all" if everything else "current"
    answered = ask(control_candidates(loaded, os.environ), f"/api/v1/silences?state={state}")
    if isinstance(answered, list):
        return answered
    with reader_of(loaded) as reader:
        return silences(reader, SystemClock().now(), everything=everything)


def _time(text: str, option: str, zone: str) -> str:
    """ISO 8601 UTC of a time as people write it, meant in their zone."""
    from monitor.cli.options import moment_us  # noqa: PLC0415  the same
    from monitor.clock import iso  # noqa: PLC0415  the same
    from monitor.config.duration import parse_duration  # noqa: PLC0415  the same

    try:
        parse_duration(text)
    except ValueError:
        return iso(moment_us(text, option, 0, zone))
    raise UsageError(
        f"{option} {text!r} is no time", hint=f'"--for {text}" says how long; {option} takes "2026-11-21T18:00"'
    )


def _in_words(row: dict[str, Any], zone: str) -> str:
    hides = row["hides"]
    hidden = (
        f"open incidents that it hides now: {', '.join(map(str, hides))}" if hides else "no open incident is hidden now"
    )
    begins = "" if row["state"] == "active" else f" from {_when(row['starts_at'], zone)}"
    return f"silence {row['id']}: {_about(row['matcher'])}{begins} {_end(row, zone)}\n{hidden}"


def _about(matcher: dict[str, list[str]]) -> str:
    from monitor.alerting.plain import printable  # noqa: PLC0415  the same

    return printable("; ".join(f"{key} {', '.join(values)}" for key, values in matcher.items())) or "everything"


def _end(row: dict[str, Any], zone: str) -> str:
    """`until 2026-11-21 18:00:00`, `until it is over`, `until it is over, 2026-11-21 18:00:00 at the latest`."""
    at = None if row["ends_at"] is None else _when(row["ends_at"], zone)
    if row["until"] == "time":
        return f"until {at}"
    over = "until it is over" if row["until"] == "resolved" else "until it is configured anew"
    return over if at is None else f"{over}, {at} at the latest"


def _when(at: str, zone: str) -> str:
    from monitor.cli.render import local_time  # noqa: PLC0415  the same

    return f"{local_time(zone)(at)} ({zone})"


def _columns(zone: str) -> "tuple[Column, ...]":
    from monitor.cli.render import Column, local_time  # noqa: PLC0415  the same

    return (
        Column("id", "id", right=True),
        Column("state", "state"),
        Column("matcher", "what", _about, prose=True),
        Column("starts_at", f"from ({zone})", local_time(zone), least_width=120),
        Column("ends_at", f"until ({zone})", local_time(zone)),
        Column("until", "ends with", least_width=100),
        Column("by", "by", prose=True),
        Column("reason", "reason", prose=True),
    )
