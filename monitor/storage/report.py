"""Figures over a period, per check and per endpoint, computed from single results.

Availability, coverage and percentiles count on-phase probes only; `probes`, `by_status` and `tokens` count every probe.
A turn during maintenance was not due.
Percentiles are by nearest rank over UP and DEGRADED. Downtime is the part of outages (not of slowness) that lies in the
period; for an endpoint, the time during which at least one of its checks was in one. What it cost is what the counted
tokens cost at the prices that the caller knows, and the most that answers without counts can have cost; an endpoint's
cost is that of its checks whose price is known.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, case, func, or_, select

from monitor.clock import US_PER_S, Moment
from monitor.domain.availability import Rhythm, percent
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.prices import usd
from monitor.storage import tables
from monitor.storage.codes import MAINTENANCE_CODE, ON_PHASE_CODE, STATUSES, SUCCESS_CODES, UNKNOWN_CODE
from monitor.storage.reader import Reader, question
from monitor.storage.retention import pruned_before_us
from monitor.storage.spending import Bill, Used, uncounted

# A probe that is due may still be under way for as long; until then it is not missed.
UNDER_WAY_US = 30 * US_PER_S
_QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True, slots=True)
class Period:
    """What a report is about.

    Attributes:
        name: as it was asked for: `24h`.
        since_us: its first moment, inclusive.
        until_us: its last, exclusive.
    """

    name: str
    since_us: int
    until_us: int


@dataclass(frozen=True, slots=True)
class _Outage:
    """What lies in the period of one incident, and how long the whole lasted (None while it is open)."""

    id: int
    since_us: int
    until_us: int
    duration_us: int | None


@dataclass(slots=True)
class _Figures:
    """What was counted of a check, or of all checks of an endpoint."""

    by_status: Counter[int] = field(default_factory=Counter)
    successes: int = 0
    counted: int = 0
    due: int = 0
    excused: int = 0
    tokens: int | None = None
    input_tokens: int = 0
    uncounted: int = 0
    nusd: int | None = None
    latencies: Counter[int] = field(default_factory=Counter)
    first_tokens: Counter[int] = field(default_factory=Counter)
    outages: dict[int, _Outage] = field(default_factory=dict)
    observed_since_us: int | None = None

    def add(self, other: "_Figures") -> None:
        """The other's figures too."""
        self.by_status += other.by_status
        self.successes += other.successes
        self.counted += other.counted
        self.due += other.due
        self.excused += other.excused
        if other.tokens is not None:
            self.tokens = (self.tokens or 0) + other.tokens
        if other.nusd is not None:
            self.nusd = (self.nusd or 0) + other.nusd
        self.latencies += other.latencies
        self.first_tokens += other.first_tokens
        self.outages |= other.outages
        starts = [us for us in (self.observed_since_us, other.observed_since_us) if us is not None]
        self.observed_since_us = min(starts, default=None)


@question
def report(reader: Reader, period: Period, now: Moment, bill: Bill = lambda _used: None) -> list[dict[str, Any]]:
    """One row per check, then one per endpoint, with the fields of the `report` command."""
    connection = reader.connection
    since_us = max(period.since_us, pruned_before_us(connection))
    span = Period(period.name, since_us, min(period.until_us, now.wall_us))
    last_due_us = min(span.until_us, _daemon_until_us(reader, now))
    rhythms, outages = rhythms_in(connection, span), _outages(connection, span)
    rows: list[dict[str, Any]] = []
    endpoints: defaultdict[str, _Figures] = defaultdict(_Figures)
    for check in connection.execute(select(tables.checks).order_by(tables.checks.c.id)):
        figures = _count(connection, check, span)
        if check.removed_at_us is not None and not figures.by_status:
            continue
        newest_us = _newest_turn(connection, check.id, span)
        until_us = min(last_due_us, awaited_until_us(newest_us, now))
        turns = sum(rhythm.due(span.since_us, until_us) for rhythm in rhythms[check.id])
        figures.due = max(0, turns - figures.excused)
        figures.outages = outages[check.id]
        if figures.tokens is not None or figures.uncounted:
            counted = (figures.input_tokens, (figures.tokens or 0) - figures.input_tokens, figures.uncounted)
            figures.nusd = bill(Used(check.check, check.endpoint, check.model, *counted))
        endpoints[check.endpoint].add(figures)
        rows.append(_row(figures, check.check, check.endpoint, check.model, span))
    return rows + [_row(figures, None, endpoint, None, span) for endpoint, figures in endpoints.items()]


def _in(check_id: int, span: Period) -> tuple[ColumnElement[bool], ...]:
    columns = tables.results.c
    return (
        columns.check_id == check_id,
        columns.started_at_us >= span.since_us,
        columns.started_at_us < span.until_us,
    )


def _count(connection: Connection, check: Row[Any], span: Period) -> _Figures:
    columns = tables.results.c
    figures = _Figures(observed_since_us=max(span.since_us, check.first_seen_us))
    query = (
        select(
            columns.status,
            columns.trigger,
            func.count(),
            func.sum(func.coalesce(columns.input_tokens, 0) + func.coalesce(columns.output_tokens, 0)),
            func.count(func.coalesce(columns.input_tokens, columns.output_tokens)),
            func.sum(func.coalesce(columns.input_tokens, 0)),
            func.sum(case((uncounted(), 1), else_=0)),
        )
        .where(*_in(check.id, span))
        .group_by(columns.status, columns.trigger)
    )
    for status, trigger, probes, tokens, with_tokens, input_tokens, silent in connection.execute(query):
        figures.by_status[status] += probes
        figures.input_tokens += input_tokens
        figures.uncounted += silent if check.model is not None else 0
        if with_tokens:
            figures.tokens = (figures.tokens or 0) + tokens
        if trigger == MAINTENANCE_CODE:
            figures.excused += probes
        if trigger == ON_PHASE_CODE and status != UNKNOWN_CODE:
            figures.counted += probes
            figures.successes += probes if status in SUCCESS_CODES else 0
    figures.latencies = _histogram(connection, columns.latency_100us, check.id, span)
    figures.first_tokens = _histogram(connection, columns.ttft_100us, check.id, span)
    return figures


def _histogram(connection: Connection, column: ColumnElement[int], check_id: int, span: Period) -> Counter[int]:
    columns = tables.results.c
    query = select(column).where(
        *_in(check_id, span),
        columns.trigger == ON_PHASE_CODE,
        columns.status.in_(SUCCESS_CODES),
        column.is_not(None),
    )
    return Counter(connection.execute(query).scalars())


def _newest_turn(connection: Connection, check_id: int, span: Period) -> int:
    columns = tables.results.c
    turns = columns.trigger.in_((ON_PHASE_CODE, MAINTENANCE_CODE))
    query = select(columns.started_at_us).where(*_in(check_id, span), turns)
    return connection.execute(query.order_by(columns.started_at_us.desc()).limit(1)).scalar() or -1


def _daemon_until_us(reader: Reader, now: Moment) -> int:
    """Nothing is due after the daemon has died, even if nobody has written that down yet."""
    if reader.database.holder() is not None:
        return now.wall_us
    run = tables.daemon_runs
    query = select(func.coalesce(run.c.ended_at_us, run.c.heartbeat_us)).order_by(run.c.id.desc()).limit(1)
    return reader.connection.execute(query).scalar() or now.wall_us


def awaited_until_us(newest_us: int, now: Moment) -> int:
    """Until when turns count as due, where the newest that came started at `newest_us` (-1: none did)."""
    return max(newest_us + 1, now.wall_us - UNDER_WAY_US)


def rhythms_in(connection: Connection, span: Period) -> defaultdict[int, list[Rhythm]]:
    """When each check was due in the period, by its number."""
    columns = tables.rhythms.c
    query = select(tables.rhythms).where(columns.until_us > span.since_us, columns.first_due_us < span.until_us)
    found: defaultdict[int, list[Rhythm]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.check_id].append(Rhythm(row.first_due_us, row.phase_us, row.interval_us, row.until_us))
    return found


def _outages(connection: Connection, span: Period) -> defaultdict[int, dict[int, _Outage]]:
    incident, link = tables.incidents, tables.incident_checks
    query = (
        select(incident, link.c.check_id)
        .join(link, link.c.incident_id == incident.c.id)
        .where(
            incident.c.kind == str(IncidentKind.OUTAGE),
            incident.c.started_at_us < span.until_us,
            or_(incident.c.resolved_at_us.is_(None), incident.c.resolved_at_us > span.since_us),
        )
    )
    found: defaultdict[int, dict[int, _Outage]] = defaultdict(dict)
    for row in connection.execute(query):
        since_us = max(row.started_at_us, span.since_us)
        until_us = span.until_us if row.resolved_at_us is None else min(row.resolved_at_us, span.until_us)
        found[row.check_id][row.id] = _Outage(row.id, since_us, until_us, row.duration_us)
    return found


def _row(figures: _Figures, check: str | None, endpoint: str, model: str | None, span: Period) -> dict[str, Any]:
    coverage = percent(min(figures.counted, figures.due), figures.due)
    return {
        "check": check,
        "endpoint": endpoint,
        "model": model,
        "window": span.name,
        "availability": percent(figures.successes, figures.counted),
        "coverage": coverage,
        "probes": figures.by_status.total(),
        "by_status": {str(STATUSES[code]): count for code, count in sorted(figures.by_status.items())},
        **{f"latency_{name}_ms": _percentile(figures.latencies, q) for name, q in _QUANTILES.items()},
        "latency_avg_ms": _average(figures.latencies),
        "latency_max_ms": max(figures.latencies) / 10 if figures.latencies else None,
        **{f"ttft_{name}_ms": _percentile(figures.first_tokens, q) for name, q in _QUANTILES.items()},
        **_reliability(figures, span),
        "tokens": figures.tokens,
        "cost": None if figures.nusd is None else usd(figures.nusd),
    }


def _reliability(figures: _Figures, span: Period) -> dict[str, Any]:
    outages = list(figures.outages.values())
    downtime_us = _union_us(outages)
    ended = [outage.duration_us for outage in outages if outage.duration_us is not None]
    observed_us = span.until_us - (figures.observed_since_us or span.since_us)
    return {
        "incidents": len(outages),
        "downtime_s": round(downtime_us / US_PER_S, 3),
        "mttr_s": round(sum(ended) / len(ended) / US_PER_S, 3) if ended else None,
        "mtbf_s": round(max(0, observed_us - downtime_us) / len(outages) / US_PER_S, 3) if outages else None,
    }


def _union_us(outages: Iterable[_Outage]) -> int:
    total, reached_us = 0, 0
    for outage in sorted(outages, key=lambda outage: outage.since_us):
        total += max(0, outage.until_us - max(outage.since_us, reached_us))
        reached_us = max(reached_us, outage.until_us)
    return total


def _percentile(histogram: Counter[int], quantile: float) -> float | None:
    rank = ceil(quantile * histogram.total())
    for value in sorted(histogram):
        rank -= histogram[value]
        if rank <= 0:
            return value / 10
    return None


def _average(histogram: Counter[int]) -> float | None:
    count = histogram.total()
    return round(sum(value * times for value, times in histogram.items()) / count / 10, 3) if count else None
