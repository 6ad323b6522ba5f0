"""One batch as statements: the hot path. Owns the prepared statements and the caches that make them cheap.

Everything here runs in the writer thread. What a row holds is decided in `rows`.
"""

from collections.abc import Iterator
from functools import lru_cache

from sqlalchemy import Connection, Dialect, Update, bindparam, exists, select, update

from monitor.alerting.batch import Batch, RhythmChange
from monitor.domain.availability import FAR_FUTURE_US
from monitor.domain.health import Health
from monitor.domain.incident import Incident
from monitor.domain.result import Result
from monitor.storage import dialect, tables
from monitor.storage.columns import Values
from monitor.storage.incident_rows import event_row, incident_row
from monitor.storage.kept import KeptWriter
from monitor.storage.memory import silence_row
from monitor.storage.names import Names
from monitor.storage.recording import recording_of
from monitor.storage.rollups.making import Latecomers
from monitor.storage.rollups.marks import go_back
from monitor.storage.rows import (
    detail_row,
    mark_of,
    memory_of,
    memory_text,
    outbox_row,
    result_row,
    state_row,
)


class BatchWriter:
    """Writes batches through prepared statements.

    Args:
        sql: the dialect that the statements are prepared for.
    """

    def __init__(self, sql: Dialect) -> None:
        self.names = Names()
        # Only a mark of what was written: a day of ten thousand checks takes 5 MB, and is in their healths already.
        self._marks: dict[str, int] = {}
        self._new_marks: dict[str, int] = {}
        # The members of each open incident that are on disk: ten thousand are not written again with every commit.
        self._enlisted: dict[int, tuple[str, ...]] = {}
        self._written: list[Result] = []
        self._latecomers = Latecomers(sql)
        self._recording = recording_of(sql)
        self._upsert_state = dialect.upsert_sql(sql, tables.states)
        self._upsert_memory = dialect.upsert_sql(sql, tables.state_memory)
        self._upsert_incident = dialect.upsert_sql(sql, tables.incidents)
        self._insert_incident_check = dialect.insert_or_keep_sql(sql, tables.incident_checks)
        self._insert_event = dialect.insert_or_keep_sql(sql, tables.incident_events)
        self._insert_outbox = dialect.insert_or_keep_sql(sql, tables.outbox)
        self._upsert_silence = dialect.upsert_sql(sql, tables.silences)
        self._upsert_rhythm = dialect.upsert_sql(sql, tables.rhythms)
        self._kept = KeptWriter(sql, self.names)
        self._end_rhythm = dialect.prepared(sql, _end_rhythm())

    def write(self, connection: Connection, batch: Batch) -> None:
        """Every statement of the batch, in the order that the foreign keys ask for."""
        self._write_results(connection, batch.results)
        self._write_states(connection, batch.healths)
        for incident in sorted(batch.incidents.values(), key=lambda incident: incident.id):
            self._write_incident(connection, incident)
        _many(connection, self._insert_event, [event_row(event) for event in batch.events])
        _many(connection, self._insert_outbox, [outbox_row(queued) for queued in batch.outbox])
        _many(connection, self._upsert_silence, [silence_row(silence) for silence in batch.silences.values()])
        for changes in _rounds(batch.rhythms):
            self._write_rhythms(connection, changes)
        if batch.rhythms:
            go_back(connection, min(map(_changes_from_us, batch.rhythms)))
        self._kept.write(connection, batch.kept)

    def settled(self, batch: Batch, *, committed: bool) -> None:
        """The transaction is over: what was learned in it is kept, or forgotten with it."""
        if committed:
            self._marks.update(self._new_marks)
            for incident in batch.incidents.values():
                self._enlisted[incident.id] = incident.checks
                if not incident.is_open:
                    del self._enlisted[incident.id]
            self._written = list(batch.results) or self._written
        else:
            self.forget()
        self._new_marks = {}

    def forget(self) -> None:
        """Ids and memories are looked up and written again."""
        self.names.forget()
        self._recording.forget()
        self._marks = {}
        self._enlisted = {}

    def _write_results(self, connection: Connection, results: list[Result]) -> None:
        # The same objects once more: the answer to their commit was lost (a cancelled caller), not the commit.
        written = {id(result) for result in self._written}
        new = [
            (self.names.check(connection, result.check, result.started_at.wall_us), result)
            for result in results
            if id(result) not in written
        ]
        newest = self.names.newest(connection, {check for check, _ in new})
        rows: list[Values] = []
        details: list[Values] = []
        taken: set[tuple[int, int]] = set()
        for check, result in new:
            at_us = result.started_at.wall_us
            if at_us > newest[check]:
                self.names.set_newest(check, at_us)
            else:
                at_us = self._free(connection, check, at_us, taken)
            taken.add((check, at_us))
            rows.append(result_row(check, at_us, result, self.names.reason(connection, result.verdict)))
            if (detail := detail_row(check, at_us, result)) is not None:
                details.append(detail)
        rows.sort()  # neighbours share a page
        self._recording.write(connection, rows, details)
        if rows:
            self._latecomers.admit(connection, taken)

    def _free(self, connection: Connection, check: int, at_us: int, taken: set[tuple[int, int]]) -> int:
        columns = tables.results.c
        while (check, at_us) in taken or connection.execute(
            select(exists().where(columns.check_id == check, columns.started_at_us == at_us)),
        ).scalar():
            at_us += 1
        self.names.set_newest(check, max(at_us, self.names.newest(connection, [check])[check]))
        return at_us

    def _write_states(self, connection: Connection, healths: dict[str, Health]) -> None:
        rows: list[Values] = []
        memories: list[Values] = []
        for name, health in healths.items():
            check = self.names.check(connection, name, health.since.wall_us)
            reason = None if health.latest is None else self.names.reason(connection, health.latest)
            rows.append(state_row(check, health, reason))
            mark = mark_of(health)
            if mark != self._marks.get(name):
                self._new_marks[name] = _shared(mark)
                memories.append((check, memory_text(memory_of(health))))
        _many(connection, self._upsert_state, rows)
        _many(connection, self._upsert_memory, memories)

    def _write_incident(self, connection: Connection, incident: Incident) -> None:
        _many(connection, self._upsert_incident, [incident_row(incident)])
        _many(connection, self._insert_incident_check, list(self._incident_checks(connection, incident)))

    def _incident_checks(self, connection: Connection, incident: Incident) -> Iterator[Values]:
        written = self._enlisted.get(incident.id, ())
        known = len(written) if incident.checks[: len(written)] == written else 0
        for position, name in enumerate(incident.checks[known:], start=known):
            check = self.names.check(connection, name, incident.started_at.wall_us)
            yield (incident.id, position, check, (incident.joined_at or incident.detected_at).wall_us)

    def _write_rhythms(self, connection: Connection, changes: list[RhythmChange]) -> None:
        """Of each check one at most, so that all ends may be written before all beginnings."""
        ends: list[Values] = []
        begun: list[Values] = []
        for change in changes:
            check, rhythm = self.names.check(connection, change.check, change.at_us), change.rhythm
            ends.append((change.at_us, check, FAR_FUTURE_US))
            if rhythm is not None:
                begun.append((check, rhythm.first_due_us, rhythm.phase_us, rhythm.interval_us, rhythm.until_us))
        _many(connection, self._end_rhythm, ends)
        _many(connection, self._upsert_rhythm, begun)


def _rounds(changes: list[RhythmChange]) -> Iterator[list[RhythmChange]]:
    """The same in the same order, cut so that no check is twice in one piece: ten thousand of a start are one piece."""
    some: dict[str, RhythmChange] = {}
    for change in changes:
        if change.check in some:
            yield list(some.values())
            some = {}
        some[change.check] = change
    if some:
        yield list(some.values())


@lru_cache(maxsize=4096)
def _shared(mark: int) -> int:
    """One object for all checks that fared alike: nearly all of ten thousand."""
    return mark


def _changes_from_us(change: RhythmChange) -> int:
    """Since when something else was due than before; after a clock was set back the new rhythm begins in the past."""
    return change.at_us if change.rhythm is None else min(change.at_us, change.rhythm.first_due_us)


def _end_rhythm() -> Update:
    rhythm = tables.rhythms
    return (
        update(rhythm)
        .values(until_us=bindparam("end_us"))
        .where(rhythm.c.check_id == bindparam("check"), rhythm.c.until_us == bindparam("open"))
    )


def _many(connection: Connection, sql: str, rows: list[Values]) -> None:
    if rows:
        connection.exec_driver_sql(sql, rows)
