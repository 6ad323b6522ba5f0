"""How long something was down, how soon it recovered, how often it failed: from its incidents, and nothing else.

Pure; the one place that computes these figures, so that a report agrees with the incidents that people were told of.
Each figure is defined, with a worked example, in `docs/availability.md`.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

_MOST_NINES = 9


@dataclass(frozen=True, slots=True)
class Outage:
    """One incident in which a check, or any check of a group, was down.

    Attributes:
        id: the incident's.
        since_us: the first failure.
        until_us: recovery, exclusive; None while it lasts.
        fault_domain: who had to act; None where nobody can tell.
        lasted_us: how long the whole was by the clock that is never set; None while it lasts.
    """

    id: int
    since_us: int
    until_us: int | None
    fault_domain: str | None = None
    lasted_us: int | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """The part of a period in which something was watched: [since, until), in microseconds."""

    since_us: int
    until_us: int

    @property
    def length_us(self) -> int:
        """Never negative."""
        return max(0, self.until_us - self.since_us)


@dataclass(frozen=True, slots=True)
class Reliability:
    """What the incidents of a period say.

    Attributes:
        incidents: how many outages there were, one that began earlier or still lasts too.
        observed_us: how long it was watched.
        downtime_us: for how much of that it was down; outages at the same time count once.
        by_fault: the same by fault domain; where two domains were at fault at once, the time counts under both.
        mttr_us: mean time to recover: of whole outages that have ended, also where a part lies outside.
        mtbf_us: mean time between failures: the time up by the number of outages.
        nines: how many nines the share of time up has: 99.9 % are 3; None without downtime or time.
    """

    incidents: int
    observed_us: int
    downtime_us: int
    by_fault: dict[str, int]
    mttr_us: int | None
    mtbf_us: int | None
    nines: float | None


def reliability(outages: Collection[Outage], observed: Observed) -> Reliability:
    """Puts the outages that touch the observed time together.

    Args:
        outages: in any order, each incident once.
        observed: what lies outside counts in `mttr_us` only.
    """
    inside = [outage for outage in outages if _touches(outage, observed)]
    downtime_us = _covered_us(inside, observed)
    ended = [outage.lasted_us for outage in inside if outage.lasted_us is not None]
    return Reliability(
        incidents=len(inside),
        observed_us=observed.length_us,
        downtime_us=downtime_us,
        by_fault=_by_fault(inside, observed),
        mttr_us=round(sum(ended) / len(ended)) if ended else None,
        mtbf_us=round((observed.length_us - downtime_us) / len(inside)) if inside else None,
        nines=nines(observed.length_us, downtime_us),
    )


def nines(observed_us: int, downtime_us: int) -> float | None:
    """-log10 of the share of time down, to two places and never rounded up: 99.9 % up are 3.0, 99.95 % are 3.3."""
    if not 0 < downtime_us <= observed_us:
        return None
    exact = -math.log10(downtime_us / observed_us)
    return min(_MOST_NINES, max(0.0, math.floor(exact * 100 + 1e-9) / 100))


def _touches(outage: Outage, observed: Observed) -> bool:
    return outage.since_us < observed.until_us and (outage.until_us is None or outage.until_us > observed.since_us)


def _by_fault(outages: Iterable[Outage], observed: Observed) -> dict[str, int]:
    domains: defaultdict[str, list[Outage]] = defaultdict(list)
    for outage in outages:
        domains[outage.fault_domain or "unknown"].append(outage)
    covered = {domain: _covered_us(several, observed) for domain, several in domains.items()}
    return dict(sorted(covered.items(), key=lambda pair: (-pair[1], pair[0])))


def _covered_us(outages: Iterable[Outage], observed: Observed) -> int:
    """How much of the observed time at least one of them covers."""
    total_us, reached_us = 0, observed.since_us
    for outage in sorted(outages, key=lambda one: one.since_us):
        until_us = observed.until_us if outage.until_us is None else min(outage.until_us, observed.until_us)
        total_us += max(0, until_us - max(outage.since_us, reached_us))
        reached_us = max(reached_us, until_us)
    return total_us
