"""One incident is one thread of a Slack bot: answers, the first message's present state, and what may go wrong."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from monitor.alerting.notification import Event, Notification
from monitor.clock import SystemClock
from monitor.delivery.blocks import GREEN, RED
from monitor.delivery.channel import Delivered, Permanent, Retry
from monitor.delivery.line import Line
from monitor.delivery.slack import SlackBotChannel
from monitor.simulator.sinks import HANG, Answer
from monitor.simulator.slack import CHANNEL_ID, TOKEN, SlackMessage, SlackSink, slack_error

if TYPE_CHECKING:
    from monitor.alerting.texts import Voice
    from tests.contract.delivery.conftest import Notify

THREAD_GONE = ["thread_not_found", "is_archived", "channel_not_found", "cannot_reply_to_message"]


@dataclass
class Scene:
    """A bot, Slack, and the thread of one incident."""

    bot: SlackBotChannel
    sink: SlackSink
    thread: str | None = None

    async def tell(self, notification: Notification) -> Delivered:
        """Send as the worker does: the first thread is kept."""
        receipt = await self.bot.send(notification, self.thread)
        assert isinstance(receipt, Delivered), receipt
        self.thread = self.thread or receipt.thread
        return receipt

    @property
    def first(self) -> SlackMessage:
        """The message that began the thread."""
        return self.sink.messages[0]


@pytest.fixture
async def scene(voice: "Voice") -> AsyncIterator[Scene]:
    """Slack without a message."""
    async with SlackSink() as sink:
        line = Line(timeout_s=0.3)
        bot = SlackBotChannel("c", TOKEN, "#ops", line, clock=SystemClock(), voice=voice, api_url=sink.api_url)
        yield Scene(bot, sink)
        await bot.close()


async def test_an_incident_is_one_thread(scene: Scene, notify: "Notify") -> None:
    """The first message names the thread; the rest answers it, and what must be seen is shown in the channel too."""
    for event in (Event.OPENED, Event.UPDATED, Event.REMINDER, Event.ESCALATED, Event.RESOLVED):
        await scene.tell(notify(event))
    assert scene.thread == f"{CHANNEL_ID}:{scene.first.ts}"
    assert [(one.thread_ts, one.broadcast) for one in scene.sink.messages] == [
        (None, False),
        (scene.first.ts, False),
        *[(scene.first.ts, True)] * 3,
    ]


async def test_the_first_message_shows_the_present_state(scene: Scene, notify: "Notify") -> None:
    """Who is on it, that it is over: edited after each answer, never posted anew."""
    await scene.tell(notify(Event.OPENED))
    acknowledged = notify(Event.UPDATED)
    assert acknowledged.incident is not None
    await scene.tell(replace(acknowledged, incident=replace(acknowledged.incident, acknowledged_by="kim")))
    assert "*Acknowledged by*\\nkim" in str(scene.first.attachments)
    assert scene.first.attachments[0]["color"] == RED
    await scene.tell(replace(notify(Event.RESOLVED), title="UP AGAIN: m on gw"))
    assert scene.first.text.endswith("UP AGAIN: m on gw")
    assert scene.first.attachments[0]["color"] == GREEN
    assert (scene.first.edits, len(scene.sink.messages)) == (2, 3)


@pytest.mark.parametrize(
    "answer", [slack_error("edit_window_closed"), Answer.rate_limited(30), Answer(503), HANG], ids=str
)
async def test_a_failed_edit_repeats_nothing(scene: Scene, notify: "Notify", answer: Answer) -> None:
    """The answer is delivered all the same; the trouble is logged once, and the next message edits again."""
    await scene.tell(notify(Event.OPENED))
    scene.sink.answer(answer, answer, method="chat.update")
    with capture_logs() as logs:
        await scene.tell(notify(Event.UPDATED))
        await scene.tell(notify(Event.REMINDER))
    assert [line["event"] for line in logs] == ["notification_edit_failed"]
    assert (len(scene.sink.messages), scene.first.edits) == (3, 0)
    await scene.tell(notify(Event.RESOLVED))
    assert scene.first.edits == 1


@pytest.mark.parametrize("error", THREAD_GONE)
async def test_a_thread_that_is_gone_costs_no_message(scene: Scene, notify: "Notify", error: str) -> None:
    """It is posted to the channel instead."""
    await scene.tell(notify(Event.OPENED))
    scene.sink.answer(slack_error(error), method="chat.postMessage")
    await scene.tell(notify(Event.RESOLVED))
    assert [one.thread_ts for one in scene.sink.messages] == [None, None]
    assert scene.first.edits == 0


async def test_a_thread_of_which_slack_knows_nothing(scene: Scene, notify: "Notify") -> None:
    """The double itself refuses it, and the message arrives."""
    scene.thread = "C0ELSEWHERE:1.000001"
    await scene.tell(notify(Event.RESOLVED))
    assert [one.channel for one in scene.sink.messages] == [CHANNEL_ID]


async def test_an_answer_that_is_refused_is_no_edit(scene: Scene, notify: "Notify") -> None:
    """What was not told is not shown; retry and refusal are as ever."""
    await scene.tell(notify(Event.OPENED))
    for answer, expected in ((Answer.rate_limited(7), Retry), (slack_error("token_revoked"), Permanent)):
        scene.sink.answer(answer)
        assert isinstance(await scene.bot.send(notify(Event.RESOLVED), scene.thread), expected)
    assert scene.first.edits == 0


@pytest.mark.parametrize("failing", [60, 500])
async def test_many_failing_models_make_a_valid_message(scene: Scene, notify: "Notify", failing: int) -> None:
    """With a 3,001-character error in each, in every event, posted and edited; the first few models are named."""
    checks = tuple(f"gw/chat/vendor/{'model' * 40}-{number}" for number in range(failing))
    message = "gw is down: a line\n" + f"failing now ({failing}): {', '.join(checks)}\nreason: {'x' * 3_001}"
    for event in (Event.OPENED, Event.UPDATED, Event.REMINDER, Event.RESOLVED):
        one = notify(event, "x" * 3_001)
        assert one.incident is not None
        await scene.tell(replace(one, message=message, incident=replace(one.incident, checks=checks)))
    assert (scene.first.edits, list(scene.sink.refusals)) == (3, [])
    assert f"and {failing - 8} more" in str(scene.first.attachments)
