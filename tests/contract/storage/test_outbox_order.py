"""The outbox under any interleaving of queueing, claiming, settling, waiting, clock steps and restarts.

A model in plain Python says what may happen; the database must agree after every step.
"""

import asyncio
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from monitor.alerting.batch import Batch, DaemonRun, Queued
from monitor.alerting.notification import Event, Notification
from monitor.clock import Moment
from monitor.domain.incident import Cause, Incident
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import FaultDomain, Status
from monitor.domain.severity import Severity
from monitor.storage.journal import Journal
from monitor.storage.outbox.outbox import Claimed, Outbox
from monitor.storage.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

LEASE_S = 20.0
CHANNELS = ("ops", "hook")
INCIDENTS = (1, 2, 3, 4, 5)
OVER = {"sent", "dead", "merged"}
events = st.sampled_from([Event.OPENED, Event.UPDATED, Event.REMINDER, Event.RESOLVED])
channels = st.sampled_from(CHANNELS)
waits = st.sampled_from([1.0, 30.0, 600.0])
answers = st.sampled_from(["sent", "retry", "dead"])


@dataclass
class Row:
    """What the model knows of one message."""

    incident_id: int | None
    sequence: int
    channel: str
    event: Event
    state: str = "pending"
    due_s: float = 0.0
    leased_until_s: float | None = None
    attempts: int = 0


@dataclass
class Lease:
    """What a worker holds, perhaps no longer rightly."""

    claimed: Claimed
    attempt: int
    run: int


@dataclass
class Time:
    """Monotonic seconds, and how far the wall clock stands from them."""

    mono_s: float = 1000.0
    skew_s: float = 1_795_200_000.0

    @property
    def now(self) -> Moment:
        """The present moment."""
        return Moment(round((self.mono_s + self.skew_s) * 1e6), round(self.mono_s * 1e6))


class OutboxMachine(RuleBasedStateMachine):
    """The real outbox beside the model."""

    new_engine: "Callable[[], Engine]"

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.writer = Writer(type(self).new_engine())
        self.journal = Journal(self.writer)
        self.outbox = Outbox(self.writer)
        self.time = Time()
        self.rows: dict[str, Row] = {}
        self.leases: list[Lease] = []
        self.sequences = dict.fromkeys(INCIDENTS, 0)
        self.ended: set[int] = set()
        self.run_number = 0

    def teardown(self) -> None:
        """The writer ends with the run."""
        assert self.runner.run(self.writer.stop())
        self.runner.close()

    def do(self, awaitable: Any) -> Any:
        """One call of the outbox."""
        return self.runner.run(awaitable)

    @initialize()
    def begin(self) -> None:
        """Three incidents to tell of, and a first run."""
        incidents = {number: _incident(number, self.time.now) for number in INCIDENTS}
        self.do(self.journal.commit(Batch(incidents=incidents)))
        self.start()

    def start(self) -> None:
        """A new run of the daemon."""
        self.run_number += 1
        self.outbox = Outbox(self.writer)
        self.do(self.journal.begin_run(DaemonRun("1", 1, "h", self.time.now)))
        self.do(self.outbox.void_leases(self.time.now))

    @rule(incident_id=st.sampled_from(INCIDENTS), event=events, told=st.sets(channels, min_size=1))
    def queue_event(self, incident_id: int, event: Event, told: set[str]) -> None:
        """An incident has news, unless it is over."""
        if incident_id in self.ended:
            return
        if event is Event.RESOLVED:
            self.ended.add(incident_id)
        self.sequences[incident_id] += 1
        for channel in sorted(told):
            self.queue(channel, incident_id, self.sequences[incident_id], event)

    @rule(channel=channels)
    def queue_notice(self, channel: str) -> None:
        """A message without an incident."""
        self.queue(channel, None, 0)

    def queue(self, channel: str, incident_id: int | None, sequence: int, event: Event = Event.NOTICE) -> None:
        """Into the real one and into the model."""
        notification_id = f"n{len(self.rows)}"
        notification = Notification(notification_id, event, "critical", "gw", "t", "m")
        queued = Queued(channel, notification, incident_id, sequence, self.time.now)
        self.do(self.journal.commit(Batch(outbox=[queued])))
        self.rows[notification_id] = Row(incident_id, sequence, channel, event)

    @rule(channel=channels, limit=st.integers(1, 4))
    def claim(self, channel: str, limit: int) -> None:
        """A worker takes what is due: exactly the oldest that the model allows, or what stands for them."""
        claimed = self.do(self.outbox.claim(channel, self.time.now, LEASE_S, limit))
        allowed = [name for name, row in self.rows.items() if row.channel == channel and self.may_go(row)]
        turns = {self.in_turn_of(name) for name in allowed[:limit]}
        assert [row.notification_id for row in claimed] == [name for name in self.rows if name in turns]
        for taken in claimed:
            row = self.rows[taken.notification_id]
            assert taken.attempts == row.attempts
            row.attempts += 1
            row.state, row.leased_until_s = "leased", self.time.mono_s + LEASE_S
            self.leases.append(Lease(taken, row.attempts, self.run_number))

    def in_turn_of(self, name: str) -> str:
        """The message itself, or the later one that makes it needless; those in between are told with it."""
        head = self.rows[name]
        same = {
            other: row
            for other, row in self.rows.items()
            if row.incident_id == head.incident_id is not None and row.channel == head.channel
        }
        later = [other for other, row in same.items() if row.sequence > head.sequence]
        if head.state == "leased" or not later:
            return name
        told = any(row.state == "sent" for row in same.values())
        if same[later[-1]].event is Event.RESOLVED and not told:
            needless = [name, *later[:-1]]
        else:
            needless = list(takewhile(lambda other: same[other].event is Event.REMINDER, [name, *later[:-1]]))
        for other in needless:
            same[other].state = "merged"
        return [name, *later][len(needless)]

    def may_go(self, row: Row) -> bool:
        """Not settled, first of its incident and channel, due, and in nobody's hands."""
        if row.state in OVER:
            return False
        for other in self.rows.values():
            same = other.incident_id == row.incident_id is not None and other.channel == row.channel
            if same and other.sequence < row.sequence and other.state not in OVER:
                return False
        if row.state == "leased":
            assert row.leased_until_s is not None
            return row.leased_until_s <= self.time.mono_s
        return row.due_s <= self.time.mono_s

    @rule(channel=channels, wait_s=waits, how=answers)
    def deliver(self, channel: str, wait_s: float, how: str) -> None:
        """The usual way: claimed, sent, settled."""
        held = len(self.leases)
        self.claim(channel, 1)
        for lease in self.leases[held:]:
            self.answered(lease, wait_s, how)

    @rule(data=st.data(), wait_s=waits, how=answers)
    def settle(self, data: st.DataObject, wait_s: float, how: str) -> None:
        """A worker, perhaps one that is much too late, says what came of it."""
        if self.leases:
            self.answered(data.draw(st.sampled_from(self.leases)), wait_s, how)

    def answered(self, lease: Lease, wait_s: float, how: str) -> None:
        """The other side has answered."""
        row = self.rows[lease.claimed.notification_id]
        holds = row.state == "leased" and row.attempts == lease.attempt and lease.run == self.run_number
        now = self.time.now
        if how == "sent":
            assert self.do(self.outbox.settle_sent(lease.claimed, now)) is (row.state != "sent")
            row.state = "sent"
        elif how == "dead":
            assert self.do(self.outbox.settle_dead(lease.claimed, now, "gone")) is holds
            row.state = "dead" if holds else row.state
        else:
            assert self.do(self.outbox.settle_retry(lease.claimed, now, now.plus_s(wait_s), "busy")) is holds
            if holds:
                row.state, row.due_s = "pending", self.time.mono_s + wait_s

    @rule(seconds=st.sampled_from([0.5, 5.0, 20.0, 100.0]))
    def wait(self, seconds: float) -> None:
        """Time goes by."""
        self.time.mono_s += seconds

    @rule(skew_s=st.sampled_from([-86_400.0, -3600.0, 3600.0, 86_400.0]))
    def step_clock(self, skew_s: float) -> None:
        """Somebody sets the wall clock; within a run nothing may change."""
        self.time.skew_s += skew_s

    @rule()
    def restart(self) -> None:
        """The daemon was killed: every lease is void, every retry due once its time has come by the wall clock."""
        self.start()
        next_attempts = _next_attempts(self.writer)
        for name, row in self.rows.items():
            if row.state == "leased":
                row.state, row.due_s, row.leased_until_s = "pending", 0.0, None
            elif row.state == "pending" and next_attempts.get(name) is not None:
                wait_s = (next_attempts[name] - self.time.now.wall_us) / 1e6
                row.due_s = self.time.mono_s + min(max(0.0, wait_s), 3600.0)

    @invariant()
    def agrees_on_what_waits(self) -> None:
        """Counts and the next wake-up are those of the model."""
        if self.run_number == 0:
            return
        counts = self.do(self.outbox.counts())
        for channel in CHANNELS:
            rows = [row for row in self.rows.values() if row.channel == channel]
            pending = [row for row in rows if row.state in {"pending", "leased"}]
            dead = [row for row in rows if row.state == "dead"]
            if rows:
                assert (counts[channel].pending, counts[channel].dead) == (len(pending), len(dead))
            due_s = self.do(self.outbox.next_due_s(channel, self.time.now))
            assert (due_s is None) == (not pending)
            assert (due_s == 0) == any(self.may_go(row) for row in pending)


def test_the_outbox_keeps_order_and_leases(new_engine: "Callable[[], Engine]") -> None:
    """Whatever happens, in whatever order."""
    machine = type("Machine", (OutboxMachine,), {"new_engine": staticmethod(new_engine)})
    run_state_machine_as_test(machine, settings=settings(max_examples=60, stateful_step_count=30, deadline=None))


def _incident(number: int, at: Moment) -> Incident:
    return Incident(
        id=number,
        key=f"gw/chat/{number}",
        kind=IncidentKind.OUTAGE,
        endpoint="gw",
        checks=(f"gw/chat/{number}",),
        severity=Severity.CRITICAL,
        cause=Cause(Status.TIMEOUT, FaultDomain.ENDPOINT),
        because=None,
        reason=None,
        action=None,
        started_at=at,
        detected_at=at,
    )


def _next_attempts(writer: Writer) -> dict[str, int]:
    with writer._link._engine.connect() as connection:
        sql = "SELECT notification_id, next_attempt_us FROM outbox"
        return {row[0]: row[1] for row in connection.exec_driver_sql(sql)}
