"""Every decision of the policy is a row: what happens, and what the timeline says of it, channel by channel.

A script is a list of acts, each a method of `Play`: `fail ab 3 TIMEOUT` fails `a` and `b` three times, `tick 11` lets
11 seconds pass. An entry of the timeline is the incident, the event, the decision, then each channel that was told
(with what it read, where that is not the event's own), and, after a minus sign, each that was not, and why. `so_far`
leaves a mark.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from monitor.alerting.audience import Audience, Escalation, Hours, Route
from monitor.alerting.batch import Restored
from monitor.alerting.desk import Desk
from monitor.alerting.maintenance import Calendar, Window
from monitor.alerting.matching import Matcher
from monitor.alerting.silences import Silence, Until
from monitor.alerting.telling import EVENTS
from monitor.domain.check import Check, FlappingRule, HealthRules
from monitor.domain.incident import IncidentEvent, IncidentEventKind, Told
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import FaultDomain, Result, Status, Trigger
from monitor.domain.rules import Facts, Why
from monitor.domain.rules_judge import RuleFinding
from monitor.domain.severity import Severity

if TYPE_CHECKING:
    from tests.unit.alerting.conftest import Props

UTC = ZoneInfo("UTC")
RULES = HealthRules(failure_ratio=None, flapping=FlappingRule())
MODELS = {"a": "o/a", "b": "o/b", "c": "m/c", "d": "m/d"}
ANY_DAY = frozenset(range(7))
CRITICAL, WARNING = (Severity.CRITICAL,), (Severity.WARNING,)
GRAVER = Escalation(600, (), Severity.CRITICAL, (Matcher(severities=WARNING),))
EXPLAINS_A_CHANNEL = {
    Told.NOT_TOLD_OF_IT,
    Told.SEVERITY_NOT_ROUTED,
    Told.NOT_MATCHED,
    Told.OUTSIDE_HOURS,
    Told.ESCALATIONS_ONLY,
}


def routes(**named: Route) -> dict[str, Any]:
    """These channels, and what each of them wants."""
    return {"channels": tuple(named), "routes": named}


def wants(**only: Any) -> Route:
    """A route to a channel that wants only this."""
    return Route((Matcher(**only),))


# Local time, as a window has it: from before all begins (18:40) to 19:00.
WORKS = Calendar((Window("works", (), UTC, datetime(2026, 11, 20, 18), 3600.0),))  # noqa: DTZ001  see above


@dataclass
class Play:
    """A desk and what happens to it.

    Attributes:
        names: the checks in force, one letter each; `x` is on an endpoint of its own.
    """

    props: "Props"
    names: str
    audience: Audience
    at_s: float = 0.0
    timeline: list[str] = field(default_factory=list)
    events: list[IncidentEvent] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Everything is in force, and nothing known."""
        self.desk = Desk(self.audience, Restored({}, (), 1, "test"))
        self.reload(self.names)

    def act(self, line: str) -> None:
        """Do what a line of a script says, and keep what comes of it."""
        name, *words = line.split()
        getattr(self, name)(*words)
        batch = self.desk.take()
        told: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
        events = {(event.incident_id, event.sequence): event for event in batch.events}
        for queued in batch.outbox:
            assert queued.incident_id is not None
            where = (queued.incident_id, queued.sequence)
            read = queued.notification.event
            told[where].append(queued.channel + ("" if read is EVENTS[events[where].kind] else f"={read}"))
        for where, event in events.items():
            assert event.notifications == len(told[where])
            self.asked |= set(self.audience.channels)
            asked = {name: why for name, why in event.explanation if name in self.audience.channels}
            refused = [f"-{name}:{why}" for name, why in asked.items() if why != Told.TOLD]
            words = [str(event.incident_id), event.kind, event.decision, *told[where], *refused]
            self.timeline.append(" ".join(words))
            self.events.append(event)

    def check(self, name: str) -> Check:
        """A check by its letter; `a` in capitals is configured otherwise."""
        low = name.lower()
        rules = RULES if low == name else replace(RULES, severity=Severity.WARNING)
        if low == "x":
            return self.props.chat("x", "gx", rules=rules, tags=("paid",))
        return self.props.chat(MODELS[low], rules=rules)

    def probe(self, names: str, status: Status, trigger: Trigger) -> None:
        """One probe of each."""
        for name in names:
            started = self.props.start.plus_s(self.at_s)
            verdict = self.props.verdict(status)
            self.desk.record(Result(self.check(name).id, started, started.plus_s(0.1), trigger, verdict, latency_ms=9))
            self.at_s += 0.2
        self.at_s += 0.5

    def fail(self, names: str, times: str = "1", status: str = "SERVER_ERROR") -> None:
        """Failures in a row."""
        for _ in range(int(times)):
            self.probe(names, Status(status), Trigger.CONFIRM)

    def heal(self, names: str, times: str = "2") -> None:
        """Successes in a row."""
        for _ in range(int(times)):
            self.probe(names, Status.UP, Trigger.CONFIRM)

    def phase(self, names: str, times: str, *statuses: str) -> None:
        """On-phase results, these statuses in turn."""
        for _ in range(int(times)):
            for status in statuses:
                self.probe(names, Status(status), Trigger.ON_PHASE)

    def so_far(self) -> None:
        """What has been said comes before this, the rest after it."""
        self.timeline.append("--")

    def tick(self, seconds: str) -> None:
        """Time passes; the desk looks at it every second."""
        for _ in range(int(seconds)):
            self.at_s += 1
            self.desk.tick(self.props.start.plus_s(self.at_s))

    def breaks(self, names: str, kind: str = "availability", severity: str = "warning", *, broken: bool = True) -> None:
        """A rule over a window is broken."""
        for name in names:
            why, facts = Why.BEYOND_LIMIT if broken else Why.RECOVERED, Facts(90.0, 95.0, 3600.0, 50)
            found = (broken, Severity(severity), why, "below its limit", facts, self.props.start.plus_s(self.at_s))
            self.desk.judged(RuleFinding(self.check(name).id, IncidentKind(kind), *found))

    def keeps(self, names: str, kind: str = "availability") -> None:
        """The rule holds again."""
        self.breaks(names, kind, broken=False)

    def silence(self, names: str, until: str = "time", seconds: str = "0") -> None:
        """Somebody asks not to be told, for so long or until something happens."""
        now = self.props.start.plus_s(self.at_s)
        ends_at = now.plus_s(float(seconds)) if float(seconds) else None
        matcher = Matcher(checks=tuple(self.check(name).id for name in names))
        self.desk.silence(Silence(0, matcher, "kim", "known", now, now, ends_at, Until(until)))

    def unsilence(self) -> None:
        """Whatever silences there are, end."""
        for silence in self.desk.silences:
            self.desk.expire_silence(silence.id, self.props.start.plus_s(self.at_s))

    def ack(self, incident: str = "1") -> None:
        """Somebody is on it."""
        assert self.desk.acknowledge(int(incident), "kim", "", self.props.start.plus_s(self.at_s)) is not None

    def reload(self, names: str = "", *channels: str) -> None:
        """Other checks are in force, or other channels."""
        if channels:
            self.audience = replace(self.audience, channels=channels)
        checks = [self.check(name) for name in names]
        self.desk.configure(checks, self.audience, self.props.start.plus_s(self.at_s))


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    name: str
    script: str
    expected: str
    names: str = "a"
    options: Mapping[str, Any] = field(default_factory=dict)


ROWS = (
    Row("told at once where nobody else can be asked", "fail a 3, heal a", "1 opened told ops; 1 resolved told ops"),
    Row("nothing below the threshold", "fail a 2, heal a, tick 20", ""),
    Row(
        "held while a sibling has not answered, told at the end of the wait",
        "fail a 3, tick 9, so_far, tick 3, heal a",
        "1 opened group_wait; --; 1 announced told ops; 1 resolved told ops",
        "ab",
    ),
    Row(
        "decided early, when the sibling answers",
        "fail a 3, heal b 1",
        "1 opened group_wait; 1 announced told ops",
        "ab",
    ),
    Row("decided before the threshold", "fail a 1, heal b 1, fail a 2", "1 opened told ops", "ab"),
    Row(
        "ended inside the wait",
        "fail a 3, heal a, tick 20",
        "1 opened group_wait; 1 resolved ended_untold -ops:not_told_of_it",
        "ab",
    ),
    Row("no group wait", "fail a 3", "1 opened told ops", "ab", options={"group_wait_s": 0.0}),
    Row(
        "several in the first message",
        "fail ab 3, tick 310, heal ab",
        "1 opened group_wait; 1 announced told ops; 1 resolved told ops",
        "ab",
    ),
    Row(
        "growth is told once in five minutes",
        "fail abc 3, tick 10, fail d 3, tick 280, so_far, tick 20",
        "1 opened group_wait; 1 announced told ops; --; 1 updated told ops",
        "abcd",
    ),
    Row(
        "growth after five minutes is told at once",
        "fail abc 3, tick 302, fail d 3",
        "1 opened group_wait; 1 announced told ops; 1 updated told ops",
        "abcd",
    ),
    Row(
        "what began later is another incident",
        "fail ab 3, tick 310, fail c 3, fail d 1",
        "1 opened group_wait; 1 announced told ops; 2 opened group_wait",
        "abcd",
    ),
    Row(
        "a cause that has changed is told once, and never again",
        "fail a 3, fail a 2 OVERLOADED, fail a 2, fail a 2 OVERLOADED",
        "1 opened told ops; 1 updated told ops; 1 updated cause_told_before; 1 updated cause_told_before",
    ),
    Row("one odd answer is no new cause", "fail a 3, fail a 1 OVERLOADED, fail a 3", "1 opened told ops"),
    Row(
        "a warning that becomes critical",
        "fail a 3 RATE_LIMITED, fail a 1 QUOTA_EXCEEDED",
        "1 opened told ops; 1 updated told ops",
    ),
    Row(
        "severity rises with a member that joins",
        "fail A 3 AUTH_ERROR, fail b 2 AUTH_ERROR",
        "1 opened told ops; 1 updated told ops",
        "Ab",
    ),
    Row(
        "a silence before, until its time",
        "silence a time 60, fail a 3, tick 30, so_far, tick 40, heal a",
        "1 opened silenced; --; 1 announced told ops; 1 resolved told ops",
    ),
    Row(
        "a silence for as long as it lasts",
        "silence a, fail a 3, tick 30, heal a",
        "1 opened silenced; 1 resolved ended_untold -ops:not_told_of_it",
    ),
    Row(
        "a silence that is lifted", "silence a, fail a 3, unsilence, tick 1", "1 opened silenced; 1 announced told ops"
    ),
    Row(
        "a silence of one of two hides nothing",
        "silence a, fail ab 3",
        "1 opened group_wait; 1 announced told ops",
        "ab",
    ),
    Row(
        "a silence until it is over",
        "silence a resolved, fail a 3, heal a, tick 2, fail a 3",
        "1 opened silenced; 1 resolved ended_untold -ops:not_told_of_it; 2 opened told ops",
    ),
    Row(
        "news during a silence is told after it",
        "fail a 3, silence a, fail a 2 OVERLOADED, tick 310, so_far, unsilence, tick 2",
        "1 opened told ops; 1 updated silenced; --; 1 updated told ops",
    ),
    Row("the end is told, silence or not", "fail a 3, silence a, heal a", "1 opened told ops; 1 resolved told ops"),
    Row(
        "maintenance, then told",
        "fail a 3, tick 1100, so_far, tick 120, heal a",
        "1 opened maintenance; --; 1 announced told ops; 1 resolved told ops",
        options={"maintenance": WORKS},
    ),
    Row(
        "over before the maintenance is",
        "fail a 3, tick 100, heal a",
        "1 opened maintenance; 1 resolved ended_untold -ops:not_told_of_it",
        options={"maintenance": WORKS},
    ),
    Row(
        "flapping is told, its ups and downs are not",
        "phase a 4 UP SERVER_ERROR, fail a 2, heal a, fail a 3, heal a, phase a 20 UP",
        "1 opened told ops; 2 opened flapping; 2 resolved ended_untold -ops:not_told_of_it; 3 opened flapping; "
        "3 resolved ended_untold -ops:not_told_of_it; 1 resolved told ops",
    ),
    Row(
        "flapping settles while down",
        "phase a 4 UP SERVER_ERROR, fail a 2, phase a 20 SERVER_ERROR, tick 1, heal a",
        "1 opened told ops; 2 opened flapping; 1 resolved told ops; 2 announced told ops; 2 resolved told ops",
    ),
    Row(
        "flapping begins while down",
        "fail a 3, phase a 4 UP SERVER_ERROR, heal a",
        "1 opened told ops; 2 opened told ops; 1 resolved told ops",
    ),
    Row("a slow model", "phase a 5 DEGRADED, phase a 5 UP", "1 opened told ops; 1 resolved told ops"),
    Row(
        "models slow at the same time",
        "phase a 5 DEGRADED, phase b 5 DEGRADED, tick 301, phase ab 5 UP",
        "1 opened told ops; 1 updated told ops; 1 resolved told ops",
        "ab",
    ),
    Row(
        "models slow one after the other",
        "phase a 5 DEGRADED, tick 301, phase b 5 DEGRADED",
        "1 opened told ops; 2 opened told ops",
        "ab",
    ),
    Row(
        "a rule broken by a known outage",
        "fail a 3, breaks a, tick 2, so_far, heal a, tick 2, keeps a",
        "1 opened told ops; 2 opened outage_told; --; 1 resolved told ops; 2 announced told ops; 2 resolved told ops",
    ),
    Row(
        "a rule kept again with the outage",
        "fail a 3, breaks a, keeps a",
        "1 opened told ops; 2 opened outage_told; 2 resolved ended_untold -ops:not_told_of_it",
    ),
    Row(
        "a certificate does not follow from an outage",
        "fail a 3, breaks a certificate",
        "1 opened told ops; 2 opened told ops",
    ),
    Row(
        "a rule broken gravely",
        "breaks a, breaks a availability critical, keeps a",
        "1 opened told ops; 1 updated told ops; 1 resolved told ops",
    ),
    Row(
        "a rule broken by several",
        "breaks a, breaks b, tick 301, keeps ab",
        "1 opened told ops; 1 updated told ops; 1 resolved told ops",
        "ab",
    ),
    Row(
        "a route by severity, told when it is reached",
        "fail a 3 RATE_LIMITED, tick 5, fail a 1 QUOTA_EXCEEDED, heal a",
        "1 opened told ops -boss:severity_not_routed; 1 updated told ops boss=opened; 1 resolved told ops boss",
        options=routes(ops=Route(), boss=wants(severities=CRITICAL)),
    ),
    Row(
        "a route by endpoint",
        "fail a 3, heal a",
        "1 opened told gw -gx:not_matched; 1 resolved told gw -gx:not_told_of_it",
        "ax",
        options=routes(gw=wants(endpoints=("gw",)), gx=wants(endpoints=("gx",))),
    ),
    Row(
        "a route by model",
        "fail a 3, fail x 3",
        "1 opened told o; 2 opened no_route -o:not_matched",
        "ax",
        options=routes(o=wants(models=("o/*",))),
    ),
    Row(
        "a route by tag",
        "fail a 3, fail x 3",
        "1 opened no_route -paid:not_matched; 2 opened told paid",
        "ax",
        options=routes(paid=wants(tags=("paid",))),
    ),
    Row(
        "a route by fault domain",
        "fail a 3 AUTH_ERROR",
        "1 opened told key -net:not_matched",
        options=routes(key=wants(fault_domains=(FaultDomain.KEY,)), net=wants(fault_domains=(FaultDomain.NETWORK,))),
    ),
    Row(
        "hours that begin",
        "fail a 3, tick 1100, so_far, tick 120, heal a",
        "1 opened no_route -day:outside_hours; --; 1 announced told day; 1 resolved told day",
        options=routes(day=Route(hours=(Hours(ANY_DAY, 19 * 60),))),
    ),
    Row(
        "over before the hours begin",
        "fail a 3, tick 100, heal a",
        "1 opened no_route -day:outside_hours; 1 resolved ended_untold -day:not_told_of_it",
        options=routes(day=Route(hours=(Hours(ANY_DAY, 19 * 60),))),
    ),
    Row(
        "hours of another channel that begin",
        "fail a 3, tick 1100, so_far, tick 120, heal a",
        "1 opened told ops -day:outside_hours; --; 1 announced told day; 1 resolved told ops day",
        options=routes(ops=Route(), day=Route(hours=(Hours(ANY_DAY, 19 * 60),))),
    ),
    Row(
        "hours that end: the end is told",
        "fail a 3, tick 1300, heal a",
        "1 opened told day; 1 resolved told day",
        options=routes(day=Route(hours=(Hours(ANY_DAY, 0, 19 * 60),))),
    ),
    Row(
        "escalations only",
        "fail a 3, tick 100, fail a, heal a",
        "1 opened no_route -boss:escalations_only; 1 resolved ended_untold -boss:not_told_of_it",
        options=routes(boss=Route(escalations_only=True)),
    ),
    Row(
        "escalated to a named channel, then to all who know",
        "fail a 4, tick 590, so_far, tick 20, so_far, fail a, tick 570, so_far, tick 30, heal a",
        "1 opened told ops -boss:escalations_only; --; 1 escalated told ops boss; --; "
        "--; 1 escalated told ops boss; 1 resolved told ops boss",
        options=routes(ops=Route(), boss=Route(escalations_only=True))
        | {"escalations": (Escalation(600, ("boss",)), Escalation(1200))},
    ),
    Row(
        "escalated in severity",
        "fail a 4 RATE_LIMITED, tick 601",
        "1 opened told ops -boss:severity_not_routed; 1 escalated told ops boss=opened",
        options=routes(ops=Route(), boss=wants(severities=CRITICAL)) | {"escalations": (GRAVER,)},
    ),
    Row(
        "a warning is not escalated",
        "fail a 4 RATE_LIMITED, tick 601",
        "1 opened told ops",
        options={"escalations": (Escalation(600),)},
    ),
    Row(
        "no escalation once acknowledged",
        "fail a 4, ack, tick 601",
        "1 opened told ops; 1 acknowledged told ops",
        options={"escalations": (Escalation(600),)},
    ),
    Row(
        "reminded when due, and only if seen since",
        "fail a 4, tick 590, so_far, tick 20, tick 700, so_far, fail a, tick 1, heal a",
        "1 opened told ops; --; 1 reminder told ops; --; 1 reminder told ops; 1 resolved told ops",
        options={"reminder_s": 600.0},
    ),
    Row(
        "no reminder once acknowledged",
        "fail a 4, ack, tick 700",
        "1 opened told ops; 1 acknowledged told ops",
        options={"reminder_s": 600.0},
    ),
    Row(
        "no reminder of a warning",
        "fail a 4 RATE_LIMITED, tick 700",
        "1 opened told ops",
        options={"reminder_s": 600.0},
    ),
    Row(
        "acknowledged while held",
        "fail a 3, ack, tick 12",
        "1 opened group_wait; 1 acknowledged group_wait; 1 announced told ops",
        "ab",
    ),
    Row(
        "acknowledged, and its worse cause and end are told",
        "fail a 3, ack, fail a 2 AUTH_ERROR, heal a",
        "1 opened told ops; 1 acknowledged told ops; 1 updated told ops; 1 resolved told ops",
    ),
    Row("acknowledged under a silence", "silence a, fail a 3, ack", "1 opened silenced; 1 acknowledged silenced"),
    Row(
        "a model that is not known is quiet until reconfigured",
        "fail a 3 MODEL_NOT_FOUND, ack, heal a, fail a 3 MODEL_NOT_FOUND, tick 2, so_far, reload A, tick 2",
        "1 opened told ops; 1 acknowledged told ops; 1 resolved told ops; 2 opened silenced; --; 2 announced told ops",
    ),
    Row(
        "but another trouble of it is told",
        "fail a 3 MODEL_NOT_FOUND, ack, heal a, fail a 3",
        "1 opened told ops; 1 acknowledged told ops; 1 resolved told ops; 2 opened told ops",
    ),
    Row(
        "a removed check",
        "fail a 3, tick 12, reload b",
        "1 opened group_wait; 1 announced told ops; 1 resolved check_removed ops",
        "ab",
    ),
    Row(
        "a removed check that nobody was told of",
        "silence a, fail a 3, reload x",
        "1 opened silenced; 1 resolved check_removed -ops:not_told_of_it",
        "ax",
    ),
    Row(
        "one of two removed",
        "fail ab 3, reload b, heal b",
        "1 opened group_wait; 1 announced told ops; 1 resolved told ops",
        "ab",
    ),
    Row(
        "no channels, then one",
        "fail a 3, tick 2, so_far, reload a ops, tick 2, heal a",
        "1 opened no_channels; --; 1 announced told ops; 1 resolved told ops",
        options={"channels": ()},
    ),
    Row(
        "no channels at all",
        "fail a 3, heal a",
        "1 opened no_channels; 1 resolved ended_untold",
        options={"channels": ()},
    ),
    Row(
        "the network, in one message",
        "fail ax 3 TIMEOUT, heal ax",
        "1 opened group_wait; 1 announced told ops; 1 resolved told ops",
        "ax",
    ),
    Row(
        "part of another: one host was held when all were lost",
        "fail a 3 TIMEOUT, fail x 3 TIMEOUT, fail b 1 TIMEOUT, fail b 2 TIMEOUT, heal abx",
        "1 opened group_wait; 2 opened told ops; 1 resolved part_of_another; 2 resolved told ops",
        "abx",
    ),
    Row(
        "a wide incident splits, and whoever is on it is on the rest",
        "fail abcd 3, ack, heal cd, fail a, fail b, tick 12, heal ab",
        "1 opened group_wait; 1 announced told ops; 1 acknowledged told ops; 1 resolved told ops; "
        "2 opened group_wait; 2 announced told ops; 2 resolved told ops",
        "abcd",
    ),
    Row(
        "a wide first judgement is corrected",
        "fail ab 3, fail c 1, tick 12, heal c, heal d, fail ab, heal ab",
        "1 opened group_wait; 1 announced told ops; 1 updated told ops; 1 resolved told ops",
        "abcd",
    ),
)


def play(row: Row, props: "Props") -> Play:
    """Play a row."""
    played = Play(props, row.names, replace(props.audience("ops"), **row.options))
    for act in row.script.split(", "):
        played.act(act)
    return played


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in ROWS])
def test_policy(props: "Props", row: Row) -> None:
    """What happens is told as the row says, and to whom."""
    assert "; ".join(play(row, props).timeline) == row.expected


def test_every_decision_has_a_row(props: "Props") -> None:
    """Each reason and each kind of event occurs in the table."""
    played = [play(row, props) for row in ROWS]
    events = [event for one in played for event in one.events]
    reasons = {why for one in played for event in one.events for name, why in event.explanation if name in one.asked}
    assert {event.decision for event in events} == set(Told) - EXPLAINS_A_CHANNEL
    assert reasons == EXPLAINS_A_CHANNEL | {Told.TOLD}
    assert {event.kind for event in events} == set(IncidentEventKind)


def test_who_is_on_the_whole_is_on_the_rest(props: "Props") -> None:
    """An acknowledgement goes over to what a wide incident leaves behind."""
    played = play(Row("", "fail abcd 3, ack, heal cd, fail a, fail b", "", "abcd"), props)
    (rest,) = played.desk.open_incidents
    assert (rest.id, rest.checks) == (2, ("gw/chat/o/a", "gw/chat/o/b"))
    assert rest.acknowledged is not None
    assert rest.acknowledged.by == "kim"
