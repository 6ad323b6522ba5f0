"""SIGHUP: a wrong file changes nothing, a right one changes what differs and nothing else."""

import signal
from functools import partial
from typing import TYPE_CHECKING

from monitor.simulator.faults import Fault, FaultKind
from monitor.simulator.sinks import HANG

if TYPE_CHECKING:
    from tests.acceptance.conftest import Deployment, World

BROKEN, FINE, ADDED = "openai/gpt-4.1", "anthropic/claude-sonnet-4", "google/gemini-2.5-flash"


async def test_a_typo_changes_nothing(world: "World") -> None:
    """The daemon goes on, says so in log, metrics and page, and takes the file once it is right again."""
    gateway = await world.gateway(FINE)
    daemon = world.deployment()
    daemon.configure(daemon.endpoint(gateway, FINE))
    right = daemon.path.read_text()
    await daemon.start()
    for wrong in (right.replace("[[endpoints]]", "[[endpoint]]"), "[[[", right + 'api_key = { env = "NOT_SET" }\n'):
        daemon.path.write_text(wrong)
        told = len(daemon.events("config_reload_failed"))
        daemon.signal(signal.SIGHUP)
        await daemon.until(partial(_refused, daemon, told + 1), 5, "refused")
        assert "relaywatch_config_valid 0.0" in await daemon.get("/metrics")
    daemon.path.unlink()
    daemon.signal(signal.SIGHUP)
    await daemon.until(partial(_refused, daemon, 4), 5, "a missing file is refused too")
    assert "configuration" in await daemon.get("/")
    before = gateway.requests[FINE]
    await daemon.until(lambda: gateway.requests[FINE] >= before + 2, 5, "it probes on")

    daemon.path.write_text(right)
    daemon.signal(signal.SIGHUP)
    await daemon.wait_for("config_reloaded", 5)
    assert "relaywatch_config_valid 1.0" in await daemon.get("/metrics")
    assert await daemon.stop() == 0
    assert b"Traceback" not in daemon.stderr


async def test_a_change_touches_only_what_differs(world: "World") -> None:
    """An added check is probed, a removed one has its incident ended, one that stays keeps state and rhythm."""
    gateway, hook = await world.gateway(BROKEN, FINE, ADDED), await world.hook()
    daemon = world.deployment()
    daemon.configure(daemon.endpoint(gateway, BROKEN, FINE), daemon.webhook(hook))
    gateway.set_fault(BROKEN, Fault(kind=FaultKind.STATUS, status=503))
    await daemon.start()
    await hook.wait_for(lambda received: received.body["event"] == "opened", 10)
    since = daemon.rows("SELECT since_us FROM states JOIN checks ON id = check_id WHERE model = ?", FINE)

    daemon.configure(daemon.endpoint(gateway, FINE, ADDED), daemon.webhook(hook))
    daemon.signal(signal.SIGHUP)
    final = (await hook.wait_for(lambda received: received.body["event"] == "resolved", 5)).body
    assert final["incident"]["checks"] == [f"gw/chat/{BROKEN}"]
    assert final["details"]["status"] == "OVERLOADED", "it did not recover"
    await daemon.until(lambda: gateway.requests[ADDED] >= 2, 5, "the added check is probed")
    await daemon.until(lambda: bool(daemon.rows("SELECT 1 FROM v_results WHERE model = ?", ADDED)), 5, "and recorded")
    gone = gateway.requests[BROKEN]
    assert daemon.rows("SELECT since_us FROM states JOIN checks ON id = check_id WHERE model = ?", FINE) == since
    status = (await daemon.command("status", "--format", "json")).json
    assert {row["model"] for row in status} == {None, FINE, ADDED}
    await daemon.until(lambda: gateway.requests[ADDED] >= 4, 5, "two more rounds")
    assert gateway.requests[BROKEN] == gone
    turns = "SELECT started_at_us FROM v_results WHERE model = ? AND \"trigger\" = 'on_phase' ORDER BY started_at_us"
    at = [at_us / 1e6 % 1 for (at_us,) in daemon.rows(turns, FINE)][1:]
    assert max(at) - min(at) < 0.2 or max(at) - min(at) > 0.8, "the phase is as before"
    assert await daemon.stop() == 0
    assert world.told(hook) == [("opened", f"gw/chat/{BROKEN}"), ("resolved", f"gw/chat/{BROKEN}")]


async def test_a_new_channel_is_used_from_now_on(world: "World") -> None:
    """Another address and secret of a channel: what opens afterwards goes there, and only there."""
    gateway, old, new = await world.gateway(BROKEN, FINE), await world.hook(), await world.hook()
    daemon = world.deployment()
    daemon.configure(daemon.endpoint(gateway, BROKEN, FINE), daemon.webhook(old))
    await daemon.start()
    gateway.set_fault(BROKEN, Fault(kind=FaultKind.STATUS, status=503))
    await old.wait_for(lambda received: received.body["event"] == "opened", 10)
    (daemon.folder / "secret").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
    daemon.configure(
        daemon.endpoint(gateway, BROKEN, FINE),
        daemon.webhook(new, more='secret = { file = "secret" }'),
    )
    daemon.signal(signal.SIGHUP)
    await daemon.wait_for("config_reloaded", 5)
    gateway.set_fault(BROKEN, None)
    resolved = await new.wait_for(lambda received: received.body["event"] == "resolved", 10)
    assert resolved.headers["webhook-signature"].startswith("v1,")
    gateway.set_fault(FINE, Fault(kind=FaultKind.STATUS, status=401))
    await new.wait_for(lambda received: received.body["event"] == "opened", 10)
    assert await daemon.stop() == 0
    assert len(old.received) == 1


async def test_a_message_that_hangs_does_not_hold_up_a_reload(world: "World") -> None:
    """What an old channel has in flight is given to the new one: told there, within the usual time."""
    gateway, old, new = await world.gateway(BROKEN, FINE), await world.hook(), await world.hook()
    old.answer(then=HANG)
    daemon = world.deployment()
    daemon.configure(daemon.endpoint(gateway, BROKEN, FINE), daemon.webhook(old))
    gateway.set_fault(BROKEN, Fault(kind=FaultKind.STATUS, status=503))
    await daemon.start()
    first = await old.wait_for(lambda received: received.body["event"] == "opened", 10)
    daemon.configure(daemon.endpoint(gateway, BROKEN, FINE), daemon.webhook(new))
    daemon.signal(signal.SIGHUP)
    again = await new.wait_for(lambda received: received.body["event"] == "opened", 6)
    assert again.body["id"] == first.body["id"]
    for _ in range(3):
        daemon.signal(signal.SIGHUP)
    await daemon.until(lambda: len(daemon.events("config_reloaded")) >= 2, 5, "reloads again")
    assert await daemon.stop() == 0


def _refused(daemon: "Deployment", times: int) -> bool:
    return len(daemon.events("config_reload_failed")) == times
