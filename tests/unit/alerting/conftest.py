"""A stage for alerting: checks, the desk, and a small scheduler on fake time that does what the desk asks of it."""

import heapq
import itertools
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Table

from monitor.alerting.audience import Audience
from monitor.alerting.batch import Batch, Queued, Restored
from monitor.alerting.desk import Desk
from monitor.alerting.notification import Event
from monitor.alerting.silences import Silence
from monitor.alerting.texts import Voice
from monitor.clock import Moment
from monitor.domain.action import Language
from monitor.domain.check import Check, CheckKind, FlappingRule, HealthRules, check_id, provider_of
from monitor.domain.follow_up import FollowUp
from monitor.domain.health import Health
from monitor.domain.incident import Incident, IncidentEvent
from monitor.domain.result import FaultDomain, Result, Status, Trigger, Verdict
from monitor.storage import tables
from monitor.storage.incident_rows import incident_of, incident_row
from monitor.storage.memory import silence_of, silence_row
from monitor.storage.rows import health_of, memory_of, memory_text, state_row

START = Moment(1_795_200_000_000_000, 5_000_000_000)  # 2026-11-20T18:40:00Z, a Friday
TICK_S = 0.5

Answer = Callable[[Check, float], Verdict]

FAULTS = {
    Status.UP: None,
    Status.DEGRADED: FaultDomain.MODEL,
    Status.TIMEOUT: FaultDomain.ENDPOINT,
    Status.CONNECTION_ERROR: FaultDomain.NETWORK,
    Status.AUTH_ERROR: FaultDomain.KEY,
    Status.RATE_LIMITED: FaultDomain.QUOTA,
    Status.QUOTA_EXCEEDED: FaultDomain.QUOTA,
    Status.MODEL_NOT_FOUND: FaultDomain.MODEL,
    Status.OVERLOADED: FaultDomain.PROVIDER,
    Status.SERVER_ERROR: FaultDomain.ENDPOINT,
    Status.CLIENT_ERROR: FaultDomain.MONITOR,
    Status.INVALID_RESPONSE: FaultDomain.ENDPOINT,
    Status.UNKNOWN: FaultDomain.MONITOR,
}


@dataclass(frozen=True)
class Said:
    """One message, as a channel got it.

    Attributes:
        at_s: when, in seconds since the start.
    """

    at_s: float
    queued: Queued

    @property
    def event(self) -> str:
        """What it says."""
        return str(self.queued.notification.event)

    @property
    def incident(self) -> int | None:
        """Of which incident; None for a notice."""
        return self.queued.incident_id

    @property
    def key(self) -> str:
        """What the incident was about when it was said."""
        facts = self.queued.notification.incident
        return "" if facts is None else facts.key

    @property
    def blamed(self) -> tuple[str, str | None]:
        """Scope and fault domain."""
        facts = self.queued.notification.incident
        assert facts is not None
        return facts.scope, None if facts.fault_domain is None else str(facts.fault_domain)


@dataclass
class Stage:
    """The desk, what it has written down, and the checks' fake scheduler.

    Attributes:
        answer: what a probe of a check that starts at a second finds.
        seed: of the jitter in latencies and phases.
    """

    checks: list[Check]
    audience: Audience
    answer: Answer
    seed: int
    desk: Desk = field(init=False)
    said: list[Said] = field(default_factory=list)
    events: list[IncidentEvent] = field(default_factory=list)
    incidents: dict[int, Incident] = field(default_factory=dict)
    results: int = 0
    at_s: float = 0.0

    def __post_init__(self) -> None:
        """Nothing is remembered, and everything is in force."""
        self.jitter = random.Random(self.seed)  # noqa: S311  nothing is secret
        self.desk = Desk(self.audience, Restored({}, (), 1, "test"))
        self.desk.configure(self.checks, self.audience, START)
        self._by_id = {check.id: check for check in self.checks}
        self._due: list[tuple[float, int, str, Trigger | None]] = []
        self._numbers = itertools.count()
        self._flying: dict[str, tuple[float, Trigger]] = {}
        self._alarms: dict[str, int] = {}
        self._rests_until: dict[str, float] = {}
        self._landings: dict[int, Result] = {}
        for check in self.checks:
            self._plan(self.jitter.uniform(0, min(2, check.interval_s)), check.id, Trigger.ON_PHASE)
            phase = self.jitter.uniform(0, check.interval_s) + 2
            self._plan(phase, check.id, Trigger.ON_PHASE)

    @property
    def now(self) -> Moment:
        """The present moment."""
        return START.plus_s(self.at_s)

    def run(self, until_s: float) -> "Stage":
        """Let time pass."""
        next_tick = self.at_s + TICK_S
        while True:
            due = self._due[0][0] if self._due else until_s + 1
            if min(due, next_tick) > until_s:
                break
            if next_tick <= due:
                self.at_s = next_tick
                next_tick += TICK_S
                if self.desk.is_busy:
                    self.desk.tick(self.now)
            else:
                self.at_s, number, check, trigger = heapq.heappop(self._due)
                self._happen(number, check, trigger)
            self.collect()
        self.at_s = until_s
        return self

    def collect(self) -> Batch:
        """Keep what the desk has decided."""
        batch = self.desk.take()
        self.said += (Said(self.at_s, queued) for queued in batch.outbox)
        self.events += batch.events
        self.incidents |= batch.incidents
        return batch

    def to(self, channel: str = "ops", *events: str) -> list[Said]:
        """What a channel was told, of these events only where any are named."""
        return [said for said in self.said if said.queued.channel == channel and (not events or said.event in events)]

    def told(self, channel: str = "ops") -> list[str]:
        """The events that a channel was told, in order."""
        return [said.event for said in self.to(channel)]

    def first_down_s(self) -> float:
        """When the first threshold was crossed."""
        return min(self.incidents[number].detected_at.s_since(START) for number in self.incidents)

    def _happen(self, number: int, check: str, trigger: Trigger | None) -> None:
        if trigger is None:
            self._land(number)
            return
        if trigger is Trigger.ON_PHASE:
            self._plan(self.at_s + self._by_id[check].interval_s, check, trigger)
        elif trigger is Trigger.CONFIRM:
            if self._alarms.get(check) != number:
                return
            del self._alarms[check]
        self._probe(check, trigger)

    def _probe(self, check: str, trigger: Trigger) -> None:
        if check in self._flying or self._rests_until.get(check, 0) > self.at_s:
            return
        self._alarms.pop(check, None)
        verdict = self.answer(self._by_id[check], self.at_s)
        takes_s = 10.0 if verdict.status is Status.TIMEOUT else self.jitter.uniform(0.02, 0.6)
        started = self.now
        self._flying[check] = (self.at_s, trigger)
        landing = self._plan(self.at_s + takes_s, check, None)
        self._landings[landing] = Result(check, started, started.plus_s(takes_s), trigger, verdict, latency_ms=50.0)

    def _land(self, number: int) -> None:
        result = self._landings.pop(number)
        del self._flying[result.check]
        self.results += 1
        self._go_on(result, self.desk.record(result))

    def _go_on(self, result: Result, following: FollowUp) -> None:
        if following.rest_s is not None:
            self._rests_until[result.check] = self.at_s + following.rest_s
        if following.confirm_after_s is not None:
            due = self.at_s + following.confirm_after_s
            self._alarms[result.check] = self._plan(due, result.check, Trigger.CONFIRM)
        for sibling in following.triage:
            self._probe(sibling, Trigger.TRIAGE)

    def _plan(self, due_s: float, check: str, trigger: Trigger | None) -> int:
        number = next(self._numbers)
        heapq.heappush(self._due, (due_s, number, check, trigger))
        return number


@dataclass
class Disk:
    """What was committed, and what a restart reads of it: every value goes through the form in which it is stored."""

    healths: dict[str, Health] = field(default_factory=dict)
    incidents: dict[int, Incident] = field(default_factory=dict)
    silences: dict[int, Silence] = field(default_factory=dict)

    def commit(self, batch: Batch) -> None:
        """Keep a batch."""
        self.healths |= batch.healths
        self.incidents |= batch.incidents
        self.silences |= batch.silences

    def restored(self, now: Moment) -> Restored:
        """What a new daemon finds at `now`."""
        known = {check: _reread_health(health, now) for check, health in self.healths.items()}
        still_open = [_reread_incident(incident, now) for incident in self.incidents.values() if incident.is_open]
        held = [_reread_silence(silence, now) for silence in self.silences.values() if silence.expired_at is None]
        return Restored(
            healths=known,
            open_incidents=tuple(sorted(still_open, key=lambda incident: incident.id)),
            next_incident_id=max(self.incidents, default=0) + 1,
            instance="test",
            silences=tuple(held),
            next_silence_id=max(self.silences, default=0) + 1,
        )


def _row(table: Table, values: tuple[object, ...], **more: object) -> Any:
    columns = [column.name for column in table.columns]
    return SimpleNamespace(**dict(zip(columns, values, strict=False)), **more)


def _reread_health(health: Health, now: Moment) -> Health:
    memory = memory_text(memory_of(health))
    row = _row(tables.states, state_row(1, health, None), check=health.check, memory=memory)
    return health_of(row, health.latest, now)


def _reread_incident(incident: Incident, now: Moment) -> Incident:
    return incident_of(_row(tables.incidents, incident_row(incident)), incident.checks, now)


def _reread_silence(silence: Silence, now: Moment) -> Silence:
    return silence_of(_row(tables.silences, silence_row(silence)), now)


class Props:
    """Short ways to say what stands on the stage."""

    start = START
    disk = Disk

    @staticmethod
    def audience(*channels: str, **options: object) -> Audience:
        """Who is told; with the defaults of the configuration."""
        given = {"group_wait_s": 10.0, "reminder_s": 3600.0, **options}
        voice = Voice(Language.EN, ZoneInfo("UTC"))
        return replace(Audience(channels or ("ops",), voice, "test"), **given)  # type: ignore[arg-type]

    @staticmethod
    def chat(model: str, endpoint: str = "gw", **options: object) -> Check:
        """A model on an endpoint."""
        rules = HealthRules(flapping=FlappingRule())
        given = {"rules": rules, "host": f"{endpoint}.test", **options}
        name = check_id(endpoint, CheckKind.CHAT, model)
        check = Check(name, endpoint, CheckKind.CHAT, model, provider_of(model, endpoint))
        return replace(check, **given)  # type: ignore[arg-type]

    @staticmethod
    def models(endpoint: str = "gw") -> Check:
        """An endpoint's model list."""
        name = check_id(endpoint, CheckKind.MODELS, None)
        rules = HealthRules(flapping=FlappingRule())
        return Check(
            name, endpoint, CheckKind.MODELS, None, endpoint, interval_s=30.0, rules=rules, host=f"{endpoint}.test"
        )

    def endpoint(self, name: str = "gw", providers: Iterable[str] = ("a",), each: int = 3) -> list[Check]:
        """A model list, and so many models of each provider."""
        chats = [self.chat(f"{provider}/m{number}", name) for provider in providers for number in range(each)]
        return [self.models(name), *chats]

    @staticmethod
    def verdict(status: Status, fault: FaultDomain | None = None, **options: object) -> Verdict:
        """What a probe finds; the fault domain is the usual one of the status."""
        named = FAULTS[status] if fault is None else fault
        reason = None if status is Status.UP else f"it is {status}"
        return replace(Verdict(status, named, reason), **options)  # type: ignore[arg-type]

    def stage(
        self, checks: list[Check], answer: Answer | None = None, seed: int = 0, audience: Audience | None = None
    ) -> Stage:
        """A stage on which everything works unless `answer` says otherwise."""
        fine = self.verdict(Status.UP)
        return Stage(checks, audience or self.audience(), answer or (lambda _, __: fine), seed)

    def broken(self, is_broken: Callable[[Check, float], bool], status: Status = Status.SERVER_ERROR) -> Answer:
        """An answer that is of this status while `is_broken`."""
        fine, failed = self.verdict(Status.UP), self.verdict(status)
        return lambda check, at_s: failed if is_broken(check, at_s) else fine


@pytest.fixture(scope="session")
def props() -> Props:
    """Short ways to say what stands on the stage."""
    return Props()


__all__ = ["Disk", "Event", "Props", "Said", "Stage"]
