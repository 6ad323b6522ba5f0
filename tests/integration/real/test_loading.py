"""How a real server looks while it loads its model."""

import asyncio
from typing import TYPE_CHECKING

import pytest

from monitor.clock import SystemClock
from monitor.config.secrets import Secret
from monitor.domain.check import Check, CheckKind
from monitor.domain.redact import Redactor
from monitor.domain.result import FaultDomain, Status, Trigger, Verdict
from monitor.probes.prober import Prober
from monitor.probes.target import EndpointTarget
from monitor.protocols.registry import BUILT_IN

if TYPE_CHECKING:
    from tests.integration.real.conftest import Llama

pytestmark = pytest.mark.real

PROTOCOLS = tuple(BUILT_IN)
LOADS_WITHIN_S = 120.0
LOOK_AGAIN_S = 0.02


def _prober(llama: "Llama") -> Prober:
    targets = {
        protocol: EndpointTarget(
            name=protocol,
            base_url=llama.base_url,
            protocol=protocol,
            api_key=Secret(llama.key),
            headers={},
            proxy=None,
            ca_file=None,
            concurrency=1,
            models=(llama.model,),
            keepalive_s=5.0,
        )
        for protocol in PROTOCOLS
    }
    return Prober(targets, concurrency=4, clock=SystemClock(), redactor=Redactor([llama.key]))


async def _until_loaded(prober: Prober, model: str, protocol: str) -> list[Verdict]:
    """What is found, look by look, until it is something else than a server that starts."""
    check = Check(f"{protocol}/chat/{model}", protocol, CheckKind.CHAT, model, protocol, protocol=protocol)
    seen: list[Verdict] = []
    while not seen or seen[-1].status is Status.CONNECTION_ERROR or seen[-1].loading:
        await asyncio.sleep(LOOK_AGAIN_S)
        seen.append((await prober.probe(check, Trigger.MANUAL)).verdict)
    return seen


async def test_while_it_loads_it_is_starting_and_not_down(starting_llama: "Llama") -> None:
    """First nobody listens, then 503 "Loading model", which is OVERLOADED and marked as loading, in every protocol."""
    async with _prober(starting_llama) as prober, asyncio.timeout(LOADS_WITHIN_S):
        looks = (_until_loaded(prober, starting_llama.model, protocol) for protocol in PROTOCOLS)
        found = dict(zip(PROTOCOLS, await asyncio.gather(*looks), strict=True))
    for protocol, seen in found.items():
        loading = [verdict for verdict in seen if verdict.loading]
        assert loading, protocol
        assert {(one.status, one.fault_domain) for one in loading} == {(Status.OVERLOADED, FaultDomain.MODEL)}
    embedding = found.pop("openai-embeddings")[-1]
    assert {seen[-1].status for seen in found.values()} == {Status.UP}
    assert "does not support embeddings" in (embedding.reason or "")
