"""What an HTML report is made from. Owns the shape only: `gather` fills it, everything else here reads it.

Rows are those of the commands' JSON (`report`, `incidents`), so that a figure here is the figure there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from monitor.alerting.texts import Voice

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was measured of one subject between two moments: one bar, or one point of each curve.

    Attributes:
        since_us: its first moment, microseconds since 1970 (UTC).
        until_us: its last, exclusive.
        due: on-phase probes that were due, without those during maintenance.
        counted: on-phase probes whose verdict counts.
        successes: UP and DEGRADED ones of these.
        excused: turns during maintenance.
        p50_ms: median latency of the successes, milliseconds; None where there was none. So with the others.
        p95_ms: the 95th percentile.
        p99_ms: the 99th percentile.
    """

    since_us: int
    until_us: int
    due: int = 0
    counted: int = 0
    successes: int = 0
    excused: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """A check, or an endpoint with all its checks.

    Attributes:
        row: its figures, as `report` gives them; `check` is None for an endpoint.
        before: those of the period before, as far as this one is over; None where too little was watched then to
            compare.
        bars: what one small bar each stands for, in order, without a gap in time.
        curve: what one point each stands for; empty where the report draws none.
    """

    row: Row
    before: Row | None = None
    bars: Sequence[Stretch] = ()
    curve: Sequence[Stretch] = ()

    @property
    def is_endpoint(self) -> bool:
        """Whether it stands for all checks of an endpoint."""
        return self.row["check"] is None

    @property
    def endpoint(self) -> str:
        """Its own name, or that of the check's endpoint."""
        return str(self.row["endpoint"])


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that one report says.

    Attributes:
        name: the period as it was asked for: `30d`, or two ISO times.
        since_us: the period's first moment.
        until_us: its last, exclusive.
        made_at_us: when the report was made.
        voice: the reader's language and time zone.
        overall: everything together; its row has null `check` and `endpoint`. None where nothing was watched.
        subjects: checks, each endpoint after them, as `report` orders them.
        incidents: those that touch the period, newest first, as `incidents` gives them; besides these fields `kind`
            (an outage, or something less) where it is known.
        worst_hours: `check endpoint started_at availability counted failures`, the worst first.
        faults: downtime by fault domain: `fault_domain incidents downtime_s request_ids`, the longest first.
        kept_from_us: before this, results were deleted already; None where nothing is missing.
    """

    name: str
    since_us: int
    until_us: int
    made_at_us: int
    voice: Voice
    overall: Subject | None = None
    subjects: Sequence[Subject] = ()
    incidents: Sequence[Row] = ()
    worst_hours: Sequence[Row] = field(default_factory=tuple)
    faults: Sequence[Row] = field(default_factory=tuple)
    kept_from_us: int | None = None


def by_endpoint(subjects: Sequence[Subject]) -> dict[str, tuple[Subject | None, list[Subject]]]:
    """Each endpoint as a whole, and its checks, in the order of the report."""
    found: dict[str, tuple[Subject | None, list[Subject]]] = {}
    for one in subjects:
        whole, checks = found.get(one.endpoint, (None, []))
        if one.is_endpoint:
            whole = one
        else:
            checks.append(one)
        found[one.endpoint] = (whole, checks)
    return found
