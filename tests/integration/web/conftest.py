"""A web room on loopback over a ledger that is nothing but what a test puts into it."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from pydantic import TypeAdapter

from monitor.alerting.silences import Silence
from monitor.alerting.texts import Voice
from monitor.clock import US_PER_S, Moment
from monitor.domain.action import Language
from monitor.domain.check import Check, CheckKind, check_id, provider_of
from monitor.domain.cursor import Position
from monitor.domain.health import Health, State
from monitor.domain.incident import Acknowledgement, Incident
from monitor.domain.result import Verdict
from monitor.errors import StorageError, UsageError
from monitor.storage.outbox.outbox import Waiting
from monitor.storage.past.selection import Selection
from monitor.web.metrics import Metrics
from monitor.web.server import Server
from monitor.web.sources import ResultPage, Sources, Span

TypeAdapter(int)  # pydantic looks for plugins on the disk once; a daemon has done so when it read its configuration

NOON = Moment(1_795_262_400 * US_PER_S, 0)  # 2026-11-21T12:00:00Z


@dataclass
class FakeLedger:
    """What the ledger shows of itself."""

    checks: dict[str, Check] = field(default_factory=dict)
    healths: dict[str, Health] = field(default_factory=dict)
    open_incidents: tuple[Incident, ...] = ()
    pending: int = 0
    last_commit: Moment | None = None
    refusing_since: Moment | None = None
    dropped: int = 0
    silences: tuple[Silence, ...] = ()
    acts: list[str] = field(default_factory=list)
    on_disk: asyncio.Event = field(default_factory=asyncio.Event)

    def acknowledge(self, incident_id: int, by: str, note: str, now: Moment) -> Incident | None:
        """Noted in the incident."""
        self.acts.append(f"ack {incident_id}")
        known = Acknowledgement(by, now, note)
        self.open_incidents = tuple(
            replace(one, acknowledged=known) if one.id == incident_id else one for one in self.open_incidents
        )
        return next((one for one in self.open_incidents if one.id == incident_id), None)

    def silence(self, silence: Silence) -> Silence:
        """Kept under the next number."""
        kept = replace(silence, id=len(self.silences) + 1)
        self.silences = (*self.silences, kept)
        self.acts.append(f"silence {kept.id}")
        return kept

    def expire_silence(self, silence_id: int, now: Moment) -> Silence | None:
        """Ended, if it is there."""
        self.acts.append(f"expire {silence_id}")
        found = next((one for one in self.silences if one.id == silence_id), None)
        self.silences = tuple(one for one in self.silences if one is not found)
        return None if found is None else replace(found, expired_at=now)

    def hidden_by(self, silence: Silence, now: Moment) -> tuple[Incident, ...]:
        """As if every member failed."""
        return tuple(
            one
            for one in self.open_incidents
            if silence.hides(one, tuple(map(self.checks.__getitem__, one.checks)), now)
        )

    async def committed(self) -> None:
        """Until a test says so."""
        await self.on_disk.wait()

    def add(self, endpoint: str, model: str | None, state: State = State.UP, verdict: Verdict | None = None) -> Check:
        """Put a check in force, with what is believed of it."""
        kind = CheckKind.MODELS if model is None else CheckKind.CHAT
        check = Check(check_id(endpoint, kind, model), endpoint, kind, model, provider_of(model, endpoint))
        self.checks[check.id] = check
        self.healths[check.id] = Health(check.id, since=NOON, state=state, latest=verdict)
        return check


@dataclass
class FakePast:
    """A database that answers, or refuses."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    waiting: dict[str, Waiting] = field(default_factory=dict)
    refuses: bool = False
    asked: list[tuple[str, int]] = field(default_factory=list)
    selections: list[Selection] = field(default_factory=list)

    def incidents(self, state: str, limit: int) -> Sequence[Mapping[str, Any]]:
        """The rows as they are."""
        self._answer()
        self.asked.append((state, limit))
        return self.rows

    def results(self, selection: Selection) -> ResultPage | None:
        """The rows as they are, and more after them if a page is full."""
        self._answer()
        self.selections.append(selection)
        if selection.check != "gw/chat/openai/gpt-4.1":
            return None
        rows = self.rows[: selection.limit]
        return ResultPage(rows, Position(7, 1) if len(rows) == selection.limit else None)

    def report(self, spans: Sequence[Span], by: str) -> Sequence[Mapping[str, Any]]:
        """A row for each period."""
        self._answer()
        if by == "nonsense":
            raise UsageError("by 'nonsense': there is no such kind of row", hint="one or several of check, all")
        return [{"window": name, "since": since, "until": until, "by": by} for name, since, until in spans]

    def silences(self, *, everything: bool) -> Sequence[Mapping[str, Any]]:
        """The rows as they are."""
        self._answer()
        self.asked.append(("silences", int(everything)))
        return self.rows

    def catalogue(self, endpoint: str) -> Sequence[Mapping[str, Any]]:
        """The rows as they are."""
        self._answer()
        self.asked.append((endpoint, 0))
        return self.rows

    def catalogue_changes(self, endpoint: str, limit: int) -> Sequence[Mapping[str, Any]]:
        """The rows as they are."""
        self._answer()
        self.asked.append((endpoint, limit))
        return self.rows

    def backlog(self) -> Mapping[str, Waiting]:
        """What waits."""
        self._answer()
        return self.waiting

    def _answer(self) -> None:
        if self.refuses:
            raise StorageError("disk I/O error in /var/lib/secret-place")


@dataclass
class FakeClock:
    """Time that a test moves."""

    moment: Moment = NOON

    def now(self) -> Moment:
        """The present moment."""
        return self.moment


@dataclass
class Room:
    """One running web room and its sources."""

    server: Server
    sources: Sources
    metrics: Metrics
    session: aiohttp.ClientSession
    control: Path
    ledger: FakeLedger
    past: FakePast
    clock: FakeClock
    troubles: list[str]

    @property
    def url(self) -> str:
        """Where the TCP face is."""
        assert self.server.address is not None
        return f"http://127.0.0.1:{self.server.address[1]}"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    """A web room on a free port and a control socket."""
    ledger, past, clock, troubles = FakeLedger(), FakePast(), FakeClock(), list[str]()
    voice = Voice(Language.EN, ZoneInfo("Asia/Seoul"))
    sources = Sources(ledger, past, lambda: troubles, clock, voice, pid=4711)
    metrics, control = Metrics(), tmp_path / "control.sock"
    server = Server(
        sources, metrics, listen=("127.0.0.1", 0), control=control, public_url="https://status.example.org/"
    )
    await server.start()
    ledger.on_disk.set()
    async with aiohttp.ClientSession() as session:
        yield Room(server, sources, metrics, session, control, ledger, past, clock, troubles)
    await server.stop()
