"""From the configuration to what alerting takes: who wants to hear what, what happens later, and planned work."""

from collections.abc import Mapping
from types import MappingProxyType

from monitor.alerting.audience import Audience, Escalation, Route
from monitor.alerting.maintenance import Calendar
from monitor.alerting.texts import Voice
from monitor.config.matchers import matchers_of
from monitor.config.schema import Config


def audience_of(config: Config, voice: Voice, instance: str) -> Audience:
    """Who is told, when, and how they are spoken to."""
    alerting = config.alerting
    return Audience(
        channels=tuple(channel.name for channel in config.channels),
        voice=voice,
        instance=instance,
        public_url=config.web.public_url,
        routes=routes_of(config),
        group_wait_s=alerting.group_wait_s,
        reminder_s=alerting.reminder_s,
        escalations=escalations_of(config),
        maintenance=calendar_of(config),
    )


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
