"""What the web room reads: the ledger's public face and the few questions that only the database can answer.

Owns the shapes of its sources, so that the page, the API and the metrics can be tried with fakes. Owns no data.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from monitor.alerting.silences import Silence
from monitor.alerting.texts import Voice
from monitor.clock import Clock, Moment
from monitor.domain.check import Check
from monitor.domain.cursor import Position
from monitor.domain.health import Health
from monitor.domain.incident import Incident
from monitor.storage.outbox.outbox import Waiting
from monitor.storage.past.selection import Selection


class LedgerFace(Protocol):
    """What the ledger shows of itself; every attribute is a snapshot in memory and costs no query."""

    @property
    def checks(self) -> Mapping[str, Check]:
        """The checks in force, by id, in configured order."""
        ...

    @property
    def healths(self) -> Mapping[str, Health]:
        """What is believed of each check in force, by id."""
        ...

    @property
    def open_incidents(self) -> tuple[Incident, ...]:
        """Every open incident, oldest first."""
        ...

    @property
    def silences(self) -> tuple[Silence, ...]:
        """Every silence that is in force or still to come, oldest first."""
        ...

    @property
    def pending(self) -> int:
        """Results that are not on disk yet."""
        ...

    @property
    def last_commit(self) -> Moment | None:
        """When the newest transaction was committed; None before the first."""
        ...

    @property
    def refusing_since(self) -> Moment | None:
        """Since when the database refuses; None while it accepts."""
        ...

    @property
    def dropped(self) -> int:
        """Results that found no room while the database refused."""
        ...


class ActingLedger(LedgerFace, Protocol):
    """A ledger that takes what people do to incidents; in force at once, on disk once `committed` returns."""

    def acknowledge(self, incident_id: int, by: str, note: str, now: Moment) -> Incident | None:
        """Somebody is on it; the incident as it is now, None if it is not open."""
        ...

    def silence(self, silence: Silence) -> Silence:
        """Keep a silence; it comes back with its id."""
        ...

    def expire_silence(self, silence_id: int, now: Moment) -> Silence | None:
        """End a silence now; None if there is no such one."""
        ...

    def hidden_by(self, silence: Silence, now: Moment) -> tuple[Incident, ...]:
        """The open incidents of which this silence lets nobody be told."""
        ...

    async def committed(self) -> None:
        """Wait until everything that has arrived so far is on disk."""
        ...


class Span(NamedTuple):
    """A period that a report is asked for: its name, its first moment, and its last, which is not in it."""

    name: str
    since_us: int
    until_us: int


class ResultPage(NamedTuple):
    """Some results, and where those after them begin; None where there are none."""

    rows: Sequence[Mapping[str, Any]]
    following: Position | None


class Past(Protocol):
    """What only the database knows. Called in a thread, never on the event loop; may raise any RelayWatchError."""

    def incidents(self, state: str, limit: int) -> Sequence[Mapping[str, Any]]:
        """Rows of incidents, newest first, with the fields of the `incidents` command; state: open, resolved, all."""
        ...

    def results(self, selection: Selection) -> ResultPage | None:
        """Rows with the fields of the `history` command; None where the check never was."""
        ...

    def report(self, spans: Sequence[Span], by: str) -> Sequence[Mapping[str, Any]]:
        """Rows with the fields of the `report` command, period by period; raises UsageError for unknown groups."""
        ...

    def silences(self, *, everything: bool) -> Sequence[Mapping[str, Any]]:
        """Rows of silences, oldest first, with the fields of `silence list`; those that have ended too, if asked."""
        ...

    def catalogue(self, endpoint: str) -> Sequence[Mapping[str, Any]]:
        """The models of an endpoint's list, with the fields of the `catalogue` command; empty if none was read."""
        ...

    def catalogue_changes(self, endpoint: str, limit: int) -> Sequence[Mapping[str, Any]]:
        """Which of them came and went, newest first."""
        ...

    def backlog(self) -> Mapping[str, Waiting]:
        """What waits and what died, by channel."""
        ...


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that the web room needs to know.

    Attributes:
        readiness: reasons why RelayWatch is not working now, in English; empty while it works. Called per request.
        voice: language and time zone of the page.
        pid: of this process.
    """

    ledger: ActingLedger
    past: Past
    readiness: Callable[[], Sequence[str]]
    clock: Clock
    voice: Voice
    pid: int
