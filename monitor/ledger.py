"""The ledger: one task owns all health state. Results come in, decisions go out, one commit per batch.

State advances in memory the moment a result arrives, and what it means is committed with it in one transaction; a
batch that the database refuses is kept and tried again, so memory never says anything that the disk will not. Owns no
rule (`domain.health`, `alerting.policy`) and no statement (`storage.journal`).
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Protocol

import structlog

from monitor.alerting import notices
from monitor.alerting.alternatives import Ranking
from monitor.alerting.audience import Audience
from monitor.alerting.batch import Batch, Queued, Restored, RhythmChange
from monitor.alerting.notification import Notification
from monitor.alerting.policy import Decision, Occurrence, decide, resolved
from monitor.alerting.texts import Alternative
from monitor.clock import Clock, Moment
from monitor.domain.check import Check
from monitor.domain.follow_up import AS_PLANNED, FollowUp, follow_up
from monitor.domain.health import Advance, Health, State, advance
from monitor.domain.incident import Incident, IncidentKind, incident_key
from monitor.domain.result import Result
from monitor.errors import StorageError

GATHER_S = 0.25
REFUSED_NOTICE_AFTER_S = 30.0
RETRY_AT_MOST_S = 5.0
WAITING_AT_MOST = 100_000
RANKING_FRESH_S = 1.0

log = structlog.get_logger("relaywatch.ledger")


class Journal(Protocol):
    """What the ledger needs of a database."""

    async def commit(self, batch: Batch) -> None:
        """Write the batch whole, or raise StorageError and write nothing of it."""
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
        clock: read once per commit.
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
        self._audience = audience
        self._checks: dict[str, Check] = {}
        self._healths = dict(restored.healths)
        self._open = {incident.key: incident for incident in restored.open_incidents}
        self._next_id = restored.next_incident_id
        self._batch = Batch()
        self._writing = Batch()
        self._arrived = asyncio.Event()
        self._urgent = asyncio.Event()
        self._stopping = False
        self._ranking: Ranking | None = None
        self._committing: Moment | None = None
        self.dropped = 0
        self.last_commit: Moment | None = None
        self.refusing_since: Moment | None = None

    @property
    def checks(self) -> Mapping[str, Check]:
        """The checks in force, by id."""
        return MappingProxyType(self._checks)

    @property
    def healths(self) -> Mapping[str, Health]:
        """What is believed of each check in force, by id."""
        return MappingProxyType(self._healths)

    @property
    def open_incidents(self) -> tuple[Incident, ...]:
        """Every open incident, oldest first."""
        return tuple(sorted(self._open.values(), key=lambda incident: incident.id))

    @property
    def pending(self) -> int:
        """Results that are not on disk yet."""
        return len(self._batch.results) + len(self._writing.results)

    def busy_s(self, now: Moment) -> float:
        """How long the present commit has been under way, in seconds; 0 between commits."""
        return 0.0 if self._committing is None else now.s_since(self._committing)

    def configure(self, checks: Iterable[Check], audience: Audience, now: Moment) -> None:
        """Put these checks in force. One that stays keeps its state; one that is gone ends its incidents, told so."""
        self._audience = audience
        kept = {check.id: check for check in checks}
        for incident in self.open_incidents:
            if not any(check in kept for check in incident.checks):
                self._end_removed(incident, now)
        self._healths = {check: self._believed(check, now) for check in kept}
        self._checks = kept
        self._ranking = None
        self._wake(urgent=True)

    def record(self, result: Result) -> FollowUp:
        """Take one result: advance the check's health, decide, and say when to probe next. Never blocks."""
        check = self._checks.get(result.check)
        if check is None:
            return AS_PLANNED
        if len(self._batch.results) >= WAITING_AT_MOST:
            self.dropped += 1
            return AS_PLANNED
        step = advance(check, self._healths[check.id], result)
        self._healths[check.id] = step.health
        self._batch.results.append(result)
        self._batch.healths[check.id] = step.health
        if step.changes:
            self._decide(check, step, result)
        self._wake(urgent=bool(self._batch.events))
        return follow_up(check, step.health, result)

    def plan_changed(self, change: RhythmChange) -> None:
        """Remember when a check was due from now on, so that coverage is known later."""
        self._batch.rhythms.append(change)
        self._wake(urgent=False)

    def notify(self, notification: Notification, channels: Iterable[str], now: Moment) -> None:
        """Put a notice without an incident into the outbox."""
        self._batch.outbox.extend(
            Queued(channel, replace(notification, id=f"{notification.id}-{channel}"), None, 0, now)
            for channel in channels
        )
        self._wake(urgent=True)

    async def run(self) -> None:
        """Commit what arrives until `stop`; a batch waits at most 250 ms for company, news does not wait."""
        while not self._stopping or self._batch:
            await self._arrived.wait()
            if not self._urgent.is_set():
                await self._gather()
            self._arrived.clear()
            self._urgent.clear()
            if self._batch:
                self._writing, self._batch = self._batch, Batch()
                await self._commit(self._writing)

    def stop(self) -> None:
        """Let `run` end once everything that has arrived is on disk."""
        self._stopping = True
        self._wake(urgent=True)

    async def _gather(self) -> None:
        try:
            async with asyncio.timeout(GATHER_S):
                await self._urgent.wait()
        except TimeoutError:
            return

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
        notice = notices.cannot_record(error.message, self.refusing_since, self._audience)
        self._observers.alarm(notice)
        return True

    def _accepted(self, now: Moment, *, noticed: bool) -> None:
        if self.refusing_since is None:
            return
        log.info("database_accepts_again", seconds=round(now.s_since(self.refusing_since), 1), dropped=self.dropped)
        if noticed:
            notice = notices.records_again(self.refusing_since, now, self.dropped, self._audience)
            self.notify(notice, self._audience.channels, now)
        self.refusing_since = None

    def _decide(self, check: Check, step: Advance, result: Result) -> None:
        incidents = [self._open.get(incident_key(check.id, kind)) for kind in IncidentKind]
        now = result.finished_at
        at = Occurrence(check, step.health, result, partial(self._works_now, check, now), now)
        for decision in decide(step, at, incidents, self._next_id, self._audience):
            self._keep(decision)

    def _keep(self, decision: Decision) -> None:
        incident = decision.incident
        self._next_id = max(self._next_id, incident.id + 1)
        if incident.is_open:
            self._open[incident.key] = incident
        else:
            self._open.pop(incident.key, None)
        self._batch.incidents[incident.id] = incident
        self._batch.outbox.extend(decision.outbox)
        if decision.event is not None:
            self._batch.events.append(decision.event)

    def _end_removed(self, incident: Incident, now: Moment) -> None:
        check_id = incident.checks[0]
        check = self._checks.get(check_id) or notices.forgotten_check(check_id, incident.endpoint)
        health = self._healths.get(check_id) or Health(check_id, since=now)
        self._keep(resolved(incident, Occurrence(check, health, None, tuple, now), self._audience))
        fresh = Health(check_id, since=now, recent=health.recent)
        self._healths[check_id] = self._batch.healths[check_id] = fresh

    def _believed(self, check: str, now: Moment) -> Health:
        health = self._healths.get(check)
        if health is None:
            return Health(check, since=now)
        orphaned = health.state is State.DOWN and incident_key(check, IncidentKind.OUTAGE) not in self._open
        return Health(check, since=now, recent=health.recent) if orphaned else health

    def _works_now(self, failing: Check, now: Moment) -> tuple[Alternative, ...]:
        if self._ranking is None or now.s_since(self._ranking.at) > RANKING_FRESH_S:
            self._ranking = Ranking.of(self._checks, self._healths, now)
        return self._ranking.best_for(failing, self._healths)

    def _wake(self, *, urgent: bool) -> None:
        self._arrived.set()
        if urgent:
            self._urgent.set()
