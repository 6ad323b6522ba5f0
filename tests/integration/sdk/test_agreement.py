"""The official SDKs and the probe against the same gateway: they agree, or a row says why not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from monitor.clock import SystemClock
from monitor.domain.result import Result, Status
from monitor.simulator.gateway import Gateway, Target
from monitor.simulator.kinds import FaultKind
from monitor.simulator.served import Script
from tests.integration.sdk.cases import CASES, Case
from tests.integration.sdk.differences import DIFFERENCES
from tests.integration.sdk.parties import KEY, MODEL, OF_STATUS, QUESTIONS, Outcome, Probes, Question, Sdks, Way

ALL = [case for cases in CASES.values() for case in cases]
Ask = Callable[[Question], Awaitable[tuple[Outcome, Result]]]


@asynccontextmanager
async def both(
    model: dict[str, Any] | None = None,
    *,
    case: Case | None = None,
    key: str = KEY,
    asked: str = MODEL,
) -> AsyncIterator[tuple[Gateway, Ask]]:
    """A gateway with one model, perhaps with a fault, and a way to ask it by SDK and by probe at the same time."""
    script = Script.model_validate({"models": [{"id": MODEL} | (model or {})]})
    timeout_s, patience_s = (20.0, 30.0) if case is None else (case.timeout_s, case.patience_s)
    async with AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(Gateway(script, clock=SystemClock(), api_key=KEY))
        if case is not None:
            gateway.set_fault(Target.EVERYTHING, case.fault)
        sdks = await stack.enter_async_context(
            Sdks(gateway.base_url, key=key, model=asked, timeout_s=timeout_s, patience_s=patience_s)
        )
        probes = await stack.enter_async_context(Probes(gateway.base_url, key=key, model=asked, timeout_s=timeout_s))

        async def ask(question: Question) -> tuple[Outcome, Result]:
            return await asyncio.gather(sdks.ask(question), probes.ask(question))

        yield gateway, ask


def test_every_kind_of_fault_is_put_to_both() -> None:
    """Whoever adds a kind says what the SDKs make of it; cases have names of their own."""
    assert CASES.keys() == set(FaultKind)
    assert all(cases and {case.kind for case in cases} == {kind} for kind, cases in CASES.items())
    assert len({case.name for case in ALL}) == len(ALL)


def test_every_difference_is_about_something_and_differs() -> None:
    """No row without a case, and none for what is agreed."""
    for row in DIFFERENCES:
        assert row.sdk is not row.probe
        for name in row.cases:
            assert any(row.holds(case, question) for case in ALL if case.name == name for question in case.questions)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
async def test_sdk_and_probe_agree_on_a_fault(case: Case) -> None:
    """In every protocol, plain and streamed, and for the model list; else exactly as the table says."""
    async with both(case=case) as (_, ask):
        found = await asyncio.gather(*map(ask, case.questions))
    wrong = []
    for question, (sdk, result) in zip(case.questions, found, strict=True):
        rows = [row for row in DIFFERENCES if row.holds(case, question)]
        due = [(row.sdk, row.probe) for row in rows] or [(sdk, sdk)]
        if [(sdk, OF_STATUS.get(result.status))] != due:
            wrong.append(f"{question.name}: sdk {sdk!r}, probe {result.status} ({result.verdict.reason}), due {due}")
    assert wrong == []


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
async def test_both_are_content_with_a_healthy_gateway(question: Question) -> None:
    """And what the gateway says is all that an SDK would have it say."""
    async with both() as (gateway, ask):
        sdk, result = await ask(question)
        assert (sdk, result.status, result.verdict.reason) == (Outcome.SUCCESS, Status.UP, None)
        assert [seen.struck for seen in gateway.seen] == [None, None]
        assert {seen.stream for seen in gateway.seen} == {question.way is Way.STREAM}


@pytest.mark.parametrize(
    ("condition", "sdk", "probe"),
    [
        ({"key": "sk-wrong-0123456789"}, Outcome.AUTH, Outcome.AUTH),
        ({"asked": "no-such-model"}, Outcome.NOT_FOUND, Outcome.NOT_FOUND),
        ({"model": {"protocols": ["openai-embeddings"]}}, Outcome.NOT_FOUND, Outcome.NOT_FOUND),
        ({"model": {"loads_for": "1h"}}, Outcome.SERVER, Outcome.SERVER),
        ({"model": {"reasoning_tokens": 500}}, Outcome.SUCCESS, Outcome.SUCCESS),
        ({"model": {"ignores_instructions": True}}, Outcome.SUCCESS, Outcome.SUCCESS),
        ({"model": {"answers_as": "gpt-4.1-2025-04-14"}}, Outcome.SUCCESS, Outcome.SUCCESS),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else None,
)
async def test_both_agree_on_what_is_no_fault(condition: dict[str, Any], sdk: Outcome, probe: Outcome) -> None:
    """A wrong key, a model that is not there, one that is being loaded, one that thinks for long, an alias."""
    chats = [question for question in QUESTIONS if question.way is not Way.LIST and "embed" not in question.protocol]
    async with both(**condition) as (_, ask):
        found = await asyncio.gather(*map(ask, chats))
    assert [(says, OF_STATUS[result.status]) for says, result in found] == [(sdk, probe)] * len(chats)


async def test_the_probe_helps_itself_where_the_sdk_is_refused() -> None:
    """`max_tokens` is refused: the SDK raises, the probe repeats the question with the other name, once."""
    async with both({"refuses_max_tokens": True}) as (gateway, ask):
        sdk, result = await ask(Question("openai", Way.WHOLE))
        assert (sdk, result.status) == (Outcome.REQUEST, Status.UP)
        assert gateway.requests[MODEL] == 3
