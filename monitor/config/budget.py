"""What a set of checks costs: probes a day, completions and output tokens a month.

Prices are not known here, so the cost is told in requests and tokens. Confirm probes, which only failures cause, are
not counted.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.domain.check import Check, CheckKind

_S_PER_DAY = 86_400
_DAYS_PER_MONTH = 30


@dataclass(frozen=True, slots=True)
class Budget:
    """What probing costs while nothing fails.

    Attributes:
        probes_per_day: of all checks.
        requests_per_month: of all checks, in 30 days.
        completions_per_month: those of them that cost money.
        output_tokens_per_month: at most, if every completion uses all it may.
    """

    checks: int
    probes_per_day: int
    requests_per_month: int
    completions_per_month: int
    output_tokens_per_month: int


def budget_of(checks: Iterable[Check]) -> Budget:
    """The cost of probing these checks."""
    checks = tuple(checks)
    paid = [check for check in checks if check.kind is CheckKind.CHAT]
    return Budget(
        checks=len(checks),
        probes_per_day=round(sum(_S_PER_DAY / check.interval_s for check in checks)),
        requests_per_month=round(sum(_per_month(check) for check in checks)),
        completions_per_month=round(sum(_per_month(check) for check in paid)),
        output_tokens_per_month=round(sum(_per_month(check) * check.max_tokens for check in paid)),
    )


def _per_month(check: Check) -> float:
    return _DAYS_PER_MONTH * _S_PER_DAY / check.interval_s
