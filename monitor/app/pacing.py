"""The pace of checks while the daemon runs: slower when long well, sampled where an endpoint hangs, fast at any change.

Stands between the scheduler and whoever takes results. Owns when the scheduler is asked for another interval; what is
calm and what hangs is `domain.cadence`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import structlog

from monitor.clock import Moment
from monitor.domain.cadence import Calm, Suspect, is_off, sample_interval_s, suspects
from monitor.domain.check import Check, CheckKind
from monitor.domain.follow_up import FollowUp
from monitor.domain.health import Health
from monitor.domain.incident import Incident, Scope
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import Result, Status

if TYPE_CHECKING:
    from monitor.app.setup import Setup

LEAST_HUNG = 2

log = structlog.get_logger("relaywatch.pace")


class PaceLedger(Protocol):
    """What is needed of the ledger."""

    @property
    def checks(self) -> Mapping[str, Check]:
        """The checks in force, by id."""
        ...

    @property
    def healths(self) -> Mapping[str, Health]:
        """What is believed of each."""
        ...

    @property
    def open_incidents(self) -> tuple[Incident, ...]:
        """Every open incident."""
        ...


class PaceScheduler(Protocol):
    """What is needed of the scheduler.

    Attributes:
        is_waiting: whether the probe of a check in flight has not begun yet.
    """

    is_waiting: Callable[[str], bool]

    def pace(self, intervals: Mapping[str, float | None]) -> None:
        """Give checks another interval, in seconds; None is their own."""
        ...


class PaceProber(Protocol):
    """What is needed of the prober.

    Attributes:
        waiting: the checks whose probes wait for a slot.
    """

    waiting: set[str]


Report = Callable[[Result], FollowUp]
Change = Callable[[Mapping[str, float | None]], None]


@dataclass(slots=True)
class _Sample:
    """An endpoint that hangs: the checks that are sampled, and how often each is probed."""

    interval_s: float
    checks: set[str] = field(default_factory=set)


class Pacer:
    """Changes the pace of checks.

    Args:
        report: takes each result first.
        ledger: knows the checks and what is believed of them.
    """

    _change: Change

    def __init__(self, report: Report, ledger: PaceLedger) -> None:
        self._report = report
        self._ledger = ledger
        self._calm = Calm()
        self._relaxing: frozenset[str] = frozenset()
        self._samples: dict[str, _Sample] = {}
        self._hung: Counter[str] = Counter()
        self._slots: Mapping[str, int] = {}
        self._concurrency = 1

    def begin(self, setup: "Setup", scheduler: PaceScheduler, prober: PaceProber) -> None:
        """All is built."""
        scheduler.is_waiting = prober.waiting.__contains__
        self._change = scheduler.pace
        self.put_in_force(setup)

    def put_in_force(self, setup: "Setup") -> None:
        """Other checks and slots are in force; a check that was replaced is at its own interval."""
        self._slots = {name: target.concurrency for name, target in setup.targets.items()}
        self._concurrency = setup.config.probes.concurrency
        checks, healths = self._ledger.checks, self._ledger.healths
        self._relaxing = frozenset(check.id for check in checks.values() if check.relaxed is not None)
        self._calm.keep(checks)
        for name in self._relaxing:
            self._calm.awake(checks[name])
            self._calm.begin(checks[name], healths[name])
        for endpoint in list(self._samples):
            self._release(endpoint)
        self._change(dict.fromkeys(checks))

    def report(self, result: Result) -> FollowUp:
        """Hand a result on, and change the pace where it says so."""
        following = self._report(result)
        status = result.verdict.status
        if (
            status is Status.UP
            and not self._samples
            and not self._calm.is_troubled
            and result.check not in self._relaxing
        ):
            return following
        check = self._ledger.checks.get(result.check)
        if check is not None and status is not Status.UNKNOWN:
            self._seen(check, status, result.finished_at)
        return following

    def _seen(self, check: Check, status: Status, at: Moment) -> None:
        if status is Status.UP:
            if self._calm.well(check, at) and check.relaxed is not None:
                self._change({check.id: check.relaxed.interval_s})
        else:
            awake = self._calm.trouble(check, at)
            if awake:
                log.info("pace_normal", endpoint=check.endpoint, because=check.id, checks=len(awake))
                self._change(dict.fromkeys(awake))
        if check.kind is not CheckKind.CHAT:
            return
        if status is Status.TIMEOUT:
            self._hangs(check)
        else:
            self._answers(check)

    def _answers(self, check: Check) -> None:
        sample = self._samples.get(check.endpoint)
        if sample is not None and check.id in sample.checks:
            log.info("sample_ended", endpoint=check.endpoint, because=check.id, checks=len(sample.checks))
            self._release(check.endpoint)
        elif sample is None and self._hung:
            self._hung.pop(check.endpoint, None)

    def _hangs(self, check: Check) -> None:
        endpoint = check.endpoint
        self._hung[endpoint] += 1
        incidents = [one for one in self._ledger.open_incidents if _is_hanging(one, endpoint)]
        if not incidents:
            self._release(endpoint)
            return
        slots = self._slots_of(endpoint)
        if endpoint not in self._samples and self._hung[endpoint] < max(LEAST_HUNG, slots / 2):
            return
        hanging = self._suspects(incidents, endpoint)
        self._sample(endpoint, hanging, sample_interval_s(hanging, slots))

    def _sample(self, endpoint: str, hanging: list[Suspect], wanted_s: float) -> None:
        sample = self._samples.get(endpoint)
        slowed = [one.check for one in hanging if one.check.interval_s < wanted_s]
        if sample is None:
            if not slowed:
                return
            sample = self._samples[endpoint] = _Sample(wanted_s)
            log.info("sample_began", endpoint=endpoint, checks=len(slowed), interval_s=round(wanted_s, 1))
        elif is_off(sample.interval_s, wanted_s):
            sample.interval_s = wanted_s
            self._change(dict.fromkeys(sample.checks - {one.id for one in slowed}))
            sample.checks = set()
        new = [one.id for one in slowed if one.id not in sample.checks]
        sample.checks.update(new)
        self._change(dict.fromkeys(new, sample.interval_s))

    def _suspects(self, incidents: Iterable[Incident], endpoint: str) -> list[Suspect]:
        incidents = tuple(incidents)
        wide = any(one.scope in (Scope.ENDPOINT, Scope.NETWORK) for one in incidents)
        since = min((one.started_at for one in incidents), key=lambda moment: moment.mono_us)
        healths = self._ledger.healths
        models = (one for one in self._ledger.checks.values() if one.endpoint == endpoint and one.model is not None)
        return list(suspects(((one, healths[one.id]) for one in models), since, wide=wide))

    def _slots_of(self, endpoint: str) -> float:
        """Its own, and no more than its part of all: several endpoints may hang at once."""
        hanging = len(self._samples.keys() | {endpoint})
        return min(self._slots.get(endpoint, 1), self._concurrency / hanging)

    def _release(self, endpoint: str) -> None:
        self._hung.pop(endpoint, None)
        sample = self._samples.pop(endpoint, None)
        if sample is not None:
            self._change(dict.fromkeys(sample.checks))


def _is_hanging(incident: Incident, endpoint: str) -> bool:
    ours = incident.endpoint == endpoint or (
        incident.scope is Scope.NETWORK and any(check.startswith(f"{endpoint}/") for check in incident.checks)
    )
    return ours and incident.kind is IncidentKind.OUTAGE and incident.cause.status is Status.TIMEOUT
