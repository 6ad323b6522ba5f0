"""What tokens cost: prices, and which one holds for a model as an endpoint names it.

Pure. Owns the arithmetic of money and the spellings under which a model's price is found; the prices themselves stand
in the configuration and in the packaged table (`config.prices`). What nobody has a price for costs an unknown amount,
never nothing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from math import ceil

NUSD_PER_USD = 1_000_000_000
_NUSD_PER_TOKEN = 1000  # of a price of one US dollar per million tokens
# A version's date: gpt-4.1-2025-04-14, claude-sonnet-4-20250514, claude-sonnet-4@20250514, gpt-3.5-turbo-0125.
_DATE = re.compile(r"[-@](?:\d{8}|\d{4}-\d{2}-\d{2}|\d{4})$|-latest$", re.ASCII)
_WILD = re.compile(r"[*?[]")


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens; reasoning tokens are output tokens, cached input tokens cost as others do."""

    input: float
    output: float

    def nusd(self, input_tokens: int, output_tokens: int) -> int:
        """What so many tokens cost, in billionths of a US dollar, rounded up."""
        return ceil(round((input_tokens * self.input + output_tokens * self.output) * _NUSD_PER_TOKEN, 3))


class PriceTable:
    """Prices by pattern: a model's id, or a shell wildcard.

    An id is looked for as it is written, then without its version's date, then both without the parts before each `/`.
    A name found counts before a pattern, a longer pattern before a shorter one. Case does not matter, and neither does
    whether a version is written `4.5` or `4-5`.

    Args:
        prices: by pattern.
    """

    def __init__(self, prices: Mapping[str, Price]) -> None:
        spelled = {_spelled(pattern): price for pattern, price in prices.items()}
        self._names = {name: price for name, price in spelled.items() if not _WILD.search(name)}
        wild = (pattern for pattern in spelled if _WILD.search(pattern))
        self._patterns = [(one, spelled[one]) for one in sorted(wild, key=lambda pattern: (-len(pattern), pattern))]

    def of(self, model: str) -> Price | None:
        """The price of a model; None where the table has none."""
        forms = tuple(dict.fromkeys(_forms(_spelled(model))))
        named = next((self._names[form] for form in forms if form in self._names), None)
        if named is not None or not self._patterns:
            return named
        fitting = (price for form in forms for pattern, price in self._patterns if fnmatchcase(form, pattern))
        return next(fitting, None)


@dataclass(frozen=True, slots=True)
class Prices:
    """Every price that is known.

    Attributes:
        endpoints: what an endpoint says of itself; counts before everything else.
        tables: of all endpoints, the one that counts most first.
    """

    endpoints: Mapping[str, PriceTable] = field(default_factory=dict)
    tables: Sequence[PriceTable] = ()

    def of(self, endpoint: str, model: str) -> Price | None:
        """What a model costs on an endpoint; None where nobody knows."""
        own = self.endpoints.get(endpoint)
        tables = self.tables if own is None else (own, *self.tables)
        return next((price for table in tables if (price := table.of(model)) is not None), None)


def usd(nusd: int) -> float:
    """Billionths of a dollar as dollars."""
    return nusd / NUSD_PER_USD


def dollars(amount: float) -> str:
    """As people read it: `$1,234.50`, `$0.0042`, `$0.00`; what is not nothing never looks like it."""
    if amount and amount < 0.01:  # noqa: PLR2004  a cent
        return f"${amount:.2g}" if amount >= 0.0001 else "less than $0.0001"  # noqa: PLR2004  else the text grows
    return f"${amount:,.2f}"


def _spelled(name: str) -> str:
    return name.strip().lower().replace(".", "-")


def _forms(model: str) -> Iterator[str]:
    while True:
        yield model
        undated = _DATE.sub("", model)
        if undated:
            yield undated
        _, slash, model = model.partition("/")
        if not slash or not model:
            return
