"""What is watched, and when the daemon lived: checks and their names, daemon runs and the ends of their rhythms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from monitor.alerting.batch import DaemonRun
from monitor.clock import Moment
from monitor.domain.availability import FAR_FUTURE_US
from monitor.domain.check import Check
from monitor.domain.renaming import Renaming
from monitor.storage import dialect, tables
from monitor.storage.rollups.marks import go_back

KILLED = "ended without a word"


@dataclass(frozen=True, slots=True)
class Renamed:
    """What came of a renaming.

    Attributes:
        checks: former to present ids of the checks that have a new name now.
        kept_apart: former ids of checks that keep theirs, because the new one has a history of its own.
    """

    checks: Mapping[str, str]
    kept_apart: tuple[str, ...] = ()


def rename(connection: Connection, renaming: Renaming) -> Renamed:
    """Gives checks and incidents their present names; their results, states and timelines are theirs by number."""
    table = tables.checks
    newest_first = select(table.c.check).order_by(table.c.removed_at_us.is_not(None), table.c.id.desc())
    known = list(connection.execute(newest_first).scalars())
    taken, done, apart = set(known), dict[str, str](), list[str]()
    for name in known:
        present = renaming.check(name)
        if present == name:
            continue
        if present in taken:
            apart.append(name)
            continue
        endpoint, _, rest = present.partition("/")
        values = {"check": present, "endpoint": endpoint, "model": rest.partition("/")[2] or None}
        connection.execute(update(table).where(table.c.check == name).values(values))
        taken.add(present)
        done[name] = present
    if done:
        _rename_incidents(connection, renaming, apart)
    return Renamed(done, tuple(sorted(apart)))


def _rename_incidents(connection: Connection, renaming: Renaming, apart: Sequence[str]) -> None:
    table = tables.incidents
    rows = connection.execute(select(table.c.id, table.c.key, table.c.endpoint, table.c.resolved_at_us)).all()
    taken = {row.key for row in rows if row.resolved_at_us is None}
    for row in rows:
        key = renaming.key(row.key)
        collides = row.resolved_at_us is None and key in taken
        if row.key.endswith(tuple(apart)) or (key != row.key and collides):
            continue
        values = {"key": key, "endpoint": renaming.endpoint(row.endpoint)}
        if values != {"key": row.key, "endpoint": row.endpoint}:
            connection.execute(update(table).where(table.c.id == row.id).values(values))


def register(connection: Connection, checks: Sequence[Check], now: Moment) -> None:
    """Writes the difference between what is configured and what the database has."""
    table = tables.checks
    # As plain tuples, because there are ten thousand of them.
    told = (table.c.endpoint, table.c.kind, table.c.model, table.c.provider, table.c.removed_at_us)
    known = {row[0]: row for row in connection.execute(select(table.c.check, table.c.id, *told)).all()}
    new: list[tuple[object, ...]] = []
    for check in checks:
        row = known.pop(check.id, None)
        values = (check.endpoint, str(check.kind), check.model, check.provider, None)
        if row is None:
            new.append((check.id, *values[:-1], now.wall_us, None))
        elif row[2:] != values:
            changed = {column.name: value for column, value in zip(told, values, strict=True)}
            connection.execute(update(table).where(table.c.id == row.id).values(changed))
    if new:
        connection.exec_driver_sql(dialect.insert_or_keep_sql(connection.dialect, table), new)
    removed = [row.id for row in known.values() if row.removed_at_us is None]
    for key in removed:
        connection.execute(update(table).where(table.c.id == key).values(removed_at_us=now.wall_us))


def insert_run(connection: Connection, run: DaemonRun) -> int:
    """A new life of the daemon; its id."""
    values = {
        "version": run.version,
        "pid": run.pid,
        "host": run.host,
        "started_at_us": run.started_at.wall_us,
        "heartbeat_us": run.started_at.wall_us,
    }
    connection.execute(insert(tables.daemon_runs).values(values))
    return newest_run(connection)


def newest_run(connection: Connection) -> int:
    """The id of the latest daemon run; 0 before the first."""
    run = tables.daemon_runs
    return connection.execute(select(run.c.id).order_by(run.c.id.desc()).limit(1)).scalar() or 0


def close_earlier_runs(connection: Connection) -> None:
    """Runs without an end ended at their last heartbeat, and nothing was due after the last of them."""
    run = tables.daemon_runs
    connection.execute(
        update(run).where(run.c.ended_at_us.is_(None)).values(ended_at_us=run.c.heartbeat_us, stop_reason=KILLED),
    )
    last = connection.execute(select(run.c.ended_at_us).order_by(run.c.id.desc()).limit(1)).scalar()
    if last is not None:
        end_rhythms(connection, last)


def end_rhythms(connection: Connection, at_us: int) -> None:
    """Nothing is due from here on; what has ended already stays as it was, whatever the clock says now."""
    rhythm = tables.rhythms
    ended = connection.execute(update(rhythm).where(rhythm.c.until_us == FAR_FUTURE_US).values(until_us=at_us))
    if ended.rowcount:
        go_back(connection, at_us)
