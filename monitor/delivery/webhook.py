"""The channel `webhook`: one JSON object per notification, signed as Standard Webhooks say if there is a secret.

Source of the headers: the Standard Webhooks specification, "Webhook Headers". The timestamp is that of the attempt, the
id is the notification's on every attempt, so that a receiver can refuse what is old and drop what it has seen.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from standardwebhooks import Webhook

from monitor.alerting.notification import Notification
from monitor.alerting.plain import harmless
from monitor.clock import US_PER_S, Clock
from monitor.delivery.channel import Receipt
from monitor.delivery.line import FAILURES, Line
from monitor.delivery.retry import receipt_of

BASE64_FOLLOWS = "whsec_"


class WebhookChannel:
    """POSTs to one URL.

    Args:
        url: where to.
        line: the way out.
        clock: the time of each attempt.
        headers: sent with every request.
        signing_secret: "whsec_" and base64, or any other text, whose bytes are the key; None sends unsigned.
    """

    def __init__(
        self,
        name: str,
        url: str,
        line: Line,
        clock: Clock,
        *,
        headers: Mapping[str, str] | None = None,
        signing_secret: str | None = None,
    ) -> None:
        self.name = name
        self._url = url
        self._line = line
        self._clock = clock
        self._headers = dict(headers or {})
        self._signer = None if signing_secret is None else _signer(signing_secret)

    async def send(self, notification: Notification, thread: str | None = None) -> Receipt:  # noqa: ARG002  no threads here
        """POST once."""
        body = orjson.dumps(_cleaned(notification.body()))
        now_us = self._clock.now().wall_us
        headers = self._headers | self._webhook_headers(notification.id, body, now_us // US_PER_S)
        try:
            answer = await self._line.post(self._url, body, headers)
        except FAILURES as error:
            return self._line.failure(error)
        said = self._line.said(answer.status, await answer.text())
        return receipt_of(answer.status, answer.headers, said, now_us)

    async def close(self) -> None:
        """Close the connections."""
        await self._line.close()

    def _webhook_headers(self, message_id: str, body: bytes, timestamp_s: int) -> dict[str, str]:
        headers = {"content-type": "application/json", "webhook-id": message_id, "webhook-timestamp": str(timestamp_s)}
        if self._signer is not None:
            sent_at = datetime.fromtimestamp(timestamp_s, UTC)
            headers["webhook-signature"] = self._signer.sign(message_id, sent_at, body.decode())
        return headers


def _signer(secret: str) -> Webhook:
    return Webhook(secret if secret.startswith(BASE64_FOLLOWS) else secret.encode())


def _cleaned(value: Any) -> Any:
    """The value without control characters in any text: receivers print what they get."""
    match value:
        case str():
            return harmless(value)
        case dict():
            return {key: _cleaned(item) for key, item in value.items()}
        case list():
            return [_cleaned(item) for item in value]
        case _:
            return value
