"""What the tokens of a check cost, and which tokens an answer without counts is taken to have used. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.domain.check import Check
from monitor.domain.prices import Price, Prices
from monitor.domain.tokens import most_of


@dataclass(frozen=True, slots=True)
class Tariff:
    """Of one check, from some moment on.

    Attributes:
        price: None where nobody knows one.
        uncounted_input: the most that an answer without counts can have used.
        uncounted_output: the same for what it said.
    """

    price: Price | None
    uncounted_input: int = 0
    uncounted_output: int = 0

    def nusd(self, used: "Used") -> int | None:
        """What that cost, in billionths of a US dollar; None if nothing was used or nobody knows the price."""
        if self.price is None or not (used.answered or used.uncounted):
            return None
        return self.price.nusd(
            used.input_tokens + used.uncounted * self.uncounted_input,
            used.output_tokens + used.uncounted * self.uncounted_output,
        )


@dataclass(slots=True)
class Used:
    """What probes used: tokens as counted, and how many came with a count and how many without."""

    answered: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    uncounted: int = 0


@dataclass(frozen=True, slots=True)
class Tariffs:
    """All that were in force for one check, oldest first.

    Attributes:
        since_us: when each came into force.
        tariffs: as many; what was used before the first is taken to have cost as much as under it.
    """

    since_us: Sequence[int] = ()
    tariffs: Sequence[Tariff] = ()

    def place_at(self, at_us: int) -> int:
        """The number of the one in force."""
        return max(0, bisect_right(self.since_us, at_us) - 1) if len(self.since_us) > 1 else 0

    def nusd(self, place: int, used: Used) -> int | None:
        """What was used under the one of that number cost; None where nothing was used or no price is known."""
        return self.tariffs[place].nusd(used) if self.tariffs else None


def tariff_of(check: Check, prices: Prices) -> Tariff | None:
    """What a check's tokens cost now; None for a model list, which uses none."""
    if check.model is None:
        return None
    most = most_of(check)
    return Tariff(prices.of(check.endpoint, check.model), most.input, most.output)


def present_tariffs(checks: Iterable[Check], prices: Prices) -> dict[str, Tariff]:
    """By check; model lists are missing."""
    return {check.id: tariff for check in checks if (tariff := tariff_of(check, prices)) is not None}
