"""All that one scrape of the metrics shows, as plain numbers. Owns their shape; what counts them is `metrics`."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.domain.caps import SpendingNow
from monitor.domain.check import Check
from monitor.domain.health import Health
from monitor.domain.incident import Incident
from monitor.domain.quota import QuotaNow
from monitor.domain.result import Status
from monitor.storage.outbox.outbox import Waiting


class Histogram:
    """How many values fell into which bucket.

    Args:
        bounds: the upper bound of each bucket, inclusive, ascending; one more bucket lies above the last.

    Attributes:
        counts: by bucket.
        total: the sum of all values.
    """

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def copy(self) -> "Histogram":
        """As it is now."""
        taken = Histogram(self.bounds)
        taken.counts[:], taken.total = self.counts, self.total
        return taken


@dataclass(slots=True)
class Pings:
    """What became of the pings of the dead-man switch.

    Attributes:
        counts: by what they said and whether they arrived.
        last_well_us: when the word that all is well last arrived, wall time; 0 before.
    """

    counts: Counter[tuple[str, bool]] = field(default_factory=Counter)
    last_well_us: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """All that one scrape shows, copied on the event loop, so that it may be written in a thread.

    Attributes:
        probes: results by check and status, of the checks in force.
        durations: by endpoint.
        notifications: attempts by channel and outcome.
        backlog: None while the database does not answer.
        pings: None where there is no dead-man switch.
        spending: None where nobody counts it.
        spooled: results that wait on this machine's disk; None where the database is on it too.
    """

    checks: Mapping[str, Check]
    healths: Mapping[str, Health]
    open_incidents: tuple[Incident, ...]
    pending: int
    dropped: int
    last_commit_us: int | None
    probes: Mapping[tuple[str, Status], int]
    durations: Mapping[str, Histogram]
    lag: Histogram
    commit: Histogram
    hold: Histogram
    notifications: Mapping[tuple[str, str], int]
    certificate_days: Mapping[str, float]
    config_valid: bool
    uplink_up: bool
    pings: Pings | None
    backlog: Mapping[str, Waiting] | None
    spending: SpendingNow | None = None
    spooled: int | None = None
    quota: QuotaNow = field(default_factory=QuotaNow)
