"""Questions about the past, for commands and for the web. Synchronous: call them in a thread where a loop runs.

Owns what is believed of each check, and the daemon's own state; single results are listed by `result_list`, incidents
are answered by `timeline`, figures over a period by `report`. All of them are reached from here.
"""

from typing import Any

from sqlalchemy import Row, func, select

from monitor.clock import Moment, iso
from monitor.domain.health import Health
from monitor.storage import tables
from monitor.storage.outbox.outbox import Waiting, count_waiting
from monitor.storage.past.result_list import ResultList, results
from monitor.storage.past.selection import Selection
from monitor.storage.past.timeline import incident, incidents
from monitor.storage.reader import Reader, question
from monitor.storage.reports.report import Period, report
from monitor.storage.restore import read_healths

__all__ = [
    "Period",
    "Reader",
    "ResultList",
    "Selection",
    "backlog",
    "daemon",
    "incident",
    "incidents",
    "known_checks",
    "known_names",
    "report",
    "results",
    "status_rows",
]


@question
def known_checks(reader: Reader) -> list[str]:
    """The ids of all checks that were ever configured, in order of their first appearance."""
    return known_names(reader, "check")


@question
def known_names(reader: Reader, kind: str) -> list[str]:
    """The names of all checks, endpoints, models or providers that were ever configured, in that order too.

    Args:
        reader: the database.
        kind: `check`, `endpoint`, `model` or `provider`.
    """
    names = reader.connection.execute(select(tables.checks.c[kind]).order_by(tables.checks.c.id)).scalars()
    return [name for name in dict.fromkeys(names) if name is not None]


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
