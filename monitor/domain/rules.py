"""Rules beyond failures: what must hold of a check over a window of time, what is measured for that, and the judgement.

Owns the values and the hysteresis: a rule is broken beyond its limit and holds again only beyond its recovery value, so
that a figure that wavers around the limit is told once. Which rule looks at what is `rules_judge`, burn rates are
`rules_burn`, how windows are measured `storage.measures`, the sentences `alerting.rule_texts`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from monitor.domain.incident_kind import IncidentKind
from monitor.domain.severity import Severity

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
CERTIFICATE_MARGIN_DAYS = 1.0


class Timing(StrEnum):
    """Which duration of an answer is looked at."""

    LATENCY = "latency"
    TTFT = "ttft"


@dataclass(frozen=True, slots=True)
class ShareRule:
    """Broken while a share is below `below`; holds again from `recovery` on (both in percent).

    Attributes:
        min_samples: counted results that a judgement needs; of coverage, due ones.
    """

    below: float
    recovery: float
    window_s: float = HOUR_S
    min_samples: int = 20
    severity: Severity = Severity.WARNING


@dataclass(frozen=True, slots=True)
class AvailabilityRule(ShareRule):
    """Of availability."""


@dataclass(frozen=True, slots=True)
class CoverageRule(ShareRule):
    """Of coverage."""


@dataclass(frozen=True, slots=True)
class LatencyRule:
    """Broken while a percentile is above `above_ms`; holds again at `recovery_ms` and below.

    Attributes:
        percentile: 1 to 99; by nearest rank, over UP and DEGRADED.
        min_samples: answers that a judgement needs.
    """

    timing: Timing
    percentile: int
    above_ms: float
    recovery_ms: float
    window_s: float = HOUR_S / 4
    min_samples: int = 10
    severity: Severity = Severity.WARNING


@dataclass(frozen=True, slots=True)
class SloRule:
    """Broken while the error budget burns too fast, by several windows at once.

    Attributes:
        objective: availability in percent that is promised over the period; below 100.
        period_s: how long the budget must last.
        min_samples: counted results that a long window needs at least; `rules_burn` may want more.
    """

    objective: float
    period_s: float = 30 * DAY_S
    min_samples: int = 20


@dataclass(frozen=True, slots=True)
class CertificateRule:
    """Broken while the certificate has fewer days left than `warning_days`; critical below `critical_days`."""

    warning_days: float = 14.0
    critical_days: float = 3.0


Rule = AvailabilityRule | CoverageRule | LatencyRule | SloRule | CertificateRule

KIND_OF: MappingProxyType[type, IncidentKind] = MappingProxyType(
    {
        AvailabilityRule: IncidentKind.AVAILABILITY,
        CoverageRule: IncidentKind.COVERAGE,
        LatencyRule: IncidentKind.LATENCY,
        SloRule: IncidentKind.BURN_RATE,
        CertificateRule: IncidentKind.CERTIFICATE,
    }
)


@dataclass(frozen=True, slots=True)
class CountsOf:
    """Asks how many results counted in the newest `window_s` seconds, and, if `due`, how many were due."""

    window_s: float
    due: bool = False


@dataclass(frozen=True, slots=True)
class PercentileOf:
    """Asks for a percentile of the newest `window_s` seconds."""

    timing: Timing
    percentile: int
    window_s: float


Question = CountsOf | PercentileOf


@dataclass(frozen=True, slots=True)
class Counts:
    """On-phase results of one check in one window, as availability and coverage define them."""

    successes: int = 0
    counted: int = 0
    due: int = 0


@dataclass(frozen=True, slots=True)
class Percentile:
    """A percentile in milliseconds over so many answers; None without any."""

    samples: int = 0
    ms: float | None = None


@dataclass(frozen=True, slots=True)
class Measures:
    """What is known of one check; a window that was not measured has no samples.

    Attributes:
        certificate_days: days left; negative once expired; None where none was seen.
    """

    counts: Mapping[CountsOf, Counts] = field(default_factory=dict)
    percentiles: Mapping[PercentileOf, Percentile] = field(default_factory=dict)
    certificate_days: float | None = None

    def counted(self, question: CountsOf) -> Counts:
        """The answer to one question."""
        return self.counts.get(question, Counts())


class Why(StrEnum):
    """Why a rule is believed to be broken or to hold."""

    BEYOND_LIMIT = "beyond_limit"
    NOT_RECOVERED = "not_recovered"
    WITHIN_LIMIT = "within_limit"
    RECOVERED = "recovered"
    TOO_FEW_SAMPLES = "too_few_samples"
    RULE_REMOVED = "rule_removed"


_BROKEN: MappingProxyType[Why, bool | None] = MappingProxyType(
    {
        Why.BEYOND_LIMIT: True,
        Why.NOT_RECOVERED: True,
        Why.WITHIN_LIMIT: False,
        Why.RECOVERED: False,
        Why.TOO_FEW_SAMPLES: None,
        Why.RULE_REMOVED: False,
    }
)


@dataclass(frozen=True, slots=True)
class Facts:
    """The figures behind a judgement, in the unit of its kind: percent, milliseconds, times the budget, days.

    Attributes:
        value: what was measured; None where nothing was.
        limit: what it was held against.
        samples: results counted (coverage: due) in the window.
        timing, percentile: of a latency.
        short_window_s, short_value: the second window of a burn rate.
        objective, period_s: of a burn rate.
        name: what a sentence names: the kind of a limit, the nearest model; may be upstream's, hostile.
    """

    value: float | None
    limit: float
    window_s: float = 0.0
    samples: int = 0
    timing: Timing = Timing.LATENCY
    percentile: int = 0
    short_window_s: float = 0.0
    short_value: float = 0.0
    objective: float = 0.0
    period_s: float = 0.0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one rule says of one check now."""

    kind: IncidentKind
    why: Why
    severity: Severity
    facts: Facts

    @property
    def broken(self) -> bool | None:
        """None where there is too little to say: what was believed before stays."""
        return _BROKEN[self.why]


def hysteresis(*, beyond: bool, recovered: bool, was_broken: bool) -> Why:
    """The rule of hysteresis: what lies between limit and recovery stays what it was."""
    if beyond:
        return Why.BEYOND_LIMIT
    if not was_broken:
        return Why.WITHIN_LIMIT
    return Why.RECOVERED if recovered else Why.NOT_RECOVERED
