"""The desk where several rooms of alerting meet: what one result, reload or correction must not bring about."""

import gc
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from monitor.alerting.audience import Audience, Escalation, Route
from monitor.alerting.batch import Batch, Restored
from monitor.alerting.desk import Desk
from monitor.alerting.matching import Matcher
from monitor.alerting.silences import Silence, Until
from monitor.domain.check import Check, FlappingRule, HealthRules, Ratio
from monitor.domain.incident import IncidentEvent, Scope, Told
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import Result, Status, Trigger
from monitor.domain.rules import Facts, Why
from monitor.domain.rules_judge import RuleFinding
from monitor.domain.severity import Severity

if TYPE_CHECKING:
    from monitor.clock import Moment
    from tests.unit.alerting.conftest import Props

TWICE = HealthRules(failure_threshold=2, failure_ratio=None)


@dataclass
class Table:
    """A desk, the time, and what the desk has said."""

    props: "Props"
    checks: list[Check]
    audience: Audience
    at_s: float = 0.0
    events: list[IncidentEvent] = field(default_factory=list)
    messages: list[tuple[str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Nothing is known."""
        self.desk = Desk(self.audience, Restored({}, (), 1, "test"))
        self.reload(self.checks)

    @property
    def now(self) -> "Moment":
        """The present moment."""
        return self.props.start.plus_s(self.at_s)

    def reload(self, checks: Iterable[Check], audience: Audience | None = None) -> None:
        """Other checks, other people."""
        self.audience = audience or self.audience
        self.desk.configure(checks, self.audience, self.now)
        self.take()

    def probe(self, status: Status, *checks: Check, times: int = 1) -> None:
        """Each of the checks, so many times."""
        for _ in range(times):
            for check in checks:
                self.at_s += 0.5
                verdict = self.props.verdict(status)
                self.desk.record(Result(check.id, self.now, self.now, Trigger.ON_PHASE, verdict, latency_ms=9))
        self.take()

    def wait(self, seconds: float) -> None:
        """Time passes."""
        for _ in range(round(seconds)):
            self.at_s += 1
            self.desk.tick(self.now)
        self.take()

    def judge(self, check: Check, *, broken: bool) -> None:
        """A rule over a window of this check."""
        why = Why.BEYOND_LIMIT if broken else Why.RECOVERED
        facts, kind = Facts(90.0, 95.0, 3600.0, 50), IncidentKind.AVAILABILITY
        self.desk.judged(RuleFinding(check.id, kind, broken, Severity.WARNING, why, "so it is", facts, self.now))
        self.take()

    def take(self) -> Batch:
        """Keep what was said."""
        batch = self.desk.take()
        self.events += batch.events
        for queued in batch.outbox:
            facts = queued.notification.incident
            assert facts is not None
            self.messages.append((queued.channel, str(queued.notification.event), facts.key))
        return batch

    @property
    def said(self) -> list[tuple[str, str]]:
        """Event and key of every message to `ops`."""
        return [(event, key) for channel, event, key in self.messages if channel == "ops"]


def test_what_makes_it_flap_and_takes_it_down_is_one_message(props: "Props") -> None:
    """It keeps going up and down: that is said, and so its newest failure need not be."""
    rules = HealthRules(failure_threshold=9, recovery_threshold=1, failure_ratio=Ratio(4, 20), flapping=FlappingRule())
    a = props.chat("a", rules=rules)
    table = Table(props, [a], props.audience("ops"))
    for _ in range(4):
        table.probe(Status.UP, a)
        table.probe(Status.SERVER_ERROR, a)
    assert table.said == [("opened", "flapping:gw/chat/a")]
    assert [(str(event.kind), event.decision) for event in table.events] == [
        ("opened", Told.TOLD),
        ("opened", Told.FLAPPING),
    ]


def test_a_rule_is_told_anew_after_its_check_was_away(props: "Props") -> None:
    """The incident ended with the check, and so did what was believed of its rule."""
    a, b = props.chat("a"), props.chat("b")
    table = Table(props, [a, b], props.audience("ops"))
    table.judge(a, broken=True)
    table.reload([b])
    table.reload([a, b])
    table.judge(a, broken=True)
    key = "availability:gw/chat/a"
    assert table.said == [("opened", key), ("resolved", key), ("opened", key)]


def test_an_incident_of_a_rule_ends_when_whoever_breaks_it_is_removed(props: "Props") -> None:
    """The other member keeps its rule again and would never end it."""
    a, b = props.chat("a"), props.chat("b")
    table = Table(props, [a, b], props.audience("ops"))
    table.judge(a, broken=True)
    table.judge(b, broken=True)
    table.judge(b, broken=False)
    table.reload([b])
    assert table.desk.open_incidents == ()
    assert table.said[-1] == ("resolved", "availability:gw/chat/a")


def test_one_endpoints_incident_never_takes_in_anothers_checks(props: "Props") -> None:
    """What seemed to be the network, and was told to nobody, is told as what it is: two endpoints."""
    a, b = (props.chat("m", name, rules=TWICE) for name in ("ga", "gb"))
    c = props.chat("n", "ga", rules=TWICE)
    everything = Silence(0, Matcher(), "kim", "quiet", props.start, props.start, None, Until.RECONFIGURED)
    table = Table(props, [a, b, c], props.audience("ops"))
    silence = table.desk.silence(everything)
    table.probe(Status.TIMEOUT, a, b, c, times=2)
    table.probe(Status.SERVER_ERROR, a, c, b, times=2)
    table.desk.expire_silence(silence.id, table.now)
    table.wait(15)
    for incident in table.desk.open_incidents:
        endpoints = {table.desk.checks[check].endpoint for check in incident.checks}
        assert endpoints == {incident.endpoint} or incident.scope is Scope.NETWORK


def test_a_member_of_another_provider_that_relapses_is_not_called_the_first_ones(props: "Props") -> None:
    """Two providers are no provider's incident."""
    a, a2, b, b2 = (props.chat(model, rules=TWICE) for model in ("a/1", "a/2", "b/1", "b/2"))
    table = Table(props, [a, a2, b, b2], props.audience("ops"))
    table.probe(Status.SERVER_ERROR, a, b)
    table.probe(Status.SERVER_ERROR, a, b, a2)
    table.probe(Status.UP, b, b, b2)
    table.probe(Status.SERVER_ERROR, a2)
    table.wait(12)
    table.probe(Status.SERVER_ERROR, b, times=2)
    for incident in table.desk.open_incidents:
        down = [table.desk.checks[check] for check in incident.checks]
        failing = {check.provider for check in down if table.desk.healths[check.id].state == "DOWN"}
        assert incident.provider is None or failing == {incident.provider}


def test_nothing_is_written_for_nobody_again_and_again(props: "Props") -> None:
    """The only channel that was told is configured no more; a reminder that nobody gets is no entry each second."""
    a = props.chat("a", rules=TWICE)
    table = Table(props, [a], props.audience("ops", reminder_s=60.0))
    table.probe(Status.SERVER_ERROR, a, times=2)
    unwilling = {"pager": Route(only=(Matcher(models=("other",)),))}
    table.reload([a], props.audience("pager", routes=unwilling, reminder_s=60.0))
    table.probe(Status.SERVER_ERROR, a)
    before = len(table.events)
    table.wait(300)
    assert len(table.events) == before


def test_what_becomes_critical_later_is_escalated_then(props: "Props") -> None:
    """Its time for that had come while it was a warning, of which nobody is to be woken."""
    a = props.chat("a", rules=TWICE)
    routes = {"boss": Route(escalations_only=True)}
    audience = props.audience("ops", "boss", routes=routes, escalations=(Escalation(60.0, ("boss",)),))
    table = Table(props, [a], audience)
    table.probe(Status.RATE_LIMITED, a, times=2)
    table.wait(100)
    assert ("boss", "escalated", "quota:gw") not in table.messages
    table.probe(Status.QUOTA_EXCEEDED, a, times=2)
    table.probe(Status.QUOTA_EXCEEDED, a)
    table.wait(2)
    assert ("boss", "escalated", "quota:gw") in table.messages


def test_two_open_incidents_never_have_one_key(props: "Props") -> None:
    """One that was told as the endpoint's keeps its name when it turns out to be less; the next gets another."""
    checks = [replace(check, rules=TWICE) for check in props.endpoint("gw", ("a", "b"), 2)]
    models, *chats = checks
    table = Table(props, checks, props.audience("ops"))
    table.probe(Status.SERVER_ERROR, models, *chats)
    table.probe(Status.SERVER_ERROR, models)
    table.wait(20)
    table.probe(Status.UP, *chats)
    table.probe(Status.SERVER_ERROR, models)
    table.wait(400)
    table.probe(Status.SERVER_ERROR, *chats, times=2)
    keys = [incident.key for incident in table.desk.open_incidents]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("mixed", [False, True], ids=["all", "every other one"])
def test_many_checks_cost_no_more_each_than_few(props: "Props", request: pytest.FixtureRequest, *, mixed: bool) -> None:
    """Eight times the checks take about eight times the time, not sixty-four, down and up again.

    The best of three pairs counts, without the collector, whose time goes with the whole heap of the tests: a busy
    machine spoils a pair, work that grows with the square spoils all three.
    """

    def seconds(each: int) -> float:
        checks = props.endpoint("gw", [f"p{number}" for number in range(10)], each)
        table = Table(props, checks, props.audience("ops", "hook"))
        part = checks[::2] if mixed else checks
        gc.collect()
        gc.disable()
        request.addfinalizer(gc.enable)
        began = time.process_time()
        table.probe(Status.SERVER_ERROR, *part, times=3)
        table.wait(20)
        table.probe(Status.UP, *part[::2], times=2)
        table.probe(Status.SERVER_ERROR, *part[1::2])
        table.probe(Status.UP, *part[1::2], times=2)
        assert table.desk.open_incidents == ()
        return time.process_time() - began

    pairs = [(seconds(30), seconds(240)) for _ in range(3)]
    assert min(many / few for few, many in pairs) < 24, pairs
