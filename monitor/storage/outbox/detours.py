"""Notifications that another channel gets as well, because their own has not taken them.

Owns which those are, and that a copy is made once: its row and the mark on the original are written together. To whom a
copy goes, and what it says, is asked of `delivery`. Everything here runs in the writer thread.

A channel that got a copy of an incident's news gets a copy of its end too: whoever was told hears the rest.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ColumnElement, Connection, Dialect, Row, Select, and_, exists, or_, select, update

from monitor.alerting.batch import Queued
from monitor.alerting.lateness import Instead
from monitor.alerting.notification import Event
from monitor.clock import US_PER_S, Moment
from monitor.domain.severity import Severity
from monitor.storage import dialect, tables
from monitor.storage.rows import outbox_row

COPY_MARK = "-fallback-"
_END = tables.outbox.alias("end_of_it")  # made once: an alias costs more than the question


@dataclass(frozen=True, slots=True)
class Stuck:
    """A notification whose own channel has not taken it.

    Attributes:
        why: what became of it there.
        told: the channels that have this news of their own or as a copy, its own among them.
        waited_s: since it arose.
        error: what its channel said last.
        to: where the copy has to go; None leaves the choice.
    """

    row_id: int
    channel: str
    body: dict[str, Any]
    incident_id: int | None
    sequence: int
    why: Instead
    told: frozenset[str]
    waited_s: float = 0.0
    error: str | None = None
    to: str | None = None


Choose = Callable[[Stuck], Queued | None]
"""Makes the copy for another channel; None where there is none to tell. Called in the writer thread; must not block."""


def nobody(stuck: Stuck) -> None:
    """No copy for anybody."""
    del stuck


@dataclass(frozen=True, slots=True)
class Look:
    """What came of one look.

    Attributes:
        copies: what was written.
        next_s: seconds until the next message has waited long enough; None if none waits.
    """

    copies: tuple[Queued, ...]
    next_s: float | None


class _StandIn(NamedTuple):
    channel: str
    incident_id: int
    to: str


class Detours:
    """Finds what is stuck and writes the copies.

    Args:
        sql: the dialect that the statements are prepared for.
    """

    def __init__(self, sql: Dialect) -> None:
        self._insert = dialect.insert_or_keep_sql(sql, tables.outbox)
        self._born: dict[int, int] = {}  # on the monotonic clock, by row
        self._hopeless: set[int] = set()
        # Who stood in for whom in an incident whose end they may not know yet; None until it was asked for.
        self._stand_ins: set[_StandIn] | None = None

    def forget(self) -> None:
        """A new run, or other channels: everything is looked at anew."""
        self._born.clear()
        self._hopeless.clear()
        self._stand_ins = None

    def look(self, connection: Connection, after_s: Mapping[str, float], choose: Choose, now: Moment) -> Look:
        """Copy what has waited longer than its channel's `after_s`, and the ends of what was copied before."""
        waiting = connection.execute(_waiting(after_s)).all()
        self._keep({row.id for row in waiting})
        copies: list[Queued] = []
        left_s: list[float] = []
        for row in waiting:
            born_us = self._born.setdefault(row.id, now.anchor(row.created_at_us).mono_us)
            waited_s = (now.mono_us - born_us) / US_PER_S
            if waited_s < after_s[row.channel]:
                left_s.append(after_s[row.channel] - waited_s)
            elif row.id not in self._hopeless:
                copies.extend(self.redirect(connection, [row.id], Instead.NOT_TAKEN, choose, waited_s=waited_s))
        copies.extend(self._ends(connection, choose))
        return Look(tuple(copies), min(left_s, default=None))

    def redirect(
        self, connection: Connection, row_ids: Collection[int], why: Instead, choose: Choose, *, waited_s: float = 0.0
    ) -> Iterator[Queued]:
        """Copy those of these rows that are critical and were not copied before."""
        row = tables.outbox.c
        which = (row.id.in_(row_ids), row.severity == Severity.CRITICAL, row.fell_back_to.is_(None), ~_end_is_known())
        for stuck in connection.execute(select(tables.outbox).where(*which).order_by(row.id)).all():
            told = frozenset(connection.execute(_told(stuck)).scalars())
            copy = choose(_stuck(stuck, why, told, waited_s=waited_s))
            if copy is None:
                self._hopeless.add(stuck.id)
            else:
                yield self._write(connection, stuck, copy)

    def _ends(self, connection: Connection, choose: Choose) -> Iterator[Queued]:
        if self._stand_ins is None:
            self._stand_ins = {_StandIn(*row) for row in connection.execute(_copied())}
        if not self._stand_ins:
            return
        ends = connection.execute(_ends_of({one.incident_id for one in self._stand_ins})).all()
        known = {(end.channel, end.incident_id) for end in ends}
        # Forgotten only when the end is on disk: this transaction may fail.
        self._stand_ins = {one for one in self._stand_ins if (one.to, one.incident_id) not in known}
        open_ones = tuple(self._stand_ins)
        for end, one in product(ends, open_ones):
            if (one.channel, one.incident_id) == (end.channel, end.incident_id):
                copy = choose(_stuck(end, Instead.ITS_END, frozenset(), to=one.to))
                if copy is not None:
                    yield self._write(connection, end, copy)

    def _write(self, connection: Connection, stuck: Row[Any], copy: Queued) -> Queued:
        table = tables.outbox
        connection.exec_driver_sql(self._insert, outbox_row(copy))
        connection.execute(update(table).where(table.c.id == stuck.id).values(fell_back_to=copy.channel))
        if stuck.incident_id is not None and self._stand_ins is not None:
            self._stand_ins.add(_StandIn(stuck.channel, stuck.incident_id, copy.channel))
        return copy

    def _keep(self, row_ids: set[int]) -> None:
        self._hopeless &= row_ids
        for gone in self._born.keys() - row_ids:
            del self._born[gone]


def _waiting(channels: Iterable[str]) -> Select[Any]:
    row = tables.outbox.c
    query = select(row.id, row.channel, row.created_at_us).where(
        row.settled_at_us.is_(None),
        row.channel.in_(tuple(channels)),
        row.severity == Severity.CRITICAL,
        row.fell_back_to.is_(None),
        ~_end_is_known(),
    )
    return query.order_by(row.id)


def _end_is_known() -> ColumnElement[bool]:
    """True of news of an incident whose end the stand-in has already been given: nothing is told after the end."""
    row, end = tables.outbox.c, _END
    copied = and_(end.c.event == Event.RESOLVED, end.c.fell_back_to.is_not(None))
    return exists().where(end.c.channel == row.channel, end.c.incident_id == row.incident_id, copied)


def _told(stuck: Row[Any]) -> Select[Any]:
    """The channels that have the same news: the same event of the incident, or the same notice."""
    row = tables.outbox.c
    if stuck.incident_id is not None:
        return select(row.channel).where(row.incident_id == stuck.incident_id, row.sequence == stuck.sequence)
    first, _, _ = stuck.notification_id.partition(COPY_MARK)
    first_at = select(row.created_at_us).where(row.notification_id == first)
    same = or_(row.created_at_us.in_(first_at), row.notification_id.startswith(first, autoescape=True))
    return select(row.channel).where(row.incident_id.is_(None), same)


def _copied() -> Select[Any]:
    row = tables.outbox.c
    which = (row.fell_back_to.is_not(None), row.incident_id.is_not(None), row.event != Event.RESOLVED)
    return select(row.channel, row.incident_id, row.fell_back_to).where(*which)


def _ends_of(incidents: Collection[int]) -> Select[Any]:
    row = tables.outbox.c
    return select(tables.outbox).where(row.incident_id.in_(incidents), row.event == Event.RESOLVED).order_by(row.id)


def _stuck(row: Row[Any], why: Instead, told: frozenset[str], *, waited_s: float = 0.0, to: str | None = None) -> Stuck:
    return Stuck(
        row_id=row.id,
        channel=row.channel,
        body=orjson.loads(row.body),
        incident_id=row.incident_id,
        sequence=row.sequence,
        why=why,
        told=told,
        waited_s=waited_s,
        error=row.last_error,
        to=to,
    )
