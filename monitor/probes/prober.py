"""From a check to its result: takes a slot, reads the clock, runs the exchange, classifies, doubts. Never raises.

Owns the order of these steps; which exchanges a probe is made of is `asking`. Owns neither when a check is due nor what
becomes of its result.
"""

import asyncio
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Self

import structlog

from monitor.clock import Clock, Moment
from monitor.config.secrets import Secret
from monitor.domain.action import Action
from monitor.domain.check import Check
from monitor.domain.classify import REASON_LIMIT
from monitor.domain.kept import Learned
from monitor.domain.redact import Redactor
from monitor.domain.result import FaultDomain, Result, Status, Trigger, Verdict
from monitor.probes.asking import Asked, Asking
from monitor.probes.balance import ask_balance
from monitor.probes.connections import Connections
from monitor.probes.endpoint import LiveEndpoint
from monitor.probes.lessons import Lessons
from monitor.probes.own_fault import OwnFault
from monitor.probes.resolver import Lookup
from monitor.probes.slots import Slots
from monitor.probes.target import EndpointTarget

_MS_PER_S = 1000.0
_US_PER_S = 1_000_000

_log = structlog.get_logger()


class Prober:
    """Executes checks.

    Args:
        targets: the endpoints by name.
        concurrency: probes in flight at most, all endpoints together.
        clock: gives the moments that stand in results.
        redactor: cleans what classification quotes from answers; knows the secrets of `targets`.
        lookup: how host names are resolved.
        own_fault: asked about each failure before it counts; None to take every failure as it is.

    Attributes:
        waiting: the checks whose probes wait for a slot.

    Raises:
        UsageError: a CA file, a proxy's URL or a protocol is no use.
    """

    def __init__(
        self,
        targets: Mapping[str, EndpointTarget],
        *,
        concurrency: int,
        clock: Clock,
        redactor: Redactor,
        lookup: Lookup = socket.getaddrinfo,
        own_fault: OwnFault | None = None,
    ) -> None:
        self._lessons = Lessons()
        self._endpoints: Mapping[str, LiveEndpoint] = {
            name: LiveEndpoint(target, self._lessons) for name, target in targets.items()
        }
        self._slots = Slots(concurrency, _limits(targets))
        self._slots.budget({name: target.budget for name, target in targets.items()})
        self.waiting: set[str] = set()
        self._clock = clock
        self._redactor = redactor
        self._own_fault = own_fault
        self._connections = Connections(lookup)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def probe(self, check: Check, trigger: Trigger, lag_ms: float = 0.0) -> Result:
        """Probe `check` once and say what was found; raises nothing but the cancellation of its task.

        Args:
            check: what to probe.
            trigger: why; confirm and triage probes take the first free slot, and a fresh connection.
            lag_ms: how late this call comes; the wait for a slot is added to it.
        """
        asked = self._clock.now()
        endpoint = self._endpoints.get(check.endpoint)
        if endpoint is None:
            error = LookupError(f"no endpoint {check.endpoint}")
            return self._crashed(check, Result(check.id, asked, asked, trigger, _CRASHED, lag_ms=lag_ms), error)
        self.waiting.add(check.id)
        try:
            tokens = endpoint.expected_tokens(check)
            paid = await self._slots.take(check.endpoint, urgent=trigger.is_urgent, tokens=tokens)
        finally:
            self.waiting.discard(check.id)
        started = asked
        try:
            try:
                endpoint = self._endpoints.get(check.endpoint, endpoint)  # a new key may have come during the wait
                started = self._clock.now()
                lag_ms += started.s_since(asked) * _MS_PER_S
                answer = await self._run(endpoint, check, trigger, started)
                if paid is not None:
                    used = endpoint.used_tokens(check, answer.finding.usage)
                    self._slots.correct(check.endpoint, paid, used=used)
            finally:
                self._slots.give(check.endpoint)
            if self._own_fault is not None:  # it may take its time: nobody waits for the slot any more
                ours = await self._own_fault.explains(answer.outcome, endpoint, started)
                answer = answer if ours is None else answer.with_verdict(_unknown(answer.finding.verdict, ours))
            return self._result(check, trigger, answer, (started, lag_ms))
        except Exception as error:  # noqa: BLE001  a fault of our own must not end the schedule
            blank = Result(check.id, started, self._clock.now(), trigger, _CRASHED, lag_ms=lag_ms)
            return self._crashed(check, blank, error)

    async def balance(self, endpoint: str) -> float | str:
        """What is left of an endpoint's account, or in a few words why nobody knows; never raises."""
        live = self._endpoints.get(endpoint)
        source = None if live is None else live.target.balance
        if live is None or source is None:
            return "it is no longer configured"
        await self._slots.take(endpoint, urgent=False)
        try:
            return await ask_balance(self._connections, live, source, self._clock.now().wall_us / _US_PER_S)
        finally:
            self._slots.give(endpoint)

    def remember(self, known: Iterable[Learned], keep: Callable[[Learned], None]) -> None:
        """What was learned earlier of how models want to be asked, and who keeps what is learned from now on."""
        self._lessons.remember(known, keep)

    def replace_key(self, endpoint: str, key: Secret, *, redactor: Redactor) -> None:
        """Use another API key from now on; `redactor` must know it. Probes in flight end with the old one.

        Raises:
            UsageError: the endpoint's CA file is no use any more; nothing has changed then.
        """
        live = self._endpoints.get(endpoint)
        if live is not None:
            self._endpoints = {**self._endpoints, endpoint: live.with_key(key)}
        self._redactor = redactor

    def made_ready(self, targets: Mapping[str, EndpointTarget]) -> Mapping[str, LiveEndpoint]:
        """What `update` puts in force. Reads CA files: for threads.

        Raises:
            UsageError: a target is no use.
        """
        present = self._endpoints
        return {
            name: present[name].changed_to(target) if name in present else LiveEndpoint(target, self._lessons)
            for name, target in targets.items()
        }

    def update(self, endpoints: Mapping[str, LiveEndpoint], *, concurrency: int, redactor: Redactor) -> None:
        """Probe these endpoints from now on; probes in flight end as they began. Cannot fail."""
        for name, endpoint in endpoints.items():
            if name in self._endpoints and endpoint.lessons is not self._endpoints[name].lessons:
                self._endpoints[name].lessons.forget(name)
        self._endpoints = endpoints
        self._slots.resize(concurrency, {name: endpoint.target.concurrency for name, endpoint in endpoints.items()})
        self._slots.budget({name: endpoint.target.budget for name, endpoint in endpoints.items()})
        self._redactor = redactor

    async def aclose(self) -> None:
        """Close every connection; call it when no probe is in flight."""
        await self._connections.aclose()

    async def _run(self, endpoint: LiveEndpoint, check: Check, trigger: Trigger, started: Moment) -> Asked:
        asking = Asking(
            self._connections,
            endpoint,
            check,
            endpoint.route(check, fresh=trigger.is_urgent),
            deadline=asyncio.get_running_loop().time() + check.timeout_s,
            now_s=started.wall_us / _US_PER_S,
            redactor=self._redactor,
        )
        return await asking.run(trigger)

    def _result(self, check: Check, trigger: Trigger, answer: Asked, begun: tuple[Moment, float]) -> Result:
        started, lag_ms = begun
        outcome, finding, times = answer.outcome, answer.finding, answer.times
        phases = outcome.phases
        # Rows are many and phases long: they are kept where somebody will ask where the time went.
        worth_keeping = finding.verdict.status is not Status.UP or trigger is Trigger.MANUAL
        return Result(
            check=check.id,
            started_at=started,
            finished_at=self._clock.now(),
            trigger=trigger,
            verdict=finding.verdict,
            http_status=outcome.http_status,
            latency_ms=phases.total_ms,
            ttft_ms=None if times is None else times.ttft_ms,
            lag_ms=lag_ms,
            request_id=finding.request_id,
            phases=phases if worth_keeping else None,
            certificate_days=outcome.certificate_days,
            usage=finding.usage,
            stream=times,
            answered_by=finding.answered_by,
            limits=finding.limits,
            listed=finding.listed,
            kinds=finding.kinds,
        )

    def _crashed(self, check: Check, blank: Result, error: Exception) -> Result:
        _log.error("probe_crashed", check=check.id, error=type(error).__name__, exc_info=error)
        reason = f"the probe itself failed: {type(error).__name__}"
        return replace(blank, verdict=replace(blank.verdict, reason=reason))


_CRASHED = Verdict(Status.UNKNOWN, FaultDomain.MONITOR, action=Action.REPORT_BUG)


def _unknown(failure: Verdict, ours: str) -> Verdict:
    """What a failure says of the endpoint when the cause may be ours: nothing."""
    reason = f"{ours}; {failure.reason}"[:REASON_LIMIT]
    return Verdict(Status.UNKNOWN, FaultDomain.MONITOR, reason, Action.CHECK_NETWORK)


def _limits(targets: Mapping[str, EndpointTarget]) -> dict[str, int]:
    return {name: target.concurrency for name, target in targets.items()}
