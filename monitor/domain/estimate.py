"""What probing will cost in a month, told before anything is spent.

Pure. Two figures: at most, if every answer uses all that it may; and expected, by what answers have used of late,
where that is known. Confirm and triage probes, which only failures cause, are in neither; nor is it that a check may be
probed less often while it is well.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil

from monitor.domain.check import Check
from monitor.domain.prices import Price, Prices
from monitor.domain.tokens import Average, mean_of

DAYS = 30
_S_PER_MONTH = DAYS * 86_400
_ENOUGH = 10
"""So few answers say nothing of the next thousands."""


@dataclass(frozen=True, slots=True)
class Amount:
    """Tokens and money of a month.

    Attributes:
        nusd: billionths of a US dollar; None where no price is known.
    """

    input_tokens: int
    output_tokens: int
    nusd: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """One model.

    Attributes:
        probes: in a month.
        measured: `expected` rests on answers; else it is `most`.
    """

    check: Check
    probes: int
    price: Price | None
    most: Amount
    expected: Amount
    measured: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """Every model, in the order of the file.

    Attributes:
        free: readings of model lists in a month.
    """

    lines: tuple[Line, ...]
    free: int

    @property
    def unpriced(self) -> tuple[Line, ...]:
        """What is in no sum of money."""
        return tuple(line for line in self.lines if line.price is None)

    @property
    def measured(self) -> bool:
        """Whether any of it rests on answers."""
        return any(line.measured for line in self.lines)


def estimate(checks: Iterable[Check], prices: Prices, averages: Mapping[str, Average] | None = None) -> Estimate:
    """What a month of probing costs.

    Args:
        checks: all of them.
        prices: those in force.
        averages: what probes have used of late, by check.
    """
    checks = tuple(checks)
    known = averages or {}
    lines = tuple(_line(check, prices, known.get(check.id)) for check in checks if check.model is not None)
    return Estimate(lines, sum(_probes(check) for check in checks if check.model is None))


def total(amounts: Iterable[Amount]) -> Amount:
    """All together; money where any is known, and then only what is."""
    amounts = tuple(amounts)
    known = [amount.nusd for amount in amounts if amount.nusd is not None]
    return Amount(
        sum(amount.input_tokens for amount in amounts),
        sum(amount.output_tokens for amount in amounts),
        sum(known) if known or not amounts else None,
    )


def _line(check: Check, prices: Prices, average: Average | None) -> Line:
    price, probes = prices.of(check.endpoint, check.model or ""), _probes(check)
    taken, given = mean_of(check)
    at_most = _amount(ceil(probes * taken), ceil(probes * given), price)
    measured = average is not None and average.probes >= _ENOUGH
    expected = at_most
    if measured and average is not None:
        expected = _amount(round(probes * average.input_tokens), round(probes * average.output_tokens), price)
    return Line(check, probes, price, at_most, expected, measured)


def _amount(input_tokens: int, output_tokens: int, price: Price | None) -> Amount:
    nusd = None if price is None else price.nusd(input_tokens, output_tokens)
    return Amount(input_tokens, output_tokens, nusd)


def _probes(check: Check) -> int:
    return round(_S_PER_MONTH / check.interval_s)
