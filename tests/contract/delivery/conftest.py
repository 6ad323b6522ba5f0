"""Every channel against a double of its other side, on loopback."""

import asyncio
import html
import io
import json
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pytest

from monitor.alerting.notification import Details, Event, IncidentFacts, Notification
from monitor.alerting.texts import Voice
from monitor.clock import SystemClock
from monitor.config.channel_types import TlsMode
from monitor.config.mailbox import mailbox
from monitor.delivery.alertmanager import AlertmanagerChannel
from monitor.delivery.apprise_channel import AppriseChannel, services
from monitor.delivery.channel import Channel
from monitor.delivery.console import ConsoleChannel
from monitor.delivery.email_channel import EmailChannel, MailServer
from monitor.delivery.email_message import Letterhead
from monitor.delivery.line import Line
from monitor.delivery.pagerduty import PagerDutyChannel
from monitor.delivery.slack import SlackBotChannel, SlackWebhookChannel
from monitor.delivery.webhook import WebhookChannel
from monitor.domain.action import Language
from monitor.simulator.pagerduty import ROUTING_KEY, PagerDutySink
from monitor.simulator.sinks import Answer, WebhookSink
from monitor.simulator.slack import TOKEN, SlackSink
from tests.contract.mailroom import MailSink

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
    return Line(timeout_s=1.0, secrets=[url, TOKEN, ROUTING_KEY])


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


async def alertmanager(stack: AsyncExitStack, *, dead: bool) -> Bench:
    """The channel `alertmanager`, with one member."""
    sink = await stack.enter_async_context(WebhookSink(path="/api/v2/alerts"))
    url = closed_url() if dead else sink.url.removesuffix("/api/v2/alerts")
    return Bench(
        "alertmanager",
        AlertmanagerChannel("c", [url], line(url), SystemClock()),
        lambda answer: sink.answer(then=answer),
        lambda: [json.dumps(one.body, ensure_ascii=False) for one in sink.accepted],
        lambda: len(sink.received),
    )


async def apprise(stack: AsyncExitStack, *, dead: bool) -> Bench:
    """The channel `apprise`, with a service that posts JSON."""
    del dead
    sink = await stack.enter_async_context(WebhookSink())
    (service,) = await asyncio.to_thread(services, [sink.url.replace("http://", "json://")])  # it reads its plugins
    assert service is not None
    return Bench(
        "apprise",
        AppriseChannel("c", [service]),
        lambda answer: sink.answer(then=answer),
        lambda: [json.dumps(one.body, ensure_ascii=False) for one in sink.accepted],
        lambda: len(sink.received),
    )


async def email(stack: AsyncExitStack, *, dead: bool) -> Bench:
    """The channel `email`, in the clear."""
    del dead
    sink = await stack.enter_async_context(MailSink())

    def arrived() -> list[str]:
        return ["\n".join((one.subject, one.text("plain"), html.unescape(one.text("html")))) for one in sink.mails]

    return Bench("email", mail_channel(sink), lambda _: None, arrived, lambda: len(sink.mails))


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


def mail_channel(
    sink: MailSink | int,
    *,
    tls: TlsMode = "off",
    context: ssl.SSLContext | None = None,
    login: tuple[str, str] | None = None,
    to: tuple[str, ...] = ("ops@example.org",),
    timeout_s: float = 2.0,
) -> EmailChannel:
    """The channel `email` at a server or port of this machine."""
    port = sink if isinstance(sink, int) else sink.port
    username, password = login or (None, None)
    server = MailServer("localhost", port, tls, context, username, password)
    head = Letterhead("mail", mailbox("RelayWatch <relaywatch@example.org>"), tuple(map(mailbox, to)), VOICE)
    return EmailChannel("mail", server, head, SystemClock(), timeout_s=timeout_s)


OVER_HTTP = {
    "alertmanager": alertmanager,
    "pagerduty": pagerduty,
    "slack_bot": slack_bot,
    "slack_webhook": slack_webhook,
    "webhook": webhook,
}
EVERY = OVER_HTTP | {"apprise": apprise, "console": console, "email": email}


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
