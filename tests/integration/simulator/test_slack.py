"""The double of Slack, through Slack's own client library."""

import json
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from monitor.simulator.sinks import Answer, SlackSink, slack_error

CHANNEL = "C0SIMULATE"
HEADER = {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}
TOO_LONG = "must be less than 151 characters [json-pointer:/blocks/0/text/text]"


def section(text: str) -> dict[str, Any]:
    """A section of mrkdwn."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def web_client(sink: SlackSink, token: str | None = None) -> AsyncWebClient:
    """The SDK's client of the Web API, without retries."""
    return AsyncWebClient(token=token or sink.token, base_url=sink.api_url, retry_handlers=[])


async def refusal(call: Any) -> tuple[str, Any]:
    """Slack's error string for a call that is refused, and the whole answer."""
    with pytest.raises(SlackApiError) as caught:
        await call
    answer = caught.value.response
    return str(answer["error"]), answer


async def test_a_webhook_takes_a_message() -> None:
    """Answered `ok`, and there for a reader."""
    async with SlackSink() as sink:
        answer = await AsyncWebhookClient(sink.webhook_url, retry_handlers=[]).send(
            text="down", blocks=[section("*down*")]
        )
        assert (answer.status_code, answer.body) == (200, "ok")
        (message,) = sink.messages
        assert (message.text, message.blocks[0]["text"]["text"], message.live) == ("down", "*down*", ())


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({"text": ""}, "no_text"),
        ({"text": "x", "blocks": [HEADER]}, "invalid_blocks"),
        ({"text": "x", "blocks": {}}, "invalid_blocks_format"),
        ({"attachments": [{}] * 101}, "too_many_attachments"),
    ],
)
async def test_a_webhook_refuses_with_400_and_the_bare_error(
    client: aiohttp.ClientSession, content: dict[str, Any], error: str
) -> None:
    """The error string is the whole body; nothing is posted."""
    async with SlackSink() as sink:
        async with client.post(sink.webhook_url, json=content) as response:
            assert (response.status, await response.text()) == (400, error)
        assert ([refused.error for refused in sink.refusals], sink.messages) == ([error], [])


async def test_a_webhook_refuses_what_is_no_json(client: aiohttp.ClientSession) -> None:
    """`invalid_payload`; a form with a payload is read."""
    async with SlackSink() as sink:
        async with client.post(
            sink.webhook_url, data=b"text=nonsense", headers={"Content-Type": "text/plain"}
        ) as response:
            assert (response.status, await response.text()) == (400, "invalid_payload")
        async with client.post(sink.webhook_url, data={"payload": json.dumps({"text": "x"})}) as response:
            assert response.status == 200


@pytest.mark.parametrize(
    ("part", "status", "error"), [(-1, 403, "invalid_token"), (-2, 404, "no_service"), (-3, 404, "no_team")]
)
async def test_a_wrong_webhook_is_named(client: aiohttp.ClientSession, part: int, status: int, error: str) -> None:
    """Which part of the URL is wrong."""
    async with SlackSink() as sink:
        parts = sink.webhook_url.split("/")
        parts[part] = "wrong"
        async with client.post("/".join(parts), json={"text": "x"}) as response:
            assert (response.status, await response.text()) == (status, error)


async def test_the_web_api_posts_and_updates() -> None:
    """The `ts` of the post is the handle for its update."""
    async with SlackSink() as sink:
        slack = web_client(sink)
        posted = await slack.chat_postMessage(channel=CHANNEL, text="down")
        await slack.chat_update(channel=CHANNEL, ts=str(posted["ts"]), text="up again")
        (message,) = sink.messages
        assert (message.text, message.edits, message.ts) == ("up again", 1, posted["ts"])
        assert (await slack.auth_test())["ok"]


@pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing:UserWarning")
@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({"channel": "C9", "text": "x"}, "channel_not_found"),
        ({"channel": CHANNEL, "text": ""}, "no_text"),
        ({"channel": CHANNEL, "text": "x", "blocks": [HEADER]}, "invalid_blocks"),
        ({"channel": CHANNEL, "text": "x", "blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"channel": CHANNEL, "text": "x", "blocks": [section("x" * 3000)] * 4}, "msg_blocks_too_long"),
    ],
)
async def test_the_web_api_refuses_with_200_and_not_ok(content: dict[str, Any], error: str) -> None:
    """The SDK raises it; nothing is posted."""
    async with SlackSink() as sink:
        named, answer = await refusal(web_client(sink).chat_postMessage(**content))
        assert (named, answer.status_code, sink.messages) == (error, 200, [])


async def test_the_web_api_tells_what_is_wrong_with_blocks() -> None:
    """In `errors` and again in the metadata."""
    async with SlackSink() as sink:
        _, answer = await refusal(web_client(sink).chat_postMessage(channel=CHANNEL, text="x", blocks=[HEADER]))
        assert answer["errors"] == [TOO_LONG]
        assert answer["response_metadata"]["messages"] == [f"[ERROR] {TOO_LONG}"]


async def test_the_web_api_wants_its_token(client: aiohttp.ClientSession) -> None:
    """None and a wrong one are two errors."""
    async with SlackSink() as sink:
        assert (await refusal(web_client(sink, "xoxb-wrong").chat_postMessage(channel=CHANNEL, text="x")))[
            0
        ] == "invalid_auth"
        async with client.post(f"{sink.api_url}chat.postMessage", json={"channel": CHANNEL, "text": "x"}) as response:
            assert (await response.json())["error"] == "not_authed"


@pytest.mark.parametrize(
    ("method", "body", "error"),
    [("chat.postMessage", b"nonsense", "invalid_json"), ("chat.shout", b"{}", "unknown_method")],
)
async def test_the_web_api_refuses_a_wrong_call(
    client: aiohttp.ClientSession, method: str, body: bytes, error: str
) -> None:
    """No JSON, no such method."""
    async with SlackSink() as sink:
        headers = {"Authorization": f"Bearer {sink.token}", "Content-Type": "application/json"}
        async with client.post(sink.api_url + method, data=body, headers=headers) as response:
            assert (await response.json())["error"] == error


async def test_a_thread_has_answers() -> None:
    """An answer names the first message; the channel sees it only if asked to; an update leaves it where it is."""
    async with SlackSink() as sink:
        slack = web_client(sink)
        first = await slack.chat_postMessage(channel="#ops", text="down")
        assert first["channel"] == CHANNEL
        thread = str(first["ts"])
        await slack.chat_postMessage(channel=CHANNEL, text="still down", thread_ts=thread)
        last = await slack.chat_postMessage(channel=CHANNEL, text="up", thread_ts=thread, reply_broadcast=True)
        await slack.chat_update(channel=CHANNEL, ts=str(last["ts"]), text="up again")
        told = [(message.thread_ts, message.broadcast) for message in sink.messages]
        assert told == [(None, False), (first["ts"], False), (first["ts"], True)]


async def test_a_thread_that_is_gone_is_refused() -> None:
    """There is nothing to answer; and an update wants the channel's id, not its name."""
    async with SlackSink() as sink:
        slack = web_client(sink)
        lost = slack.chat_postMessage(channel=CHANNEL, text="x", thread_ts="1.0")
        assert (await refusal(lost))[0] == "thread_not_found"
        posted = await slack.chat_postMessage(channel="#ops", text="x")
        named = slack.chat_update(channel="#ops", ts=str(posted["ts"]), text="y")
        assert (await refusal(named))[0] == "channel_not_found"


async def test_one_method_alone_can_be_told_to_fail() -> None:
    """The others do as Slack does."""
    async with SlackSink() as sink:
        slack = web_client(sink)
        sink.answer(slack_error("edit_window_closed"), method="chat.update")
        posted = await slack.chat_postMessage(channel=CHANNEL, text="x")
        ts = str(posted["ts"])
        assert (await refusal(slack.chat_update(channel=CHANNEL, ts=ts, text="y")))[0] == "edit_window_closed"
        assert (await slack.chat_update(channel=CHANNEL, ts=ts, text="y"))["ok"]


async def test_an_update_of_nothing_and_one_too_long_are_refused() -> None:
    """`message_not_found` and `msg_too_long`."""
    async with SlackSink() as sink:
        slack = web_client(sink)
        assert (await refusal(slack.chat_update(channel=CHANNEL, ts="1.0", text="x")))[0] == "message_not_found"
        posted = await slack.chat_postMessage(channel=CHANNEL, text="x")
        too_long = slack.chat_update(channel=CHANNEL, ts=str(posted["ts"]), text="x" * 4001)
        assert (await refusal(too_long))[0] == "msg_too_long"


async def test_a_text_too_long_is_cut_with_a_warning() -> None:
    """Posted all the same."""
    async with SlackSink() as sink:
        answer = await web_client(sink).chat_postMessage(channel=CHANNEL, text="x" * 40_001)
        assert answer["response_metadata"]["warnings"] == ["message_truncated"]
        assert len(sink.messages[0].text) == 40_000


async def test_a_form_is_read_as_well_as_json(client: aiohttp.ClientSession) -> None:
    """Blocks are JSON inside it, the token may be too."""
    async with SlackSink() as sink:
        form = {"token": sink.token, "channel": CHANNEL, "text": "x", "blocks": json.dumps([section("y")])}
        async with client.post(f"{sink.api_url}chat.postMessage", data=form) as response:
            assert (await response.json())["ok"] is True
        bad = form | {"blocks": "["}
        async with client.post(f"{sink.api_url}chat.postMessage", data=bad) as response:
            assert (await response.json())["error"] == "invalid_blocks_format"
        assert sink.messages[0].blocks == (section("y"),)


async def test_a_live_mention_or_link_is_noticed() -> None:
    """In text and blocks; escaped ones are not."""
    async with SlackSink() as sink:
        hook = AsyncWebhookClient(sink.webhook_url, retry_handlers=[])
        await hook.send(text="<!channel>", blocks=[section("<https://e.example|x>")])
        await hook.send(text="&lt;!channel&gt;")
        alive, dead = sink.messages
        assert [(part.kind, part.at) for part in alive.live] == [("mention", "/text"), ("link", "/blocks/0/text/text")]
        assert dead.live == ()


async def test_slack_can_be_told_to_fail() -> None:
    """429 with `Retry-After`, an error of the Web API, then all is well; nothing is posted meanwhile."""
    async with SlackSink() as sink:
        slack = web_client(sink)
        sink.answer(Answer.rate_limited(30), slack_error("is_archived"))
        limited = (await refusal(slack.chat_postMessage(channel=CHANNEL, text="a")))[1]
        assert (limited.status_code, limited.headers["Retry-After"], limited["error"]) == (429, "30", "ratelimited")
        assert (await refusal(slack.chat_postMessage(channel=CHANNEL, text="b")))[0] == "is_archived"
        await slack.chat_postMessage(channel=CHANNEL, text="c")
        assert [message.text for message in sink.messages] == ["c"]
        assert [attempt["text"] for attempt in sink.attempts] == ["a", "b", "c"]


async def test_waiting_finds_a_message() -> None:
    """Also one that was updated into fitting."""
    async with SlackSink() as sink:
        slack = web_client(sink)
        posted = await slack.chat_postMessage(channel=CHANNEL, text="down")
        await slack.chat_update(channel=CHANNEL, ts=str(posted["ts"]), text="up")
        found = await sink.wait_for(lambda message: message.text == "up", 5)
        assert found.edits == 1
