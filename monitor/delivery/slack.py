"""The channel `slack`: an incoming webhook, or a bot that posts to a channel, through slack-sdk's own clients.

Owns the sending and the meaning of Slack's answers; how a message looks is `blocks`. The SDK neither repeats (that is
`worker`) nor logs (it would log the webhook's URL).

As a bot, one incident is one thread: its first message stands in the channel, the later ones answer it, and after each
of them the first one is edited to the incident's present state. The edit is an extra: one that fails is not a message
that failed, and the next message edits again.

Source of the errors: "chat.postMessage", "chat.update" and "Sending messages using incoming webhooks" at
docs.slack.dev.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast

import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from monitor.alerting.notification import Event, Notification
from monitor.alerting.texts import Voice
from monitor.clock import Clock
from monitor.delivery.blocks import payload
from monitor.delivery.channel import SEND_TIMEOUT_S, Delivered, Permanent, Receipt, Retry
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
# The thread cannot be answered (any more): its message or its channel is gone, or the channel was given another name.
THREAD_ERRORS = frozenset(
    {
        "cannot_reply_to_message",
        "channel_not_found",
        "invalid_thread_ts",
        "is_archived",
        "message_not_found",
        "not_in_channel",
        "restricted_action_non_threadable_channel",
        "restricted_action_thread_locked",
        "thread_not_found",
    },
)
# What must be seen by people who do not follow the thread.
BROADCAST = frozenset({Event.REMINDER, Event.ESCALATED, Event.RESOLVED})
EDITABLE = frozenset({"text", "blocks", "attachments", "parse", "link_names"})

log = structlog.get_logger("relaywatch.delivery")
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


@dataclass(frozen=True, slots=True)
class _Thread:
    """Where an incident's first message stands; `channel` is an id."""

    channel: str
    ts: str

    @classmethod
    def of(cls, text: str) -> Self:
        channel, _, ts = text.partition(":")
        return cls(channel, ts)


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
        self._edit_trouble: str | None = None
        self._client = AsyncWebClient(
            token, base_url=api_url, session=_session(line), logger=_silent, retry_handlers=[]
        )

    async def send(self, notification: Notification, thread: str | None = None) -> Receipt:
        """Post once, into the incident's thread where it has one, and then show its present state in the first."""
        until_s = asyncio.get_running_loop().time() + SEND_TIMEOUT_S
        message = payload(notification, self._voice)
        if thread is None:
            receipt, _ = await self._call("chat.postMessage", channel=self._channel, **message)
            return receipt
        first = _Thread.of(thread)
        broadcast = notification.event in BROADCAST
        receipt, error = await self._call(
            "chat.postMessage", channel=first.channel, thread_ts=first.ts, reply_broadcast=broadcast, **message
        )
        if error in THREAD_ERRORS:
            receipt, _ = await self._call("chat.postMessage", channel=self._channel, **message)
        elif isinstance(receipt, Delivered):
            await self._edit(first, message, until_s)
        return receipt

    async def close(self) -> None:
        """Close the connections."""
        await self._line.close()

    async def _edit(self, first: _Thread, message: dict[str, Any], until_s: float) -> None:
        """Show in the first message how things stand, within the time that is left of the send."""
        shown = {name: value for name, value in message.items() if name in EDITABLE}
        try:
            async with asyncio.timeout_at(until_s):
                receipt, _ = await self._call("chat.update", channel=first.channel, ts=first.ts, **shown)
        except TimeoutError:
            receipt = Retry("no time was left for it")
        trouble = None if isinstance(receipt, Delivered) else receipt.reason
        if trouble is not None and trouble != self._edit_trouble:
            log.warning("notification_edit_failed", channel=self.name, error=trouble)
        self._edit_trouble = trouble

    async def _call(self, method: str, **arguments: Any) -> tuple[Receipt, str]:
        """What came of one call of the Web API, and Slack's word for it where it refused."""
        try:
            answer = await self._client.api_call(method, json=arguments)
        except SlackApiError as error:
            response = cast("Any", error.response)
            return self._refused(response), str(response.get("error") or "")
        except (*FAILURES, SlackClientError) as error:
            return self._line.failure(error), ""
        channel, ts = answer.get("channel"), answer.get("ts")
        thread = f"{channel}:{ts}" if channel and ts else None
        return Delivered(f"ok: posted to {channel}", thread), ""

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
