"""The webhook sink: recording, waiting, misbehaving."""

from typing import Any

import aiohttp
import pytest

from monitor.simulator.sinks import HANG, OK, RESET, Answer, Manner, WebhookSink


async def post(client: aiohttp.ClientSession, url: str, body: Any, **headers: str) -> tuple[int, str]:
    """Sends one body; status and text of the answer."""
    async with client.post(url, json=body, headers=headers) as response:
        return response.status, await response.text()


async def test_what_arrives_is_recorded_with_its_bytes(client: aiohttp.ClientSession, clock: Any) -> None:
    """Time, headers under lower-case names, the parsed body and the raw one."""
    clock.second = 7
    async with WebhookSink(clock=clock) as sink:
        assert await post(client, sink.url, {"event": "opened"}, **{"Webhook-Id": "1"}) == (200, "ok")
        (received,) = sink.received
    assert (received.at_mono_s, received.body, received.raw) == (7.0, {"event": "opened"}, b'{"event": "opened"}')
    assert received.headers["webhook-id"] == "1"


async def test_a_body_that_is_no_json_is_kept_as_text(client: aiohttp.ClientSession) -> None:
    """Recording never fails."""
    async with WebhookSink() as sink, client.post(sink.url, data=b"\xff nonsense"):
        assert sink.received[0].body == "\ufffd nonsense"


async def test_answers_come_in_their_order_and_then_as_told(client: aiohttp.ClientSession) -> None:
    """A queue, then `then` for ever; told nothing it is 200."""
    async with WebhookSink() as sink:
        sink.answer(Answer(500, "no"), Answer.rate_limited(7), then=Answer(410))
        statuses = [(await post(client, sink.url, {}))[0] for _ in range(4)]
        sink.answer()
        statuses.append((await post(client, sink.url, {}))[0])
        assert statuses == [500, 429, 410, 410, 200]
        assert [received.answered.status for received in sink.accepted] == [200]


async def test_rate_limited_carries_retry_after(client: aiohttp.ClientSession) -> None:
    """In whole seconds."""
    async with WebhookSink() as sink:
        sink.answer(Answer.rate_limited(7))
        async with client.post(sink.url, json={}) as response:
            assert (response.status, response.headers["Retry-After"]) == (429, "7")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (RESET, aiohttp.ClientOSError),
        (Answer(manner=Manner.CLOSE), aiohttp.ServerDisconnectedError),
        (Answer(manner=Manner.GARBAGE), aiohttp.ClientResponseError),
        (Answer(manner=Manner.TRUNCATED), aiohttp.ClientPayloadError),
        (HANG, TimeoutError),
    ],
)
async def test_misbehaviour_is_recorded_and_felt(answer: Answer, error: type[Exception]) -> None:
    """The request arrived, and its sender does not know."""
    timeout = aiohttp.ClientTimeout(total=0.1 if answer is HANG else 10)
    async with WebhookSink() as sink, aiohttp.ClientSession(timeout=timeout) as client:
        sink.answer(answer)
        with pytest.raises(error):
            await post(client, sink.url, {})
        assert len(sink.received) == 1
        assert sink.accepted == []


async def test_nonsense_is_an_html_page_with_200(client: aiohttp.ClientSession) -> None:
    """As a captive portal answers."""
    async with WebhookSink() as sink:
        sink.answer(Answer.nonsense())
        status, text = await post(client, sink.url, {})
        assert (status, text[:6]) == (200, "<html>")


async def test_waiting_finds_what_fits(client: aiohttp.ClientSession) -> None:
    """By what a request says, not by its place."""
    async with WebhookSink() as sink:
        for event in ("opened", "resolved"):
            await post(client, sink.url, {"event": event})
        assert (await sink.wait_for(lambda received: received.body["event"] == "resolved", 5)).answered == OK
