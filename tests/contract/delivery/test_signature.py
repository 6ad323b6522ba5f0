"""The webhook's signature and headers, as the library of Standard Webhooks verifies them."""

from typing import TYPE_CHECKING

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from monitor.clock import Moment, SystemClock
from monitor.delivery.channel import Delivered, Retry
from monitor.delivery.line import Line
from monitor.delivery.webhook import WebhookChannel
from monitor.simulator.sinks import Answer, WebhookSink

if TYPE_CHECKING:
    from tests.contract.delivery.conftest import Notify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class SteppingClock:
    """Real time, a second further with each look."""

    def __init__(self) -> None:
        self._steps = 0

    def now(self) -> Moment:
        """The present moment, moved on."""
        self._steps += 1
        return SystemClock().now().plus_s(self._steps)


@pytest.mark.parametrize("secret", [SECRET, "any other text"])
async def test_the_signature_verifies(notify: "Notify", secret: str) -> None:
    """The library takes what was sent, and not with another key."""
    key = secret if secret.startswith("whsec_") else secret.encode()
    async with WebhookSink() as sink:
        channel = WebhookChannel("c", sink.url, Line(), SystemClock(), signing_secret=secret)
        assert isinstance(await channel.send(notify(text="한국어 ünï")), Delivered)
        await channel.close()
    (one,) = sink.received
    assert Webhook(key).verify(one.raw, dict(one.headers))["id"] == "rw-test-1"
    with pytest.raises(WebhookVerificationError):
        Webhook(b"wrong").verify(one.raw, dict(one.headers))


async def test_a_repeated_send_has_the_same_id_and_a_fresh_timestamp(notify: "Notify") -> None:
    """A receiver can drop what it has seen, and refuse what is old."""
    async with WebhookSink() as sink:
        sink.answer(Answer(503))
        channel = WebhookChannel("c", sink.url, Line(), SteppingClock(), signing_secret=SECRET)
        assert isinstance(await channel.send(notify()), Retry)
        assert isinstance(await channel.send(notify()), Delivered)
        await channel.close()
    first, second = (one.headers for one in sink.received)
    assert first["webhook-id"] == second["webhook-id"] == sink.received[0].body["id"]
    assert int(first["webhook-timestamp"]) < int(second["webhook-timestamp"])
    assert first["webhook-signature"] != second["webhook-signature"]


async def test_without_a_secret_there_is_no_signature(notify: "Notify") -> None:
    """The id is there all the same, and so are the configured headers; cookies are not kept."""
    async with WebhookSink() as sink:
        sink.answer(Answer(200, "ok", {"Set-Cookie": "a=b"}))
        channel = WebhookChannel("c", sink.url, Line(), SystemClock(), headers={"X-Team": "ops"})
        for number in range(2):
            await channel.send(notify(number=number))
        await channel.close()
    for one in sink.received:
        assert one.headers["x-team"] == "ops"
        assert one.headers["content-type"] == "application/json"
        assert {"webhook-id", "webhook-timestamp"} <= set(one.headers)
        assert not {"webhook-signature", "cookie"} & set(one.headers)


async def test_the_body_is_the_interface(notify: "Notify") -> None:
    """Every field of the documented body arrives."""
    async with WebhookSink() as sink:
        channel = WebhookChannel("c", sink.url, Line(), SystemClock())
        await channel.send(notify())
        await channel.close()
    body = sink.received[0].body
    assert body == notify().body()
    assert {"version", "id", "event", "severity", "service", "message", "recommended_action"} <= set(body)
    assert {"incident", "details", "url"} <= set(body)
