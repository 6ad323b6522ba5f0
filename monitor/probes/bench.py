"""A check measured many times: streamed and whole, over kept connections and new ones, one run after the other.

Owns the running: who is asked next, what makes a connection warm or cold, when it is time to stop. What the figures
mean is in `domain.benchmark`. Nothing runs at the same time as anything else, or it would measure itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from secrets import randbelow, token_hex
from typing import Protocol

from monitor.clock import SystemClock
from monitor.domain.ask import Ask
from monitor.domain.benchmark import Sample, Way, order_of, sample_of
from monitor.domain.check import Check, CheckKind
from monitor.domain.redact import Redactor
from monitor.domain.result import Result, Status, Trigger
from monitor.probes.exchange import exchange
from monitor.probes.prober import Prober
from monitor.probes.questions import Questions
from monitor.probes.target import EndpointTarget

FAILURES_IN_A_ROW = 3
LONGEST_WAIT_S = 30.0
LEAST_TIMEOUT_S = 60.0
_STOPS_AT_ONCE = frozenset({Status.RATE_LIMITED, Status.QUOTA_EXCEEDED, Status.AUTH_ERROR, Status.MODEL_NOT_FOUND})
_NUMBERS = 900
_NONCE_BYTES = 4

Told = Callable[[Sample], None]
Sleep = Callable[[float], Awaitable[None]]


class Asking(Protocol):
    """What probes, as `Prober` does."""

    async def probe(self, check: Check, trigger: Trigger) -> Result:
        """Probe once."""
        ...

    async def warm(self, check: Check) -> None:
        """See that a kept connection is open."""
        ...

    async def aclose(self) -> None:
        """Close every connection; the next probe opens one again."""
        ...


class MeasuringProber(Prober):
    """Probes, and opens a kept connection without asking a model."""

    async def warm(self, check: Check) -> None:
        """Ask for the model list over a kept connection, whatever comes of it; a model would cost money."""
        endpoint = self._endpoints[check.endpoint]
        asked = replace(check, kind=CheckKind.MODELS, model=None)
        await exchange(
            self._connections,
            endpoint.request(asked, None),
            endpoint.route(check, fresh=False),
            deadline=asyncio.get_running_loop().time() + LEAST_TIMEOUT_S,
            now_s=0.0,
        )


class LongQuestions(Questions):
    """Asks for as long an answer as is allowed: of two tokens nobody learns how fast a model writes."""

    def ask(self, check: Check, trigger: Trigger = Trigger.MANUAL) -> Ask | None:
        """A question whose answer has no end, different each time from its first word on, so that no cache helps."""
        asked = super().ask(check, trigger)
        if asked is None:
            return None
        begin = 100 + randbelow(_NUMBERS)
        words = (
            f"[{token_hex(_NONCE_BYTES)}] Count upwards from {begin} in English words, one number a line. Never stop."
        )
        return replace(asked, prompt=words)


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of it.

    Attributes:
        samples: every run, warm-ups among them.
        stopped: why it ended early; None if it did not.
    """

    samples: tuple[Sample, ...]
    stopped: str | None = None


def measured_check(check: Check, max_tokens: int | None) -> Check:
    """The check as it is measured: with nothing that would make one run differ from the next."""
    return replace(
        check,
        timeout_s=max(check.timeout_s, LEAST_TIMEOUT_S),
        slow_after_s=None,
        max_tokens=max_tokens or check.max_tokens,
        expect=None,
        full_every=1,
        raise_max_tokens_to=0,
    )


def prober_for(target: EndpointTarget, redactor: Redactor) -> MeasuringProber:
    """A prober that asks long questions. Reads the CA file, so call it before the loop runs.

    Raises:
        UsageError: the CA file or the proxy's URL is no use.
    """
    targets = {target.name: replace(target, keepalive_s=LEAST_TIMEOUT_S)}
    prober = MeasuringProber(targets, concurrency=1, clock=SystemClock(), redactor=redactor)
    ready = prober.made_ready(targets)
    for endpoint in ready.values():
        endpoint.questions = LongQuestions()
    prober.update(ready, concurrency=1, redactor=redactor)
    return prober


class Bench:
    """Runs a benchmark.

    Args:
        check: as `measured_check` makes it.
        warm: keeps its connection.
        cold: closed before each of its runs.
        told: hears of every run when it is done.
        sleep: waits so many seconds.
    """

    def __init__(self, check: Check, warm: Asking, cold: Asking, told: Told, sleep: Sleep = asyncio.sleep) -> None:
        self._check = check
        self._warm = warm
        self._cold = cold
        self._told = told
        self._sleep = sleep
        self._samples: list[Sample] = []
        self._failures = 0

    async def run(self, ways: Sequence[Way], runs: int, warm_ups: int) -> Ended:
        """Every way `runs` times, after `warm_ups` rounds that count nowhere."""
        for number in range(1 - warm_ups, runs + 1):
            for way in order_of(ways, number):
                result = await self._once(way)
                sample = sample_of(way, max(0, number), result)
                self._samples.append(sample)
                self._told(sample)
                stopped = await self._stopped_by(result)
                if stopped is not None:
                    return Ended(tuple(self._samples), stopped)
        return Ended(tuple(self._samples))

    async def _once(self, way: Way) -> Result:
        prober = self._cold if way.cold else self._warm
        if way.cold:
            await prober.aclose()
        else:
            await prober.warm(self._check)  # servers close after a stream, or while cold runs went on
        return await prober.probe(replace(self._check, stream=way.stream), Trigger.MANUAL)

    async def _stopped_by(self, result: Result) -> str | None:
        """Why nothing more is asked after this result; None to go on, once a wait that it asks for is over."""
        verdict = result.verdict
        if verdict.status.is_success:
            self._failures = 0
            return None
        self._failures += 1
        wait_s = verdict.retry_after_s
        wish = "" if wait_s is None else f"; it asks to wait {wait_s:.0f} s"
        if verdict.status in _STOPS_AT_ONCE:
            return f"{verdict.status}: {verdict.reason}{wish}"
        if self._failures >= FAILURES_IN_A_ROW:
            return f"{self._failures} failures in a row, the last one {verdict.status}: {verdict.reason}{wish}"
        if wait_s is not None:
            if wait_s > LONGEST_WAIT_S:
                return f"{verdict.status}: {verdict.reason}{wish}"
            await self._sleep(wait_s)
        return None
