"""Burn rates: how many times too fast an error budget is spent, over several pairs of windows at once.

A burn rate of 1 spends exactly the budget in the period. A pair is broken while both its windows burn faster than its
factor: the long one proves that it matters, the short one that it still goes on. Source: Google, The Site Reliability
Workbook, chapter 5 "Alerting on SLOs", approach 6: for a period of 30 days 14.4 over 1 h and 5 min, 6 over 6 h and
30 min, 3 over 1 d and 2 h, 1 over 3 d and 6 h; that is 2, 5, 10 and 10 percent of the budget.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from monitor.domain.incident_kind import IncidentKind
from monitor.domain.rules import DAY_S, HOUR_S, Counts, CountsOf, Facts, Judgement, Measures, SloRule, Why, hysteresis
from monitor.domain.severity import Severity

_SHORT_IS_ONE_OF = 12  # a short window is the twelfth part of its long one
_DIGITS = 6  # 144 failures of 10,000 are exactly 14.4 times a budget of 0.1 %, whatever binary fractions make of it


@dataclass(frozen=True, slots=True)
class BurnWindows:
    """A pair of windows, and the share of the period's budget that is gone when it breaks.

    Attributes:
        recovery_s: a broken pair holds again only once this window, longer than the short one, burns slowly too.
    """

    budget_percent: int
    long_s: float
    short_s: float
    recovery_s: float
    severity: Severity

    def factor(self, period_s: float) -> float:
        """From which burn rate on the pair is broken; never below 1, which spends just the budget."""
        return max(1.0, self.budget_percent * period_s / self.long_s / 100)


BURN_WINDOWS = (
    BurnWindows(2, HOUR_S, HOUR_S / 12, HOUR_S / 2, Severity.CRITICAL),
    BurnWindows(5, 6 * HOUR_S, HOUR_S / 2, 2 * HOUR_S, Severity.CRITICAL),
    BurnWindows(10, DAY_S, 2 * HOUR_S, 6 * HOUR_S, Severity.WARNING),
    BurnWindows(10, 3 * DAY_S, 6 * HOUR_S, DAY_S, Severity.WARNING),
)


@dataclass(frozen=True, slots=True)
class _Burning:
    """What one pair says; `why` is TOO_FEW_SAMPLES where it says nothing."""

    windows: BurnWindows
    why: Why
    facts: Facts


def questions_of_slo() -> Iterator[CountsOf]:
    """Every window that a burn rate looks at, each once."""
    spans = {span for pair in BURN_WINDOWS for span in (pair.long_s, pair.short_s, pair.recovery_s)}
    return (CountsOf(span) for span in sorted(spans))


def burn_rate(counts: Counts, objective: float) -> float:
    """How many times the budget of `objective` (percent) the failures of a window are; 0 without samples."""
    if not counts.counted:
        return 0.0
    failed_percent = 100.0 * (counts.counted - counts.successes) / counts.counted
    return round(failed_percent / round(100.0 - objective, _DIGITS), _DIGITS)


def can_be_judged_slo(rule: SloRule, interval_s: float) -> bool:
    """True if a probe every `interval_s` seconds gives at least one pair of windows enough samples."""

    def full(span_s: float) -> Counts:
        return Counts(counted=int(span_s / interval_s))

    return any(_enough(rule, full(one.long_s), full(one.short_s), one.factor(rule.period_s)) for one in BURN_WINDOWS)


def judge_slo(rule: SloRule, measures: Measures, was: Severity | None) -> Judgement:
    """The gravest pair that is broken; else how the fastest pair burns.

    `was` is how grave it was believed to be, None if it held; a pair that is graver than that must break anew.
    """
    pairs = [_burning(rule, pair, measures, was) for pair in BURN_WINDOWS]
    broken = [pair for pair in pairs if pair.why in (Why.BEYOND_LIMIT, Why.NOT_RECOVERED)]
    judged = [pair for pair in pairs if pair.why is not Why.TOO_FEW_SAMPLES]
    if not judged:
        return Judgement(IncidentKind.BURN_RATE, Why.TOO_FEW_SAMPLES, Severity.WARNING, pairs[0].facts)
    if broken:
        return Judgement(IncidentKind.BURN_RATE, broken[0].why, broken[0].windows.severity, broken[0].facts)
    fastest = max(judged, key=lambda pair: (pair.facts.value or 0.0) / pair.facts.limit)
    why = Why.WITHIN_LIMIT if was is None else Why.RECOVERED
    return Judgement(IncidentKind.BURN_RATE, why, fastest.windows.severity, fastest.facts)


def _burning(rule: SloRule, pair: BurnWindows, measures: Measures, was: Severity | None) -> _Burning:
    long, short, recovery = (measures.counted(CountsOf(s)) for s in (pair.long_s, pair.short_s, pair.recovery_s))
    factor = pair.factor(rule.period_s)
    burns, briefly, lately = (burn_rate(counts, rule.objective) for counts in (long, short, recovery))
    facts = Facts(
        value=burns,
        limit=factor,
        window_s=pair.long_s,
        samples=long.counted,
        short_window_s=pair.short_s,
        short_value=briefly,
        objective=rule.objective,
        period_s=rule.period_s,
    )
    if not _enough(rule, long, short, factor):
        return _Burning(pair, Why.TOO_FEW_SAMPLES, facts)
    was_broken = was is Severity.CRITICAL or (was is not None and pair.severity is Severity.WARNING)
    beyond = burns > factor and briefly > factor
    recovered = burns <= factor or lately <= factor
    return _Burning(pair, hysteresis(beyond=beyond, recovered=recovered, was_broken=was_broken), facts)


def _enough(rule: SloRule, long: Counts, short: Counts, factor: float) -> bool:
    """True if one failure alone could not break the pair, and both windows hold a fair number of results."""
    one_failed = Counts(long.counted - 1, long.counted)
    return (
        long.counted >= rule.min_samples
        and short.counted >= ceil(rule.min_samples / _SHORT_IS_ONE_OF)
        and burn_rate(one_failed, rule.objective) <= factor
    )
