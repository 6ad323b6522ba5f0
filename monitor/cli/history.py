"""The command `history`: single results, newest first."""

from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.check import FIELDS
from monitor.cli.options import ConfigOption, Format, FormatOption, load_config, moment_us, nearest_names, reader_of
from monitor.domain.result import Status
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.cli.render import Column
    from monitor.storage.reader import Reader

LIMIT = 50
LIMIT_AT_MOST = 1_000_000


def history(
    *,
    check: Annotated[str | None, typer.Option(metavar="ID", help="One check.", show_default=False)] = None,
    endpoint: Annotated[str | None, typer.Option(metavar="NAME", help="One endpoint.", show_default=False)] = None,
    model: Annotated[str | None, typer.Option(metavar="ID", help="One model.", show_default=False)] = None,
    status: Annotated[
        list[str] | None,
        typer.Option(metavar="STATUS", help="One status, such as TIMEOUT; may be repeated.", show_default=False),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help='ISO 8601, or how long ago: "24h".', show_default=False)
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="The same.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(min=1, max=LIMIT_AT_MOST, help="At most so many.")] = LIMIT,
    config: ConfigOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    """Results of probes, newest first."""
    from monitor.cli.render import Sheet, emit  # noqa: PLC0415  the command line imports only what the command needs
    from monitor.clock import SystemClock  # noqa: PLC0415  the same
    from monitor.storage import history as past  # noqa: PLC0415  the same

    loaded = load_config(config)
    zone, now_us = loaded.config.timezone, SystemClock().now().wall_us
    selection = past.Selection(
        check=check,
        endpoint=endpoint,
        model=model,
        statuses=tuple(map(_status, status or ())),
        since_us=None if since is None else moment_us(since, "--since", now_us, zone),
        until_us=None if until is None else moment_us(until, "--until", now_us, zone),
        limit=limit,
    )
    with reader_of(loaded) as reader:
        _must_be_known(reader, check)
        rows = past.results(reader, selection)
    emit(Sheet(rows, FIELDS, _columns(zone), empty="no result matches"), output)


def _status(word: str) -> Status:
    try:
        return Status(word.upper())
    except ValueError:
        raise UsageError(f"--status {word!r} is no status", hint=nearest_names(word.upper(), Status)) from None


def _must_be_known(reader: "Reader", check: str | None) -> None:
    from monitor.storage.history import known_checks  # noqa: PLC0415  the same

    if check is not None and check not in (known := known_checks(reader)):
        raise UsageError(f"there is no check {check!r}", hint=nearest_names(check, known))


def _columns(zone: str) -> "tuple[Column, ...]":
    from monitor.cli.render import Column, local_time, milliseconds  # noqa: PLC0415  the same

    return (
        Column("started_at", f"started ({zone})", local_time(zone)),
        Column("check", "check", whole=True),
        Column("status", "status", styled=True),
        Column("http_status", "HTTP", right=True, least_width=100),
        Column("latency_ms", "latency", milliseconds, right=True),
        Column("lag_ms", "lag", milliseconds, right=True, least_width=140),
        Column("fault_domain", "fault", least_width=120),
        Column("reason", "reason", prose=True, least_width=100),
    )
