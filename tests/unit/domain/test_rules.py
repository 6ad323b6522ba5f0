"""Rules over windows: every boundary as a row, and what holds for all figures."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.clock import Moment
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.rules import (
    KIND_OF,
    AvailabilityRule,
    CertificateRule,
    Counts,
    CountsOf,
    CoverageRule,
    Judgement,
    LatencyRule,
    Measures,
    Percentile,
    PercentileOf,
    Rule,
    SloRule,
    Timing,
    Why,
)
from monitor.domain.rules_burn import BURN_WINDOWS, questions_of_slo
from monitor.domain.rules_judge import CAUSE_OF, RULE_KINDS, RuleFinding, gravest, judge, questions
from monitor.domain.severity import Severity

AVAILABILITY = AvailabilityRule(below=99.0, recovery=99.5)
COVERAGE = CoverageRule(below=90.0, recovery=95.0, severity=Severity.CRITICAL)
LATENCY = LatencyRule(Timing.LATENCY, 95, above_ms=3000.0, recovery_ms=2700.0)
CERTIFICATE = CertificateRule()
SLO = SloRule(objective=99.9)
HELD, WARNED = None, Severity.WARNING
BEYOND, KEPT, WITHIN, RECOVERED, TOO_FEW = (
    Why.BEYOND_LIMIT,
    Why.NOT_RECOVERED,
    Why.WITHIN_LIMIT,
    Why.RECOVERED,
    Why.TOO_FEW_SAMPLES,
)


def counted(successes: int, counted: int) -> Measures:
    """One hour's results."""
    return Measures({CountsOf(3600): Counts(successes, counted)})


def covered(counted: int, due: int) -> Measures:
    """One hour's turns."""
    return Measures({CountsOf(3600, due=True): Counts(counted, counted, due)})


def answered(ms: float | None, samples: int = 10) -> Measures:
    """A percentile of a quarter of an hour."""
    return Measures(percentiles={PercentileOf(Timing.LATENCY, 95, 900): Percentile(samples, ms)})


def certified(days: float | None) -> Measures:
    """What the newest handshake showed."""
    return Measures(certificate_days=days)


ROWS: list[tuple[Rule, Measures, Severity | None, Why]] = [
    (AVAILABILITY, counted(99, 100), HELD, WITHIN),
    (AVAILABILITY, counted(989, 1000), HELD, BEYOND),
    (AVAILABILITY, counted(989, 1000), WARNED, BEYOND),
    (AVAILABILITY, counted(99, 100), WARNED, KEPT),
    (AVAILABILITY, counted(994, 1000), WARNED, KEPT),
    (AVAILABILITY, counted(995, 1000), WARNED, RECOVERED),
    (AVAILABILITY, counted(995, 1000), HELD, WITHIN),
    (AVAILABILITY, counted(18, 20), HELD, BEYOND),
    (AVAILABILITY, counted(0, 19), HELD, TOO_FEW),
    (AVAILABILITY, counted(19, 19), WARNED, TOO_FEW),
    (AVAILABILITY, Measures(), HELD, TOO_FEW),
    (replace(AVAILABILITY, min_samples=0), counted(0, 0), HELD, TOO_FEW),
    (AvailabilityRule(below=99.9, recovery=99.95), counted(999, 1000), HELD, WITHIN),
    (AvailabilityRule(below=100.0, recovery=100.0), counted(100, 100), WARNED, RECOVERED),
    (AvailabilityRule(below=100.0, recovery=100.0), counted(99, 100), HELD, BEYOND),
    (COVERAGE, covered(90, 100), HELD, WITHIN),
    (COVERAGE, covered(89, 100), HELD, BEYOND),
    (COVERAGE, covered(90, 100), WARNED, KEPT),
    (COVERAGE, covered(95, 100), WARNED, RECOVERED),
    (COVERAGE, covered(101, 100), WARNED, RECOVERED),
    (COVERAGE, covered(0, 20), HELD, BEYOND),
    (COVERAGE, covered(0, 19), HELD, TOO_FEW),
    (LATENCY, answered(3000.0), HELD, WITHIN),
    (LATENCY, answered(3000.1), HELD, BEYOND),
    (LATENCY, answered(3000.0), WARNED, KEPT),
    (LATENCY, answered(2700.1), WARNED, KEPT),
    (LATENCY, answered(2700.0), WARNED, RECOVERED),
    (LATENCY, answered(9000.0, 9), HELD, TOO_FEW),
    (LATENCY, answered(None, 0), WARNED, TOO_FEW),
    (LATENCY, Measures(), WARNED, TOO_FEW),
    (CERTIFICATE, certified(14.0), HELD, WITHIN),
    (CERTIFICATE, certified(13.9), HELD, BEYOND),
    (CERTIFICATE, certified(14.9), WARNED, KEPT),
    (CERTIFICATE, certified(15.0), WARNED, RECOVERED),
    (CERTIFICATE, certified(-1.0), HELD, BEYOND),
    (CERTIFICATE, certified(None), WARNED, TOO_FEW),
]


@pytest.mark.parametrize(("rule", "measures", "was", "why"), ROWS)
def test_each_boundary(rule: Rule, measures: Measures, was: Severity | None, why: Why) -> None:
    """At a limit a rule holds; between limit and recovery it stays what it was; too few samples say nothing."""
    judgement = judge(rule, measures, was)
    assert judgement.why is why
    assert judgement.kind is KIND_OF[type(rule)]
    assert judgement.broken is {BEYOND: True, KEPT: True, WITHIN: False, RECOVERED: False, TOO_FEW: None}[why]


@pytest.mark.parametrize(
    ("rule", "measures", "value", "limit", "samples"),
    [
        (AVAILABILITY, counted(54, 57), 100 * 54 / 57, 99.0, 57),
        (COVERAGE, covered(50, 60), 100 * 50 / 60, 90.0, 60),
        (LATENCY, answered(4200.0, 30), 4200.0, 3000.0, 30),
        (CERTIFICATE, certified(2.5), 2.5, 3.0, 1),
        (CERTIFICATE, certified(3.0), 3.0, 14.0, 1),
    ],
)
def test_a_judgement_carries_its_figures(
    rule: Rule, measures: Measures, value: float, limit: float, samples: int
) -> None:
    """What was measured, over how much, and what it was held against."""
    facts = judge(rule, measures, HELD).facts
    assert (facts.value, facts.limit, facts.samples) == (value, limit, samples)


@pytest.mark.parametrize(
    ("rule", "measures", "severity"),
    [
        (AVAILABILITY, counted(0, 20), Severity.WARNING),
        (COVERAGE, covered(0, 20), Severity.CRITICAL),
        (CERTIFICATE, certified(3.0), Severity.WARNING),
        (CERTIFICATE, certified(2.99), Severity.CRITICAL),
    ],
)
def test_severity(rule: Rule, measures: Measures, severity: Severity) -> None:
    """The rule's own; a certificate's by the days that are left."""
    assert judge(rule, measures, HELD).severity is severity


@pytest.mark.parametrize(
    ("rule", "asked"),
    [
        (AVAILABILITY, {CountsOf(3600)}),
        (COVERAGE, {CountsOf(3600, due=True)}),
        (LATENCY, {PercentileOf(Timing.LATENCY, 95, 900)}),
        (CERTIFICATE, set()),
        (SLO, {CountsOf(s) for s in (300, 1800, 3600, 7200, 21600, 86400, 259200)}),
    ],
)
def test_what_a_rule_asks_for(rule: Rule, asked: set[object]) -> None:
    """Exactly the windows that it looks at, each once."""
    assert set(questions(rule)) == asked
    assert len(questions(rule)) == len(asked)


def test_several_rules_of_one_kind_speak_as_one() -> None:
    """Broken before in doubt before fine; of two that are broken the graver."""
    fine = judge(LATENCY, answered(1.0), HELD)
    doubt = judge(LATENCY, Measures(), HELD)
    broken = judge(LATENCY, answered(9000.0), HELD)
    grave = judge(replace(LATENCY, severity=Severity.CRITICAL), answered(9000.0), HELD)
    assert gravest([fine, doubt, broken]) is broken
    assert gravest([doubt, fine]) is doubt
    assert gravest([broken, grave, fine]) is grave
    assert gravest([fine]) is fine


def test_every_rule_has_a_kind_with_a_cause() -> None:
    """An incident needs both."""
    at = Moment(0, 0)
    finding = RuleFinding("gw/m", IncidentKind.COVERAGE, True, Severity.WARNING, Why.BEYOND_LIMIT, "few", None, at)  # noqa: FBT003  fields in their order
    assert finding.cause is CAUSE_OF[IncidentKind.COVERAGE]
    assert set(KIND_OF.values()) == set(RULE_KINDS) == RULE_KINDS
    assert IncidentKind.OUTAGE not in RULE_KINDS


RULES = st.sampled_from([AVAILABILITY, COVERAGE, LATENCY, CERTIFICATE, SLO, replace(SLO, objective=95.0)])
BEFORE = st.sampled_from([None, Severity.WARNING, Severity.CRITICAL])
SHARES = st.tuples(st.integers(0, 400), st.integers(0, 400), st.integers(0, 400)).map(sorted)


@st.composite
def better_and_worse(draw: st.DrawFn) -> tuple[Measures, Measures]:
    """The same number of samples, and nothing in the second better than in the first."""
    better, worse = {}, {}
    for question in (CountsOf(3600), CountsOf(3600, due=True), *questions_of_slo()):
        low, high, whole = draw(SHARES)
        covered_less, covered_more = (low, high) if question.due else (whole, whole)
        better[question] = Counts(min(high, covered_more), covered_more, whole)
        worse[question] = Counts(min(low, covered_less), covered_less, whole)
    fast, slow = sorted(draw(st.tuples(st.floats(0, 9000), st.floats(0, 9000))))
    few, many = sorted(draw(st.tuples(st.floats(-5, 30), st.floats(-5, 30))))
    samples, timed = draw(st.integers(1, 20)), PercentileOf(Timing.LATENCY, 95, 900)
    return (
        Measures(better, {timed: Percentile(samples, fast)}, many),
        Measures(worse, {timed: Percentile(samples, slow)}, few),
    )


@given(RULES, better_and_worse(), BEFORE)
def test_worse_measures_never_heal(rule: Rule, pair: tuple[Measures, Measures], was: Severity | None) -> None:
    """What is broken by figures is broken by worse ones, and no less grave."""
    better, worse = (judge(rule, measures, was) for measures in pair)
    if better.broken:
        assert worse.broken
        assert _grave(worse) >= _grave(better)


@given(RULES, better_and_worse(), BEFORE)
def test_what_was_broken_is_no_quicker_to_be_fine(
    rule: Rule, pair: tuple[Measures, Measures], was: Severity | None
) -> None:
    """Hysteresis only ever keeps: what breaks a rule that held, keeps one that was broken."""
    measures, _ = pair
    if judge(rule, measures, None).broken:
        assert judge(rule, measures, was).broken


@given(RULES, better_and_worse(), BEFORE)
def test_a_judgement_is_stable(rule: Rule, pair: tuple[Measures, Measures], was: Severity | None) -> None:
    """The same figures again change nothing."""
    first = judge(rule, pair[0], was)
    believed = first.severity if first.broken else (was if first.broken is None else None)
    assert judge(rule, pair[0], believed).broken is first.broken


def _grave(judgement: Judgement) -> int:
    return [Severity.WARNING, Severity.CRITICAL].index(judgement.severity)


def test_burn_windows_are_in_order() -> None:
    """The gravest and shortest come first: the first broken pair is the one that is told."""
    assert [pair.long_s for pair in BURN_WINDOWS] == sorted(pair.long_s for pair in BURN_WINDOWS)
    assert all(pair.short_s < pair.recovery_s < pair.long_s for pair in BURN_WINDOWS)
    assert all(pair.short_s * 12 == pair.long_s for pair in BURN_WINDOWS)
