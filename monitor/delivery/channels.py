"""The registry: which class speaks for which table of the configuration.

A new channel is one module, one line in `_BUILDERS`, and one entry in the contract suite.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.alerting.texts import Voice
from monitor.clock import Clock, SystemClock
from monitor.config.access import Access, ChannelAccess
from monitor.config.channels import PagerDutyChannel
from monitor.config.schema import Config, ConsoleChannel, SlackChannel, WebhookChannel
from monitor.config.secrets import Secret
from monitor.delivery.channel import Channel
from monitor.delivery.line import Line
from monitor.errors import StartError


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a channel may be built from."""

    access: ChannelAccess
    voice: Voice
    clock: Clock


def build_channels(config: Config, access: Access, voice: Voice, clock: Clock | None = None) -> dict[str, Channel]:
    """Every configured channel by name, in the order of the configuration; none opens a connection yet.

    Raises:
        StartError: a channel lacks what it needs to send.
    """
    clock = clock or SystemClock()
    return {
        one.name: _BUILDERS[type(one)](one, _Parts(access.channels[one.name], voice, clock)) for one in config.channels
    }


# Each builder imports its channel itself: slack-sdk is loaded only where Slack is configured.


def _slack(table: SlackChannel, parts: _Parts) -> Channel:
    from monitor.delivery import slack  # noqa: PLC0415  see above

    line = _line(parts.access)
    if parts.access.url is not None:
        url = parts.access.url.reveal()
        return slack.SlackWebhookChannel(table.name, url, line, parts.clock, parts.voice)
    if parts.access.token is None or table.channel is None:
        raise StartError(f"channel {table.name} has no way to reach Slack", hint="set webhook_url, or bot_token")
    token = parts.access.token.reveal()
    return slack.SlackBotChannel(table.name, token, table.channel, line, clock=parts.clock, voice=parts.voice)


def _webhook(table: WebhookChannel, parts: _Parts) -> Channel:
    from monitor.delivery import webhook  # noqa: PLC0415  see above

    if parts.access.url is None:
        raise StartError(f"channel {table.name} has no URL", hint="set url")
    secret = parts.access.signing_secret
    return webhook.WebhookChannel(
        table.name,
        parts.access.url.reveal(),
        _line(parts.access, ca_file=table.ca_file),
        parts.clock,
        headers={name: value.reveal() for name, value in parts.access.headers.items()},
        signing_secret=None if secret is None else secret.reveal(),
    )


def _pagerduty(table: PagerDutyChannel, parts: _Parts) -> Channel:
    from monitor.delivery import pagerduty  # noqa: PLC0415  see above

    if parts.access.token is None:
        raise StartError(f"channel {table.name} has no routing key", hint="set routing_key")
    key = parts.access.token.reveal()
    return pagerduty.PagerDutyChannel(table.name, key, _line(parts.access), parts.clock, api_url=table.url)


def _console(table: ConsoleChannel, _: _Parts) -> Channel:
    from monitor.delivery import console  # noqa: PLC0415  see above

    return console.ConsoleChannel(table.name)


def _line(access: ChannelAccess, **options: Any) -> Line:
    known = [access.url, access.token, access.signing_secret, access.proxy, *access.headers.values()]
    proxy = None if access.proxy is None else access.proxy.reveal()
    return Line(proxy=proxy, secrets=[part for secret in known for part in _shown_alone(secret)], **options)


def _shown_alone(secret: Secret | None) -> tuple[str, ...]:
    """A secret, and the part of it that a server may echo alone: a URL's path."""
    if secret is None:
        return ()
    value = secret.reveal()
    _, _, path = value.partition("://")[2].partition("/")
    return (value, path) if path else (value,)


_BUILDERS: Mapping[type[Any], Callable[[Any, _Parts], Channel]] = {
    SlackChannel: _slack,
    WebhookChannel: _webhook,
    PagerDutyChannel: _pagerduty,
    ConsoleChannel: _console,
}
