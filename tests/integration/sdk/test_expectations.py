"""What is expected of an answer, put to models that do as told and to others, in every protocol."""

from typing import Any

import pytest

from monitor.clock import SystemClock
from monitor.domain.expect import Expect
from monitor.domain.result import Status
from monitor.simulator.gateway import Gateway
from monitor.simulator.served import Script
from tests.integration.sdk.parties import KEY, MODEL, QUESTIONS, Probes, Question, Way

CHATS = [
    question for question in QUESTIONS if question.way is not Way.LIST and question.protocol != "openai-embeddings"
]
EXPECTATIONS = {
    "challenge": Expect(challenge=True),
    "challenge in JSON": Expect(challenge=True, json=True),
    "JSON": Expect(json=True),
    "length": Expect(min_length=30),
    "pattern": Expect(matches="OK"),
    "tool": Expect(tool=True),
    "tool and challenge": Expect(tool=True, challenge=True),
}


@pytest.mark.parametrize("expect", EXPECTATIONS.values(), ids=EXPECTATIONS.keys())
@pytest.mark.parametrize("question", CHATS, ids=lambda question: question.name)
async def test_an_honest_model_passes_and_an_unruly_one_does_not(question: Question, expect: Expect) -> None:
    """UP here; there not, and not the endpoint's fault either."""
    script = Script.model_validate({"models": [{"id": MODEL}, {"id": "unruly", "ignores_instructions": True}]})
    async with (
        Gateway(script, clock=SystemClock(), api_key=KEY) as gateway,
        Probes(gateway.base_url, timeout_s=20.0) as probes,
    ):
        honest = await probes.ask(question, expect=expect, max_tokens=128)
        unruly = await probes.ask(question, expect=expect, max_tokens=128, model="unruly", id="unruly")
    assert (honest.status, honest.verdict.reason) == (Status.UP, None)
    if expect.min_length is None:
        assert unruly.status is not Status.UP
        assert unruly.verdict.reason is not None


@pytest.mark.parametrize(
    ("model", "question"),
    [
        ({"least_tokens": 20}, Question("openai", Way.WHOLE)),
        ({"least_tokens": 20}, Question("openai-responses", Way.STREAM)),
        ({"refuses_stream_options": True}, Question("openai", Way.STREAM)),
        ({"refuses_max_tokens": True, "refuses_stream_options": True}, Question("openai", Way.STREAM)),
    ],
    ids=str,
)
async def test_what_a_model_refuses_is_learned_and_never_an_outage(model: dict[str, Any], question: Question) -> None:
    """Two probes at most tell nothing of the model; from then on it is UP."""
    script = Script.model_validate({"models": [{"id": MODEL} | model]})
    async with (
        Gateway(script, clock=SystemClock(), api_key=KEY) as gateway,
        Probes(gateway.base_url, timeout_s=20.0) as probes,
    ):
        found = [(await probes.ask(question, max_tokens=16)).status for _ in range(4)]
    assert set(found[:2]) <= {Status.UP, Status.UNKNOWN}
    assert found[2:] == [Status.UP, Status.UP]
