"""The ledger: one task owns all health state. Results come in, decisions go out, one commit per batch.

State advances in memory the moment a result arrives, and what it means is committed with it in one transaction; a
batch that the database refuses is kept and tried again, so memory never says anything that the disk will not. Owns no
rule (`alerting.desk`) and no statement (`storage.journal`).
"""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

import structlog

from monitor.alerting import notices
from monitor.alerting.audience import Audience
from monitor.alerting.batch import Batch, Queued, Restored, RhythmChange
from monitor.alerting.desk import Desk
from monitor.alerting.notification import Notification
from monitor.alerting.silences import Silence
from monitor.clock import Clock, Moment
from monitor.domain.check import Check
from monitor.domain.follow_up import AS_PLANNED, FollowUp
from monitor.domain.health import Health
from monitor.domain.incident import Incident
from monitor.domain.kept import Kept
from monitor.domain.renaming import Renaming
from monitor.domain.result import Result
from monitor.domain.rules_judge import RuleFinding
from monitor.errors import StorageError

GATHER_S = 0.25
TICK_S = 0.5
REFUSED_NOTICE_AFTER_S = 30.0
RETRY_AT_MOST_S = 5.0
WAITING_AT_MOST = 100_000

log = structlog.get_logger("relaywatch.ledger")


class Journal(Protocol):
    """What the ledger needs of a database."""

    async def commit(self, batch: Batch) -> None:
        """Write the batch whole, or raise StorageError and write nothing of what is still in it."""
        ...


class Observers(Protocol):
    """Who wants to know what the ledger did; none of these may block or raise."""

    def committed(self, batch: Batch, seconds: float) -> None:
        """A batch is on disk."""
        ...

    def alarm(self, notification: Notification) -> None:
        """The database refuses for too long: this message goes straight to a channel."""
        ...


class Ledger:
    """All health state, and the one task that writes it down.

    Args:
        journal: the database.
        clock: read once per commit, and once a second while anything is open.
        observers: told after each commit, and of a database that refuses.
        audience: who is told of incidents.
        restored: what the database remembers.
    """

    def __init__(
        self, journal: Journal, clock: Clock, observers: Observers, audience: Audience, restored: Restored
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._observers = observers
        self._desk = Desk(audience, restored)
        self._writing = Batch()
        self._arrived = asyncio.Event()
        self._urgent = asyncio.Event()
        self._all_written = asyncio.Event()
        self._stopping = False
        self._committing: Moment | None = None
        self._taken = 0
        self.dropped = 0
        self.last_commit: Moment | None = None
        self.refusing_since: Moment | None = None

    @property
    def checks(self) -> Mapping[str, Check]:
        """The checks in force, by id."""
        return self._desk.checks

    @property
    def healths(self) -> Mapping[str, Health]:
        """What is believed of each check in force, by id."""
        return self._desk.healths

    @property
    def open_incidents(self) -> tuple[Incident, ...]:
        """Every open incident, oldest first."""
        return self._desk.open_incidents

    @property
    def silences(self) -> tuple[Silence, ...]:
        """Every silence that is in force or still to come, oldest first."""
        return self._desk.silences

    @property
    def pending(self) -> int:
        """Results that are not on disk yet."""
        return len(self._desk.batch.results) + len(self._writing.results)

    @property
    def arrived(self) -> int:
        """How many results have come to be written since the start."""
        return self._taken + len(self._desk.batch.results)

    @property
    def written(self) -> int:
        """How many of them, the first ones, are on disk."""
        return self._taken - len(self._writing.results)

    def unwritten(self, after: int) -> list[Result]:
        """Those that are not on disk, in the order in which they came, but for the first `after` of all."""
        waiting = [*self._writing.results, *self._desk.batch.results]
        return waiting[max(0, after - self.written) :]

    def busy_s(self, now: Moment) -> float:
        """How long the present commit has been under way, in seconds; 0 between commits."""
        return 0.0 if self._committing is None else now.s_since(self._committing)

    def rename(self, renaming: Renaming) -> None:
        """Checks and endpoints go on under other names, as the database has them; `configure` follows at once."""
        self._desk.rename(renaming)

    def configure(self, checks: Iterable[Check], audience: Audience, now: Moment) -> None:
        """Put these checks in force. One that stays keeps its state; one that is gone ends its incidents, told so."""
        self._desk.configure(checks, audience, now)
        self._wake(urgent=True)

    def rests(self) -> Mapping[str, Moment]:
        """The checks that must not be probed yet after a rate limit, by id, each with the end of its rest."""
        return self._desk.rests(self._clock.now())

    def stamped(self, result: Result) -> Result:
        """The result as it will be recorded: known as one of maintenance if its turn came inside a window."""
        return self._desk.stamped(result)

    def record(self, result: Result) -> FollowUp:
        """Take one result: advance the check's health, decide, and say when to probe next. Never blocks."""
        if len(self._desk.batch.results) >= WAITING_AT_MOST:
            self.dropped += 1
            return AS_PLANNED
        following = self._desk.record(result)
        self._wake(urgent=bool(self._desk.batch.events))
        return following

    async def replay(self, results: Iterable[Result]) -> None:
        """Take results of an earlier run, each at its own time, and write them; before `run`, and nothing is probed."""
        for result in results:
            if self._desk.recall(result) and self._desk.is_busy:
                self._desk.tick(result.finished_at)
        if self._desk.batch:
            await self._write_batch()

    def judged(self, finding: RuleFinding) -> None:
        """A rule over a window is broken, graver than before, or kept again."""
        self._desk.judged(finding)
        self._wake(urgent=True)

    def acknowledge(self, incident_id: int, by: str, note: str, now: Moment) -> Incident | None:
        """Somebody is on it; the incident as it is now, None if it is not open."""
        incident = self._desk.acknowledge(incident_id, by, note, now)
        self._wake(urgent=True)
        return incident

    def silence(self, silence: Silence) -> Silence:
        """Keep a silence; it comes back with its id."""
        kept = self._desk.silence(silence)
        self._wake(urgent=True)
        return kept

    def expire_silence(self, silence_id: int, now: Moment) -> Silence | None:
        """End a silence now; None if there is no such one."""
        ended = self._desk.expire_silence(silence_id, now)
        self._wake(urgent=True)
        return ended

    def hidden_by(self, silence: Silence, now: Moment) -> tuple[Incident, ...]:
        """The open incidents of which this silence lets nobody be told."""
        return self._desk.hidden_by(silence, now)

    def plan_changed(self, change: RhythmChange) -> None:
        """Remember when a check was due from now on, so that coverage is known later."""
        self._desk.batch.rhythms.append(change)
        self._wake(urgent=False)

    def keep(self, *facts: Kept) -> None:
        """Remember facts beside the results; they go with the next commit, which they do not hasten."""
        self._desk.batch.keep(facts)
        self._wake(urgent=False)

    def notify(self, notification: Notification, channels: Iterable[str], now: Moment) -> None:
        """Put a notice without an incident into the outbox."""
        self._desk.batch.outbox.extend(
            Queued(channel, replace(notification, id=f"{notification.id}-{channel}"), None, 0, now)
            for channel in channels
        )
        self._wake(urgent=True)

    async def committed(self) -> None:
        """Wait until everything that has arrived so far is on disk."""
        await self._all_written.wait()

    async def run(self) -> None:
        """Commit what arrives until `stop`; a batch waits at most 250 ms for company, news does not wait."""
        while not self._stopping or self._desk.batch:
            await self._wait()
            if not self._urgent.is_set() and self._arrived.is_set():
                await self._gather()
            self._arrived.clear()
            self._urgent.clear()
            if self._desk.is_busy:
                self._desk.tick(self._clock.now())
            if self._desk.batch:
                await self._write_batch()
            if not self._desk.batch:
                self._all_written.set()

    def stop(self) -> None:
        """Let `run` end once everything that has arrived is on disk."""
        self._stopping = True
        self._wake(urgent=True)

    async def _wait(self) -> None:
        """Until something arrives; while anything is open, time alone may bring something too."""
        with suppress(TimeoutError):
            async with asyncio.timeout(TICK_S if self._desk.is_busy else None):
                await self._arrived.wait()

    async def _gather(self) -> None:
        try:
            async with asyncio.timeout(GATHER_S):
                await self._urgent.wait()
        except TimeoutError:
            return

    async def _write_batch(self) -> None:
        self._writing = self._desk.take()
        self._taken += len(self._writing.results)
        await self._commit(self._writing)

    async def _commit(self, batch: Batch) -> None:
        pause_s, noticed = 0.1, False
        began = self._committing = self._clock.now()
        while True:
            try:
                await self._journal.commit(batch)
            except StorageError as error:
                now = self._clock.now()
                noticed = self._refused(error, now, noticed=noticed)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, RETRY_AT_MOST_S)
            else:
                break
        now = self.last_commit = self._clock.now()
        self._committing = None
        self._writing = Batch()
        self._accepted(now, noticed=noticed)
        self._observers.committed(batch, now.s_since(began))

    def _refused(self, error: StorageError, now: Moment, *, noticed: bool) -> bool:
        if self.refusing_since is None:
            self.refusing_since = now
            log.error("database_refuses", error=error.message, waiting=self.pending)
        if noticed or now.s_since(self.refusing_since) < REFUSED_NOTICE_AFTER_S:
            return noticed
        notice = notices.cannot_record(error.message, self.refusing_since, self._desk.audience)
        self._observers.alarm(notice)
        return True

    def _accepted(self, now: Moment, *, noticed: bool) -> None:
        if self.refusing_since is None:
            return
        log.info("database_accepts_again", seconds=round(now.s_since(self.refusing_since), 1), dropped=self.dropped)
        if noticed:
            notice = notices.records_again(self.refusing_since, now, self.dropped, self._desk.audience)
            self.notify(notice, self._desk.audience.channels, now)
        self.refusing_since = None

    def _wake(self, *, urgent: bool) -> None:
        self._arrived.set()
        self._all_written.clear()
        if urgent:
            self._urgent.set()
