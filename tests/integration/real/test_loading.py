"""How a real server looks while it loads its model."""

import asyncio
from typing import TYPE_CHECKING

import pytest

from monitor.clock import SystemClock
from monitor.config.secrets import Secret
from monitor.domain.check import Check, CheckKind
from monitor.domain.redact import Redactor
from monitor.domain.result import FaultDomain, Result, Status, Trigger
from monitor.probes.prober import Prober
from monitor.probes.target import EndpointTarget

if TYPE_CHECKING:
    from tests.integration.real.conftest import Llama

pytestmark = pytest.mark.real

LOADS_WITHIN_S = 120.0
LOOK_AGAIN_S = 0.02


def _prober(llama: "Llama") -> Prober:
    target = EndpointTarget(
        name="llama",
        base_url=llama.base_url,
        protocol="openai",
        api_key=Secret(llama.key),
        headers={},
        proxy=None,
        ca_file=None,
        concurrency=1,
        models=(llama.model,),
        keepalive_s=5.0,
    )
    return Prober({"llama": target}, concurrency=1, clock=SystemClock(), redactor=Redactor([llama.key]))


async def _until_up(llama: "Llama") -> list[Result]:
    check = Check(f"llama/chat/{llama.model}", "llama", CheckKind.CHAT, llama.model, "llama")
    results: list[Result] = []
    async with _prober(llama) as prober, asyncio.timeout(LOADS_WITHIN_S):
        while not results or results[-1].status is not Status.UP:
            await asyncio.sleep(LOOK_AGAIN_S)
            results.append(await prober.probe(check, Trigger.MANUAL))
    return results


async def test_while_it_loads_it_is_starting_and_not_down(starting_llama: "Llama") -> None:
    """First nobody listens, then 503 "Loading model", which is OVERLOADED and marked as loading, then UP."""
    seen = [result.verdict for result in await _until_up(starting_llama)]
    assert {verdict.status for verdict in seen} <= {Status.CONNECTION_ERROR, Status.OVERLOADED, Status.UP}
    loading = [verdict for verdict in seen if verdict.status is Status.OVERLOADED]
    assert loading
    assert all(verdict.loading and verdict.fault_domain is FaultDomain.MODEL for verdict in loading)
