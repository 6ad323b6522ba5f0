"""The steps `model` and `limits`: every model asked twice, for a whole answer and for a stream.

Owns how many are asked at a time, and when no further one is: a key that is refused and a quota that is used up are
the same for all of them.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

from monitor.domain.action import Action
from monitor.domain.check import Check
from monitor.domain.diagnosis import Meaning, Step, StepName, StepStatus, doubted, passed, skipped
from monitor.domain.limits import Limit
from monitor.domain.result import Result, Status, Trigger
from monitor.protocols.registry import protocol_named

AT_ONCE = 4
FEW_REQUESTS = 10.0
LITTLE = 0.05
_MS_PER_S = 1000.0
_FOR_ALL = frozenset({Status.QUOTA_EXCEEDED, Status.RATE_LIMITED})


class Probing(Protocol):
    """What probes, as `Prober` does."""

    async def probe(self, check: Check, trigger: Trigger) -> Result:
        """Probe once."""
        ...


class Interview:
    """Asks models.

    Args:
        prober: probes them.
        at_once: in flight at most.

    Attributes:
        results: of every probe that was made.
    """

    def __init__(self, prober: Probing, at_once: int) -> None:
        self.results: list[Result] = []
        self._prober = prober
        self._gate = asyncio.Semaphore(min(AT_ONCE, at_once))
        self._enough: str | None = None

    async def whole(self, check: Check) -> Result | None:
        """The model's answer as a whole; None if nobody is asked any more."""
        return await self._ask(replace(check, stream=False, full_every=1))

    async def steps(self, checks: Sequence[Check], first: Result | None = None) -> AsyncIterator[Step]:
        """Two steps for each model, in order, each as soon as it and all before it are done.

        Args:
            checks: of the models.
            first: the answer of the first model as a whole, where it was asked already.
        """
        wholes = [
            asyncio.create_task(_known(first) if first is not None and not number else self.whole(check))
            for number, check in enumerate(checks)
        ]
        streams = [asyncio.create_task(self._stream(check, whole)) for check, whole in zip(checks, wholes, strict=True)]
        try:
            for check, whole, stream in zip(checks, wholes, streams, strict=True):
                answer = await whole
                yield self._step(check, answer, stream=False)
                if protocol_named(check.protocol).streams:
                    plain_works = answer is not None and answer.status.is_success
                    yield self._step(check, await stream, stream=True, plain_works=plain_works)
                else:
                    yield skipped(StepName.MODEL, f"{check.protocol} has no streams", model=check.model, stream=True)
        finally:
            await _ended((*wholes, *streams))

    async def _stream(self, check: Check, whole: "asyncio.Task[Result | None]") -> Result | None:
        await asyncio.wait([whole])  # what is learned of the model by the first question helps the second
        if not protocol_named(check.protocol).streams:
            return None
        return await self._ask(replace(check, stream=True, full_every=1))

    async def _ask(self, check: Check) -> Result | None:
        async with self._gate:
            if self._enough is not None:
                return None
            result = await self._prober.probe(check, Trigger.MANUAL)
            if result.verdict.action is Action.ASK_ANEW:  # it has been learned how this API wants to be asked
                result = await self._prober.probe(check, Trigger.MANUAL)
        self.results.append(result)
        if _holds_for_all(result):
            self._enough = f"{check.model} got {result.status}, and asking on would change nothing"
        return result

    def _step(self, check: Check, result: Result | None, *, stream: bool, plain_works: bool = False) -> Step:
        if result is None:
            return skipped(StepName.MODEL, self._enough or "not asked", model=check.model, stream=stream)
        facts = _facts(check, result, stream=stream)
        status, took_ms = result.status, result.finished_at.s_since(result.started_at) * _MS_PER_S
        if status is Status.UP:
            return passed(StepName.MODEL, _told(result, check.model), took_ms, **facts)
        configured = check.stream == stream or (not stream and _holds_for_all(result))
        grave = StepStatus.FAILED if configured and not status.is_success else StepStatus.WARNING
        meaning = Meaning.MODEL_DEGRADED if status.is_success else Meaning.MODEL_FAILED
        action = result.verdict.action
        if stream and plain_works and not status.is_success:
            meaning, action = Meaning.PLAIN_ONLY, None
        says = f"{status}: {result.verdict.reason or 'no reason'}"
        return Step(StepName.MODEL, grave, says, took_ms, facts, meaning, action)


async def _known(result: Result) -> Result | None:
    return result


def _holds_for_all(result: Result) -> bool:
    """Whether other models, and the other way to ask, would get the same answer."""
    return result.status in _FOR_ALL or result.verdict.action is Action.CHECK_KEY


async def _ended(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Nothing goes on behind somebody who has stopped listening."""
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _facts(check: Check, result: Result, *, stream: bool) -> dict[str, Any]:
    times, usage = result.stream, result.usage
    rate = None if times is None else times.tokens_per_s(usage.output_tokens)
    return {
        "model": check.model,
        "stream": stream,
        "check_status": str(result.status),
        "fault_domain": None if result.verdict.fault_domain is None else str(result.verdict.fault_domain),
        "http_status": result.http_status,
        "latency_ms": _rounded(result.latency_ms),
        "first_event_ms": None if times is None else _rounded(times.first_event_ms),
        "ttft_ms": _rounded(result.ttft_ms),
        "tokens_per_s": _rounded(rate),
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "answered_by": result.answered_by,
        "reason": result.verdict.reason,
        "retry_after_s": result.verdict.retry_after_s,
        "request_id": result.request_id,
    }


def _told(result: Result, model: str | None) -> str:
    parts = []
    if result.latency_ms is not None:
        parts.append(f"{result.latency_ms:.0f} ms")
    if result.ttft_ms is not None:
        parts.append(f"first token after {result.ttft_ms:.0f} ms")
    if result.usage.output_tokens is not None:
        parts.append(f"{result.usage.output_tokens} token{'s' if result.usage.output_tokens != 1 else ''}")
    if result.answered_by not in {None, model}:
        parts.append(f"by {result.answered_by}")
    return ", ".join([*parts, *([result.verdict.reason] if result.verdict.reason else [])])


def limits_step(told: Sequence[tuple[Limit, ...]]) -> Step:
    """What is left of the rate limits, as the last answers that tell of any have it.

    Args:
        told: the limits in each answer's headers, in the order in which the answers came.
    """
    latest = {limit.kind: limit for limits in told for limit in limits}
    if not latest:
        return skipped(StepName.LIMITS, "no answer tells of any")
    facts = {
        "limits": [
            {"kind": str(limit.kind), "limit": limit.limit, "remaining": limit.remaining, "reset_s": limit.reset_s}
            for limit in latest.values()
        ]
    }
    says = "; ".join(_left(limit) for limit in latest.values())
    if any(_is_low(limit) for limit in latest.values()):
        return doubted(StepName.LIMITS, Meaning.HEADROOM_LOW, says, None, **facts)
    return passed(StepName.LIMITS, says, None, **facts)


def _left(limit: Limit) -> str:
    kind = limit.kind.replace("_", " ")
    left = "?" if limit.remaining is None else f"{limit.remaining:g}"
    of = "" if limit.limit is None else f" of {limit.limit:g}"
    when = "" if limit.reset_s is None else f", whole in {limit.reset_s:.0f} s"
    return f"{left}{of} {kind} left{when}"


def _is_low(limit: Limit) -> bool:
    """Fewer than 10 requests or 5 % left, as for the daemon's own warning."""
    if limit.remaining is None:
        return False
    if limit.limit is not None and limit.remaining < limit.limit * LITTLE:
        return True
    return limit.kind == "requests" and limit.remaining < FEW_REQUESTS and limit.remaining != limit.limit


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
