"""One probe's exchanges: the question, once more with the other name of the token limit, the turn after a tool call.

Owns their order and how two turns become one outcome. All of them share the probe's deadline. Owns neither what is
asked (`questions`) nor what an answer means (`classify`).
"""

import asyncio
from dataclasses import dataclass, replace

from monitor.domain.action import Action
from monitor.domain.ask import Ask
from monitor.domain.check import Check
from monitor.domain.classify import REASON_LIMIT, classify
from monitor.domain.outcome import Answer, NoAnswer, NoAnswerKind, Outcome
from monitor.domain.redact import Redactor
from monitor.domain.result import FaultDomain, Finding, Status, StreamTimes, Trigger, Verdict
from monitor.probes.connections import Connections
from monitor.probes.endpoint import LiveEndpoint
from monitor.probes.exchange import Route, exchange

_NOT_FOUND = 404
_NO_TIME_LEFT = "the first exchange left no time to connect for the second"


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of a probe.

    Attributes:
        outcome: of the last exchange, with the time of all of them.
        times: when what came of the stream; None when not streamed.
    """

    outcome: Outcome
    finding: Finding
    times: StreamTimes | None

    def with_verdict(self, verdict: Verdict) -> "Asked":
        """The same with another verdict."""
        return replace(self, finding=replace(self.finding, verdict=verdict))


@dataclass(frozen=True, slots=True)
class Asking:
    """One probe of one check.

    Attributes:
        deadline: when to give up, in seconds of the loop's clock.
        now_s: wall time in seconds.
    """

    connections: Connections
    endpoint: LiveEndpoint
    check: Check
    route: Route
    deadline: float
    now_s: float
    redactor: Redactor

    async def run(self, trigger: Trigger) -> Asked:
        """Ask, and learn from the answer; never raises."""
        check, questions = self.check, self.endpoint.questions
        ask, before = questions.ask(check, trigger), None
        outcome = await self._exchange(ask)
        while True:
            outcome = outcome if before is None else _together(before.outcome, outcome)
            finding = self._classified(ask, outcome)
            if ask is not None and questions.wants_again(check, finding):
                ask = replace(ask, other_limit=not ask.other_limit)
                outcome = await self._once_more(ask)
                continue
            times = None if outcome.stream is None else outcome.stream.times
            asked = Asked(outcome, finding, times) if before is None else _both(before, outcome, finding)
            following = questions.second_turn(ask, finding)
            if following is None:
                break
            ask, before = following, asked
            outcome = await self._once_more(ask)
        if ask is None and isinstance(outcome, Answer):
            self.endpoint.list_is_404 = outcome.http_status == _NOT_FOUND
        if questions.learn(check, ask, asked.finding, trigger):
            return asked.with_verdict(_asked_wrongly(asked.finding.verdict))
        return asked

    async def _exchange(self, ask: Ask | None) -> Outcome:
        endpoint, check = self.endpoint, self.check
        request, recorder = endpoint.request(check, ask), endpoint.recorder(check, ask)
        return await exchange(
            self.connections, request, self.route, deadline=self.deadline, now_s=self.now_s, recorder=recorder
        )

    async def _once_more(self, ask: Ask) -> Outcome:
        """A further exchange of the same probe; when too little time was left to connect, no network is to blame."""
        outcome = await self._exchange(ask)
        is_up = asyncio.get_running_loop().time() >= self.deadline
        if is_up and isinstance(outcome, NoAnswer) and outcome.kind is NoAnswerKind.CONNECT_TIMEOUT:
            return replace(outcome, kind=NoAnswerKind.READ_TIMEOUT, detail=_NO_TIME_LEFT)
        return outcome

    def _classified(self, ask: Ask | None, outcome: Outcome) -> Finding:
        return classify(
            self.check,
            outcome,
            dialect=self.endpoint.protocol(self.check),
            ask=ask,
            redactor=self.redactor,
            now_s=self.now_s,
            configured_models=self.endpoint.target.models,
            list_is_404=self.endpoint.list_is_404,
        )


def _together(first: Outcome, second: Outcome) -> Outcome:
    """The second turn's outcome; the way there and the first byte are the first turn's, the time is that of both."""
    took_ms, more_ms = first.phases.total_ms, second.phases.total_ms
    total_ms = None if took_ms is None or more_ms is None else took_ms + more_ms
    return replace(second, phases=replace(first.phases, total_ms=total_ms))


def _both(before: Asked, outcome: Outcome, finding: Finding) -> Asked:
    """Two turns as one probe: tokens add up, and an answer that another gave in the first turn is not forgotten."""
    usage = before.finding.usage.plus(finding.usage)
    if before.finding.verdict.status is Status.DEGRADED and finding.verdict.status is Status.UP:
        finding = replace(finding, verdict=before.finding.verdict, answered_by=before.finding.answered_by)
    times = before.times
    if times is not None:  # of two turns there is no one rate of tokens
        times = StreamTimes(first_event_ms=times.first_event_ms, ttft_ms=times.ttft_ms)
    return Asked(outcome, replace(finding, usage=usage), times)


def _asked_wrongly(refusal: Verdict) -> Verdict:
    """What a refusal says of the model when the next question will be put as the API wants it: nothing."""
    reason = f"asked in a way that this API refuses, the next probe asks otherwise; {refusal.reason}"[:REASON_LIMIT]
    return Verdict(Status.UNKNOWN, FaultDomain.MONITOR, reason, Action.ASK_ANEW)
