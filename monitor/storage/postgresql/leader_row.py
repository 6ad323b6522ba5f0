"""The row of `leadership`: who leads, and the statements that read, take, keep and give back; when is `leadership`."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Connection,
    Row,
    and_,
    bindparam,
    cast,
    extract,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from monitor.clock import US_PER_S
from monitor.storage.rollup_tables import leadership

_CREATION_LOCK = 0x72656C6179  # any number, but the same in every version

_row = leadership.c
_NOW_US = cast(extract("epoch", func.clock_timestamp()) * US_PER_S, BigInteger)
READ = select(leadership, _NOW_US.label("now_us")).where(_row.id == 1)
_FRESH = {"since_us": _NOW_US, "heartbeat_us": _NOW_US, "released": 0}
# A row that somebody has removed begins to count anew: the same epoch, but never since the same moment.
_OURS = and_(_row.id == 1, _row.epoch == bindparam("held"), _row.since_us == bindparam("held_since"))
BEAT = update(leadership).where(_OURS).values(heartbeat_us=_NOW_US)
RELEASE = update(leadership).where(_OURS).values(released=1)
# A transaction that has only read has no id, and needs no mark: it costs no write.
_HAS_WRITTEN = func.pg_current_xact_id_if_assigned().is_not(None)
SEAL = update(leadership).where(_OURS, _HAS_WRITTEN).values(batch=_row.batch + 1).returning(_row.batch)
# With a lock: a commit that the server is still working on is waited for.
MARK = select(_row.epoch, _row.since_us, _row.batch).where(_row.id == 1).with_for_update()


class Identity(NamedTuple):
    """Who wants to lead.

    Attributes:
        host: for people.
        place: equal only where process ids mean the same processes; empty where that cannot be known.
    """

    pid: int
    host: str
    place: str


class Term(NamedTuple):
    """One lead, and no other one: the epoch, and since when by the database's clock."""

    epoch: int
    since_us: int

    @property
    def bound(self) -> dict[str, int]:
        """For the statements that are of this lead only."""
        return {"held": self.epoch, "held_since": self.since_us}


@dataclass(frozen=True, slots=True)
class Standing:
    """The row, and the database's time at which it was read; microseconds since 1970."""

    epoch: int
    who: Identity
    since_us: int
    heartbeat_us: int
    is_released: bool
    now_us: int

    @property
    def term(self) -> Term:
        """Which lead it is."""
        return Term(self.epoch, self.since_us)


def myself() -> Identity:
    """This process."""
    return Identity(os.getpid(), socket.gethostname(), _place())


def read(connection: Connection) -> Standing | None:
    """Who leads, or led last; None if nobody ever did."""
    row = connection.execute(READ).one_or_none()
    if row is None:
        return None
    who = Identity(row.pid, row.host, row.place)
    return Standing(row.epoch, who, row.since_us, row.heartbeat_us, bool(row.released), row.now_us)


def take(connection: Connection, standing: Standing | None, who: Identity) -> Term | None:
    """The new lead; None if the row is no longer as `standing` has it."""
    values = who._asdict() | _FRESH
    if standing is None:
        first = insert(leadership).values(id=1, epoch=1, batch=0, **values).on_conflict_do_nothing()
        return _term(connection.execute(first.returning(_row.epoch, _row.since_us)).one_or_none())
    unmoved = or_(_row.released == 1, _row.heartbeat_us == standing.heartbeat_us)
    taking = update(leadership).where(_row.id == 1, _row.epoch == standing.epoch, unmoved)
    taken = taking.values(epoch=_row.epoch + 1, run_id=None, **values).returning(_row.epoch, _row.since_us)
    return _term(connection.execute(taken).one_or_none())


def create_table(connection: Connection) -> None:
    """Nothing if it is there."""
    # Who leads is settled before anything else, also before there is anything to lead.
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _CREATION_LOCK})
    leadership.create(connection, checkfirst=True)


def lives(pid: int) -> bool:
    """Whether there is such a process here; one that has ended and was not fetched counts."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _term(row: Row[Any] | None) -> Term | None:
    return None if row is None else Term(row.epoch, row.since_us)


def _place() -> str:
    """One boot of one machine and its processes as this one sees them; a container sees its own."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""
