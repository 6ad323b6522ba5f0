"""What the database remembers at start: healths, open incidents, and the name of this database."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, func, select

from monitor.alerting.batch import Restored
from monitor.alerting.silences import Silence
from monitor.clock import Moment
from monitor.domain.health import Health
from monitor.domain.incident import Incident
from monitor.errors import StorageError
from monitor.storage import tables
from monitor.storage.incident_rows import incident_of
from monitor.storage.learned import read_learned
from monitor.storage.memory import silence_of
from monitor.storage.rows import health_of, verdict_of

INSTANCE_KEY = "instance"


def restore(connection: Connection, checks: Collection[str], now: Moment) -> Restored:
    """The healths of `checks` and of every check with an open incident, and those incidents; times anchored at `now`.

    Raises:
        StorageError: the database has no name, so it is not one of ours.
    """
    instance = connection.execute(select(tables.meta.c.value).where(tables.meta.c.key == INSTANCE_KEY)).scalar()
    if instance is None:
        raise StorageError("the database has lost its name", hint="restore a backup")
    incidents = read_incidents(connection, tables.incidents.c.resolved_at_us.is_(None), now)
    wanted = {check: check for incident in incidents for check in incident.checks}
    wanted.update(zip(checks, checks, strict=True))  # ten thousand names need not be there twice
    healths = {
        wanted[name]: replace(health, check=wanted[name])
        for name, health in read_healths(connection, now).items()
        if name in wanted
    }
    newest = connection.execute(select(func.max(tables.incidents.c.id))).scalar() or 0
    silences = read_silences(connection, now)
    last_silence = connection.execute(select(func.max(tables.silences.c.id))).scalar() or 0
    learned = read_learned(connection)
    return Restored(healths, tuple(incidents), newest + 1, instance, tuple(silences), last_silence + 1, learned)


def read_silences(connection: Connection, now: Moment) -> list[Silence]:
    """Every silence that is in force or still to come, oldest first."""
    table = tables.silences
    query = select(table).where(table.c.expired_at_us.is_(None)).order_by(table.c.id)
    return [silence_of(row, now) for row in connection.execute(query)]


def read_healths(connection: Connection, now: Moment) -> dict[str, Health]:
    """The health of every check that has one, by check id."""
    states, memory, checks, reasons = tables.states, tables.state_memory, tables.checks, tables.reasons
    query = (
        select(states, memory.c.memory, checks.c.check, reasons.c.reason, reasons.c.fault_domain, reasons.c.action)
        .join(memory, memory.c.check_id == states.c.check_id)
        .join(checks, checks.c.id == states.c.check_id)
        .join(reasons, reasons.c.id == states.c.reason_id, isouter=True)
    )
    return {row.check: health_of(row, verdict_of(row), now) for row in connection.execute(query)}


def read_incidents(connection: Connection, which: ColumnElement[bool], now: Moment) -> list[Incident]:
    """The incidents that satisfy `which`, in the order in which they were given their ids."""
    rows = connection.execute(select(tables.incidents).where(which).order_by(tables.incidents.c.id)).all()
    concerned = checks_of(connection, which)
    return [incident_of(row, concerned[row.id], now) for row in rows]


def checks_of(connection: Connection, which: ColumnElement[bool]) -> defaultdict[int, list[str]]:
    """The ids of the checks concerned, by incident, in the order in which they joined."""
    link, checks, incidents = tables.incident_checks, tables.checks, tables.incidents
    query = (
        select(link.c.incident_id, checks.c.check)
        .join(checks, checks.c.id == link.c.check_id)
        .join(incidents, incidents.c.id == link.c.incident_id)
        .where(which)
        .order_by(link.c.incident_id, link.c.position)
    )
    concerned: defaultdict[int, list[str]] = defaultdict(list)
    for incident_id, check in connection.execute(query):
        concerned[incident_id].append(check)
    return concerned
