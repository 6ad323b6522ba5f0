"""Whatever happens in whatever order, what people are told is true, complete and no more than it has to be.

The machine feeds the desk with results, time, silences, acknowledgements, reloads, steps of the wall clock and restarts
(everything is read back as it is stored), and keeps by itself what each channel has received.
"""

import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from hypothesis import Phase, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from monitor.alerting.audience import Audience, Escalation, Hours, Route
from monitor.alerting.desk import Desk
from monitor.alerting.maintenance import Calendar, Window
from monitor.alerting.matching import Matcher
from monitor.alerting.notification import Event, Notification
from monitor.alerting.silences import Silence, Until
from monitor.clock import Moment
from monitor.domain.check import Check, FlappingRule, HealthRules, Ratio
from monitor.domain.health import Health, State
from monitor.domain.incident import Incident, IncidentEventKind, Told
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import Result, Status, Trigger
from monitor.domain.rules import Facts, Why
from monitor.domain.rules_judge import RuleFinding
from monitor.domain.severity import Severity

if TYPE_CHECKING:
    from tests.unit.alerting.conftest import Disk, Props

UTC = ZoneInfo("UTC")
PHASES = tuple(phase for phase in Phase if phase is not Phase.explain)
RULES = (IncidentKind.AVAILABILITY, IncidentKind.CERTIFICATE)
UPDATES_S = 310.0
REMINDER_S = 900.0
GROUP_WAIT_S = 10.0
LOOKED_AT_AFTER_S = 20.0
MAINTENANCE_S = (600.0, 1800.0)  # after the start

Wants = Callable[[str, Incident, list[Check], Moment], bool]


def everything(_channel: str, _incident: Incident, _failing: list[Check], _now: Moment) -> bool:
    """No route: the channel wants every incident."""
    return True


def routed(channel: str, incident: Incident, failing: list[Check], now: Moment) -> bool:
    """What the routes of the second audience say, in other words."""
    if channel == "pager":
        return incident.severity is Severity.CRITICAL
    if channel == "gx":
        return any(check.endpoint == "gx" for check in failing)
    if channel == "day":
        return datetime.fromtimestamp(now.wall_us / 1e6, UTC).hour >= 19
    return channel != "boss"


ROUTES = MappingProxyType(
    {
        "pager": Route(only=(Matcher(severities=(Severity.CRITICAL,)),)),
        "gx": Route(only=(Matcher(endpoints=("gx",)),)),
        "day": Route(hours=(Hours(frozenset(range(7)), from_min=19 * 60),)),
        "boss": Route(escalations_only=True),
    },
)
SILENCED: tuple[tuple[Matcher, Callable[[Incident, Check], bool]], ...] = (
    (Matcher(), lambda _, __: True),
    (Matcher(endpoints=("gw",)), lambda _, check: check.endpoint == "gw"),
    (Matcher(models=("a/*",)), lambda _, check: (check.model or "").startswith("a/")),
    (Matcher(severities=(Severity.WARNING,)), lambda incident, _: incident.severity is Severity.WARNING),
    (
        Matcher(checks=("gw/chat/a/x",), statuses=(Status.MODEL_NOT_FOUND,)),
        lambda incident, check: check.id == "gw/chat/a/x" and incident.cause.status is Status.MODEL_NOT_FOUND,
    ),
)


def audiences(props: "Props", start: Moment) -> tuple[tuple[Audience, Wants], ...]:
    """Who may listen."""
    at = datetime.fromtimestamp(start.wall_us / 1e6 + MAINTENANCE_S[0], UTC).replace(tzinfo=None)
    window = Window("works", (Matcher(endpoints=("gw",)),), UTC, at, MAINTENANCE_S[1] - MAINTENANCE_S[0])
    plain = props.audience("ops", "hook", reminder_s=REMINDER_S, group_wait_s=GROUP_WAIT_S)
    busy = props.audience(
        *("ops", "pager", "gx", "day", "boss"),
        routes=ROUTES,
        reminder_s=REMINDER_S,
        group_wait_s=GROUP_WAIT_S,
        escalations=(Escalation(600.0, ("boss",)), Escalation(1200.0, (), Severity.CRITICAL, (Matcher(),))),
        maintenance=Calendar((window,)),
    )
    return (
        (plain, everything),
        (busy, routed),
        (replace(plain, channels=("hook",), group_wait_s=0.0, maintenance=Calendar((window,))), everything),
        (replace(plain, channels=()), everything),
    )


@dataclass
class Heard:
    """What one channel knows of one incident."""

    events: list[Event]
    severity: str = ""
    was_away: bool = False
    causes: set[tuple[str, str | None]] = field(default_factory=set)


class Machine(RuleBasedStateMachine):
    """The desk, and next to it what must be true of it."""

    props: "Props"

    @initialize(chosen=st.integers(0, 3))
    def begin(self, chosen: int) -> None:
        """An empty database, and one of the audiences."""
        self.at_s, self.offset_s, self.mono_s = 0.0, 0.0, 5000.0
        self.disk: Disk = self.props.disk()
        self.choices = audiences(self.props, self.props.start)
        self.all_checks = [_with_rules(check) for check in self._population()]
        self.checks = list(self.all_checks)
        self.audience, self.wants = self.choices[chosen]
        self.heard: defaultdict[int, dict[str, Heard]] = defaultdict(dict)
        self.newest: dict[int, Moment] = {}  # by incident: its last message, as the desk remembers it
        self.sequences: defaultdict[int, int] = defaultdict(int)
        self.ids: set[str] = set()
        self.silences: dict[int, Callable[[Incident, Check], bool]] = {}
        self.broken: set[tuple[IncidentKind, str]] = set()
        self.kept: set[tuple[int, str]] = set()
        self.started_at: dict[str, float] = {}
        self._start()

    # What may happen.

    @rule(
        number=st.integers(0, 6),
        status=st.sampled_from(Status) | st.sampled_from([Status.UP, Status.SERVER_ERROR, Status.SERVER_ERROR]),
        trigger=st.sampled_from([Trigger.ON_PHASE, Trigger.ON_PHASE, Trigger.CONFIRM, Trigger.TRIAGE]),
        gap_s=st.sampled_from([0.2, 1.0, 5.0, 30.0]),
        times=st.integers(1, 3),
    )
    def probes(self, number: int, status: Status, trigger: Trigger, gap_s: float, times: int) -> None:
        """A check is probed, some times in a row."""
        assume(self.checks)
        check = self.checks[number % len(self.checks)]
        for _ in range(times):
            self._pass(gap_s)
            self._record(check, status, trigger, 9.0 if status is Status.TIMEOUT else 0.1)
            self._commit()

    @rule(status=st.sampled_from([Status.UP, Status.UP, Status.SERVER_ERROR, Status.TIMEOUT, Status.AUTH_ERROR]))
    def all_are_probed(self, status: Status) -> None:
        """Every check gives the same result."""
        for check in self.checks:
            self._pass(0.3)
            self._record(check, status, Trigger.ON_PHASE, 0.1)
            self._commit()

    @rule(
        group=st.sampled_from(["gw/", "gx/", "gw/chat", "gw/chat/a", "gx/chat"]),
        status=st.sampled_from([Status.UP, Status.UP, Status.SERVER_ERROR, Status.OVERLOADED, Status.CONNECTION_ERROR]),
        gap_s=st.sampled_from([0.3, 0.3, 20.0]),
        times=st.integers(1, 3),
    )
    def some_are_probed(self, group: str, status: Status, gap_s: float, times: int) -> None:
        """The checks of an endpoint, or of a provider, give the same results."""
        for _ in range(times):
            for check in self.checks:
                if check.id.startswith(group):
                    self._pass(gap_s)
                    self._record(check, status, Trigger.ON_PHASE, 0.1)
                    self._commit()

    @rule(
        number=st.integers(0, 6),
        kind=st.sampled_from([IncidentKind.AVAILABILITY, IncidentKind.CERTIFICATE]),
        broken=st.booleans(),
        severity=st.sampled_from(Severity),
    )
    def a_rule_is_judged(self, number: int, kind: IncidentKind, broken: bool, severity: Severity) -> None:  # noqa: FBT001
        """Broken, graver or kept again; only news is handed on, and what is believed are the open incidents."""
        assume(self.checks)
        self._judge(kind, self.checks[number % len(self.checks)], severity if broken else None)

    def _judge(self, kind: IncidentKind, check: Check, severity: Severity | None) -> None:
        open_ones = [i for i in self.desk.open_incidents if i.kind is kind and check.id in i.checks]
        believed = [i for i in open_ones if (i.id, check.id) not in self.kept]
        graver = severity is Severity.CRITICAL and any(i.severity is Severity.WARNING for i in believed)
        if bool(believed) is (severity is not None) and not graver:
            return
        (self.broken.discard if severity is None else self.broken.add)((kind, check.id))
        self._pass(1.0)
        why = Why.RECOVERED if severity is None else Why.BEYOND_LIMIT
        facts, grave = Facts(90.0, 95.0, 3600.0, 50), severity or Severity.WARNING
        self.desk.judged(RuleFinding(check.id, kind, severity is not None, grave, why, "so it is", facts, self.now))
        self._commit()
        members = {(i.id, check.id) for i in self.desk.open_incidents if i.kind is kind and check.id in i.checks}
        self.kept = self.kept | members if severity is None else self.kept - members

    @rule(gap_s=st.sampled_from([0.5, 5.0, 20.0, 310.0, 910.0, 7000.0]))
    def time_passes(self, gap_s: float) -> None:
        """The desk looks at the clock."""
        self._pass(gap_s)
        self._tick()

    @rule()
    def all_is_looked_at(self) -> None:
        """Some minutes in which nothing happens: whatever was to be told has been told."""
        for gap_s in (*(LOOKED_AT_AFTER_S,) * 4, UPDATES_S, LOOKED_AT_AFTER_S):
            self._pass(gap_s)
            self._tick()
        for incident in self.desk.open_incidents:
            failing = self._failing(incident)
            if not self._in_the_way(incident, failing):
                missing = self._wanting(incident, failing) - set(incident.telling.channels)
                assert not missing, f"{missing} never heard of {incident}"
                known = set(self.heard[incident.id]) & set(self.audience.channels)
                for channel in known:
                    heard = self.heard[incident.id][channel]
                    assert heard.severity == incident.severity or heard.was_away
                causes = set[tuple[str, str | None]]().union(*(one.causes for one in self.heard[incident.id].values()))
                assert not known or (incident.cause.status, incident.cause.fault_domain) in causes

    @rule(
        which=st.integers(0, len(SILENCED) - 1),
        starts_s=st.sampled_from([-5.0, 0.0, 60.0]),
        lasts_s=st.sampled_from([None, 30.0, 1000.0]),
        until=st.sampled_from(Until),
    )
    def somebody_silences(self, which: int, starts_s: float, lasts_s: float | None, until: Until) -> None:
        """For a while, until it is over, or until the configuration changes."""
        assume(lasts_s is not None or until is not Until.TIME)
        matcher, hides = SILENCED[which]
        ends = None if lasts_s is None else self.now.plus_s(starts_s + lasts_s)
        asked = Silence(0, matcher, "kim", "known", self.now, self.now.plus_s(starts_s), ends, until)
        kept = self.desk.silence(asked)
        assert kept.id not in self.silences
        self.silences[kept.id] = hides
        self._commit()

    @precondition(lambda self: self.desk.silences)
    @rule(which=st.integers(0, 9))
    def somebody_ends_a_silence(self, which: int) -> None:
        """Before its time."""
        silence = self.desk.silences[which % len(self.desk.silences)]
        ended = self.desk.expire_silence(silence.id, self.now)
        assert ended is not None
        assert not ended.holds(self.now)
        assert self.desk.expire_silence(silence.id, self.now) is None
        self._commit()

    @precondition(lambda self: self.desk.open_incidents)
    @rule(which=st.integers(0, 9))
    def somebody_acknowledges(self, which: int) -> None:
        """An open incident."""
        incident = self.desk.open_incidents[which % len(self.desk.open_incidents)]
        hidden = self._in_the_way(incident, self._failing(incident))
        after = self.desk.acknowledge(incident.id, "kim", "on it", self.now)
        assert after is not None
        assert after.acknowledged is not None
        for silence in self.desk.silences:
            if silence.id not in self.silences:
                assert silence.matcher.statuses == (Status.MODEL_NOT_FOUND,)
                self.silences[silence.id] = _hush_of(incident)
        assert not (hidden and self.desk.batch.outbox)
        self._commit(judged=True)  # it silences what follows, not itself

    @rule(left_out=st.sets(st.integers(0, 6), max_size=7), chosen=st.integers(0, 3), slower=st.booleans())
    def somebody_reloads(self, left_out: set[int], chosen: int, slower: bool) -> None:  # noqa: FBT001  drawn
        """Other checks, other channels."""
        self.checks = [
            replace(check, timeout_s=20.0 if slower else 10.0)
            for number, check in enumerate(self.all_checks)
            if number not in left_out
        ]
        self.audience, self.wants = self.choices[chosen]
        for told in self.heard.values():
            for channel, heard in told.items():
                heard.was_away |= channel not in self.audience.channels
        self.desk.configure(self.checks, self.audience, self.now)
        self._commit()
        self.broken &= {(i.kind, check) for i in self.desk.open_incidents for check in i.checks}

    @rule(seconds=st.sampled_from([-7200.0, -30.0, 30.0, 7200.0]))
    def the_wall_clock_steps(self, seconds: float) -> None:
        """The monotonic one goes on."""
        self.offset_s += seconds

    @rule(away_s=st.sampled_from([0.5, 60.0, 4000.0]), boot=st.booleans())
    def the_daemon_restarts(self, away_s: float, boot: bool) -> None:  # noqa: FBT001  drawn
        """And reads back what was committed."""
        self._pass(away_s)
        if boot:
            self.mono_s = 7.0 - self.at_s
        self._start()

    @rule(number=st.integers(0, 6), status=st.sampled_from([Status.UP, Status.SERVER_ERROR]))
    def the_daemon_is_killed_before_a_commit(self, number: int, status: Status) -> None:
        """What it had decided is lost with the result that it was decided on."""
        assume(self.checks)
        self._pass(1.0)
        self._record(self.checks[number % len(self.checks)], status, Trigger.CONFIRM, 0.1)
        self._start()

    # What must be true.

    @invariant()
    def open_incidents_are_distinct(self) -> None:
        """At most one per key, and per check and kind."""
        keys = [incident.key for incident in self.desk.open_incidents]
        assert len(keys) == len(set(keys))
        members = [(i.kind, check) for i in self.desk.open_incidents for check in i.checks]
        assert len(members) == len(set(members))

    @invariant()
    def what_is_down_is_in_an_outage(self) -> None:
        """And an outage is about something that is down."""
        outages = [i for i in self.desk.open_incidents if i.kind is IncidentKind.OUTAGE]
        for check, health in self.desk.healths.items():
            holding = [incident for incident in outages if check in incident.checks]
            assert health.state is not State.DOWN or len(holding) == 1, check
        for incident in self.desk.open_incidents:
            assert self._failing(incident), incident
        members = {(i.kind, check) for i in self.desk.open_incidents for check in i.checks}
        assert {(kind, check) for kind, check in self.broken if check in self.desk.checks} <= members

    @invariant()
    def what_is_blamed_is_what_fails(self) -> None:
        """An incident of a provider has its models only, one of an endpoint its checks only."""
        for incident in self.desk.open_incidents:
            known = [check for check in self.all_checks if check.id in incident.checks]
            if incident.provider is not None:
                models = [check for check in self._failing(incident) if check.model is not None]
                assert {check.provider for check in models} == {incident.provider}
            if incident.endpoint != "network":
                assert {check.endpoint for check in known} == {incident.endpoint}

    def teardown(self) -> None:
        """When everything works again, everything that was told is told to be over."""
        if not hasattr(self, "desk") or sys.exc_info()[0] is not None:
            return  # what broke has been said
        self.somebody_reloads(set(), 0, slower=False)  # in maintenance nothing counts, recovery of slowness neither
        for kind, check in sorted(self.broken):
            if check in self.desk.checks:
                self._judge(kind, self.desk.checks[check], None)
        for _ in range(30):
            self.all_are_probed(Status.UP)
        assert self.desk.open_incidents == ()
        for number, incident in self.disk.incidents.items():
            assert incident.resolved_at is not None
            assert self.sequences[number] == incident.sequence

    # How it is done.

    def _population(self) -> list[Check]:
        props = self.props
        models = [props.chat(model) for model in ("a/x", "a/y", "b/z")]
        return [props.models(), *models, props.models("gx"), props.chat("q/1", "gx"), props.chat("plain", "gx")]

    @property
    def now(self) -> Moment:
        """Both clocks."""
        wall = self.props.start.wall_us + round((self.at_s + self.offset_s) * 1e6)
        return Moment(wall, round((self.at_s + self.mono_s) * 1e6))

    def _pass(self, seconds: float) -> None:
        self.at_s += seconds

    def _start(self) -> None:
        now = self.now
        self.desk = Desk(self.audience, self.disk.restored(now))
        self.desk.configure(self.checks, self.audience, now)
        self.started_at = {check.id: self.at_s for check in self.all_checks}
        self.kept.clear()  # whether a member keeps its rule again is asked anew
        self.broken = {(i.kind, c) for i in self.desk.open_incidents if i.kind in RULES for c in i.checks}
        self.newest = {number: now.anchor(at.wall_us) for number, at in self.newest.items()}
        self._commit()

    def _record(self, check: Check, status: Status, trigger: Trigger, took_s: float) -> None:
        """Results of one check never overlap."""
        began = max(self.started_at[check.id] + 0.001, self.at_s - took_s)
        self.started_at[check.id] = began
        verdict = self.props.verdict(status)
        self.desk.record(Result(check.id, self.now.plus_s(began - self.at_s), self.now, trigger, verdict, latency_ms=9))

    def _tick(self) -> None:
        self.desk.tick(self.now)
        for event in self.desk.batch.events:
            timely = (IncidentEventKind.UPDATED, IncidentEventKind.REMINDER, IncidentEventKind.ESCALATED)
            assert event.notifications or event.kind not in timely
        self._commit()

    def _commit(self, *, judged: bool = False) -> None:
        batch = self.desk.take()
        before = dict(self.disk.incidents)
        self.disk.commit(batch)
        rows: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
        for queued in batch.outbox:
            assert queued.incident_id is not None
            rows[queued.incident_id, queued.sequence].add(queued.channel)
            self._received(queued.incident_id, queued.channel, queued.notification.event, judged=judged)
            self._understood(self.heard[queued.incident_id][queued.channel], queued.notification)
            assert queued.notification.id not in self.ids
            self.ids.add(queued.notification.id)
        for event in batch.events:
            assert event.sequence == self.sequences[event.incident_id] + 1
            self.sequences[event.incident_id] = event.sequence
            channels = rows.pop((event.incident_id, event.sequence), set())
            assert event.notifications == len(channels)
            assert channels <= set(self.audience.channels)
            explained = {name for name, why in event.explanation if why == Told.TOLD}
            assert channels <= explained <= channels | set(self.heard[event.incident_id])
            assert event.decision in (Told.TOLD, Told.CHECK_REMOVED) or not channels
        assert not rows
        for number, incident in batch.incidents.items():
            if not incident.is_open and (number not in before or before[number].is_open):
                self._ended(number)

    def _received(self, number: int, channel: str, event: Event, *, judged: bool) -> None:
        told, incident = self.heard[number], self.disk.incidents[number]
        heard = told.get(channel)
        if event is not Event.RESOLVED and incident.is_open and not judged:
            assert not self._in_the_way(incident, self._failing(incident)), (event, incident)
        newest, self.newest[number] = self.newest.get(number, self.now), self.now
        if heard is None:
            assert event in (Event.OPENED, Event.ESCALATED), event
            told[channel] = Heard([event])
            return
        assert event is not Event.OPENED
        assert heard.events[-1] is not Event.RESOLVED
        if event is Event.REMINDER:
            assert self.now.s_since(newest) >= REMINDER_S or newest.mono_us == self.now.mono_us
            assert incident.severity is Severity.CRITICAL
            assert incident.acknowledged is None
        heard.events.append(event)

    def _understood(self, heard: Heard, notification: Notification) -> None:
        facts = notification.incident
        assert facts is not None
        heard.severity, heard.was_away = str(notification.severity), False
        heard.causes.add((facts.status, facts.fault_domain))

    def _ended(self, number: int) -> None:
        for channel, heard in self.heard[number].items():
            if channel in self.audience.channels:
                assert heard.events[-1] is Event.RESOLVED, (channel, heard.events)

    def _failing(self, incident: Incident) -> list[Check]:
        healths = self.desk.healths
        if incident.kind in RULES:
            return [c for c in self.checks if c.id in incident.checks and (incident.kind, c.id) in self.broken]
        concerned: dict[IncidentKind, Callable[[Health], bool]] = {
            IncidentKind.OUTAGE: lambda health: health.state is State.DOWN,
            IncidentKind.SLOW: lambda health: health.slow,
            IncidentKind.FLAPPING: lambda health: health.flapping.flapping,
        }
        members = [check for check in self.checks if check.id in incident.checks]
        return [check for check in members if concerned[incident.kind](healths[check.id])]

    def _in_the_way(self, incident: Incident, failing: list[Check]) -> bool:
        """Something keeps everybody from being told, judged from outside."""
        now, healths = self.now, self.desk.healths
        since_us = now.wall_us - self.props.start.wall_us
        works = self.audience.maintenance and MAINTENANCE_S[0] * 1e6 <= since_us < MAINTENANCE_S[1] * 1e6
        if works and all(check.endpoint == "gw" for check in failing):
            return True
        for silence in self.desk.silences:
            hides = self.silences[silence.id]
            if silence.holds(now) and all(hides(incident, check) for check in failing):
                return True
        if incident.kind is IncidentKind.AVAILABILITY:
            told = [i for i in self.desk.open_incidents if i.kind is IncidentKind.OUTAGE and self.heard[i.id]]
            known = [check for one in told for check in self._failing(one)]
            if all(check in known for check in failing):
                return True
        flaps = all(healths[check.id].flapping.flapping for check in failing)
        return flaps and incident.kind in (IncidentKind.OUTAGE, IncidentKind.SLOW)

    def _wanting(self, incident: Incident, failing: list[Check]) -> set[str]:
        return {name for name in self.audience.channels if self.wants(name, incident, failing, self.now)}


def _with_rules(check: Check) -> Check:
    rules = HealthRules(2, 2, Ratio(3, 8), Ratio(2, 4), flapping=FlappingRule(30, 25))
    return replace(check, rules=rules)


def _hush_of(incident: Incident) -> Callable[[Incident, Check], bool]:
    members = incident.checks
    return lambda one, check: one.cause.status is Status.MODEL_NOT_FOUND and check.id in members


def test_whatever_happens_people_are_told_what_is_true(props: "Props") -> None:
    """See the rules and the invariants above."""

    class Bound(Machine):
        pass

    Bound.props = props
    run_state_machine_as_test(
        Bound, settings=settings(stateful_step_count=40, report_multiple_bugs=False, phases=PHASES)
    )
