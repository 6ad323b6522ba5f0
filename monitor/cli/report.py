"""The command `report`: figures over one or several periods, per check and per endpoint."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.cost import bill_of, cost_notes
from monitor.cli.options import ConfigOption, Format, FormatOption, load_config, moment_us, reader_of
from monitor.clock import US_PER_S
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.cli.render import Column, Row
    from monitor.storage.report import Period

FIELDS = (
    "check", "endpoint", "model", "window", "availability", "coverage", "probes", "by_status", "latency_p50_ms",
    "latency_p95_ms", "latency_p99_ms", "latency_avg_ms", "latency_max_ms", "ttft_p50_ms", "ttft_p95_ms",
    "ttft_p99_ms", "incidents", "downtime_s", "mttr_s", "mtbf_s", "tokens", "cost",
)  # fmt: skip
WINDOW = "24h"


def report(
    window: Annotated[
        str | None,
        typer.Option(metavar="LENGTHS", help=f'Up to now: "24h,7d,30d,90d"; default {WINDOW}.', show_default=False),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help='Instead: ISO 8601, or how long ago: "24h".', show_default=False)
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="The same; default: now.", show_default=False)
    ] = None,
    config: ConfigOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    """Availability, coverage, latency, incidents, tokens and cost, per check and per endpoint."""
    from monitor.cli.render import Sheet, emit  # noqa: PLC0415  the command line imports only what the command needs
    from monitor.clock import SystemClock  # noqa: PLC0415  the same
    from monitor.storage import history  # noqa: PLC0415  the same

    loaded = load_config(config)
    now = SystemClock().now()
    if window is not None and (since is not None or until is not None):
        raise UsageError("--window and --since/--until exclude each other")
    if since is None and until is None:
        periods = windows(window or WINDOW, now.wall_us)
    else:
        periods = [_span(since, until, now.wall_us, loaded.config.timezone)]
    with reader_of(loaded) as reader:
        reports = [history.report(reader, period, now, bill_of(loaded.config)) for period in periods]
    shown = [{**row, "subject": _subject(row)} for rows in reports for row in rows]
    notes = [note for period, rows in zip(periods, reports, strict=True) for note in cost_notes(period.name, rows)]
    columns = _columns(several=len(periods) > 1)
    emit(Sheet(shown, FIELDS, columns, empty="nothing was watched", notes=notes), output)


def windows(text: str, now_us: int) -> "list[Period]":
    """The periods that end now; raises UsageError."""
    from monitor.config.duration import parse_duration  # noqa: PLC0415  the same
    from monitor.storage.report import Period  # noqa: PLC0415  the same

    periods = []
    for name in (part.strip() for part in text.split(",")):
        try:
            length_s = parse_duration(name)
        except ValueError as error:
            raise UsageError(f"--window {name!r}: {error}") from None
        if length_s <= 0:
            raise UsageError(f"--window {name!r}: must be longer than nothing")
        periods.append(Period(name, now_us - round(length_s * US_PER_S), now_us))
    return periods


def _span(since: str | None, until: str | None, now_us: int, zone: str) -> "Period":
    from monitor.clock import iso  # noqa: PLC0415  the same
    from monitor.storage.report import Period  # noqa: PLC0415  the same

    if since is None:
        raise UsageError("--until needs --since")
    since_us = moment_us(since, "--since", now_us, zone)
    until_us = now_us if until is None else moment_us(until, "--until", now_us, zone)
    if since_us >= until_us:
        raise UsageError("--since must lie before --until")
    return Period(f"{iso(since_us)}/{iso(until_us)}", since_us, until_us)


def _subject(row: "Row") -> str:
    """What a row of the table is about."""
    return str(row["check"]) if row["check"] is not None else f"{row['endpoint']} (all)"


def _columns(*, several: bool) -> "tuple[Column, ...]":
    from monitor.cli.render import Column, duration, milliseconds, percent  # noqa: PLC0415  the same
    from monitor.domain.prices import dollars  # noqa: PLC0415  the same

    columns = (
        Column("subject", "check", whole=True),
        Column("window", "window"),
        Column("availability", "avail.", percent, right=True),
        Column("coverage", "coverage", percent, right=True),
        Column("probes", "probes", right=True),
        Column("latency_p50_ms", "p50", milliseconds, right=True),
        Column("latency_p95_ms", "p95", milliseconds, right=True),
        Column("latency_p99_ms", "p99", milliseconds, right=True, least_width=120),
        Column("latency_max_ms", "max", milliseconds, right=True, least_width=150),
        Column("ttft_p50_ms", "TTFT p50", milliseconds, right=True, least_width=170),
        Column("incidents", "inc.", right=True),
        Column("downtime_s", "downtime", duration, right=True, least_width=100),
        Column("mttr_s", "MTTR", duration, right=True, least_width=135),
        Column("mtbf_s", "MTBF", duration, right=True, least_width=150),
        Column("tokens", "tokens", right=True, least_width=135),
        Column("cost", "cost", dollars, right=True, least_width=110),
        Column("by_status", "by status", _counts, least_width=190),
    )
    return columns if several else tuple(column for column in columns if column.name != "window")


def _counts(by_status: dict[str, Any]) -> str:
    return " ".join(f"{status}={count}" for status, count in by_status.items())
