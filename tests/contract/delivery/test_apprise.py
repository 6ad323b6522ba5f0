"""Apprise: what its services answer, threads that hang, and addresses that nobody sees."""

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest

from monitor.alerting.notification import Event
from monitor.delivery.apprise_channel import AppriseChannel, Service, content_of, services
from monitor.delivery.channel import Delivered, Receipt, Retry
from monitor.simulator.sinks import HANG, RESET, Answer, Manner, WebhookSink
from tests.contract.delivery.conftest import closed_url

if TYPE_CHECKING:
    from tests.contract.delivery.conftest import Notify

SECRET = "a-path-that-is-secret"


async def _service(url: str, *, timeout_s: float = 10.0) -> Service:
    (service,) = await asyncio.to_thread(services, [url], timeout_s=timeout_s)
    assert service is not None
    return service


async def _channel(sink: WebhookSink, *, timeout_s: float = 10.0) -> AppriseChannel:
    return AppriseChannel("c", [await _service(sink.url.replace("http", "json"), timeout_s=timeout_s)])


async def test_title_text_and_kind_arrive(notify: "Notify") -> None:
    """Plain text, with the severity in Apprise's own terms."""
    async with WebhookSink() as sink:
        channel = await _channel(sink)
        for number, event in enumerate((Event.OPENED, Event.RESOLVED, Event.TEST)):
            assert await channel.send(notify(event, number=number)) == Delivered("taken")
    assert [one.body["type"] for one in sink.received] == ["failure", "success", "info"]
    assert sink.received[0].body["title"] == "DOWN: HTTP 503: busy on gw (OVERLOADED)"
    assert sink.received[0].body["message"] == "HTTP 503: busy on gw is down\nreason: HTTP 503: busy"


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
async def test_what_is_not_taken_is_tried_again(notify: "Notify", status: int) -> None:
    """Apprise only says no, and the status that it logged; no service is given up for that."""
    async with WebhookSink() as sink:
        sink.answer(Answer(status))
        channel = await _channel(sink)
        assert await channel.send(notify()) == Retry(f"not taken: HTTP {status}")
        assert await channel.send(notify()) == Delivered("taken")


@pytest.mark.parametrize("answer", [RESET, Answer(manner=Manner.CLOSE), Answer(manner=Manner.GARBAGE)])
async def test_no_answer_is_tried_again(notify: "Notify", answer: Answer) -> None:
    """Cut and nonsense."""
    async with WebhookSink() as sink:
        sink.answer(answer)
        assert isinstance(await (await _channel(sink)).send(notify()), Retry)


async def test_a_service_that_hangs_holds_up_nothing(notify: "Notify") -> None:
    """The send ends in time, the next does not pile up behind it, and the thread does not keep anybody waiting."""
    async with WebhookSink() as sink:
        sink.answer(then=HANG)
        channel = await _channel(sink, timeout_s=0.2)
        async with asyncio.timeout(3.0):
            assert await channel.send(notify()) == Retry("no answer within 0.2 s")
            assert await channel.send(notify()) == Retry("an earlier message still hangs")


async def test_what_was_taken_late_is_not_sent_again(notify: "Notify") -> None:
    """A service that answers after the bound has the message all the same."""
    async with WebhookSink() as sink:
        service = await _service(sink.url.replace("http", "json"), timeout_s=0.05)
        loop, gate = asyncio.get_running_loop(), asyncio.Event()
        real = service._notify

        def slow(content: dict[str, object]) -> str | None:
            asyncio.run_coroutine_threadsafe(gate.wait(), loop).result(5)
            return real(content)

        service._notify = slow  # type: ignore[method-assign]
        channel = AppriseChannel("c", [service])
        assert isinstance(await channel.send(notify()), Retry)
        gate.set()
        receipt: Receipt = Retry("")
        async with asyncio.timeout(5.0):
            while not isinstance(receipt, Delivered):
                receipt = await channel.send(notify())
        assert len(sink.received) == 1


async def test_each_service_gets_it_once(notify: "Notify") -> None:
    """Of two services one refuses: the repetition goes to that one only."""
    async with WebhookSink() as good, WebhookSink() as bad:
        bad.answer(Answer(500))
        urls = [sink.url.replace("http", "json") for sink in (good, bad)]
        found = [service for service in await asyncio.to_thread(services, urls) if service is not None]
        channel = AppriseChannel("c", found)
        assert await channel.send(notify()) == Retry("json (2): not taken: HTTP 500")
        assert await channel.send(notify()) == Delivered("taken by 2 of 2")
        assert (len(good.received), len(bad.received)) == (1, 2)


async def test_a_url_that_apprise_cannot_use_is_none() -> None:
    """Unknown, incomplete, empty."""
    urls = ["nonsense://x", "discord://short", "https://example.org", "no url at all", "json://localhost"]
    found = await asyncio.to_thread(services, urls)
    assert [service is None for service in found] == [True, True, True, True, False]


async def test_neither_log_nor_receipt_shows_an_address(
    notify: "Notify", caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """At debug level too: neither Apprise nor what it uses says where it sends."""
    caplog.set_level(logging.DEBUG)
    url = closed_url().replace("http", "json") + SECRET
    receipt = await AppriseChannel("c", [await _service(url)]).send(notify())
    await asyncio.to_thread(services, [f"discord://{SECRET}", f"nonsense://{SECRET}"])
    assert receipt == Retry("not taken")
    out, err = capfd.readouterr()
    assert SECRET not in caplog.text + out + err
    assert "api/" not in caplog.text


def test_mentions_are_dead_and_notices_say_what_to_do(notify: "Notify") -> None:
    """Some services read mentions out of plain text."""
    content = content_of(notify(text="@everyone <@&42> https://evil.example"))
    for live in ("@everyone", "<@&42>", "https://"):
        assert live not in content["title"] + content["body"]
    notice = content_of(notify(Event.NOTICE, text="x"))
    assert notice["body"].endswith("Switch; works now: x (0.9 s)")


async def test_kakaowork_can_be_reached_through_a_json_service(notify: "Notify") -> None:
    """A service that takes one field only: the documented URL makes exactly that of it."""
    async with WebhookSink() as sink:
        url = sink.url.replace("http", "json") + "?:message=text&:title=&:type=&:version=&:attachments="
        await AppriseChannel("c", [await _service(url)]).send(notify())
    assert set(sink.received[0].body) == {"text"}
