"""The tables about money: `[cost]`, how much probing may spend, and `[prices]`, what tokens cost.

Owns which values are right. Which price holds for a model is put together in `prices`.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import InitErrorDetails

from monitor.config.model import Model, detail, wrong
from monitor.domain.caps import Cap
from monitor.domain.prices import NUSD_PER_USD, Price

_HIGHEST_PRICE = 100_000.0
_HIGHEST_CAP = 1_000_000_000.0
_LONGEST_PATTERN = 256


def _dollars(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong("must be a number of US dollars, such as 2.5")
    return value


def _price(value: float) -> float:
    if not 0 <= value <= _HIGHEST_PRICE:
        raise wrong(f"must lie between 0 and {_HIGHEST_PRICE:,.0f} US dollars per million tokens")
    return value


def _cap(value: float) -> float:
    if not 0 <= value <= _HIGHEST_CAP:
        raise wrong(f"must lie between 0 (no cap) and {_HIGHEST_CAP:,.0f} US dollars")
    return value


def _pattern(text: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > _LONGEST_PATTERN:
        raise wrong(f'must be a model id or a pattern such as "openai/gpt-4.1*", of 1 to {_LONGEST_PATTERN} characters')
    return text


PerMillion = Annotated[float, BeforeValidator(_dollars), AfterValidator(_price)]
Dollars = Annotated[float, BeforeValidator(_dollars), AfterValidator(_cap)]


class PriceEntry(Model):
    """What the tokens of one model cost, in US dollars per million.

    Attributes:
        output: reasoning tokens are among them.
    """

    input: PerMillion
    output: PerMillion

    @classmethod
    def not_a_table(cls, value: object) -> str | None:
        """What an entry of `prices` may be."""
        del value
        return "must be a table such as { input = 2.0, output = 8.0 }, in US dollars per million tokens"

    @classmethod
    def belongs(cls, key: str) -> str | None:
        """TOML takes the dot in an id for a table within a table."""
        return 'an id with a dot stands in quotes: [prices."gpt-4.1"]' if key[:1].isdigit() else None

    def price(self) -> Price:
        """The same, for the arithmetic."""
        return Price(self.input, self.output)


PriceEntries = dict[Annotated[str, AfterValidator(_pattern)], PriceEntry]


class CostTable(Model):
    """`[cost]`: what probing may spend, in US dollars by UTC days and months; 0 is no cap."""

    daily: Dollars = 0.0
    monthly: Dollars = 0.0

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterable[InitErrorDetails]:
        """A month allows at least a day."""
        daily, monthly = table.get("daily"), table.get("monthly")
        if isinstance(daily, int | float) and isinstance(monthly, int | float) and 0 < monthly < daily:
            yield detail(("monthly",), f"is less than daily = {daily}, which could then never be reached", monthly)

    def cap(self) -> Cap:
        """The same, for the arithmetic."""
        return Cap(*(round(value * NUSD_PER_USD) or None for value in (self.daily, self.monthly)))
