"""What asking models by hand costs, in words: before it is done, and after."""

from typing import TYPE_CHECKING

from monitor.config.prices import prices_of
from monitor.domain.prices import Price, dollars, usd

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.config.load import Loaded
    from monitor.domain.check import Check
    from monitor.domain.reply import Usage

PROMPT_TOKENS = 40
"""What a probe's question takes at most, with what chat templates put around it."""


def at_most(loaded: "Loaded", checks: "Sequence[Check]", times: int) -> str:
    """`at most 96 tokens of output, $0.0004`, for asking each of `checks` so many times."""
    tokens = sum(check.max_tokens for check in checks) * times
    prices = prices_of(loaded.config)
    costs = [_cost(prices.of(check.endpoint, check.model or ""), PROMPT_TOKENS, check.max_tokens) for check in checks]
    known = [cost for cost in costs if cost is not None]
    money = f", {dollars(usd(sum(known) * times))}" if len(known) == len(costs) else ""
    return f"at most {tokens} tokens of output{money}"


def spent(loaded: "Loaded", check: "Check", usages: "Iterable[Usage]") -> dict[str, int | float | None]:
    """The tokens of these answers and their price; None where the API did not count them, or no price is known."""
    counted = [usage for usage in usages if usage.output_tokens is not None]
    price = prices_of(loaded.config).of(check.endpoint, check.model or "")
    inputs = sum(usage.input_tokens or 0 for usage in counted)
    outputs = sum(usage.output_tokens or 0 for usage in counted)
    cost = _cost(price, inputs, outputs)
    return {
        "input_tokens": inputs if counted else None,
        "output_tokens": outputs if counted else None,
        "cost_usd": None if cost is None or not counted else usd(cost),
    }


def _cost(price: Price | None, input_tokens: int, output_tokens: int) -> int | None:
    return None if price is None else price.nusd(input_tokens, output_tokens)
