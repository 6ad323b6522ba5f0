"""Who is told of what, and when nobody is: routes, escalations and maintenance windows of the installed daemon."""

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.simulator.faults import Fault, FaultKind

if TYPE_CHECKING:
    from tests.acceptance.conftest import World

FINE, BROKEN = "openai/gpt-4.1", "meta/llama-4"
CHECK = f"gw/chat/{BROKEN}"
DOWN = Fault(kind=FaultKind.STATUS, status=503)
WORK_S = 8


async def test_each_channel_hears_what_it_wants(world: "World") -> None:
    """One wants critical incidents of this vendor, one only warnings, one is for what nobody acknowledges."""
    gateway = await world.gateway(FINE, BROKEN)
    wants, warnings, later = await world.hook(), await world.hook(), await world.hook()
    gateway.set_fault(BROKEN, DOWN)
    daemon = world.deployment()
    daemon.configure(
        daemon.endpoint(gateway, FINE, BROKEN, more='tags = ["prod"]'),
        daemon.webhook(wants, "wants", 'only = { providers = "meta", severities = "critical", tags = ["prod"] }'),
        daemon.webhook(warnings, "warnings", 'only = { severities = "warning" }'),
        daemon.webhook(later, "later", "escalations_only = true"),
        '[[alerting.escalations]]\nafter = "3s"\nchannels = ["later"]\n',
    )
    await daemon.start()
    first = await wants.wait_for(lambda received: received.body["event"] == "opened", 10)
    escalated = await later.wait_for(lambda _: True, 10)
    assert escalated.at_mono_s - first.at_mono_s >= 2.9
    gateway.set_fault(BROKEN, None)
    await daemon.until(lambda: world.told(later)[-1:] == [("resolved", CHECK)], 10, "its end")
    assert [event for event, _ in world.told(later)] == ["escalated", "resolved"]
    await daemon.until(lambda: world.told(wants)[-1:] == [("resolved", CHECK)], 10, "its end")
    assert not warnings.received
    assert await daemon.stop() == 0


async def test_planned_work_is_quiet_and_what_it_leaves_broken_is_told(world: "World") -> None:
    """Probing goes on meanwhile, and what it finds does not count."""
    gateway, hook = await world.gateway(FINE, BROKEN), await world.hook()
    gateway.set_fault(BROKEN, DOWN)
    daemon = world.deployment()
    starts = datetime.fromtimestamp(int(time.time()), UTC) - timedelta(weeks=1)  # noqa: TID251  a window for now
    daemon.configure(
        daemon.endpoint(gateway, FINE, BROKEN),
        daemon.webhook(hook),
        f'[[maintenance]]\nname = "work"\nstart = {starts.isoformat()}\nduration = "{WORK_S}s"\n'
        'rrule = "FREQ=WEEKLY"\nonly = { models = "meta/*" }\n',
    )
    await daemon.start()
    opened = await hook.wait_for(lambda _: True, 20)
    over_us = round((starts + timedelta(weeks=1, seconds=WORK_S)).timestamp()) * 1_000_000
    sent = datetime.fromisoformat(opened.body["details"]["timestamp"])
    assert sent.timestamp() * 1_000_000 >= over_us
    assert opened.body["event"] == "opened"
    assert world.told(hook) == [("opened", CHECK)]
    assert daemon.events("incident_opened", decision="maintenance")
    counted = 'SELECT started_at_us FROM v_results WHERE "check" = ? AND "trigger" = ?'
    await daemon.until(lambda: bool(daemon.rows(counted, CHECK, "on_phase")), 5, "a result that counts")
    assert min(at for (at,) in daemon.rows(counted, CHECK, "on_phase")) >= over_us
    assert max(at for (at,) in daemon.rows(counted, CHECK, "maintenance")) < over_us
    assert await daemon.stop() == 0
