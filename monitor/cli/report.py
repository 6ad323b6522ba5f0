"""The command `report`: figures over one or several periods, per check and per group of checks."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.options import ConfigOption, Format, load_config, reader_of
from monitor.cli.report_periods import WINDOW, Choice, periods_of
from monitor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.clock import Moment
    from monitor.config.load import Loaded
    from monitor.storage.reader import Reader
    from monitor.storage.reports.figures import Period
    from monitor.storage.reports.report import Asked

FIELDS = (
    "check", "endpoint", "model", "window", "availability", "coverage", "probes", "by_status", "latency_p50_ms",
    "latency_p95_ms", "latency_p99_ms", "latency_avg_ms", "latency_max_ms", "ttft_p50_ms", "ttft_p95_ms",
    "ttft_p99_ms", "incidents", "downtime_s", "mttr_s", "mtbf_s", "tokens", "cost", "by", "provider", "tags", "since",
    "until", "observed_s", "nines", "downtime_by_fault", "trend", "worst_hours",
)  # fmt: skip


class ReportFormat(StrEnum):
    """How a report is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    HTML = "html"


DEFAULT_GROUPS = "check,endpoint"

WindowOption = Annotated[
    str | None,
    typer.Option(metavar="LENGTHS", help=f'Up to now: "24h,7d,30d,90d"; default {WINDOW}.', show_default=False),
]
SinceOption = Annotated[
    str | None, typer.Option(metavar="TIME", help='Instead: ISO 8601, or how long ago: "24h".', show_default=False)
]
UntilOption = Annotated[str | None, typer.Option(metavar="TIME", help="The same; default: now.", show_default=False)]
MonthOption = Annotated[
    str | None, typer.Option(metavar="MONTHS", help='Calendar months: "2026-09,2026-10".', show_default=False)
]
MonthsOption = Annotated[
    int | None, typer.Option(metavar="N", help="The newest N calendar months.", show_default=False)
]
ByOption = Annotated[
    str | None,
    typer.Option(
        metavar="GROUPS",
        help=f"Rows for each check,endpoint,provider,tag or all; default {DEFAULT_GROUPS}.",
        show_default=False,
    ),
]
FileOption = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="A file for the HTML, not stdout.", show_default=False),
]


def report(
    *,
    window: WindowOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    month: MonthOption = None,
    months: MonthsOption = None,
    by: ByOption = None,
    evidence: Annotated[
        bool, typer.Option("--evidence", help="Instead: every failed probe, with its request id.")
    ] = False,
    target: FileOption = None,
    config: ConfigOption = None,
    output: Annotated[
        ReportFormat, typer.Option("--format", help="A table for people, JSON or CSV for programs, HTML to be sent.")
    ] = ReportFormat.TABLE,
) -> None:
    """Availability, coverage, latency, incidents, tokens and cost, per check and per endpoint."""
    from monitor.app.billing import asked_of, groups_of  # noqa: PLC0415  the command line imports only what it needs
    from monitor.clock import SystemClock  # noqa: PLC0415  the same

    groups, loaded = groups_of(DEFAULT_GROUPS if by is None else by), load_config(config)
    now = SystemClock().now()
    periods = periods_of(Choice(window, since, until, month, months), now.wall_us, loaded.config.timezone)
    _must_fit(output, evidence=evidence, grouped=by is not None, target=target)
    with reader_of(loaded) as reader:
        if evidence:
            _evidence(reader, periods, loaded, Format(output))
        elif output is ReportFormat.HTML:
            from monitor.cli import report_html  # noqa: PLC0415  the same

            report_html.write(reader, loaded, periods, asked_of(loaded.config, groups), now, target=target)
        else:
            _figures(reader, periods, loaded, (asked_of(loaded.config, groups), now), Format(output))


def _must_fit(output: ReportFormat, *, evidence: bool, grouped: bool, target: Path | None) -> None:
    if evidence and grouped:
        raise UsageError("--evidence lists single probes, so --by has nothing to group", hint="leave one of them out")
    if evidence and output is ReportFormat.HTML:
        raise UsageError("--evidence has no --format html", hint="--format csv opens in a spreadsheet")
    if target is not None and output is not ReportFormat.HTML:
        raise UsageError("--output is for --format html", hint="the others go to stdout: `> FILE`")


def _figures(
    reader: "Reader",
    periods: "Sequence[Period]",
    loaded: "Loaded",
    how: "tuple[Asked, Moment]",
    output: Format,
) -> None:
    from monitor.cli.render import Sheet, emit  # noqa: PLC0415  the same
    from monitor.cli.report_table import columns, in_cells, notes, shown  # noqa: PLC0415  the same
    from monitor.storage.reports.report import report_rows  # noqa: PLC0415  the same

    asked, now = how
    reports = [report_rows(reader, period, now, asked) for period in periods]
    said = [
        note
        for period, rows in zip(periods, reports, strict=True)
        for note in notes(period, rows, loaded.config.timezone)
    ]
    show = in_cells if output is Format.CSV else shown
    sheet = Sheet(
        rows=[show(row) for rows in reports for row in rows],
        fields=FIELDS,
        columns=columns(several=len(periods) > 1),
        empty="nothing was watched",
        notes=said,
    )
    emit(sheet, output)


def _evidence(reader: "Reader", periods: "Sequence[Period]", loaded: "Loaded", output: Format) -> None:
    """Streamed: a month of outage is many probes."""
    from monitor.cli.render import Column, Sheet, emit, local_time, milliseconds, write_csv, write_json  # noqa: PLC0415  the same
    from monitor.storage.reports.evidence import FIELDS as EVIDENCE  # noqa: PLC0415  the same
    from monitor.storage.reports.evidence import failed_probes  # noqa: PLC0415  the same

    rows = (row for period in periods for row in failed_probes(reader, period))
    if output is Format.JSON:
        write_json(rows, EVIDENCE, sys.stdout)
        return
    if output is Format.CSV:
        write_csv(rows, EVIDENCE, sys.stdout)
        return
    zone = loaded.config.timezone
    columns = (
        Column("started_at", f"started ({zone})", local_time(zone)),
        Column("check", "check", whole=True),
        Column("status", "status", styled=True),
        Column("http_status", "HTTP", right=True),
        Column("fault_domain", "fault", least_width=90),
        Column("latency_ms", "latency", milliseconds, right=True, least_width=130),
        Column("incident", "incident", right=True, least_width=110),
        Column("request_id", "request id", least_width=120),
        Column("reason", "reason", prose=True, least_width=170),
    )
    emit(Sheet(rows, EVIDENCE, columns, empty="no probe failed, or failed ones are deleted"), output)
