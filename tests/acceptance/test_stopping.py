"""Stopping within its bound, whatever hangs."""

import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

from monitor.simulator.faults import Fault, FaultKind

if TYPE_CHECKING:
    from tests.acceptance.conftest import World

MODELS = "openai/gpt-4.1", "anthropic/claude-sonnet-4"
STOPS_WITHIN_S = 10.0


async def test_a_hanging_gateway_and_a_locked_database_do_not_hold_up_the_stop(world: "World") -> None:
    """Ten seconds, and exit code 0, even if no probe ends and nothing can be written."""
    gateway, daemon = await world.gateway(*MODELS), world.deployment()
    daemon.configure(daemon.endpoint(gateway, *MODELS), timeout="30s", connect_timeout="5s")
    await daemon.start()
    await daemon.until(lambda: len(daemon.rows("SELECT 1 FROM v_results")) > 3, 10, "results")
    for model in MODELS:
        gateway.set_fault(model, Fault(kind=FaultKind.HANG))
    before = gateway.requests.total()
    await daemon.until(lambda: gateway.requests.total() > before + 2, 5, "probes that hang")
    with closing(sqlite3.connect(daemon.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        assert await daemon.stop() == 0
        assert time.monotonic() - began < STOPS_WITHIN_S
