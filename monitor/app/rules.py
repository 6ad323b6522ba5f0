"""Rules beyond failures, judged once a minute: measures from the database, findings to the ledger.

Owns how often which window is measured, and which findings are news. What a rule means is `domain.rules`, what becomes
of a finding is the ledger's. All figures are read and judged in a thread; without rules nothing is read.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from monitor.alerting.rule_texts import stored_reason
from monitor.clock import Clock, Moment
from monitor.domain.check import Check
from monitor.domain.incident import Incident
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.rules import (
    HOUR_S,
    KIND_OF,
    CertificateRule,
    Counts,
    CountsOf,
    Judgement,
    Measures,
    Percentile,
    PercentileOf,
    Question,
    Rule,
    Why,
)
from monitor.domain.rules_certificates import Certificates
from monitor.domain.rules_judge import RULE_KINDS, RuleFinding, gravest, judge, questions
from monitor.domain.severity import Severity
from monitor.errors import RelayWatchError
from monitor.storage.database import Database
from monitor.storage.reader import Reader

EVERY_S = 60.0
PAUSE_FACTOR = 20.0
_REFRESH_S = ((HOUR_S, EVERY_S), (6 * HOUR_S, 5 * EVERY_S))  # windows up to so long, and how often they are measured
_REFRESH_LONG_S = 10 * EVERY_S
_EARLY_S = 1.0  # a turn may come this much before a minute is over

log = structlog.get_logger("relaywatch.rules")

Member = tuple[str, IncidentKind]
Plan = dict[Question, list[str]]


class RuleLedger(Protocol):
    """What the rules need of the ledger.

    Attributes:
        refusing_since: since when the database refuses what was probed; None while it accepts.
    """

    refusing_since: Moment | None

    @property
    def checks(self) -> Mapping[str, Check]:
        """The checks in force, by id, in the order of the configuration."""
        ...

    @property
    def open_incidents(self) -> tuple[Incident, ...]:
        """Every open incident."""
        ...

    def judged(self, finding: RuleFinding) -> None:
        """A rule over a window is broken, graver than before, or kept again."""
        ...


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one turn judges.

    Attributes:
        believed: how grave the open incident is that a check is a member of.
        days: days left by the check that speaks for its endpoint's certificate.
    """

    now: Moment
    checks: Mapping[str, Check]
    believed: Mapping[Member, Severity]
    days: Mapping[str, float | None]


class RuleWatch:
    """Judges every rule of every check, again and again.

    Args:
        ledger: knows the checks and takes the findings.
        database: which to ask.
        certificate_days: days left by endpoint, as the newest handshake showed them.
        clock: read once a turn, and once after it.
    """

    def __init__(
        self,
        ledger: RuleLedger,
        database: Database,
        certificate_days: Callable[[Mapping[str, Check]], Mapping[str, float]],
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._certificate_days = certificate_days
        self._clock = clock
        self._certificates = Certificates()
        self._gauge = _Gauge(database)
        self._kept: set[tuple[int, str]] = set()
        self.pause_s = EVERY_S

    async def run(self) -> None:
        """Judge once a minute, less often where that takes long; runs until cancelled."""
        while True:
            await asyncio.sleep(self.pause_s)
            await self.turn()

    async def turn(self) -> None:
        """Measure what is due, judge everything, and hand on what is news."""
        if self._ledger.refusing_since is not None:
            return  # what was probed is not in the database: every window would seem to have a gap
        turn = self._begin(self._clock.now())
        try:
            findings = await asyncio.to_thread(self._work, turn)
        except asyncio.CancelledError:
            self._gauge.stop()
            raise
        for finding in findings:
            self._hand_on(finding)
        self.pause_s = max(EVERY_S, PAUSE_FACTOR * self._clock.now().s_since(turn.now))

    def _begin(self, now: Moment) -> _Turn:
        checks, incidents = dict(self._ledger.checks), self._ledger.open_incidents
        ours = [incident for incident in incidents if incident.kind in RULE_KINDS]
        self._kept &= {(incident.id, check) for incident in ours for check in incident.checks}
        believed = {
            (check, incident.kind): incident.severity
            for incident in ours
            for check in incident.checks
            if check in checks and (incident.id, check) not in self._kept
        }
        for endpoint, days in self._certificate_days(checks).items():
            self._certificates.note(endpoint, days, now)
        days_of = {check: self._certificates.days_left(checks[check].endpoint, now) for check in _speakers(checks)}
        return _Turn(now, checks, believed, days_of)

    def _work(self, turn: _Turn) -> list[RuleFinding]:
        self._gauge.refresh(_plan(turn.checks.values()), turn.now)
        return [finding for check in turn.checks.values() for finding in self._news(check, turn)]

    def _news(self, check: Check, turn: _Turn) -> Iterator[RuleFinding]:
        judgements: dict[IncidentKind, list[Judgement]] = {}
        for rule in check.window_rules:
            if isinstance(rule, CertificateRule) and check.id not in turn.days:
                continue
            kind = KIND_OF[type(rule)]
            measures = self._gauge.measures(check.id, rule, turn.days.get(check.id))
            was = _was(check, turn.believed.get((check.id, kind)))
            judgements.setdefault(kind, []).append(judge(rule, measures, was))
        for several in judgements.values():
            yield from _finding(check, gravest(several), turn)
        for kind in RULE_KINDS - judgements.keys():
            severity = turn.believed.get((check.id, kind))
            if severity is not None:
                reason = stored_reason(kind, None)
                yield RuleFinding(check.id, kind, False, severity, Why.RULE_REMOVED, reason, None, turn.now)  # noqa: FBT003  fields in their order

    def _hand_on(self, finding: RuleFinding) -> None:
        log.info(
            "rule_judged",
            check=finding.check,
            kind=finding.kind,
            broken=finding.broken,
            severity=finding.severity,
            why=finding.why,
            reason=finding.reason,
        )
        self._ledger.judged(finding)
        ours = (one for one in self._ledger.open_incidents if one.kind is finding.kind)
        members = {(one.id, finding.check) for one in ours if finding.check in one.checks}
        # The incident may last when one check holds again: others of its checks break the rule.
        self._kept = self._kept - members if finding.broken else self._kept | members


class _Gauge:
    """The newest figures of every window; lives in the thread of a turn."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counts: dict[CountsOf, Mapping[str, Counts]] = {}
        self._percentiles: dict[PercentileOf, Mapping[str, Percentile]] = {}
        self._measured: dict[Question, tuple[Moment, list[str]]] = {}
        self._refused = False
        self._stopped = False

    def refresh(self, plan: Plan, now: Moment) -> None:
        """Measure again what has grown old, or is asked of other checks than before."""
        for gone in self._measured.keys() - plan.keys():
            del self._measured[gone]
        due = {asked: checks for asked, checks in plan.items() if self._is_due(asked, checks, now)}
        if not due:
            return
        from monitor.storage.reports.measures import measure  # noqa: PLC0415  only who has rules about windows pays

        try:
            with Reader(self._database) as reader:
                reader.stop_when(lambda: self._stopped)
                answers = measure(reader, due, now)
        except RelayWatchError as error:
            if not (self._refused or self._stopped):
                log.warning("rules_not_measured", error=error.message)
            self._refused = True
            return
        self._refused = False
        self._counts.update(answers.counts)
        self._percentiles.update(answers.percentiles)
        self._measured.update({asked: (now, checks) for asked, checks in due.items()})

    def measures(self, check: str, rule: Rule, days: float | None) -> Measures:
        """What is known of one check that one rule asks for."""
        counts: dict[CountsOf, Counts] = {}
        percentiles: dict[PercentileOf, Percentile] = {}
        for asked in questions(rule):
            if isinstance(asked, CountsOf):
                counts[asked] = self._counts.get(asked, {}).get(check, Counts())
            else:
                percentiles[asked] = self._percentiles.get(asked, {}).get(check, Percentile())
        return Measures(counts, percentiles, days)

    def stop(self) -> None:
        """Called from another thread: nobody waits for the figures any more."""
        self._stopped = True

    def _is_due(self, asked: Question, checks: list[str], now: Moment) -> bool:
        if asked not in self._measured:
            return True
        at, before = self._measured[asked]
        return checks != before or now.s_since(at) >= _refresh_s(asked.window_s) - _EARLY_S


def _refresh_s(window_s: float) -> float:
    return next((every_s for longest_s, every_s in _REFRESH_S if window_s <= longest_s), _REFRESH_LONG_S)


def _plan(checks: Iterable[Check]) -> Plan:
    """Which questions are asked of which checks."""
    plan: Plan = {}
    for check in checks:
        for asked in dict.fromkeys(asked for rule in check.window_rules for asked in questions(rule)):
            plan.setdefault(asked, []).append(check.id)
    return plan


def _speakers(checks: Mapping[str, Check]) -> list[str]:
    """The first check of each endpoint that has a rule for the certificate, which all of them share."""
    first: dict[str, str] = {}
    for check in checks.values():
        if any(isinstance(rule, CertificateRule) for rule in check.window_rules):
            first.setdefault(check.endpoint, check.id)
    return list(first.values())


def _was(check: Check, believed: Severity | None) -> Severity | None:
    """How grave the rule itself was believed to be; an override hides it, so it may have been the gravest."""
    return believed if believed is None or check.rules.severity is None else Severity.CRITICAL


def _finding(check: Check, judgement: Judgement, turn: _Turn) -> Iterator[RuleFinding]:
    """The judgement, if it is news."""
    broken = judgement.broken
    before = turn.believed.get((check.id, judgement.kind))
    severity = check.rules.severity or (before if before and not broken else judgement.severity)
    graver = severity is Severity.CRITICAL and before is Severity.WARNING
    if broken is None or (broken is (before is not None) and not (broken and graver)):
        return
    reason = stored_reason(judgement.kind, judgement.facts)
    yield RuleFinding(check.id, judgement.kind, broken, severity, judgement.why, reason, judgement.facts, turn.now)
