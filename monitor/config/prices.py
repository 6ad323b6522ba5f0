"""From the configuration and the packaged table to every price and cap that holds, and what they cannot count.

Owns the order in which prices are looked for: an endpoint's own, the configuration's, those that come with RelayWatch.
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from monitor.config.checks import checks_of
from monitor.config.cost import PriceEntry
from monitor.config.schema import Config
from monitor.domain.caps import Cap, Caps, Span
from monitor.domain.check import CheckKind
from monitor.domain.estimate import DAYS, Estimate, estimate, total
from monitor.domain.prices import Price, Prices, PriceTable, dollars, usd
from monitor.errors import Problem

_PACKAGED = Path(__file__).with_name("prices.toml")


def packaged_prices() -> dict[str, Price]:
    """The prices that come with RelayWatch, by model id. Reads a file."""
    table = tomllib.loads(_PACKAGED.read_text(encoding="utf-8"))
    return {model: Price(float(entry["input"]), float(entry["output"])) for model, entry in table.items()}


def prices_of(config: Config) -> Prices:
    """Every price that holds. Reads a file."""
    own = {endpoint.name: _table(endpoint.prices) for endpoint in config.endpoints if endpoint.prices}
    return Prices(own, (_table(config.prices), PriceTable(packaged_prices())))


def caps_of(config: Config) -> Caps:
    """What may be spent: all together, and by endpoint."""
    endpoints = {one.name: one.cost.cap() for one in config.endpoints if one.cost is not None}
    return Caps(config.cost.cap(), {name: cap for name, cap in endpoints.items() if cap})


def cost_doubts(config: Config) -> Iterator[Problem]:
    """Models that a cap cannot count, because nobody has told their price; and caps that may be spent too soon."""
    caps = caps_of(config)
    if not caps:
        return
    prices, checks = prices_of(config), checks_of(config)
    yield from _spent_early("cost", caps.all, estimate(checks, prices))
    for place, endpoint in enumerate(config.endpoints):
        if endpoint.name in caps.endpoints:
            ours = (check for check in checks if check.endpoint == endpoint.name)
            yield from _spent_early(f"endpoints[{place}].cost", caps.endpoints[endpoint.name], estimate(ours, prices))
    for check in checks:
        if check.kind is CheckKind.MODELS or not caps.holds_for(check.endpoint):
            continue
        if prices.of(check.endpoint, check.model or "") is None:
            yield Problem("cost", f'the cap does not count {check.id}: no price is known; set [prices."{check.model}"]')


def _spent_early(path: str, cap: Cap, foreseen: Estimate) -> Iterator[Problem]:
    """Each span whose cap is less than what probing may cost in it; also what no price is known of would be more."""
    month_nusd = total(line.most for line in foreseen.lines).nusd or 0
    for span, days in ((Span.DAILY, 1), (Span.MONTHLY, DAYS)):
        limit, most = cap.limit_nusd(span), month_nusd * days / DAYS
        if limit is not None and limit < most:
            yield Problem(
                f"{path}.{span}",
                f"may be spent before its end: {dollars(usd(limit))} of at most {dollars(usd(round(most)))} "
                "that probing costs; models are not asked from then on",
            )


def _table(entries: Mapping[str, PriceEntry]) -> PriceTable:
    return PriceTable({pattern: entry.price() for pattern, entry in entries.items()})
