"""Timelines of channels: who hears what, who stands in for whom, and what is told late."""

from typing import TYPE_CHECKING, Any

import pytest

from monitor.simulator.sinks import Answer
from tests.acceptance.play import TOLD, A, B, C, lasts

if TYPE_CHECKING:
    from tests.acceptance.play import Outcomes, Play

BUSY = Answer(503, "busy")
ROUTES = {
    "all": "",
    "critical": 'only = { severities = "critical" }',
    "second": 'only = { endpoints = "gw2" }',
    "vendor-b": 'only = { models = "two/*" }',
    "prod": 'only = { tags = "prod" }',
    "keys": 'only = [{ fault_domains = "key" }, { fault_domains = "quota" }]',
}


async def each_channel_hears_what_it_wants(play: "Play") -> None:
    """By severity, endpoint, model, tag and fault domain; of each outage the same channels hear the end."""
    await play.gateway(A, C, more='tags = ["prod"]')
    await play.gateway(B, C, name="gw2", more='severity = "warning"')
    for name, only in ROUTES.items():
        await play.hook(name, only)
    play.configure()
    outages = (
        ("gw", A, 503, ("all", "critical", "prod")),
        ("gw2", B, 503, ("all", "second", "vendor-b")),
        ("gw", A, 401, ("all", "critical", "prod", "keys")),
    )
    before = play.begin
    for endpoint, model, status, channels in outages:
        down = play.fails(0.5, model, status=status, on=endpoint, after=before)
        opened = [play.expect(channel, "opened", after=down, within=TOLD) for channel in channels]
        up = play.heals(0.7, model, on=endpoint, after=opened[-1])
        before = [play.expect(channel, "resolved", after=up, within=TOLD) for channel in channels][-1]


async def another_channel_stands_in_until_the_end(play: "Play") -> None:
    """After two seconds the spare is told, and of the end too; the first one hears it all once it works again."""
    await play.gateway(A, C)
    ops = await play.hook("ops", 'fallback = "spare"\nfallback_after = "2s"')
    await play.hook("spare", "escalations_only = true")
    play.configure()
    play.at(0.1, "ops gives 503", lambda: ops.answer(then=BUSY))
    down = play.fails(0.2, A)
    stands_in = play.expect("spare", "opened", after=down, within=(2.1, 9.0), says="Sent here because ops.*HTTP 503")
    works = play.at(0.3, "ops works again", ops.answer, after=stands_in)
    told = play.expect("ops", "opened", after=works, within=(0.0, 12.0))
    up = play.heals(0.5, A, after=told)
    play.expect("ops", "resolved", after=up, within=TOLD)
    play.expect("spare", "resolved", after=up, within=TOLD, says="stood in for ops")


@lasts(25)
async def an_outage_that_nobody_heard_of_is_one_message(play: "Play") -> None:
    """The channel was down from beginning to end: one message that says so; the other channel heard both in time."""
    await play.gateway(A, C)
    await play.hook()
    ops = await play.hook("ops", 'fallback_after = "0s"')
    play.configure()
    play.at(0.1, "ops gives 503", lambda: ops.answer(then=BUSY))
    down = play.fails(0.2, A)
    opened = play.expect("hook", "opened", after=down, within=TOLD)
    up = play.heals(1.0, A, after=opened)
    resolved = play.expect("hook", "resolved", after=up, within=TOLD)
    works = play.at(0.5, "ops works again", ops.answer, after=resolved)
    play.expect("ops", "resolved", after=works, within=(0.0, 20.0), says="Beginning and end in one message")
    play.at_last(lambda: _is_merged(play))


def _is_merged(play: "Play") -> None:
    states = play.daemon.rows("SELECT event, state FROM outbox WHERE channel = 'ops' ORDER BY id")
    assert states == [("opened", "merged"), ("resolved", "sent")]


SCENES = (
    each_channel_hears_what_it_wants,
    another_channel_stands_in_until_the_end,
    an_outage_that_nobody_heard_of_is_one_message,
)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_timeline(scene: Any, outcomes: "Outcomes") -> None:
    """What arrives, where and when, is what the scene expects, and nothing else."""
    outcomes.show(scene)
