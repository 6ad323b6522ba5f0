"""What is Slack's own: refusals with `ok: false`, silence of the SDK's log, secrets that an answer echoes."""

import logging
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from monitor.clock import SystemClock
from monitor.delivery.channel import Delivered, Permanent, Retry
from monitor.delivery.line import Line
from monitor.delivery.slack import PASSING_ERRORS, SlackBotChannel, SlackWebhookChannel
from monitor.simulator.sinks import Answer
from monitor.simulator.slack import HOOK_TOKEN, TOKEN, SlackSink, slack_error

if TYPE_CHECKING:
    from monitor.alerting.texts import Voice
    from tests.contract.delivery.conftest import Notify


@pytest.mark.parametrize("error", ["channel_not_found", "not_in_channel", "invalid_auth", "token_revoked", "new_error"])
async def test_refusals_of_the_api_are_permanent(notify: "Notify", voice: "Voice", error: str) -> None:
    """What Slack says no to is not repeated, and the reason is Slack's own word."""
    receipt = await _as_bot(notify, voice, slack_error(error))
    assert receipt == Permanent(f"HTTP 200: {error}")


@pytest.mark.parametrize("error", sorted(PASSING_ERRORS))
async def test_passing_errors_of_the_api_are_retried(notify: "Notify", voice: "Voice", error: str) -> None:
    """Rate limits and Slack's own trouble pass."""
    assert await _as_bot(notify, voice, slack_error(error)) == Retry(f"HTTP 200: {error}")


async def test_the_double_refuses_as_slack_does(notify: "Notify", voice: "Voice") -> None:
    """A wrong channel and a wrong token are refused by the double itself, permanently."""
    async with SlackSink() as sink:
        for token, channel, error in (
            (TOKEN, "#nowhere", "channel_not_found"),
            ("xoxb-wrong-token-wrong", "#ops", "invalid_auth"),
        ):
            bot = SlackBotChannel("c", token, channel, Line(), clock=SystemClock(), voice=voice, api_url=sink.api_url)
            assert await bot.send(notify()) == Permanent(f"HTTP 200: {error}")
            await bot.close()


async def test_neither_log_nor_receipt_shows_a_secret(
    notify: "Notify", voice: "Voice", caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At debug level too the SDK says nothing, an echoed URL is masked, the environment's proxy is not used."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    caplog.set_level(logging.DEBUG)
    async with AsyncExitStack() as stack:
        sink = await stack.enter_async_context(SlackSink())
        line = Line(secrets=[sink.webhook_url, HOOK_TOKEN])
        channel = SlackWebhookChannel("c", sink.webhook_url, line, SystemClock(), voice)
        delivered = await channel.send(notify())
        sink.answer(Answer(404, f"no such page {sink.webhook_url} nor {HOOK_TOKEN}"))
        refused = await channel.send(notify())
        await channel.close()
    assert isinstance(delivered, Delivered)
    assert refused == Permanent("HTTP 404: no such page ******** nor ********")
    assert HOOK_TOKEN not in caplog.text


async def _as_bot(notify: "Notify", voice: "Voice", answer: Answer) -> object:
    async with SlackSink() as sink:
        sink.answer(answer)
        bot = SlackBotChannel("c", TOKEN, "#ops", Line(), clock=SystemClock(), voice=voice, api_url=sink.api_url)
        try:
            return await bot.send(notify())
        finally:
            await bot.close()
