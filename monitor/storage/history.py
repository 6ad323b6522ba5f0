"""Questions about the past, for commands and for the web. Synchronous: call them in a thread where a loop runs.

Owns single results, what is believed of each check, and the daemon's own state; incidents are answered by `timeline`,
figures over a period by `report`. All of them are reached from here.
"""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, select

from monitor.clock import Moment, iso
from monitor.domain.health import Health
from monitor.domain.result import Status
from monitor.storage import tables
from monitor.storage.codes import STATUS_CODES, STATUSES
from monitor.storage.outbox import Waiting, count_waiting
from monitor.storage.reader import Reader, question
from monitor.storage.report import Period, report
from monitor.storage.restore import read_healths
from monitor.storage.timeline import incident, incidents

__all__ = [
    "Period",
    "Reader",
    "Selection",
    "backlog",
    "daemon",
    "incident",
    "incidents",
    "known_checks",
    "report",
    "results",
    "status_rows",
]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which results are asked for; None is any.

    Attributes:
        statuses: any of these; empty is any.
        since_us: the first moment, inclusive.
        until_us: the last, exclusive.
        limit: at most as many, the newest.
    """

    check: str | None = None
    endpoint: str | None = None
    model: str | None = None
    statuses: tuple[Status, ...] = ()
    since_us: int | None = None
    until_us: int | None = None
    limit: int = 100


@question
def results(reader: Reader, selection: Selection) -> list[dict[str, Any]]:
    """Results, newest first, with the fields of the `history` command; `action` is the advice's code."""
    newest: list[tuple[int, int]] = []
    query = _newest_of_check(selection)
    until_us = selection.until_us
    for check_id, latest_us in _by_newest(reader, selection):
        # The checks come newest first: once the limit is reached, one without anything newer ends the search.
        full = len(newest) == selection.limit
        since_us = newest[0][0] if newest and full else (selection.since_us or 0)
        if full and (selection.limit == 0 or latest_us <= since_us):
            break
        values = {"key": check_id, "since": since_us, "until": latest_us + 1 if until_us is None else until_us}
        for (at_us,) in reader.connection.execute(query, values):
            push = heapq.heappushpop if len(newest) == selection.limit else heapq.heappush
            push(newest, (at_us, check_id))
    return [_result(row) for row in _whole(reader, sorted(newest, reverse=True))]


@question
def known_checks(reader: Reader) -> list[str]:
    """The ids of all checks that were ever configured, in order of their first appearance."""
    return list(reader.connection.execute(select(tables.checks.c.check).order_by(tables.checks.c.id)).scalars())


@question
def status_rows(reader: Reader, now: Moment) -> list[dict[str, Any]]:
    """What is believed of every configured check, with the fields of the `status` command."""
    checks = tables.checks
    healths = read_healths(reader.connection, now)
    query = select(checks).where(checks.c.removed_at_us.is_(None)).order_by(checks.c.id)
    return [_status(row, healths.get(row.check), now) for row in reader.connection.execute(query)]


@question
def daemon(reader: Reader) -> dict[str, Any]:
    """What the daemon is doing, as seen from outside: `alive pid last_commit outbox_pending dead`."""
    holder = reader.database.holder()
    waiting = count_waiting(reader.connection).values()
    heartbeat = reader.connection.execute(select(func.max(tables.daemon_runs.c.heartbeat_us))).scalar()
    newest = reader.connection.execute(select(func.max(tables.states.c.latest_at_us))).scalar()
    seen = [us for us in (heartbeat, newest) if us is not None]
    return {
        "alive": holder is not None,
        "pid": None if holder is None else holder.pid,
        "last_commit": iso(max(seen)) if seen else None,
        "outbox_pending": sum(channel.pending for channel in waiting),
        "dead": sum(channel.dead for channel in waiting),
    }


@question
def backlog(reader: Reader) -> dict[str, Waiting]:
    """What each channel that ever had a notification has not delivered."""
    return count_waiting(reader.connection)


def _by_newest(reader: Reader, selection: Selection) -> Iterable[tuple[int, int]]:
    checks, rows = tables.checks, tables.results
    newest = select(func.max(rows.c.started_at_us)).where(rows.c.check_id == checks.c.id)
    if selection.until_us is not None:
        newest = newest.where(rows.c.started_at_us < selection.until_us)
    query = select(checks.c.id, newest.scalar_subquery().label("newest_us"))
    wanted = {"check": selection.check, "endpoint": selection.endpoint, "model": selection.model}
    for name, value in wanted.items():
        if value is not None:
            query = query.where(checks.c[name] == value)
    found = [(row.id, row.newest_us) for row in reader.connection.execute(query) if row.newest_us is not None]
    return sorted(found, key=lambda pair: pair[1], reverse=True)


def _newest_of_check(selection: Selection) -> Select[Any]:
    columns = tables.results.c
    query = select(columns.started_at_us).where(
        columns.check_id == bindparam("key"),
        columns.started_at_us >= bindparam("since"),
        columns.started_at_us < bindparam("until"),
    )
    if selection.statuses:
        query = query.where(columns.status.in_([STATUS_CODES[status] for status in selection.statuses]))
    return query.order_by(columns.started_at_us.desc()).limit(selection.limit)


def _whole(reader: Reader, keys: Sequence[tuple[int, int]]) -> Iterable[Row[Any]]:
    rows, checks, reasons, details = tables.results, tables.checks, tables.reasons, tables.result_details
    query = (
        select(
            rows,
            checks,
            reasons.c.reason,
            reasons.c.fault_domain,
            reasons.c.action,
            details.c.request_id,
            details.c.answered_by,
        )
        .join(checks, checks.c.id == rows.c.check_id)
        .join(reasons, reasons.c.id == rows.c.reason_id, isouter=True)
        .join(
            details,
            (details.c.check_id == rows.c.check_id) & (details.c.started_at_us == rows.c.started_at_us),
            isouter=True,
        )
        .where(rows.c.check_id == bindparam("key"), rows.c.started_at_us == bindparam("at"))
    )
    for at_us, check_id in keys:
        yield reader.connection.execute(query, {"key": check_id, "at": at_us}).one()


def _result(row: Row[Any]) -> dict[str, Any]:
    return {
        "check": row.check,
        "endpoint": row.endpoint,
        "kind": row.kind,
        "model": row.model,
        "status": str(STATUSES[row.status]),
        "fault_domain": row.fault_domain or None,
        "http_status": row.http_status,
        "latency_ms": _ms(row.latency_100us),
        "ttft_ms": _ms(row.ttft_100us),
        "lag_ms": _ms(row.lag_100us),
        "reason": row.reason or None,
        "action": row.action or None,
        "request_id": row.request_id,
        "started_at": iso(row.started_at_us),
        "answered_by": row.answered_by,
    }


def _status(row: Row[Any], health: Health | None, now: Moment) -> dict[str, Any]:
    latest = None if health is None else health.latest
    return {
        "check": row.check,
        "endpoint": row.endpoint,
        "model": row.model,
        "state": "PENDING" if health is None else str(health.state),
        "since": iso(row.first_seen_us if health is None else health.since.wall_us),
        "status": None if latest is None else str(latest.status),
        "consecutive_failures": 0 if health is None else health.consecutive_failures,
        "availability_24h": None if health is None else health.recent.availability(now.wall_us),
    }


def _ms(tenths: int | None) -> float | None:
    return None if tenths is None else tenths / 10
