"""What each type of channel needs to send: its secrets, resolved, and the files that it names, looked at."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from monitor.config import urls
from monitor.config.channels import (
    AlertmanagerChannel,
    AppriseChannel,
    ChannelTable,
    EmailChannel,
    PagerDutyChannel,
    SlackChannel,
    WebhookChannel,
)
from monitor.config.reading import Reader, TextFile
from monitor.config.secrets import Secret
from monitor.errors import Problem

_WEBHOOK_PREFIX = "whsec_"
_ROUTING_KEY_LENGTH = 32


@dataclass(frozen=True, slots=True)
class ChannelAccess:
    """What a channel needs to send.

    Attributes:
        url: Slack's webhook, or a webhook's address, literal or not.
        urls: the members of an Alertmanager cluster, or Apprise's services; in the order of the file.
        token: Slack's bot token, or PagerDuty's routing key.
        signing_secret: of a webhook.
        password: of a mail server.
        template: the files in whose words the channel speaks, by what they are for: `title`, `message`.
    """

    url: Secret | None = None
    urls: tuple[Secret, ...] = ()
    token: Secret | None = None
    signing_secret: Secret | None = None
    password: Secret | None = None
    headers: Mapping[str, Secret] = field(default_factory=dict)
    proxy: Secret | None = None
    template: Mapping[str, TextFile] = field(default_factory=dict)


def channel_access(reader: Reader, channel: ChannelTable, where: str) -> ChannelAccess:
    """Resolve what a channel refers to; `where` is its TOML path. What is wrong is noted with the reader."""
    return replace(_own(reader, channel, where), template=template_files(reader, channel, where))


def template_files(reader: Reader, channel: ChannelTable, where: str) -> Mapping[str, TextFile]:
    """The templates of a channel, read but not yet understood."""
    if channel.template is None:
        return {}
    paths = {"title": channel.template.title, "message": channel.template.message}
    read = {key: reader.text_file(path, f"{where}.template.{key}") for key, path in paths.items()}
    return {key: file for key, file in read.items() if file is not None}


def _own(reader: Reader, channel: ChannelTable, where: str) -> ChannelAccess:
    """What is particular to the type."""
    access = ChannelAccess()  # for those that hold no secret
    match channel:
        case SlackChannel():
            access = ChannelAccess(
                url=reader.url(channel.webhook_url, f"{where}.webhook_url"),
                token=_bot_token(reader, channel, f"{where}.bot_token"),
                proxy=reader.url(channel.proxy, f"{where}.proxy", urls.proxy_scheme),
            )
        case WebhookChannel():
            reader.ca_file(channel.ca_file, f"{where}.ca_file")
            access = ChannelAccess(
                url=reader.url(channel.url, f"{where}.url"),
                signing_secret=_signing_secret(reader, channel, f"{where}.secret"),
                headers=reader.headers(channel.headers, f"{where}.headers"),
                proxy=reader.url(channel.proxy, f"{where}.proxy", urls.proxy_scheme),
            )
        case PagerDutyChannel():
            access = ChannelAccess(
                token=_routing_key(reader, channel, f"{where}.routing_key"),
                proxy=reader.url(channel.proxy, f"{where}.proxy", urls.proxy_scheme),
            )
        case AlertmanagerChannel():
            reader.ca_file(channel.ca_file, f"{where}.ca_file")
            access = ChannelAccess(
                urls=_all(reader.url(url, f"{where}.urls[{n}]") for n, url in enumerate(channel.urls)),
                headers=reader.headers(channel.headers, f"{where}.headers"),
                proxy=reader.url(channel.proxy, f"{where}.proxy", urls.proxy_scheme),
            )
        case EmailChannel():
            reader.ca_file(channel.ca_file, f"{where}.ca_file")
            access = ChannelAccess(password=reader.secret(channel.password, f"{where}.password"))
        case AppriseChannel():
            access = ChannelAccess(
                urls=_all(reader.secret(url, f"{where}.urls[{n}]") for n, url in enumerate(channel.urls))
            )
    return access


def _all(secrets: Iterable[Secret | None]) -> tuple[Secret, ...]:
    return tuple(secret for secret in secrets if secret is not None)


def _bot_token(reader: Reader, channel: SlackChannel, where: str) -> Secret | None:
    token = reader.secret(channel.bot_token, where)
    if token is not None and not token.reveal().startswith("xox"):
        reader.warn(where, 'the token does not begin with "xoxb-" as those of Slack bots do')
    return token


def _routing_key(reader: Reader, channel: PagerDutyChannel, where: str) -> Secret | None:
    key = reader.secret(channel.routing_key, where)
    if key is not None and len(key.reveal()) != _ROUTING_KEY_LENGTH:
        reader.warn(where, f"the key has not the {_ROUTING_KEY_LENGTH} characters of PagerDuty's integration keys")
    return key


def _signing_secret(reader: Reader, channel: WebhookChannel, where: str) -> Secret | None:
    secret = reader.secret(channel.secret, where)
    if secret is not None and not _is_base64(secret.reveal().removeprefix(_WEBHOOK_PREFIX)):
        reader.problems.append(Problem(where, f'the secret is not "{_WEBHOOK_PREFIX}" followed by base64'))
    return secret


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return False
