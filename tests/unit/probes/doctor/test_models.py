"""Models asked twice each, and when no further one is."""

from dataclasses import dataclass, field, replace

import pytest

from monitor.clock import Moment
from monitor.domain.action import Action
from monitor.domain.check import Check, CheckKind
from monitor.domain.diagnosis import Meaning, Step, StepStatus
from monitor.domain.limits import Limit, LimitKind
from monitor.domain.reply import Usage
from monitor.domain.result import FaultDomain, Result, Status, StreamTimes, Trigger, Verdict
from monitor.probes.doctor.models import Interview, limits_step

UP = Verdict(Status.UP)
BROKEN = Verdict(Status.INVALID_RESPONSE, FaultDomain.ENDPOINT, "cut", Action.CHECK_RESPONSE)


def check(model: str, *, stream: bool = False, protocol: str = "openai") -> Check:
    """A check of this model."""
    return Check(f"gw/chat/{model}", "gw", CheckKind.CHAT, model, "gw", stream=stream, protocol=protocol)


@dataclass
class Api:
    """Answers as it is told, and remembers what it was asked."""

    verdicts: dict[tuple[str, bool], Verdict] = field(default_factory=dict)
    asked: list[tuple[str | None, bool]] = field(default_factory=list)

    async def probe(self, check: Check, trigger: Trigger) -> Result:
        """One answer."""
        self.asked.append((check.model, check.stream))
        verdict = self.verdicts.get((check.model or "", check.stream), UP)
        times = StreamTimes(30.0, 40.0, 90.0, 10.0, 6) if check.stream else None
        begun = Moment(0, 0)
        usage, ttft_ms = Usage(9, 6), None if times is None else times.ttft_ms
        return Result(
            check.id, begun, begun.plus_s(0.1), trigger, verdict, 200, 100.0, ttft_ms, usage=usage, stream=times
        )


async def steps_of(api: Api, *checks: Check, at_once: int = 1) -> list[Step]:
    """All steps."""
    interview = Interview(api, at_once)
    return [step async for step in interview.steps(checks)]


async def test_each_is_asked_for_a_whole_answer_and_for_a_stream() -> None:
    """In configured order, whatever comes first."""
    steps = await steps_of(Api(), check("a"), check("b"), at_once=4)
    assert [(step.facts["model"], step.facts["stream"]) for step in steps] == [
        ("a", False), ("a", True), ("b", False), ("b", True),
    ]  # fmt: skip
    assert steps[1].says == "100 ms, first token after 40 ms, 6 tokens"
    assert steps[1].facts["tokens_per_s"] == 120.0
    assert {step.status for step in steps} == {StepStatus.OK}


@pytest.mark.parametrize(("configured", "status"), [(False, StepStatus.WARNING), (True, StepStatus.FAILED)])
async def test_a_stream_that_fails(configured: bool, status: StepStatus) -> None:  # noqa: FBT001  a row of a table
    """Where `stream` is off, it is good to know, but nothing is broken."""
    steps = await steps_of(Api({("a", True): BROKEN}), check("a", stream=configured))
    assert (steps[1].status, steps[1].meaning) == (status, Meaning.PLAIN_ONLY)


async def test_a_model_that_fails_has_the_advice_of_its_verdict() -> None:
    """The same that an alert would give."""
    steps = await steps_of(Api({("a", False): BROKEN}), check("a"))
    assert (steps[0].status, steps[0].action) == (StepStatus.FAILED, Action.CHECK_RESPONSE)
    assert steps[0].says == "INVALID_RESPONSE: cut"


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict(Status.QUOTA_EXCEEDED, FaultDomain.QUOTA, "empty", Action.ADD_CREDIT),
        Verdict(Status.RATE_LIMITED, FaultDomain.QUOTA, "slow down", Action.SLOW_DOWN),
        Verdict(Status.AUTH_ERROR, FaultDomain.KEY, "no", Action.CHECK_KEY),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_what_holds_for_all_is_asked_once(verdict: Verdict, *, stream: bool) -> None:
    """A quota that is used up and a key that is refused are the same for all models, and streamed or not."""
    api = Api({("a", False): verdict})
    steps = await steps_of(api, check("a", stream=stream), check("b", stream=stream))
    assert api.asked == [("a", False)]
    assert [step.status for step in steps] == [StepStatus.FAILED, *[StepStatus.SKIPPED] * 3]
    assert "asking on would change nothing" in steps[-1].says


async def test_a_missing_grant_is_one_models_own() -> None:
    """The others are asked."""
    verdict = Verdict(Status.AUTH_ERROR, FaultDomain.KEY, "no access", Action.REQUEST_ACCESS)
    api = Api({("a", False): verdict, ("a", True): verdict})
    steps = await steps_of(api, check("a"), check("b"))
    assert [step.status for step in steps][2:] == [StepStatus.OK, StepStatus.OK]


async def test_a_protocol_without_streams() -> None:
    """The second step is left out, and says why."""
    api = Api()
    steps = await steps_of(api, check("e", protocol="openai-embeddings"))
    assert api.asked == [("e", False)]
    assert steps[1].status is StepStatus.SKIPPED


async def test_an_api_that_wants_to_be_asked_otherwise_is_asked_again() -> None:
    """What was learned from its refusal is used at once."""
    anew = Verdict(Status.UNKNOWN, FaultDomain.MONITOR, "asked wrongly", Action.ASK_ANEW)

    class Learning(Api):
        async def probe(self, check: Check, trigger: Trigger) -> Result:
            result = await super().probe(check, trigger)
            return replace(result, verdict=anew) if len(self.asked) == 1 else result

    steps = await steps_of(Learning(), check("a"))
    assert [step.status for step in steps] == [StepStatus.OK, StepStatus.OK]


@pytest.mark.parametrize(
    ("limit", "status"),
    [
        (Limit(LimitKind.REQUESTS, 60.0, 9.0, 12.0), StepStatus.WARNING),
        (Limit(LimitKind.REQUESTS, 1000.0, 49.0), StepStatus.WARNING),
        (Limit(LimitKind.REQUESTS, 60.0, 50.0), StepStatus.OK),
        (Limit(LimitKind.REQUESTS, 5.0, 5.0), StepStatus.OK),
        (Limit(LimitKind.TOKENS, 1000.0, 40.0), StepStatus.WARNING),
        (Limit(LimitKind.TOKENS, None, 5.0), StepStatus.OK),
        (Limit(LimitKind.REQUESTS, 60.0, None), StepStatus.OK),
    ],
)
def test_headroom(limit: Limit, status: StepStatus) -> None:
    """Fewer than 10 requests or 5 % left; of several answers the last one counts."""
    full = Limit(limit.kind, 10_000.0, 10_000.0)
    assert limits_step([(full,), (limit,)]).status is status


def test_nobody_tells_of_limits() -> None:
    """Nothing is claimed."""
    assert limits_step([(), ()]).status is StepStatus.SKIPPED
