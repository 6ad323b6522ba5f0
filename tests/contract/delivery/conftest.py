"""Every channel against a double of its other side, on loopback."""

import io
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pytest

from monitor.alerting.notification import Details, Event, IncidentFacts, Notification
from monitor.alerting.texts import Voice
from monitor.clock import SystemClock
from monitor.delivery.channel import Channel
from monitor.delivery.console import ConsoleChannel
from monitor.delivery.line import Line
from monitor.delivery.pagerduty import PagerDutyChannel
from monitor.delivery.slack import SlackBotChannel, SlackWebhookChannel
from monitor.delivery.webhook import WebhookChannel
from monitor.domain.action import Language
from monitor.simulator.pagerduty import ROUTING_KEY, PagerDutySink
from monitor.simulator.sinks import Answer, WebhookSink
from monitor.simulator.slack import TOKEN, SlackSink

SIGNING_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
VOICE = Voice(Language.EN, ZoneInfo("Asia/Seoul"))


@dataclass
class Bench:
    """One channel and its other side.

    Attributes:
        answer: sets what the other side says, and then for ever; the console's other side says nothing.
        arrived: the text of everything that came, as a reader's program would parse it.
        attempts: how many requests came, whatever they were told.
        taken: the status with which the other side takes a message.
        picky: whether only that status, and only the other side's own words, count as taken.
    """

    kind: str
    channel: Channel
    answer: Callable[[Answer], None]
    arrived: Callable[[], list[str]]
    attempts: Callable[[], int]
    taken: int = 200
    picky: bool = False
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)


def line(url: str = "") -> Line:
    """A way out with little patience."""
    return Line(timeout_s=0.3, secrets=[url, TOKEN, ROUTING_KEY])


async def webhook(stack: AsyncExitStack, *, dead: bool) -> Bench:
    """The channel `webhook`."""
    sink = await stack.enter_async_context(WebhookSink())
    url = closed_url() if dead else sink.url
    channel = WebhookChannel("c", url, line(url), SystemClock(), signing_secret=SIGNING_SECRET)
    return Bench(
        "webhook",
        channel,
        lambda answer: sink.answer(then=answer),
        lambda: [json.dumps(one.body, ensure_ascii=False) for one in sink.accepted],
        lambda: len(sink.received),
    )


async def slack_webhook(stack: AsyncExitStack, *, dead: bool) -> Bench:
    """The channel `slack` through an incoming webhook."""
    sink = await stack.enter_async_context(SlackSink())
    url = closed_url() if dead else sink.webhook_url
    return _slack_bench("slack_webhook", sink, SlackWebhookChannel("c", url, line(url), SystemClock(), VOICE))


async def slack_bot(stack: AsyncExitStack, *, dead: bool) -> Bench:
    """The channel `slack` as a bot."""
    sink = await stack.enter_async_context(SlackSink())
    url = closed_url() if dead else sink.api_url
    channel = SlackBotChannel("c", TOKEN, "#ops", line(), clock=SystemClock(), voice=VOICE, api_url=url)
    return _slack_bench("slack_bot", sink, channel, picky=True)


async def pagerduty(stack: AsyncExitStack, *, dead: bool) -> Bench:
    """The channel `pagerduty`."""
    sink = await stack.enter_async_context(PagerDutySink())
    url = closed_url().rstrip("/") if dead else sink.url
    channel = PagerDutyChannel("c", ROUTING_KEY, line(url), SystemClock(), api_url=url)
    return Bench(
        "pagerduty",
        channel,
        lambda answer: sink.answer(then=answer),
        lambda: [json.dumps(one.body, ensure_ascii=False) for one in sink.events],
        lambda: len(sink.attempts),
        taken=202,
        picky=True,
    )


async def console(_: AsyncExitStack, *, dead: bool) -> Bench:
    """The channel `console`."""
    del dead
    stream = io.StringIO()
    channel = ConsoleChannel("c", stream)
    return Bench(
        "console", channel, lambda _: None, lambda: [stream.getvalue()], lambda: stream.getvalue().count("\n[")
    )


def _slack_bench(kind: str, sink: SlackSink, channel: Channel, *, picky: bool = False) -> Bench:
    def arrived() -> list[str]:
        for message in sink.messages:
            assert not message.live, message.live
        return [
            json.dumps([one.text, *one.blocks, *one.attachments], ensure_ascii=False, default=dict)
            for one in sink.messages
        ]

    return Bench(
        kind, channel, lambda answer: sink.answer(then=answer), arrived, lambda: len(sink.attempts), picky=picky
    )


OVER_HTTP = {"webhook": webhook, "slack_webhook": slack_webhook, "slack_bot": slack_bot, "pagerduty": pagerduty}
EVERY = OVER_HTTP | {"console": console}


def closed_url() -> str:
    """A URL on loopback where nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}/api/"


@pytest.fixture(params=sorted(EVERY))
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    """Each channel in turn."""
    async with AsyncExitStack() as stack:
        made = await EVERY[request.param](stack, dead=False)
        yield made
        await made.channel.close()


@pytest.fixture(params=sorted(OVER_HTTP))
async def http_bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    """Each channel that goes over HTTP."""
    async with AsyncExitStack() as stack:
        made = await OVER_HTTP[request.param](stack, dead=False)
        yield made
        await made.channel.close()


@pytest.fixture(params=sorted(OVER_HTTP))
async def dead_bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    """Each channel that goes over HTTP, its other side not running."""
    async with AsyncExitStack() as stack:
        made = await OVER_HTTP[request.param](stack, dead=True)
        yield made
        await made.channel.close()


Notify = Callable[..., Notification]


@pytest.fixture
def notify() -> Notify:
    """A notification with the given event, and text wherever foreign text can stand."""

    def make(event: Event = Event.OPENED, text: str = "HTTP 503: busy", number: int = 1) -> Notification:
        told = event not in (Event.NOTICE, Event.TEST)
        checks = (f"gw/chat/{text}",)
        start = "2026-11-21T01:02:03.456Z"
        incident = IncidentFacts(number, checks[0], start, start, None, 61.0, "OVERLOADED", "endpoint", checks)
        return Notification(
            id=f"rw-test-{number}",
            event=event,
            severity="critical",
            service="gw",
            title=f"DOWN: {text} on gw (OVERLOADED)",
            message=f"{text} on gw is down\nreason: {text}",
            recommended_action=f"Switch; works now: {text} (0.9 s)",
            incident=incident if told else None,
            details=Details(check=checks[0], model=text, error=text, consecutive_failures=3),
        )

    return make


@pytest.fixture
def voice() -> Voice:
    """English in Seoul."""
    return VOICE
