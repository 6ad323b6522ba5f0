"""Burn rates: the figures of the workbook, enough samples, and how a pair heals."""

import pytest

from monitor.domain.rules import DAY_S, HOUR_S, Counts, CountsOf, Measures, SloRule, Why
from monitor.domain.rules_burn import BURN_WINDOWS, burn_rate
from monitor.domain.rules_judge import judge
from monitor.domain.severity import Severity

MIN_S = 60.0
SLO = SloRule(objective=99.9)
PER_HOUR = 10_000


def burning(**failed_percent: float) -> Measures:
    """So many percent of the probes of each window failed; windows that are not named are without failure."""
    spans = {
        "m5": 5 * MIN_S,
        "m30": 30 * MIN_S,
        "h1": HOUR_S,
        "h2": 2 * HOUR_S,
        "h6": 6 * HOUR_S,
        "d1": DAY_S,
        "d3": 3 * DAY_S,
    }
    counts = {}
    for name, span in spans.items():
        whole = round(PER_HOUR * span / HOUR_S / 100) * 100
        counts[CountsOf(span)] = Counts(whole - round(whole * failed_percent.get(name, 0.0) / 100), whole)
    return Measures(counts)


@pytest.mark.parametrize(
    ("period_s", "factors"),
    [(30 * DAY_S, [14.4, 6.0, 3.0, 1.0]), (90 * DAY_S, [43.2, 18.0, 9.0, 3.0]), (7 * DAY_S, [3.36, 1.4, 1.0, 1.0])],
)
def test_factors(period_s: float, factors: list[float]) -> None:
    """Those of the workbook for 30 days; the same share of the budget for other periods."""
    assert [pair.factor(period_s) for pair in BURN_WINDOWS] == pytest.approx(factors)


@pytest.mark.parametrize(
    ("failed", "counted", "objective", "rate"),
    [(1, 1000, 99.9, 1.0), (144, 10_000, 99.9, 14.4), (5, 100, 95.0, 1.0), (0, 10, 99.0, 0.0), (10, 10, 99.0, 100.0)],
)
def test_burn_rate(failed: int, counted: int, objective: float, rate: float) -> None:
    """Exact, whatever binary fractions make of 99.9."""
    assert burn_rate(Counts(counted - failed, counted), objective) == rate


def test_nothing_burns_nothing() -> None:
    """No division by no samples."""
    assert burn_rate(Counts(), 99.9) == 0.0


@pytest.mark.parametrize(
    ("measures", "severity", "window_s"),
    [
        (burning(h1=1.45, m5=1.5), Severity.CRITICAL, HOUR_S),
        (burning(h6=0.61, m30=0.7), Severity.CRITICAL, 6 * HOUR_S),
        (burning(d1=0.31, h2=0.4), Severity.WARNING, DAY_S),
        (burning(d3=0.11, h6=0.2), Severity.WARNING, 3 * DAY_S),
        (burning(h1=1.45, m5=1.5, d3=0.11, h6=0.2), Severity.CRITICAL, HOUR_S),
    ],
)
def test_each_pair_breaks_alone(measures: Measures, severity: Severity, window_s: float) -> None:
    """Both windows of a pair must burn; the gravest pair is told."""
    judgement = judge(SLO, measures, None)
    assert (judgement.why, judgement.severity) == (Why.BEYOND_LIMIT, severity)
    assert judgement.facts.window_s == window_s


@pytest.mark.parametrize(
    "measures",
    [
        burning(),
        burning(h1=1.44, m5=2.0),
        burning(h1=50.0),
        burning(m5=50.0),
        burning(h6=0.6, m30=0.6),
        burning(d3=50.0),
    ],
)
def test_one_window_alone_breaks_nothing(measures: Measures) -> None:
    """Exactly the factor is not above it; a spike is too short, a past outage is over."""
    assert judge(SLO, measures, None).why is Why.WITHIN_LIMIT


@pytest.mark.parametrize(
    ("measures", "was", "why"),
    [
        (burning(h1=2.0, m30=2.0), Severity.CRITICAL, Why.NOT_RECOVERED),
        (burning(h1=2.0, m30=1.44), Severity.CRITICAL, Why.RECOVERED),
        (burning(h1=1.44, m30=2.0), Severity.CRITICAL, Why.RECOVERED),
        (burning(h1=2.0, m30=2.0), Severity.WARNING, Why.RECOVERED),
        (burning(d1=0.4, h6=0.4), Severity.WARNING, Why.NOT_RECOVERED),
        (burning(d1=0.4, h6=0.4), Severity.CRITICAL, Why.NOT_RECOVERED),
    ],
)
def test_a_broken_pair_heals_by_a_longer_window(measures: Measures, was: Severity, why: Why) -> None:
    """Five quiet minutes end nothing; a pair that was not broken is not kept either."""
    assert judge(SLO, measures, was).why is why


def minutely(**windows: tuple[int, int]) -> Measures:
    """(successes, counted) of a check that is probed once a minute."""
    spans = {"m5": 5 * MIN_S, "m30": 30 * MIN_S, "h1": HOUR_S, "h2": 2 * HOUR_S, "h6": 6 * HOUR_S}
    return Measures({CountsOf(spans[name]): Counts(*counts) for name, counts in windows.items()})


def test_one_failure_alone_breaks_no_objective() -> None:
    """1 of 60 is 16.7 times a budget of 0.1 %, and says next to nothing; 1 of 360 is below 6 times."""
    hour = {"h1": (59, 60), "m5": (4, 5), "h2": (119, 120)}
    assert judge(SLO, minutely(**hour, m30=(29, 30)), None).why is Why.TOO_FEW_SAMPLES
    assert judge(SLO, minutely(**hour, m30=(29, 30), h6=(359, 360)), None).why is Why.WITHIN_LIMIT
    three = minutely(h1=(57, 60), m5=(2, 5), m30=(27, 30), h2=(117, 120), h6=(357, 360))
    judgement = judge(SLO, three, None)
    assert (judgement.why, judgement.severity) == (Why.BEYOND_LIMIT, Severity.CRITICAL)
    assert judgement.facts.window_s == 6 * HOUR_S


def test_min_samples_holds_for_both_windows() -> None:
    """The short window needs its twelfth."""
    loose = SloRule(objective=95.0, min_samples=60)
    assert judge(loose, minutely(h1=(0, 59), m5=(0, 5), m30=(0, 30)), None).why is Why.TOO_FEW_SAMPLES
    assert judge(loose, minutely(h1=(0, 60), m5=(0, 4), m30=(0, 30)), None).why is Why.TOO_FEW_SAMPLES
    assert judge(loose, minutely(h1=(0, 60), m5=(0, 5), m30=(0, 30)), None).why is Why.BEYOND_LIMIT


def test_without_samples_nothing_is_said() -> None:
    """What was believed stays."""
    assert judge(SLO, Measures(), Severity.CRITICAL).broken is None


def test_a_judgement_carries_both_windows() -> None:
    """And the promise that is broken."""
    facts = judge(SLO, burning(h1=1.6, m5=2.0), None).facts
    assert (facts.value, facts.limit, facts.window_s, facts.samples) == (16.0, 14.4, HOUR_S, 10_000)
    assert (facts.short_window_s, facts.objective, facts.period_s) == (5 * MIN_S, 99.9, 30 * DAY_S)
    assert facts.short_value == pytest.approx(20.0, abs=0.5)
