"""Judging rules: from what was measured of a check to what is believed, and to the finding that the ledger receives.

Owns which measure a rule needs and which way it is bad. The values are `rules`, burn rates `rules_burn`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType

from monitor.clock import Moment
from monitor.domain.incident import Cause
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import FaultDomain, Status
from monitor.domain.rules import (
    CERTIFICATE_MARGIN_DAYS,
    KIND_OF,
    AvailabilityRule,
    CertificateRule,
    CountsOf,
    CoverageRule,
    Facts,
    Judgement,
    LatencyRule,
    Measures,
    Percentile,
    PercentileOf,
    Question,
    Rule,
    ShareRule,
    SloRule,
    Why,
    hysteresis,
)
from monitor.domain.rules_burn import can_be_judged_slo, judge_slo, questions_of_slo
from monitor.domain.severity import Severity

CAUSE_OF: MappingProxyType[IncidentKind, Cause] = MappingProxyType(
    {
        IncidentKind.AVAILABILITY: Cause(Status.DEGRADED, None),
        IncidentKind.LATENCY: Cause(Status.DEGRADED, None),
        IncidentKind.BURN_RATE: Cause(Status.DEGRADED, None),
        IncidentKind.CERTIFICATE: Cause(Status.DEGRADED, FaultDomain.ENDPOINT),
        IncidentKind.COVERAGE: Cause(Status.UNKNOWN, FaultDomain.MONITOR),
        IncidentKind.CATALOGUE: Cause(Status.DEGRADED, FaultDomain.MODEL),
        IncidentKind.HEADROOM: Cause(Status.DEGRADED, FaultDomain.QUOTA),
        IncidentKind.BALANCE: Cause(Status.DEGRADED, FaultDomain.QUOTA),
    }
)
WATCHED_KINDS = frozenset({IncidentKind.CATALOGUE, IncidentKind.HEADROOM, IncidentKind.BALANCE})
"""Judged from what answers tell, without a rule over a window."""
RULE_KINDS = frozenset(CAUSE_OF) - WATCHED_KINDS


@dataclass(frozen=True, slots=True)
class RuleFinding:
    """A rule broke, became graver, or holds again; or what an answer tells of what lies ahead.

    Attributes:
        check: its id; for a certificate, which all checks of an endpoint share, the first that has the rule.
        severity: with the check's own override applied.
        reason: one English sentence of at most 200 characters.
        facts: None where the rule is no longer configured.
    """

    check: str
    kind: IncidentKind
    broken: bool
    severity: Severity
    why: Why
    reason: str
    facts: Facts | None
    at: Moment

    @property
    def cause(self) -> Cause:
        """What an incident of this kind is about."""
        return CAUSE_OF[self.kind]


def questions(rule: Rule) -> tuple[Question, ...]:
    """What must be measured to judge a rule; nothing for a certificate, which every handshake shows."""
    match rule:
        case AvailabilityRule():
            return (CountsOf(rule.window_s),)
        case CoverageRule():
            return (CountsOf(rule.window_s, due=True),)
        case LatencyRule():
            return (PercentileOf(rule.timing, rule.percentile, rule.window_s),)
        case SloRule():
            return tuple(questions_of_slo())
        case _:  # a certificate's
            return ()


def judge(rule: Rule, measures: Measures, was: Severity | None) -> Judgement:
    """What a rule says of a check; `was` is how grave it was believed to be until now, None if the rule held."""
    match rule:
        case AvailabilityRule():
            counts = measures.counted(CountsOf(rule.window_s))
            return _judge_share(rule, counts.successes, counts.counted, was)
        case CoverageRule():
            counts = measures.counted(CountsOf(rule.window_s, due=True))
            return _judge_share(rule, min(counts.counted, counts.due), counts.due, was)
        case LatencyRule():
            return _judge_latency(rule, measures, was)
        case SloRule():
            return judge_slo(rule, measures, was)
        case _:  # a certificate's
            return _judge_certificate(rule, measures.certificate_days, was)


def can_be_judged(rule: Rule, interval_s: float) -> bool:
    """True if a probe every `interval_s` seconds can ever give enough samples, when all goes well."""
    match rule:
        case SloRule():
            return can_be_judged_slo(rule, interval_s)
        case CertificateRule():
            return True
        case _:
            return rule.window_s / interval_s >= rule.min_samples


def gravest(judgements: Iterable[Judgement]) -> Judgement:
    """What several rules of one kind say together: broken if one is, in doubt if one is and none is broken.

    Raises:
        ValueError: there are none.
    """
    return max(judgements, key=lambda one: (_WEIGHT[one.broken], one.severity is Severity.CRITICAL))


_WEIGHT = {True: 2, None: 1, False: 0}


def _judge_share(rule: ShareRule, part: int, whole: int, was: Severity | None) -> Judgement:
    kind, limit = KIND_OF[type(rule)], rule.below
    if whole < max(1, rule.min_samples):
        return Judgement(kind, Why.TOO_FEW_SAMPLES, rule.severity, Facts(None, limit, rule.window_s, whole))
    value = 100.0 * part / whole
    why = hysteresis(beyond=value < limit, recovered=value >= rule.recovery, was_broken=was is not None)
    return Judgement(kind, why, rule.severity, Facts(value, limit, rule.window_s, whole))


def _judge_latency(rule: LatencyRule, measures: Measures, was: Severity | None) -> Judgement:
    question = PercentileOf(rule.timing, rule.percentile, rule.window_s)
    measured = measures.percentiles.get(question, Percentile())
    facts = Facts(
        measured.ms, rule.above_ms, rule.window_s, measured.samples, timing=rule.timing, percentile=rule.percentile
    )
    if measured.ms is None or measured.samples < rule.min_samples:
        return Judgement(IncidentKind.LATENCY, Why.TOO_FEW_SAMPLES, rule.severity, facts)
    beyond, recovered = measured.ms > rule.above_ms, measured.ms <= rule.recovery_ms
    why = hysteresis(beyond=beyond, recovered=recovered, was_broken=was is not None)
    return Judgement(IncidentKind.LATENCY, why, rule.severity, facts)


def _judge_certificate(rule: CertificateRule, days: float | None, was: Severity | None) -> Judgement:
    if days is None:
        facts = Facts(None, rule.warning_days)
        return Judgement(IncidentKind.CERTIFICATE, Why.TOO_FEW_SAMPLES, Severity.WARNING, facts)
    is_critical = days < rule.critical_days
    beyond, recovered = days < rule.warning_days, days >= rule.warning_days + CERTIFICATE_MARGIN_DAYS
    why = hysteresis(beyond=beyond, recovered=recovered, was_broken=was is not None)
    facts = Facts(days, rule.critical_days if is_critical else rule.warning_days, samples=1)
    severity = Severity.CRITICAL if is_critical else Severity.WARNING
    return Judgement(IncidentKind.CERTIFICATE, why, severity, facts)
