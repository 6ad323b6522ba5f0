"""The registry: which class speaks for which table of the configuration.

A new channel is one module, one line in `_BUILDERS`, and one entry in the contract suite.
"""

import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.alerting.texts import Voice
from monitor.clock import Clock, SystemClock
from monitor.config.access import Access, ChannelAccess
from monitor.config.channels import AlertmanagerChannel, AppriseChannel, EmailChannel, PagerDutyChannel
from monitor.config.mailbox import mailbox
from monitor.config.problems import toml_path
from monitor.config.reading import TextFile
from monitor.config.schema import Config, ConsoleChannel, SlackChannel, WebhookChannel
from monitor.config.secrets import Secret
from monitor.delivery.channel import Channel
from monitor.delivery.line import Line
from monitor.errors import ConfigError, Problem, StartError

NO_APPRISE = "needs a package that is not installed ({}): install relaywatch[apprise]"
NOT_FOR_APPRISE = "the secret is not a URL that Apprise can use; its documentation lists the services"


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a channel may be built from.

    Attributes:
        where: its TOML path.
    """

    access: ChannelAccess
    voice: Voice
    clock: Clock
    where: str


def build_channels(config: Config, access: Access, voice: Voice, clock: Clock | None = None) -> dict[str, Channel]:
    """Every configured channel by name, in the order of the configuration; none opens a connection yet.

    Raises:
        ConfigError: what a channel refers to cannot be used; carries every problem.
        StartError: a channel lacks what it needs to send.
    """
    clock = clock or SystemClock()
    problems: list[Problem] = []
    built: dict[str, Channel] = {}
    for position, table in enumerate(config.channels):
        parts = _Parts(access.channels[table.name], voice, clock, toml_path(("channels", position)))
        try:
            channel = _BUILDERS[type(table)](table, parts)
        except ConfigError as error:
            problems.extend(error.problems)
        else:
            built[table.name] = _worded(channel, parts, problems)
    if problems:
        raise ConfigError("the configuration", problems)
    return built


def template_problems(templates: Iterable[Mapping[str, TextFile]]) -> list[Problem]:
    """Everything that is wrong with these templates; nothing is built."""
    problems: list[Problem] = []
    for files in templates:
        if files:
            from monitor.delivery.templated import understood  # noqa: PLC0415  Jinja2 only where it is used

            understood(files, problems)
    return problems


def _worded(channel: Channel, parts: _Parts, problems: list[Problem]) -> Channel:
    """The channel, in the operator's own words where there are any; what is wrong with those is added to `problems`."""
    if not parts.access.template:
        return channel
    from monitor.delivery.templated import templated, understood  # noqa: PLC0415  Jinja2 only where it is used

    return templated(channel, understood(parts.access.template, problems), parts.voice)


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


def _alertmanager(table: AlertmanagerChannel, parts: _Parts) -> Channel:
    from monitor.delivery import alertmanager  # noqa: PLC0415  see above

    return alertmanager.AlertmanagerChannel(
        table.name,
        [url.reveal() for url in parts.access.urls],
        _line(parts.access, ca_file=table.ca_file),
        parts.clock,
        headers={name: value.reveal() for name, value in parts.access.headers.items()},
    )


def _email(table: EmailChannel, parts: _Parts) -> Channel:
    from monitor.delivery import email_channel, email_message  # noqa: PLC0415  see above

    password = parts.access.password
    server = email_channel.MailServer(
        table.host,
        table.port_in_use,
        table.tls,
        context=None if table.tls == "off" else ssl.create_default_context(cafile=table.ca_file),
        username=table.username,
        password=None if password is None else password.reveal(),
    )
    head = email_message.Letterhead(table.name, mailbox(table.from_), tuple(map(mailbox, table.to)), parts.voice)
    return email_channel.EmailChannel(table.name, server, head, parts.clock)


def _apprise(table: AppriseChannel, parts: _Parts) -> Channel:
    try:
        from monitor.delivery import apprise_channel  # noqa: PLC0415  see above
    except ModuleNotFoundError as error:
        raise ConfigError(table.name, [Problem(f"{parts.where}.type", NO_APPRISE.format(error.name))]) from None
    found = apprise_channel.services([url.reveal() for url in parts.access.urls])
    unusable = [position for position, service in enumerate(found) if service is None]
    if unusable:
        where = f"{parts.where}.urls"
        raise ConfigError(table.name, [Problem(f"{where}[{position}]", NOT_FOR_APPRISE) for position in unusable])
    return apprise_channel.AppriseChannel(table.name, [service for service in found if service is not None])


def _console(table: ConsoleChannel, _: _Parts) -> Channel:
    from monitor.delivery import console  # noqa: PLC0415  see above

    return console.ConsoleChannel(table.name)


def _line(access: ChannelAccess, **options: Any) -> Line:
    known = [access.url, *access.urls, access.token, access.signing_secret, access.proxy, *access.headers.values()]
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
    AlertmanagerChannel: _alertmanager,
    EmailChannel: _email,
    AppriseChannel: _apprise,
    ConsoleChannel: _console,
}
