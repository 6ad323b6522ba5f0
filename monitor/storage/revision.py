"""The steps of the schema in their order, and which of them a database has had.

Owns what is said of a database that is not ours, is damaged, or is newer than this program. How a step is taken is
`upgrade`; what a step does stands in `migrations/versions`.
"""

from contextlib import suppress
from typing import NamedTuple

from sqlalchemy import Connection, inspect

import monitor
from monitor.errors import StartError
from monitor.storage import tables
from monitor.storage.faults import DatabaseFault
from monitor.storage.rollup_tables import leadership

UPGRADED_BY_KEY = "upgraded_by"


class Step(NamedTuple):
    """One step from a released schema to the next.

    Attributes:
        revision: the schema's number after it.
        brings: what for, in a few words for who waits.
        rewrites: it copies tables of results, and needs as much room again as the database takes.
    """

    revision: str
    brings: str
    rewrites: bool = False


STEPS = (
    Step("0001", "checks, results, incidents and messages"),
    Step("0002", "incidents of many checks, silences, threads"),
    Step("0003", "streams, tokens and money, limits, catalogues"),
    Step("0004", "roll-ups by five minutes, hour and day"),
)
HEAD = STEPS[-1].revision
_OURS = {"alembic_version", tables.meta.name, tables.daemon_runs.name}
_GO_BACK = "install that version again, or put the backup made before the upgrade in its place (`docs/operations.md`)"
_DAMAGED = "restore a backup, or move the file away to begin anew"


def revision_of(connection: Connection, database: str) -> str | None:
    """The revision of the database; None if it is empty.

    Args:
        connection: to ask on.
        database: its name, for messages.

    Raises:
        StartError: it belongs to another program or to a newer version of this one, or it is damaged.
    """
    names = set(inspect(connection).get_table_names())
    if names <= {leadership.name}:  # who leads is settled before there is anything else
        return None
    if not names >= _OURS:
        raise StartError(
            f"the database {database} belongs to another program: it holds the tables {_named(names)}",
            hint="give RelayWatch a database of its own with `[storage] url`",
        )
    revision = _known(connection, database)
    if revision == HEAD and (missing := set(tables.metadata.tables) - names):
        raise StartError(
            f"the database {database} is damaged: revision {HEAD} without the tables {_named(missing)}", hint=_DAMAGED
        )
    return revision


def missing_after(revision: str | None) -> tuple[Step, ...]:
    """The steps that a database at `revision` has not had."""
    return tuple(step for step in STEPS if revision is None or step.revision > revision)


def _known(connection: Connection, database: str) -> str:
    found = [str(row[0]) for row in connection.exec_driver_sql("SELECT version_num FROM alembic_version LIMIT 2")]
    if len(found) != 1:
        raise StartError(
            f"the database {database} is damaged: it has {'two revisions' if found else 'lost its revision'}"
            " (table alembic_version)",
            hint=_DAMAGED,
        )
    (revision,) = found
    if revision in {step.revision for step in STEPS}:
        return revision
    if revision.isdecimal() and len(revision) == len(HEAD) and revision > HEAD:
        raise StartError(
            f"the database {database} was written by a newer version of RelayWatch{_version(connection)}:"
            f" it has revision {revision}, this version ({monitor.__version__}) knows up to {HEAD}",
            hint=_GO_BACK,
        )
    raise StartError(
        f"the database {database} has the revision {revision!r:.40}, which no version of RelayWatch has made;"
        f" this version knows {STEPS[0].revision} to {HEAD}",
        hint=_DAMAGED,
    )


def _version(connection: Connection) -> str:
    """Which one brought it there, as far as can be told: nothing of a newer schema is certain."""
    query = f"SELECT value FROM meta WHERE key = '{UPGRADED_BY_KEY}'"  # noqa: S608  a constant
    with suppress(*DatabaseFault):
        version = connection.exec_driver_sql(query).scalar()
        if version not in (None, monitor.__version__):
            return f", {version!s:.20}"
    return ""


def _named(names: set[str]) -> str:
    shown = ", ".join(f"{name:.30}" for name in sorted(names)[:3])
    return shown if len(names) <= 3 else f"{shown}, ..."  # noqa: PLR2004  as many as are shown
