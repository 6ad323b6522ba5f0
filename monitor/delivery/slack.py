"""The channel `slack`: an incoming webhook, or a bot that posts to a channel, through slack-sdk's own clients.

Owns the sending and the meaning of Slack's answers; how a message looks is `blocks`. The SDK neither repeats (that is
`worker`) nor logs (it would log the webhook's URL).

Source of the errors: "chat.postMessage" and "Sending messages using incoming webhooks" at docs.slack.dev.
"""

import logging
from typing import TYPE_CHECKING, Any, cast

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from monitor.alerting.notification import Notification
from monitor.alerting.texts import Voice
from monitor.clock import Clock
from monitor.delivery.blocks import payload
from monitor.delivery.channel import Delivered, Permanent, Receipt, Retry
from monitor.delivery.line import FAILURES, Line
from monitor.delivery.retry import OK_BELOW, OK_FROM, receipt_of, retry_after_s

if TYPE_CHECKING:
    from aiohttp import ClientSession

SLACK_API = "https://slack.com/api/"
PASSING_ERRORS = frozenset(
    {
        "accesslimited",
        "external_channel_migrating",
        "fatal_error",
        "internal_error",
        "message_limit_exceeded",
        "rate_limited",
        "ratelimited",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    },
)

_silent = logging.getLogger("relaywatch.slack_sdk")
_silent.setLevel(logging.CRITICAL)


class SlackWebhookChannel:
    """Posts through an incoming webhook.

    Args:
        url: the webhook; it is a secret as a whole.
        line: the way out.
        clock: for a `Retry-After` that is a date.
        voice: the language of labels and the zone of times.
    """

    def __init__(self, name: str, url: str, line: Line, clock: Clock, voice: Voice) -> None:
        self.name = name
        self._line = line
        self._clock = clock
        self._voice = voice
        self._client = AsyncWebhookClient(url, session=_session(line), logger=_silent, retry_handlers=[])

    async def send(self, notification: Notification, thread: str | None = None) -> Receipt:  # noqa: ARG002  no threads here
        """Post once."""
        try:
            answer = await self._client.send_dict(payload(notification, self._voice))
        except FAILURES as error:
            return self._line.failure(error)
        said = self._line.said(answer.status_code, answer.body)
        if OK_FROM <= answer.status_code < OK_BELOW and answer.body.lstrip().startswith("<"):
            return Retry(f"not Slack's answer but a web page: {said}")
        return receipt_of(answer.status_code, answer.headers, said, self._clock.now().wall_us)

    async def close(self) -> None:
        """Close the connections."""
        await self._line.close()


class SlackBotChannel:
    """Posts as a bot to a channel.

    Args:
        token: the bot's token.
        channel: its name or id.
        line: the way out.
        clock: for a `Retry-After` that is a date.
        voice: the language of labels and the zone of times.
        api_url: Slack's Web API.
    """

    def __init__(
        self, name: str, token: str, channel: str, line: Line, *, clock: Clock, voice: Voice, api_url: str = SLACK_API
    ) -> None:
        self.name = name
        self._channel = channel
        self._line = line
        self._clock = clock
        self._voice = voice
        self._client = AsyncWebClient(
            token, base_url=api_url, session=_session(line), logger=_silent, retry_handlers=[]
        )

    async def send(self, notification: Notification, thread: str | None = None) -> Receipt:  # noqa: ARG002  no threads here
        """Post once."""
        try:
            answer = await self._client.chat_postMessage(channel=self._channel, **payload(notification, self._voice))
        except SlackApiError as error:
            return self._refused(cast("Any", error.response))
        except (*FAILURES, SlackClientError) as error:
            return self._line.failure(error)
        return Delivered(f"ok: posted to {answer.get('channel')}")

    async def close(self) -> None:
        """Close the connections."""
        await self._line.close()

    def _refused(self, response: Any) -> Receipt:
        """Slack answered, but did not post. `response` is slack-sdk's AsyncSlackResponse."""
        now_us = self._clock.now().wall_us
        status, code = response.status_code, str(response.get("error") or "not Slack's answer")
        said = self._line.said(status, code)
        if not OK_FROM <= status < OK_BELOW:
            return receipt_of(status, response.headers, said, now_us)
        if response.get("error") is None or code in PASSING_ERRORS:
            return Retry(said, retry_after_s(response.headers, now_us))
        return Permanent(said)


def _session(line: Line) -> "ClientSession":
    """A `Line` in the place of the session that slack-sdk asks for: it reads `closed` and calls `request` only."""
    return cast("ClientSession", line)
