"""One row of a report: what a check, or a group of checks, came to, in the fields of the interface. No SQL here.

Each figure is defined, with a worked example, in `docs/availability.md`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from monitor.clock import US_PER_S, iso
from monitor.domain.downtime import Observed, Outage, reliability
from monitor.domain.prices import usd
from monitor.domain.result import Status
from monitor.domain.tally import Tally, Timing
from monitor.storage.reports.bad_hours import BadHour, BadHours
from monitor.storage.reports.figures import Period

SHARES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
COMPARED = ("availability", "latency_p50_ms", "latency_p95_ms", "ttft_p50_ms", "cost")
"""The figures whose change against the period before is told."""
_AS_LONG = 0.9

_ORDER = {status: place for place, status in enumerate(Status)}
_MS_DIGITS, _DIGITS = 1, 9


class Group(StrEnum):
    """What rows of a report are about."""

    CHECK = "check"
    ENDPOINT = "endpoint"
    PROVIDER = "provider"
    TAG = "tag"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Subject:
    """What one row is about; None where it is about several."""

    by: Group
    check: str | None = None
    endpoint: str | None = None
    model: str | None = None
    provider: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(slots=True)
class Account:
    """Everything that is known of one subject in one period.

    Attributes:
        cost_nusd: billionths of a US dollar; None where it is not known.
        outages: by the incident's id, so that one of several checks counts once.
        observed: when it was watched; None for nothing.
        hours: of each check, those with failures.
    """

    tally: Tally = field(default_factory=Tally)
    cost_nusd: int | None = None
    outages: dict[int, Outage] = field(default_factory=dict)
    observed: Observed | None = None
    hours: list[BadHours] = field(default_factory=list)

    @classmethod
    def sum_of(cls, several: Iterable["Account"]) -> "Account":
        """All checks of a group together."""
        total = cls()
        for one in several:
            total.tally.add(one.tally)
            if one.cost_nusd is not None:
                total.cost_nusd = (total.cost_nusd or 0) + one.cost_nusd
            total.outages |= one.outages
            if one.observed is not None:
                before = total.observed or one.observed
                total.observed = Observed(
                    min(before.since_us, one.observed.since_us), max(before.until_us, one.observed.until_us)
                )
            total.hours += one.hours
        return total


def row_of(subject: Subject, account: Account, period: Period, told: Observed | None) -> dict[str, Any]:
    """The fields of the interface, then the additions; `trend` and `worst_hours` are left for who knows them.

    Args:
        subject: what it is about.
        account: what is known of it.
        period: as it was asked for.
        told: the part of it that can be told; None for nothing of it.
    """
    return {
        "check": subject.check,
        "endpoint": subject.endpoint,
        "model": subject.model,
        "window": period.name,
        **_measured(account),
        **_reliability(account),
        "tokens": account.tally.tokens,
        "cost": None if account.cost_nusd is None else usd(account.cost_nusd),
        "by": str(subject.by),
        "provider": subject.provider,
        "tags": list(subject.tags),
        "since": None if told is None else iso(told.since_us),
        "until": None if told is None else iso(told.until_us),
        **_faults(account),
        "trend": None,
        "worst_hours": [],
    }


def trend_of(row: dict[str, Any], before: Account) -> dict[str, float | None] | None:
    """By how much figures have changed since the period before; None if nothing was counted then.

    Cost is a sum: where less long was watched before, its change is not known.
    """
    if not before.tally.counted:
        return None
    watched_us = 0 if before.observed is None else before.observed.length_us
    knows_cost = before.cost_nusd is not None and is_as_long(row["observed_s"], watched_us / US_PER_S)
    was = {**_measured(before), "cost": usd(before.cost_nusd or 0) if knows_cost else None}
    return {name: _change(row[name], was[name]) for name in COMPARED}


def is_as_long(seconds: float, before_s: float) -> bool:
    """Whether about as long was watched before: else there was less of everything. Months differ by a tenth."""
    return before_s >= _AS_LONG * seconds


def hour_row(at_us: int, hour: BadHour) -> dict[str, Any]:
    """One of `worst_hours`."""
    return {
        "started_at": iso(at_us),
        "availability": 100.0 * hour.successes / hour.counted,
        "counted": hour.counted,
        "failures": hour.failures,
    }


def _measured(account: Account) -> dict[str, Any]:
    tally = account.tally
    shown = sorted(tally.by_status.items(), key=lambda pair: _ORDER[pair[0]])
    return {
        "availability": tally.availability,
        "coverage": tally.coverage,
        "probes": tally.probes,
        "by_status": {str(status): count for status, count in shown if count},
        **_percentiles("latency", tally.latency),
        "latency_avg_ms": tally.latency.average_ms,
        "latency_max_ms": tally.latency.max_ms,
        **_percentiles("ttft", tally.ttft),
    }


def _percentiles(name: str, timing: Timing) -> dict[str, float | None]:
    found = timing.percentiles_ms(tuple(SHARES.values()))
    return {f"{name}_{share}_ms": value for share, value in zip(SHARES, found, strict=True)}


def _reliability(account: Account) -> dict[str, Any]:
    told = reliability(account.outages.values(), account.observed or Observed(0, 0))
    return {
        "incidents": told.incidents,
        "downtime_s": _seconds(told.downtime_us),
        "mttr_s": None if told.mttr_us is None else _seconds(told.mttr_us),
        "mtbf_s": None if told.mtbf_us is None else _seconds(told.mtbf_us),
    }


def _faults(account: Account) -> dict[str, Any]:
    told = reliability(account.outages.values(), account.observed or Observed(0, 0))
    return {
        "observed_s": _seconds(told.observed_us),
        "nines": told.nines,
        "downtime_by_fault": {domain: _seconds(us) for domain, us in told.by_fault.items()},
    }


def _seconds(us: int) -> float:
    return round(us / US_PER_S, 3)


def _change(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else round(now - before, _DIGITS)


def subjects_of(group: Group, checks: Sequence[Subject]) -> list[tuple[Subject, list[int]]]:
    """The rows of one kind, in order of appearance, each with the places of its checks."""
    found: dict[Subject, list[int]] = {}
    for place, check in enumerate(checks):
        for subject in _of(group, check):
            found.setdefault(subject, []).append(place)
    return list(found.items())


def _of(group: Group, check: Subject) -> list[Subject]:
    match group:
        case Group.CHECK:
            return [check]
        case Group.ENDPOINT:
            return [Subject(group, endpoint=check.endpoint)]
        case Group.PROVIDER:
            return [Subject(group, provider=check.provider)]
        case Group.TAG:
            return [Subject(group, tags=(tag,)) for tag in check.tags]
        case Group.ALL:
            return [Subject(group)]
