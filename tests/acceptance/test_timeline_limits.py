"""Timelines of trouble on the way out: channels that hang or refuse, and more to tell than a message may hold."""

import json
import math
import time
from typing import TYPE_CHECKING, Any

import pytest

from monitor.simulator.faults import Fault, FaultKind
from monitor.simulator.sinks import HANG, Answer
from tests.acceptance.play import PACE, QUIETLY, TOLD, lasts, posted, table
from tests.acceptance.timeline import Arrival
from tests.contract.mailroom import MailSink

if TYPE_CHECKING:
    from monitor.simulator.sinks import SlackSink
    from tests.acceptance.deployment import Deployment
    from tests.acceptance.play import Outcomes, Play
    from tests.acceptance.timeline import Expected, Mark

TEN = tuple(f"vendor/model-{number}" for number in range(10))
FIRST, SECOND = TEN[:2]
BUSY = Answer(503, "busy")
LATER = (0.0, 30.0)
SIXTY = tuple(f"vendor-{number % 5}/model-{number}-{'x' * 120}" for number in range(60))
LONG_ERROR = "<!channel> https://evil.example & \U0001f525 ".ljust(3001, "e")


@lasts(50)
async def channels_that_hang_or_refuse_delay_nobody(play: "Play") -> None:
    """Neither a probe (against a twin without them) nor another channel; then they get everything, in order."""
    await play.gateway(*TEN)
    _, hangs, busy = [await play.hook(name) for name in ("hook", "hangs", "busy")]
    twin = await _twin(play)
    play.configure()
    play.at(0.0, "one hangs", lambda: hangs.answer(then=HANG))
    play.at(0.0, "one gives 503", lambda: busy.answer(then=BUSY))
    opened = _on_both(play, "opened", FIRST, play.begin, 503)
    resolved = _on_both(play, "resolved", FIRST, opened, None)
    opened = _on_both(play, "opened", SECOND, resolved, 503)
    play.at(13.0, "the second outage lasts", lambda: None)
    play.at(0.1, "one works again", hangs.answer, after=opened)
    works = play.at(0.1, "both work again", busy.answer, after=opened)
    for name in ("hangs", "busy"):
        play.expect(name, "resolved", after=works, within=LATER, about=FIRST, says="Beginning and end in one message")
    known = [play.expect(name, "opened", after=works, within=LATER, about=SECOND) for name in ("hangs", "busy")]
    for one in known:
        play.at(0.2, "it is known there", lambda: None, after=one)
    _on_both(play, "resolved", SECOND, known[1], None)
    for name in ("hangs", "busy"):
        play.expect(name, "resolved", after=known[1], within=(0.0, 20.0), about=SECOND)
    play.at_last(lambda: _are_punctual(play.daemon, twin))


async def _twin(play: "Play") -> "Deployment":
    """The same without the channels in trouble."""
    play.gateways["twin"] = await play.world.gateway(*TEN)
    twin = play.world.deployment()
    told = await play.receiver("twin")
    tables = (table("alerting", **QUIETLY), twin.endpoint(play.gateways["twin"], *TEN), twin.webhook(told, "twin"))
    twin.configure(*tables, **PACE)
    await twin.start()
    return twin


def _on_both(play: "Play", event: str, model: str, after: "Mark", status: int | None) -> "Expected":
    def strike() -> None:
        play.strike("gw", status, model)
        play.strike("twin", status, model)

    act = play.at(0.7, f"{model} gives {status or 200} here and there", strike, after=after)
    play.expect("twin", event, after=act, within=TOLD, about=model)
    return play.expect("hook", event, after=act, within=TOLD, about=model)


def _are_punctual(daemon: "Deployment", twin: "Deployment") -> None:
    here, there = _late_ms(daemon), _late_ms(twin)
    assert here < 2 * there + 50, f"p99 of the lag: {here} ms, without them {there} ms"


def _late_ms(daemon: "Deployment") -> float:
    lags = sorted(lag for (lag,) in daemon.rows("SELECT lag_100us FROM results"))
    assert len(lags) > 200
    return float(lags[math.ceil(0.99 * len(lags)) - 1]) / 10


@lasts(25)
async def sixty_long_errors_make_valid_messages(play: "Play") -> None:
    """One message each on Slack (webhook and bot), by e-mail and to the webhook, and one when it is over."""
    await play.gateway(*SIXTY, more="concurrency = 40")
    await play.hook()
    bot = await play.bot()
    slack, mail = await play.world.slack(), await play.world.enter(MailSink())
    play.listen("slack", lambda: [posted(message) for message in slack.messages])
    play.listen("mail", Mailbox(mail))
    play.configure(play.daemon.slack(slack), _mail_table(mail), interval="1s", alerting={"group_wait": "8s"})
    down = play.at(0.5, "sixty models fail", lambda: _strike(play))
    opened = [
        play.expect(channel, event, after=down, within=(0.1, 15.0))
        for channel, event in (("hook", "opened"), ("slack", "message"), ("bot", "message"), ("mail", "opened"))
    ]
    up = play.heals(0.5, *SIXTY, after=opened[0])
    for channel, event in (("hook", "resolved"), ("slack", "message"), ("bot", "broadcast"), ("mail", "resolved")):
        play.expect(channel, event, after=up, within=(0.1, 15.0))
    play.at_last(lambda: _are_valid(opened[0], (slack, bot.sink)))


def _strike(play: "Play") -> None:
    body = json.dumps({"error": {"message": LONG_ERROR, "type": "server_error", "param": None, "code": None}})
    for model in SIXTY:
        play.gateways["gw"].set_fault(model, Fault(kind=FaultKind.STATUS, status=500, body=body))


def _mail_table(mail: MailSink) -> str:
    return (
        f'[[channels]]\nname = "mail"\ntype = "email"\nhost = "127.0.0.1"\nport = {mail.port}\ntls = "off"\n'
        'from = "relaywatch@example.org"\nto = ["ops@example.org"]\n'
    )


class Mailbox:
    """Mails as arrivals; each came when it was first seen."""

    def __init__(self, sink: MailSink) -> None:
        self._sink = sink
        self._arrivals: list[Arrival] = []

    def __call__(self) -> list[Arrival]:
        """What has come."""
        for mail in self._sink.mails[len(self._arrivals) :]:
            event, text = str(mail.message["x-relaywatch-event"]), f"{mail.subject}\n{mail.text('plain')}"
            self._arrivals.append(Arrival(time.monotonic(), event, "", text, mail))
        return self._arrivals


def _are_valid(opened: "Expected", slacks: "tuple[SlackSink, SlackSink]") -> None:
    for double in slacks:
        assert not double.refusals
        assert all(not message.live for message in double.messages)
    assert opened.arrival is not None
    assert len(opened.arrival.body["incident"]["checks"]) == 60
    assert opened.arrival.body["incident"]["scope"] == "endpoint"
    assert len(opened.arrival.body["details"]["error"]) <= 200


SCENES = (channels_that_hang_or_refuse_delay_nobody, sixty_long_errors_make_valid_messages)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_timeline(scene: Any, outcomes: "Outcomes") -> None:
    """What arrives, where and when, is what the scene expects, and nothing else."""
    outcomes.show(scene)
