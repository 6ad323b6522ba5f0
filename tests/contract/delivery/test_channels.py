"""One suite for every channel: what the other side says, what becomes of the message, what arrives."""

import asyncio
import time
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest

from monitor.alerting.notification import Event
from monitor.delivery.channel import Delivered, Permanent, Retry
from monitor.simulator.sinks import HANG, RESET, Answer, Manner

if TYPE_CHECKING:
    from tests.contract.delivery.conftest import Bench, Notify

HOSTILE = (
    "<!channel> <@U123> <#C123> <http://evil.example/x|click> @here @everyone "
    "https://evil.example/y www.evil.example mailto:a@evil.example & <script>alert(1)</script> "
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J \x00 \u202egnp.exe\u2066 \U000e0041 {brace} %s 🔥👩\u200d🚒 😀"
)


@pytest.mark.parametrize("event", list(Event))
async def test_every_event_is_delivered(bench: "Bench", notify: "Notify", event: Event) -> None:
    """A message of each kind is taken by a strict other side."""
    receipt = await bench.channel.send(notify(event))
    assert isinstance(receipt, Delivered), receipt
    assert "DOWN: HTTP 503: busy on gw" in "".join(bench.arrived())


async def test_nothing_foreign_comes_alive(bench: "Bench", notify: "Notify") -> None:
    """Mentions, links, markup, terminal escapes and direction overrides arrive dead, the rest arrives."""
    for event in Event:
        assert isinstance(await bench.channel.send(notify(event, HOSTILE)), Delivered)
    text = "".join(bench.arrived())
    assert not set(text) & set("\x1b\x9b\x00\x07\u202e\u2066\U000e0041")
    assert "\\u001b" not in text
    assert "🔥👩\u200d🚒" in text
    if bench.kind.startswith("slack"):
        assert "<" not in text.replace("&lt;", "")
        for live in ("@here", "@everyone", "https://", "www.", "mailto:a"):
            assert live not in text


@pytest.mark.parametrize("text", ["x" * 3_001, "😀" * 3_001, "<&>" * 3_001, "word " * 10_000, ""])
async def test_any_length_fits(bench: "Bench", notify: "Notify", text: str) -> None:
    """Text too long for the other side is cut, never refused; so is none at all."""
    for event in Event:
        receipt = await bench.channel.send(notify(event, text))
        assert isinstance(receipt, Delivered), receipt


async def test_many_at_once(bench: "Bench", notify: "Notify") -> None:
    """Four messages of different incidents may be under way together."""
    receipts = await asyncio.gather(*(bench.channel.send(notify(number=number)) for number in range(4)))
    assert all(isinstance(receipt, Delivered) for receipt in receipts), receipts
    assert "".join(bench.arrived()).count("DOWN: HTTP 503") >= 4


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_2xx_is_delivered(http_bench: "Bench", notify: "Notify", status: int) -> None:
    """Success is what the status says; some other sides have one status only."""
    http_bench.answer(Answer(status, '{"ok":true,"channel":"C1"}'))
    receipt = await http_bench.channel.send(notify())
    assert isinstance(receipt, Delivered) or (http_bench.picky and status != http_bench.taken)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413])
async def test_refusals_are_permanent(http_bench: "Bench", notify: "Notify", status: int) -> None:
    """These statuses never get better by themselves; the reason tells status and words."""
    http_bench.answer(Answer(status, '{"ok":false,"error":"no_service"}'))
    receipt = await http_bench.channel.send(notify())
    assert isinstance(receipt, Permanent), receipt
    assert receipt.reason.startswith(f"HTTP {status}")
    assert "no_service" in receipt.reason


@pytest.mark.parametrize("status", [301, 302, 307, 308, 402, 405, 408, 409, 421, 422, 425, 429, 500, 502, 503, 504])
async def test_all_else_is_retried(http_bench: "Bench", notify: "Notify", status: int) -> None:
    """Everything that may pass is tried again, and a redirect is not followed."""
    http_bench.answer(Answer(status, "later", {"Location": "/hook"}))
    receipt = await http_bench.channel.send(notify())
    assert receipt == Retry(receipt.reason, None) if isinstance(receipt, Retry) else pytest.fail(str(receipt))
    assert http_bench.attempts() == 1


@pytest.mark.parametrize(
    ("value", "expected"), [("7", 7.0), ("1.5", 1.5), ("0", 0.0), ("999999", 3600.0), ("soon", None), ("-3", 0.0)]
)
@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_read(
    http_bench: "Bench", notify: "Notify", status: int, value: str, expected: float | None
) -> None:
    """Seconds, with a fraction too, at most an hour; nonsense counts as absent."""
    http_bench.answer(Answer(status, '{"ok":false,"error":"ratelimited"}', {"Retry-After": value}))
    receipt = await http_bench.channel.send(notify())
    assert isinstance(receipt, Retry)
    assert receipt.after_s == expected


async def test_retry_after_as_a_date(http_bench: "Bench", notify: "Notify") -> None:
    """An HTTP date is turned into seconds from now."""
    date = formatdate(time.time() + 90, usegmt=True)  # noqa: TID251  the channel reads the same clock
    http_bench.answer(Answer(429, "", {"Retry-After": date}))
    receipt = await http_bench.channel.send(notify())
    assert isinstance(receipt, Retry)
    assert receipt.after_s is not None
    assert 80.0 < receipt.after_s <= 90.0


@pytest.mark.parametrize(
    "answer", [HANG, RESET, Answer(manner=Manner.CLOSE), Answer(manner=Manner.GARBAGE)], ids=lambda a: a.manner.value
)
async def test_no_answer_is_retried(http_bench: "Bench", notify: "Notify", answer: Answer) -> None:
    """A timeout, a reset, a closed connection and bytes that are not HTTP are retried, in bounded time."""
    http_bench.answer(answer)
    async with asyncio.timeout(5.0):
        receipt = await http_bench.channel.send(notify())
    assert isinstance(receipt, Retry), receipt


async def test_a_refused_connection_is_retried(dead_bench: "Bench", notify: "Notify") -> None:
    """Nobody listens: retried, and the reason says so without showing the URL."""
    receipt = await dead_bench.channel.send(notify())
    assert isinstance(receipt, Retry)
    assert receipt.reason == "cannot connect: Connection refused"


async def test_a_cut_body_counts_by_its_status(http_bench: "Bench", notify: "Notify") -> None:
    """A 2xx was said before the cut, so it is not sent again; only who needs more than that cannot know."""
    http_bench.answer(Answer(200, "ok", manner=Manner.TRUNCATED))
    receipt = await http_bench.channel.send(notify())
    assert isinstance(receipt, Retry if http_bench.picky else Delivered), receipt


@pytest.mark.parametrize("body", ["<html>Sign in</html>", "\ufffd\x00\x1b[2J", "[" * 100_000, "null", '"ok"', ""])
async def test_a_nonsense_body_is_harmless(http_bench: "Bench", notify: "Notify", body: str) -> None:
    """Nonsense raises nothing and shows nothing live; a web page is the word of neither Slack nor Alertmanager."""
    http_bench.answer(Answer(200, body, {"Content-Type": "text/plain"}))
    receipt = await http_bench.channel.send(notify())
    knows_pages = http_bench.kind in {"slack_webhook", "alertmanager"}
    page_or_unsure = http_bench.picky or (knows_pages and body.startswith("<"))
    assert isinstance(receipt, Retry if page_or_unsure else Delivered), receipt
    assert "\x1b" not in str(receipt)
    assert len(receipt.answer if isinstance(receipt, Delivered) else receipt.reason) < 400


async def test_a_huge_response_is_not_read(http_bench: "Bench", notify: "Notify") -> None:
    """Megabytes of answer cost neither memory nor time."""
    http_bench.answer(Answer(404, "no " * 10_000_000))
    async with asyncio.timeout(5.0):
        receipt = await http_bench.channel.send(notify())
    assert isinstance(receipt, Permanent)
    assert len(receipt.reason) < 300


async def test_a_channel_recovers(http_bench: "Bench", notify: "Notify") -> None:
    """After any trouble the same channel delivers again."""
    http_bench.answer(RESET)
    assert isinstance(await http_bench.channel.send(notify()), Retry)
    http_bench.answer(Answer(http_bench.taken, '{"ok":true}'))
    assert isinstance(await http_bench.channel.send(notify()), Delivered)
