"""What a report needs of the configuration: tags, and prices where no roll-up tells what tokens cost."""

from monitor.config.checks import checks_of
from monitor.config.prices import prices_of
from monitor.config.schema import Config
from monitor.domain.check import forgotten_check
from monitor.domain.tokens import most_of
from monitor.errors import UsageError
from monitor.storage.reports.report import Asked, Group
from monitor.storage.spending import Bill, Used


def bill_of(config: Config) -> Bill:
    """What used tokens cost at the prices of this configuration."""
    prices, checks = prices_of(config), {check.id: check for check in checks_of(config)}

    def bill(used: Used) -> int | None:
        price = prices.of(used.endpoint, used.model or "")
        if price is None:
            return None
        most = most_of(checks.get(used.check) or forgotten_check(used.check, used.endpoint))
        return price.nusd(
            used.input_tokens + used.uncounted * most.input, used.output_tokens + used.uncounted * most.output
        )

    return bill


def asked_of(config: Config, groups: tuple[Group, ...]) -> Asked:
    """What a report needs to know of the configuration: tags and prices."""
    tags = {check.id: tuple(sorted(check.tags)) for check in checks_of(config) if check.tags}
    return Asked(groups, tags, bill_of(config))


def groups_of(text: str) -> tuple[Group, ...]:
    """The kinds of rows that are named, separated by commas; raises UsageError."""
    known = {str(group): group for group in Group}
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in known:
            raise UsageError(
                f"by {name!r:.60}: there is no such kind of row", hint=f"one or several of {', '.join(known)}"
            )
    return tuple(dict.fromkeys(known[name] for name in names))
