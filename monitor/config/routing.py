"""From the configuration to what alerting takes: who wants to hear what, what happens later, and planned work."""

from collections.abc import Mapping
from types import MappingProxyType

from monitor.alerting.audience import Escalation, Route
from monitor.alerting.maintenance import Calendar
from monitor.config.matchers import matchers_of
from monitor.config.schema import Config


def routes_of(config: Config) -> Mapping[str, Route]:
    """What each channel wants to hear, by its name; channels that want everything are left out."""
    routes = {
        channel.name: Route(
            only=matchers_of(channel.only),
            hours=tuple(span.hours() for span in channel.hours),
            escalations_only=channel.escalations_only,
        )
        for channel in config.channels
    }
    return MappingProxyType({name: route for name, route in routes.items() if route != Route()})


def escalations_of(config: Config) -> tuple[Escalation, ...]:
    """What happens to incidents that nobody acknowledges, by time; those of one time as they stand in the file."""
    found = (
        Escalation(table.after_s, table.channels, table.severity, matchers_of(table.only))
        for table in config.alerting.escalations
    )
    return tuple(sorted(found, key=lambda escalation: escalation.after_s))


def calendar_of(config: Config) -> Calendar:
    """Every maintenance window."""
    return Calendar(tuple(table.window(config.timezone) for table in config.maintenance))
