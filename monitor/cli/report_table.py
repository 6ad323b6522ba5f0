"""A report as a table: as many columns as the terminal has room for, and what does not fit in one as notes below."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitor.cli.cost import cost_notes
from monitor.cli.render import Column, Row, duration, local_time, milliseconds, percent
from monitor.clock import from_iso
from monitor.domain.prices import dollars
from monitor.storage.reports.figures import Period

_MOST_HOURS = 3
_NOTEWORTHY = 0.01
"""The share of a period; what an edge loses to the next five minutes or hour is in `since`."""


def columns(*, several: bool) -> tuple[Column, ...]:
    """The columns, by the width of the terminal; `window` only where there are several."""
    shown = (
        Column("subject", "check", whole=True),
        Column("window", "window"),
        Column("availability", "avail.", percent, right=True),
        Column("coverage", "coverage", percent, right=True),
        Column("probes", "probes", _count, right=True, least_width=100),
        Column("latency_p50_ms", "p50", milliseconds, right=True, least_width=70),
        Column("latency_p95_ms", "p95", milliseconds, right=True),
        Column("latency_p99_ms", "p99", milliseconds, right=True, least_width=130),
        Column("latency_max_ms", "max", milliseconds, right=True, least_width=170),
        Column("ttft_p50_ms", "TTFT p50", milliseconds, right=True, least_width=180),
        Column("incidents", "inc.", right=True, least_width=70),
        Column("downtime_s", "downtime", duration, right=True, least_width=100),
        Column("mttr_s", "MTTR", duration, right=True, least_width=140),
        Column("mtbf_s", "MTBF", duration, right=True, least_width=160),
        Column("nines", "nines", right=True, least_width=160),
        Column("changed", "change", right=True, least_width=150),
        Column("tokens", "tokens", _count, right=True, least_width=150),
        Column("cost", "cost", dollars, right=True, least_width=120),
        Column("by_status", "by status", _counts, least_width=220),
    )
    return shown if several else tuple(column for column in shown if column.name != "window")


def shown(row: Row) -> dict[str, Any]:
    """A row as the table has it."""
    return {**row, "subject": subject(row), "changed": _changed(row["trend"])}


def in_cells(row: Row) -> dict[str, Any]:
    """A row for a spreadsheet, where a cell is one text: changes that are known, hours as `TIME failed/counted`."""
    hours = [f"{hour['started_at']} {hour['failures']}/{hour['counted']}" for hour in row["worst_hours"]]
    trend = {name: change for name, change in (row["trend"] or {}).items() if change is not None}
    return {**row, "worst_hours": hours, "trend": trend}


def subject(row: Row) -> str:
    """What a row is about, in words."""
    match row["by"]:
        case "check":
            return str(row["check"])
        case "endpoint":
            return f"{row['endpoint']} (all)"
        case "provider":
            return f"{row['provider']} (provider)"
        case "tag":
            return f"{row['tags'][0]} (tag)"
        case _:
            return "all"


def notes(period: Period, rows: Sequence[Row], zone: str) -> Iterator[str]:
    """What stands below the table, of one period."""
    yield from _shrunk(period, rows, zone)
    yield from _faults(period, rows)
    yield from _worst(period, rows, zone)
    yield from cost_notes(period.name, rows)


def _shrunk(period: Period, rows: Sequence[Row], zone: str) -> Iterator[str]:
    """Where a good part of the period cannot be told any more."""
    since = rows[0]["since"] if rows else None
    if since is not None and from_iso(since) - period.since_us > _NOTEWORTHY * (period.until_us - period.since_us):
        yield f"{period.name}: figures begin at {local_time(zone)(since)}; what was before is deleted"


def _faults(period: Period, rows: Sequence[Row]) -> Iterator[str]:
    """Who had to act while any check of an endpoint was down."""
    for row in rows:
        if row["by"] == "endpoint" and row["downtime_by_fault"]:
            parts = ", ".join(f"{domain} {duration(s)}" for domain, s in row["downtime_by_fault"].items())
            whole = duration(row["downtime_s"])
            yield f"{row['endpoint']}'s checks: {whole} of downtime in {period.name}, by fault: {parts}"


def _worst(period: Period, rows: Sequence[Row], zone: str) -> Iterator[str]:
    """The hours with the most failures of all checks."""
    hours = [(hour, row["check"]) for row in rows if row["by"] == "check" for hour in row["worst_hours"]]
    worst = sorted(hours, key=lambda pair: (-pair[0]["failures"], pair[0]["started_at"], pair[1]))[:_MOST_HOURS]
    at = local_time(zone)
    if worst:
        yield f"worst hours in {period.name} ({zone}):"
        for hour, check in worst:
            yield f"  {at(hour['started_at'])[:-3]}  {hour['failures']} of {hour['counted']} failed  {check}"


def _changed(trend: Mapping[str, float | None] | None) -> str | None:
    """The change of availability, in percentage points."""
    change = None if trend is None else trend["availability"]
    return None if change is None else f"{round(change, 2) + 0.0:+.2f}"  # nothing is not less than nothing


def _count(number: int) -> str:
    return f"{number:,}"


def _counts(by_status: Mapping[str, Any]) -> str:
    return " ".join(f"{status}={count}" for status, count in by_status.items())
