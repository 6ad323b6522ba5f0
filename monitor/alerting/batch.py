"""What one transaction writes: the ledger fills a batch, storage commits it whole or not at all."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from monitor.alerting.notification import Notification
from monitor.alerting.silences import Silence
from monitor.clock import Moment
from monitor.domain.availability import Rhythm
from monitor.domain.health import Health
from monitor.domain.incident import Incident, IncidentEvent
from monitor.domain.kept import Kept, Learned, newest
from monitor.domain.result import Result

KEPT_UNTIL_LOOKED_THROUGH = 10_000


@dataclass(frozen=True, slots=True)
class Queued:
    """A notification on its way into the outbox.

    Attributes:
        incident_id: None for a notice.
        sequence: of the incident's event; keeps the order per incident and channel.
    """

    channel: str
    notification: Notification
    incident_id: int | None
    sequence: int
    created_at: Moment


@dataclass(frozen=True, slots=True)
class RhythmChange:
    """A check begins a rhythm, or ends its present one.

    Attributes:
        rhythm: the new one, `until_us` left open by the far future; None where the check only ends.
        at_us: when the present one ends.
    """

    check: str
    at_us: int
    rhythm: Rhythm | None


@dataclass(slots=True)
class Batch:
    """What has happened since the last commit. A check's health is the newest only; incidents likewise."""

    results: list[Result] = field(default_factory=list)
    healths: dict[str, Health] = field(default_factory=dict)
    incidents: dict[int, Incident] = field(default_factory=dict)
    events: list[IncidentEvent] = field(default_factory=list)
    outbox: list[Queued] = field(default_factory=list)
    rhythms: list[RhythmChange] = field(default_factory=list)
    silences: dict[int, Silence] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)

    def keep(self, facts: Iterable[Kept]) -> None:
        """Facts go with it. While the database is away for hours, they do not pile up: what was replaced is dropped."""
        self.kept.extend(facts)
        if len(self.kept) > KEPT_UNTIL_LOOKED_THROUGH:
            self.kept = newest(self.kept)

    def __bool__(self) -> bool:
        """True if there is anything to write."""
        return any(getattr(self, name) for name in self.__slots__)


@dataclass(frozen=True, slots=True)
class Restored:
    """What the database remembers at start.

    Attributes:
        healths: by check id, of the checks asked for and of every check with an open incident.
        open_incidents: every incident without a resolution.
        next_incident_id: greater than any given before.
        silences: in force or still to come.
        next_silence_id: greater than any given before.
        instance: a short random name of this database, stable for its life; part of every notification's id.
        learned: how models want to be asked.
    """

    healths: dict[str, Health]
    open_incidents: tuple[Incident, ...]
    next_incident_id: int
    instance: str
    silences: tuple[Silence, ...] = ()
    next_silence_id: int = 1
    learned: tuple[Learned, ...] = ()


@dataclass(frozen=True, slots=True)
class DaemonRun:
    """One life of the daemon, as the database records it."""

    version: str
    pid: int
    host: str
    started_at: Moment
