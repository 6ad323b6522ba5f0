"""Stopping: in time whatever hangs, with exit code 0, and with the availability of each check."""

import asyncio
import signal
import time
from functools import partial
from typing import TYPE_CHECKING

from monitor.simulator.faults import Fault, FaultKind
from monitor.simulator.sinks import HANG

if TYPE_CHECKING:
    from monitor.simulator.gateway import Gateway
    from tests.acceptance.conftest import Deployment, World

HUNG, BROKEN, FINE = "slow/hangs", "openai/gpt-4.1", "anthropic/claude-sonnet-4"
STOPS_WITHIN_S = 10.0


async def _all_hangs(world: "World") -> "Deployment":
    """Probes of a model hang for a minute, and a channel takes a message and does not answer."""
    gateway, hook = await world.gateway(HUNG, BROKEN, FINE), await world.hook()
    gateway.set_fault(HUNG, Fault(kind=FaultKind.HANG))
    gateway.set_fault(BROKEN, Fault(kind=FaultKind.STATUS, status=500))
    hook.answer(then=HANG)
    daemon = world.deployment()
    wait = '[alerting]\ngroup_wait = "1s"\n'  # else the word is put off until the probe that hangs has said something
    daemon.configure(daemon.endpoint(gateway, HUNG, BROKEN, FINE), daemon.webhook(hook), wait, timeout="60s")
    await daemon.start()
    await hook.wait_for(lambda _: True, 10)
    await daemon.until(lambda: gateway.requests[HUNG] == 1, 5, "a probe hangs")
    await daemon.until(lambda: gateway.requests[FINE] >= 2, 5, "two probes")
    return daemon


async def test_ends_in_time_and_tells_availability(world: "World") -> None:
    """Probes and a message hang: it ends within 10 s with code 0 and one line of availability per check."""
    terminated, interrupted = await asyncio.gather(_all_hangs(world), _all_hangs(world))
    terminated.signal(signal.SIGTERM)
    interrupted.signal(signal.SIGINT)
    for daemon, code in zip(
        (terminated, interrupted),
        await asyncio.gather(terminated.ended(STOPS_WITHIN_S), interrupted.ended(STOPS_WITHIN_S)),
        strict=True,
    ):
        assert code == 0
        _has_stopped_well(daemon)


def _has_stopped_well(daemon: "Deployment") -> None:
    lines = daemon.stdout.decode().splitlines()
    told = dict(line.rsplit("  ", 1) for line in lines[1:])
    assert {check.strip(): text for check, text in told.items()} == {
        "gw/models": "100.00 %",
        f"gw/chat/{HUNG}": "none",
        f"gw/chat/{BROKEN}": "0.00 %",
        f"gw/chat/{FINE}": "100.00 %",
    }
    assert daemon.events("daemon_stopped")
    assert b"Traceback" not in daemon.stderr
    assert daemon.rows("SELECT count(*) FROM outbox WHERE settled_at_us IS NULL") == [(1,)], "it goes out next time"
    assert daemon.rows("SELECT stop_reason FROM daemon_runs") == [("stopped",)]
    assert not (daemon.folder / "control.sock").exists()


async def test_the_second_signal_ends_it_at_once(world: "World") -> None:
    """Whoever asks twice does not wait for what hangs; nothing is broken afterwards."""
    daemon = await _all_hangs(world)
    began = time.monotonic()
    while daemon.runs:  # two at the same moment are one
        daemon.signal(signal.SIGTERM)
        await world.eventually(lambda: not daemon.runs, 0.05)
    assert await daemon.ended(STOPS_WITHIN_S) == 128 + signal.SIGTERM
    assert time.monotonic() - began < 1
    assert daemon.rows("PRAGMA integrity_check") == [("ok",)]


async def test_frozen_for_a_while_is_no_outage(world: "World") -> None:
    """SIGSTOP for longer than the timeout while a probe is under way: that is nobody's failure but the monitor's."""
    gateway, hook = await world.gateway(FINE, latency="400ms"), await world.hook()
    daemon = world.deployment()
    daemon.configure(daemon.endpoint(gateway, FINE), daemon.webhook(hook), interval="500ms", timeout="1s")
    await daemon.start()
    for goal in (2, 6):
        await daemon.until(partial(_was_asked, gateway, goal), 10, "a probe is under way")
        daemon.signal(signal.SIGSTOP)
        assert not await world.eventually(lambda: False, 2.0)
        daemon.signal(signal.SIGCONT)
    before = gateway.requests[FINE]
    await daemon.until(partial(_was_asked, gateway, before + 3), 5, "it goes on")
    assert await daemon.stop() == 0
    assert hook.received == []
    found = daemon.rows("SELECT DISTINCT status FROM v_results ORDER BY status")
    assert found in ([("UNKNOWN",), ("UP",)], [("UP",)]), daemon.stderr.decode()
    assert b"none" not in daemon.stdout
    assert daemon.stdout.count(b"100.00 %") == 2


def _was_asked(gateway: "Gateway", times: int) -> bool:
    return gateway.requests[FINE] >= times
