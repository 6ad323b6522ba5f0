"""What each type of channel needs to send: its secrets, resolved, and the files that it names, looked at."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.config import urls
from monitor.config.channels import ChannelTable, SlackChannel, WebhookChannel
from monitor.config.reading import Reader
from monitor.config.secrets import Secret
from monitor.errors import Problem

_WEBHOOK_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class ChannelAccess:
    """What a channel needs to send.

    Attributes:
        url: Slack's webhook, or a webhook's address, literal or not.
        token: Slack's bot token.
        signing_secret: of a webhook.
    """

    url: Secret | None = None
    token: Secret | None = None
    signing_secret: Secret | None = None
    headers: Mapping[str, Secret] = field(default_factory=dict)
    proxy: Secret | None = None


def channel_access(reader: Reader, channel: ChannelTable, where: str) -> ChannelAccess:
    """Resolve what a channel refers to; `where` is its TOML path. What is wrong is noted with the reader."""
    match channel:
        case SlackChannel():
            return ChannelAccess(
                url=reader.url(channel.webhook_url, f"{where}.webhook_url"),
                token=_bot_token(reader, channel, f"{where}.bot_token"),
                proxy=reader.url(channel.proxy, f"{where}.proxy", urls.proxy_scheme),
            )
        case WebhookChannel():
            reader.ca_file(channel.ca_file, f"{where}.ca_file")
            return ChannelAccess(
                url=reader.url(channel.url, f"{where}.url"),
                signing_secret=_signing_secret(reader, channel, f"{where}.secret"),
                headers=reader.headers(channel.headers, f"{where}.headers"),
                proxy=reader.url(channel.proxy, f"{where}.proxy", urls.proxy_scheme),
            )
        case _:  # the others hold no secret
            return ChannelAccess()


def _bot_token(reader: Reader, channel: SlackChannel, where: str) -> Secret | None:
    token = reader.secret(channel.bot_token, where)
    if token is not None and not token.reveal().startswith("xox"):
        reader.warn(where, 'the token does not begin with "xoxb-" as those of Slack bots do')
    return token


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
