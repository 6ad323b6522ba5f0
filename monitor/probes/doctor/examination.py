"""The examination of one endpoint: which step follows which, and what cannot be done any more after a failure.

Owns the order. What a step looks at and what it makes of it is in the module of that step. Writes nothing, needs no
database and no daemon.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from monitor.clock import US_PER_S
from monitor.domain.diagnosis import Meaning, Step, StepName, StepStatus, doubted, failed, passed, skipped
from monitor.domain.redact import Redactor
from monitor.domain.result import Result, Status
from monitor.probes.dial import Dialler
from monitor.probes.doctor.answers import Seen, ask_list, clock_step, http_step, protocol_step
from monitor.probes.doctor.certificates import tls_step
from monitor.probes.doctor.key import key_step
from monitor.probes.doctor.models import Interview, limits_step
from monitor.probes.doctor.names import look_up, name_step
from monitor.probes.doctor.neighbours import found_next_door
from monitor.probes.doctor.ports import knock_on, port_step, uplink_step
from monitor.probes.doctor.subject import Instruments, Subject, configuration_step, without_key
from monitor.probes.doctor.tunnel import Way, proxy_step
from monitor.probes.endpoint import LiveEndpoint

Begun = Callable[[StepName], None]
_SAYS_LIMIT = 400
_FACT_LIMIT = 500
_AFTER_HTTP = (StepName.CLOCK, StepName.PROTOCOL, StepName.KEY, StepName.MODEL_LIST, StepName.MODEL, StepName.LIMITS)
_FAILED = StepStatus.FAILED


async def examine(subject: Subject, instruments: Instruments, begun: Begun) -> AsyncIterator[Step]:
    """Every step as soon as it is done, its texts cleaned.

    Args:
        subject: who is examined.
        instruments: made from `subject`; closed by the caller.
        begun: told when a step that may take its time begins.
    """
    examination = _Examination(subject, instruments, begun)
    async for step in examination.steps():
        yield cleaned(step, subject.redactor)


def cleaned(step: Step, redactor: Redactor) -> Step:
    """The step without secrets and without anything invisible or endless in its texts."""
    return replace(step, says=redactor.clean(step.says, _SAYS_LIMIT), facts=_clean(dict(step.facts), redactor))


def _clean(value: Any, redactor: Redactor) -> Any:
    if isinstance(value, str):
        return redactor.clean(value, _FACT_LIMIT)
    if isinstance(value, Mapping):
        return {name: _clean(part, redactor) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(part, redactor) for part in value]
    return value


class _Examination:
    """What is known so far."""

    def __init__(self, subject: Subject, instruments: Instruments, begun: Begun) -> None:
        self._subject = subject
        self._instruments = instruments
        self._begun = begun
        self._way: Way | None = None
        self._interview = Interview(instruments.prober, subject.target.concurrency)
        self._first: Result | None = None

    async def steps(self) -> AsyncIterator[Step]:
        yield configuration_step(self._subject)
        if "proxy" in self._subject.lacks:
            for name in (StepName.DNS, StepName.TCP, StepName.PROXY, StepName.TLS, StepName.HTTP, *_AFTER_HTTP):
                yield skipped(name, "the proxy is not known, and the endpoint is to be reached through it")
            return
        trouble: str | None = None
        async for step in self._connecting():
            yield step
            if step.status is _FAILED:
                trouble = f"{step.name} failed"
        if trouble is not None:
            for name in (StepName.HTTP, *_AFTER_HTTP):
                yield skipped(name, trouble)
            return
        async for step in self._talking():
            yield step

    async def _connecting(self) -> AsyncIterator[Step]:
        """From the name to a connection over which HTTP can be spoken."""
        subject, hop = self._subject, self._subject.first_hop
        within_s = subject.list_check.connect_timeout_s
        self._begun(StepName.DNS)
        found = await look_up(hop.host, hop.port, within_s, subject.lookup)
        named = name_step(hop, found)
        yield named
        if named.status is _FAILED:
            yield skipped(StepName.TCP, "there is no address")
        else:
            self._begun(StepName.TCP)
            knocks = await knock_on(found.used, hop.port, within_s)
            port = port_step(hop.port, knocks)
            yield port
            taking = next((knock.address for knock in knocks if knock.failure is None), None)
            if taking is not None:
                context = self._instruments.context
                self._way = Way(taking, hop.port, subject.address, context, subject.proxy)
        if self._way is None and subject.uplink and self._doubts_us(named if named.status is _FAILED else port):
            self._begun(StepName.UPLINK)
            yield await uplink_step(subject.uplink, Dialler(subject.lookup).dial)
        async for step in self._securing(within_s):
            yield step

    @staticmethod
    def _doubts_us(step: Step) -> bool:
        """Whether the failure may be that of our own network; a refusal and a name that does not exist are not."""
        return step.meaning not in {Meaning.PORT_REFUSED, Meaning.NAME_UNKNOWN, Meaning.NAME_WITHOUT_ADDRESS}

    async def _securing(self, within_s: float) -> AsyncIterator[Step]:
        subject, way = self._subject, self._way
        if subject.proxy is not None:
            if way is None:
                yield skipped(StepName.PROXY, "the proxy cannot be reached")
            elif not subject.is_encrypted:
                yield skipped(StepName.PROXY, "it forwards plain HTTP: the step http tells")
            else:
                self._begun(StepName.PROXY)
                step = await proxy_step(way, within_s)
                yield step
                way = None if step.status is _FAILED else way
        if not subject.is_encrypted:
            yield skipped(StepName.TLS, "http:// has none")
        elif way is None or "ca_file" in subject.lacks:
            yield skipped(StepName.TLS, "there is no connection" if way is None else "ca_file is no use")
        else:
            self._begun(StepName.TLS)
            now_s = subject.clock.now().wall_us / US_PER_S
            ca_file = None if subject.target.ca_file is None else str(subject.target.ca_file)
            yield await tls_step(way, self._instruments.context, within_s=within_s, now_s=now_s, ca_file=ca_file)

    async def _talking(self) -> AsyncIterator[Step]:
        """What the endpoint says over such a connection."""
        subject = self._subject
        self._begun(StepName.HTTP)
        seen = await ask_list(subject, self._instruments)
        answered = http_step(seen)
        if seen.finding.listed is None and seen.is_elsewhere and not subject.lacks:
            answered = await self._elsewhere(seen, answered)
        yield answered
        if answered.status is _FAILED:
            for name in _AFTER_HTTP:
                yield skipped(name, "http failed")
            return
        yield clock_step(seen)
        protocol = protocol_step(subject, seen)
        yield protocol
        async for step in self._asking(seen, protocol):
            yield step

    async def _elsewhere(self, seen: Seen, answered: Step) -> Step:
        """There is no list here: does a model answer all the same, or is the API next door?"""
        subject = self._subject
        if subject.models and answered.status is not _FAILED:
            self._first = await self._interview.whole(subject.models[0])
            if self._first is not None and self._first.status.is_success:
                return answered
        there = await found_next_door(subject, self._instruments)
        if there is None:
            return answered
        says = f"HTTP {seen.outcome.http_status} at {subject.target.base_url}; it answers at {there}"
        facts = {**answered.facts, "answers_at": there}
        return replace(answered, status=_FAILED, says=says, facts=facts, meaning=Meaning.OTHER_BASE_URL)

    async def _asking(self, seen: Seen, protocol: Step) -> AsyncIterator[Step]:
        subject = self._subject
        if subject.lacks:
            for name in (StepName.KEY, StepName.MODEL_LIST, StepName.MODEL, StepName.LIMITS):
                yield skipped(name, f"not everything is known that a request needs: {', '.join(sorted(subject.lacks))}")
            return
        if protocol.status is _FAILED:
            for name in (StepName.KEY, StepName.MODEL_LIST, StepName.MODEL, StepName.LIMITS):
                yield skipped(name, "another protocol is spoken")
            return
        key = await self._key(seen)
        yield key
        told = [seen.finding.limits]
        if key.status is _FAILED:
            yield skipped(StepName.MODEL_LIST, "the key failed")
            yield skipped(StepName.MODEL, "the key failed")
        else:
            yield self._list_step(seen)
            async for step in self._models():
                yield step
            told += [result.limits for result in self._interview.results]
        yield limits_step(told)

    async def _key(self, seen: Seen) -> Step:
        subject, bare = self._subject, None
        if subject.has_credentials and seen.finding.verdict.status in {Status.UP, Status.DEGRADED, Status.AUTH_ERROR}:
            self._begun(StepName.KEY)
            endpoint = await asyncio.to_thread(LiveEndpoint, without_key(subject.target))
            bare = await ask_list(subject, self._instruments, endpoint)
        return key_step(seen, bare, has_key=subject.has_credentials)

    def _list_step(self, seen: Seen) -> Step:
        verdict, listed = seen.finding.verdict, seen.finding.listed
        took_ms = seen.outcome.phases.total_ms
        check_models = self._subject.told.check_models
        facts = {"check_models": check_models, "check_status": str(verdict.status), "count": len(listed or ())}
        if verdict.status.is_success:
            count = f"{len(listed or ())} models" if len(listed or ()) != 1 else "1 model"
            if verdict.reason is None:
                return passed(StepName.MODEL_LIST, count, took_ms, **facts)
            return doubted(StepName.MODEL_LIST, Meaning.LIST_LACKS, f"{count}; {verdict.reason}", took_ms, **facts)
        says = f"{verdict.status}: {verdict.reason or 'no reason'}"
        if not check_models:
            return skipped(StepName.MODEL_LIST, f"none, and none is probed ({says})", **facts)
        if seen.is_elsewhere and self._first is not None and self._first.status.is_success:
            return failed(StepName.MODEL_LIST, Meaning.LIST_ABSENT, says, took_ms, **facts)
        step = failed(StepName.MODEL_LIST, Meaning.LIST_FAILED, says, took_ms, **facts)
        return step if seen.is_elsewhere else replace(step, action=verdict.action)

    async def _models(self) -> AsyncIterator[Step]:
        checks = self._subject.models
        if not checks:
            yield skipped(StepName.MODEL, "none is asked")
            return
        self._begun(StepName.MODEL)
        async for step in self._interview.steps(checks, self._first):
            yield step


def is_healthy(steps: Iterator[Step] | list[Step]) -> bool:
    """Whether nothing failed."""
    return all(step.status is not _FAILED for step in steps)
