"""The tables about where notifications go: one class per type of channel, found by `type`.

A new type is one class and one line in `CHANNEL_TYPES`.
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, ValidationError, ValidationInfo
from pydantic_core import InitErrorDetails

from monitor.config.channel_table import ChannelTable
from monitor.config.channel_types import AlertmanagerChannel, AppriseChannel, EmailChannel, PagerDutyChannel
from monitor.config.fields import Beside, ChannelUrl, Headers, Proxy, Text
from monitor.config.model import detail, nearest, wrong
from monitor.config.secrets import SecretRef

__all__ = [
    "CHANNEL_TYPES",
    "AlertmanagerChannel",
    "AppriseChannel",
    "Channel",
    "ChannelTable",
    "ConsoleChannel",
    "EmailChannel",
    "PagerDutyChannel",
    "SlackChannel",
    "WebhookChannel",
]

_THROUGH_APPRISE = frozenset(
    {"discord", "gotify", "kakaowork", "matrix", "mattermost", "msteams", "ntfy", "opsgenie", "pushover", "teams",
     "telegram"},
)  # fmt: skip
_OTHER_NAMES = {"mail": "email", "smtp": "email", "prometheus": "alertmanager", "stdout": "console"}


class SlackChannel(ChannelTable):
    """Slack, through an incoming webhook, or through a bot that posts to a channel."""

    type: Literal["slack"]
    webhook_url: SecretRef | None = None
    bot_token: SecretRef | None = None
    channel: Text | None = None
    proxy: Proxy | None = None

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterable[InitErrorDetails]:
        """Exactly one way to reach Slack."""
        if ("webhook_url" in table) == ("bot_token" in table):
            yield detail((), "needs either webhook_url or bot_token with channel")
        elif "bot_token" in table and "channel" not in table:
            yield detail(("channel",), "is required beside bot_token: where the bot posts")
        elif "webhook_url" in table and "channel" in table:
            yield detail(("channel",), "goes with bot_token; a webhook posts to the channel it was made for")


class WebhookChannel(ChannelTable):
    """An HTTP POST of one JSON object per notification."""

    type: Literal["webhook"]
    url: ChannelUrl
    secret: SecretRef | None = None
    headers: Headers = Field(default_factory=dict)
    proxy: Proxy | None = None
    ca_file: Beside | None = None


class ConsoleChannel(ChannelTable):
    """Lines on standard output."""

    type: Literal["console"]


CHANNEL_TYPES: Mapping[str, type[ChannelTable]] = {
    "slack": SlackChannel,
    "webhook": WebhookChannel,
    "pagerduty": PagerDutyChannel,
    "alertmanager": AlertmanagerChannel,
    "email": EmailChannel,
    "apprise": AppriseChannel,
    "console": ConsoleChannel,
}

_Described: Any = Annotated[reduce(or_, CHANNEL_TYPES.values()), Field(discriminator="type")]


def _of_its_type(value: object, info: ValidationInfo) -> ChannelTable:
    """The table of a channel by its type; pydantic's own union would put the type into every problem's path."""
    if isinstance(value, ChannelTable):
        return value
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(kind, str):
        raise wrong(f"needs a type: {', '.join(CHANNEL_TYPES)}")
    if kind not in CHANNEL_TYPES:
        raise ValidationError.from_exception_data("channel", [_unknown_type(kind)])
    return CHANNEL_TYPES[kind].model_validate(value, context=info.context)


def _unknown_type(kind: str) -> InitErrorDetails:
    if kind in _THROUGH_APPRISE:
        return detail(("type",), 'is reached through Apprise: use type = "apprise" with its URL in urls', kind)
    if kind in _OTHER_NAMES:
        return detail(("type",), f'unknown type: did you mean "{_OTHER_NAMES[kind]}"?', kind)
    return detail(("type",), f"unknown type: {nearest(kind, CHANNEL_TYPES)}", kind)


Channel = Annotated[ChannelTable, PlainValidator(_of_its_type, json_schema_input_type=_Described)]
