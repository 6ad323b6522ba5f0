"""The ledger: what must hold for any results, in any cut into batches, over any restart, with any refusal."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerting.audience import Audience
from monitor.alerting.batch import Batch, Queued, Restored, RhythmChange
from monitor.alerting.notification import Event, Notification
from monitor.alerting.texts import Voice
from monitor.clock import Moment
from monitor.domain.action import Language
from monitor.domain.check import Check, CheckKind, HealthRules, Ratio
from monitor.domain.health import Health
from monitor.domain.incident import Incident, IncidentEvent, IncidentEventKind, Told
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import FaultDomain, Result, Status, Trigger, Verdict
from monitor.errors import StorageError
from monitor.ledger import Ledger

START = Moment(1_763_690_000_000_000, 1_000_000_000)
CHECKS = tuple(
    Check(f"gw/chat/{name}", "gw", CheckKind.CHAT, name, "gw", rules=HealthRules(failure_threshold=2))
    for name in ("a", "b", "c")
)
AUDIENCE = Audience(("ops", "hook"), Voice(Language.EN, ZoneInfo("UTC")), "test")


@dataclass
class MemoryJournal:
    """Keeps what was committed; refuses as often as it is told."""

    refusals: int = 0
    results: list[Result] = field(default_factory=list)
    healths: dict[str, Health] = field(default_factory=dict)
    incidents: dict[int, Incident] = field(default_factory=dict)
    events: list[IncidentEvent] = field(default_factory=list)
    outbox: list[Queued] = field(default_factory=list)
    rhythms: list[RhythmChange] = field(default_factory=list)
    commits: int = 0

    async def commit(self, batch: Batch) -> None:
        """Keep the batch whole, or refuse it whole."""
        await asyncio.sleep(0)
        if self.refusals:
            self.refusals -= 1
            raise StorageError("the disk is full")
        self.commits += 1
        self.results += batch.results
        self.healths |= batch.healths
        self.incidents |= batch.incidents
        self.events += batch.events
        self.outbox += batch.outbox
        self.rhythms += batch.rhythms

    def restored(self) -> Restored:
        """What a restart would read."""
        still_open = tuple(incident for incident in self.incidents.values() if incident.is_open)
        return Restored(dict(self.healths), still_open, max(self.incidents, default=0) + 1, "test")


@dataclass
class Watcher:
    """Remembers what the ledger told of itself."""

    alarms: list[Notification] = field(default_factory=list)
    commits: int = 0

    def committed(self, batch: Batch, seconds: float) -> None:
        """Counted."""
        assert batch
        assert seconds >= 0
        self.commits += 1

    def alarm(self, notification: Notification) -> None:
        """Kept."""
        self.alarms.append(notification)


@dataclass
class TickingClock:
    """Moves on by `step_s` at each look."""

    step_s: float = 0.0
    moment: Moment = START

    def now(self) -> Moment:
        """The next moment."""
        self.moment = self.moment.plus_s(self.step_s)
        return self.moment


def ledger_on(journal: MemoryJournal, audience: Audience = AUDIENCE, watcher: Watcher | None = None) -> Ledger:
    """A configured ledger on what the journal remembers."""
    ledger = Ledger(journal, TickingClock(), watcher or Watcher(), audience, journal.restored())
    ledger.configure(CHECKS, audience, START)
    return ledger


def result(check: Check, status: Status, at_s: float, trigger: Trigger = Trigger.ON_PHASE) -> Result:
    """One result, some seconds after the start."""
    domain = FaultDomain.KEY if status is Status.AUTH_ERROR else FaultDomain.ENDPOINT
    at = START.plus_s(at_s)
    verdict = Verdict(
        status, None if status is Status.UP else domain, None if status is Status.UP else f"it is {status}"
    )
    return Result(check.id, at, at.plus_s(0.2), trigger, verdict, latency_ms=200.0)


async def play(results: list[Result], cuts: Collection[int] = (), restarts: Collection[int] = ()) -> MemoryJournal:
    """Feed results; after those numbered in `cuts` a commit is awaited, at `restarts` a new ledger takes over."""
    journal = MemoryJournal()
    ledger = ledger_on(journal)
    task = asyncio.create_task(ledger.run())
    for number, one in enumerate(results):
        ledger.record(one)
        if number in cuts or number in restarts:
            ledger.stop()
            await task
            if number not in restarts:
                ledger._stopping = False
            else:
                ledger = ledger_on(journal)
            task = asyncio.create_task(ledger.run())
    ledger.stop()
    await task
    return journal


STATUSES = st.sampled_from(
    [Status.UP, Status.UP, Status.DEGRADED, Status.SERVER_ERROR, Status.AUTH_ERROR, Status.RATE_LIMITED, Status.UNKNOWN]
)
STORIES = st.lists(
    st.tuples(
        st.sampled_from(CHECKS), STATUSES, st.floats(0.5, 90), st.sampled_from([Trigger.ON_PHASE, Trigger.CONFIRM])
    ),
    max_size=80,
)
NUMBERS = st.sets(st.integers(0, 80), max_size=10)


def story(steps: list[tuple[Check, Status, float, Trigger]]) -> list[Result]:
    """Results in the order of time."""
    times = itertools.accumulate(gap_s for *_, gap_s, _ in steps)
    return [
        result(check, status, at_s, trigger) for (check, status, _, trigger), at_s in zip(steps, times, strict=True)
    ]


@given(STORIES)
def test_opened_and_resolved_alternate(steps: list[tuple[Check, Status, float, Trigger]]) -> None:
    """Per key an incident opens, is updated any number of times, and is resolved before the next one opens."""
    journal = asyncio.run(play(story(steps)))
    order: dict[str, list[IncidentEventKind]] = defaultdict(list)
    for event in journal.events:
        order[journal.incidents[event.incident_id].key].append(event.kind)
    for kinds in order.values():
        told = [kind for kind in kinds if kind is not IncidentEventKind.UPDATED]
        assert told == [
            IncidentEventKind.OPENED if index % 2 == 0 else IncidentEventKind.RESOLVED for index in range(len(told))
        ]
        assert kinds[0] is IncidentEventKind.OPENED


@given(STORIES)
def test_every_transition_has_its_notifications_or_a_reason(steps: list[tuple[Check, Status, float, Trigger]]) -> None:
    """Each event has one outbox row per channel, or says why it has none; ids never repeat."""
    journal = asyncio.run(play(story(steps)))
    rows = defaultdict(list)
    for queued in journal.outbox:
        rows[queued.incident_id, queued.sequence].append(queued.channel)
    for event in journal.events:
        channels = rows.pop((event.incident_id, event.sequence), [])
        assert len(channels) == event.notifications
        assert channels == (list(AUDIENCE.channels) if event.decision is Told.TOLD else [])
    assert not rows
    ids = [queued.notification.id for queued in journal.outbox]
    assert len(ids) == len(set(ids))
    assert all(Notification.from_body(q.notification.body()) == q.notification for q in journal.outbox)


@given(STORIES, NUMBERS, NUMBERS)
def test_cuts_and_restarts_change_nothing(
    steps: list[tuple[Check, Status, float, Trigger]], cuts: set[int], restarts: set[int]
) -> None:
    """Any cut into batches and any clean restart give the same incidents, events and notifications."""
    results = story(steps)
    whole = asyncio.run(play(results))
    cut = asyncio.run(play(results, cuts))
    restarted = asyncio.run(play(results, cuts, restarts))
    for other in (cut, restarted):
        assert other.results == whole.results
        assert other.incidents == whole.incidents
        assert other.events == whole.events
        assert [q.notification for q in other.outbox] == [q.notification for q in whole.outbox]


async def test_a_changed_cause_is_one_update() -> None:
    """A timeout that became a refused key stays one incident and is told once."""
    a = CHECKS[0]
    statuses = [Status.TIMEOUT] * 3 + [Status.AUTH_ERROR] * 4 + [Status.TIMEOUT] * 3 + [Status.UP] * 2
    journal = await play([result(a, status, 10.0 * i) for i, status in enumerate(statuses)])
    kinds = [(event.kind, event.decision) for event in journal.events]
    assert kinds == [
        (IncidentEventKind.OPENED, Told.TOLD),
        (IncidentEventKind.UPDATED, Told.TOLD),
        (IncidentEventKind.UPDATED, Told.CAUSE_TOLD_BEFORE),
        (IncidentEventKind.RESOLVED, Told.TOLD),
    ]
    assert len(journal.incidents) == 1
    incident = journal.incidents[1]
    assert incident.failed_probes == 10
    assert incident.started_at == START
    facts = journal.outbox[-1].notification.incident
    assert facts is not None
    assert facts.duration_s == 110.0


async def test_one_odd_answer_in_an_outage_tells_nobody() -> None:
    """A cause is believed to have changed when it comes twice in a row."""
    a = CHECKS[0]
    statuses = [Status.SERVER_ERROR] * 3 + [Status.TIMEOUT] + [Status.SERVER_ERROR] * 2
    journal = await play([result(a, status, 10.0 * i) for i, status in enumerate(statuses)])
    assert [event.kind for event in journal.events] == [IncidentEventKind.OPENED]


async def test_a_warning_that_becomes_critical_is_told() -> None:
    """A rate limit warns; when it turns into an outage, people hear of the worse severity."""
    a = CHECKS[0]
    statuses = [Status.RATE_LIMITED] * 2 + [Status.SERVER_ERROR]
    journal = await play([result(a, status, 10.0 * i) for i, status in enumerate(statuses)])
    assert [str(event.severity) for event in journal.events] == ["warning", "critical"]


async def test_a_ratio_incident_stays_a_warning_while_its_window_slides() -> None:
    """A failure after successes that were too few to recover is the same incident, not a worse one."""
    rules = HealthRules(failure_threshold=10, recovery_threshold=5, failure_ratio=Ratio(3, 5))
    journal, a = MemoryJournal(), replace(CHECKS[0], rules=rules)
    ledger = ledger_on(journal)
    ledger.configure([a], AUDIENCE, START)
    statuses = [Status.SERVER_ERROR] * 3 + [Status.UP] * 4 + [Status.SERVER_ERROR]
    for index, status in enumerate(statuses):
        ledger.record(result(a, status, 10.0 * index))
    ledger.stop()
    await ledger.run()
    assert [(event.kind, str(event.severity)) for event in journal.events] == [(IncidentEventKind.OPENED, "warning")]


async def test_incidents_of_models_with_odd_names_do_not_mix() -> None:
    """What a slow model's incident is about is not what another model's outage is about, whatever that is called."""
    journal, a = MemoryJournal(), CHECKS[0]
    odd = [replace(a, id=f"{a.id}#slow"), replace(a, id=f"gw/chat/slow:{a.id}")]
    ledger = ledger_on(journal)
    ledger.configure([a, *odd], AUDIENCE, START)
    for index in range(5):
        for one, status in ((a, Status.DEGRADED), *((check, Status.TIMEOUT) for check in odd)):
            ledger.record(result(one, status, 10.0 * index))
    members = {incident.key: incident.checks for incident in ledger.open_incidents}
    assert members == {odd[0].id: tuple(check.id for check in odd), f"slow:{a.id}": (a.id,)}


async def test_without_channels_the_reason_is_stored() -> None:
    """Nobody is told, and the timeline says why."""
    journal = MemoryJournal()
    nobody = replace(AUDIENCE, channels=())
    ledger = ledger_on(journal, nobody)
    task = asyncio.create_task(ledger.run())
    for index in range(2):
        ledger.record(result(CHECKS[0], Status.TIMEOUT, 10.0 * index))
    ledger.stop()
    await task
    assert [(event.decision, event.notifications) for event in journal.events] == [(Told.NO_CHANNELS, 0)]
    assert journal.outbox == []


async def test_a_removed_check_ends_its_incident_with_a_last_message() -> None:
    """Whoever was told of the outage hears that it is watched no more; added again, it is seen afresh."""
    journal = await play([result(CHECKS[0], Status.TIMEOUT, 10.0 * index) for index in range(2)])
    ledger = ledger_on(journal)
    ledger.configure(CHECKS[1:], AUDIENCE, START.plus_s(60))
    assert ledger.open_incidents == ()
    ledger.configure(CHECKS, AUDIENCE, START.plus_s(70))
    task = asyncio.create_task(ledger.run())
    for index in range(2):
        ledger.record(result(CHECKS[0], Status.TIMEOUT, 100.0 + index))
    ledger.stop()
    await task
    assert [(event.kind, event.decision) for event in journal.events] == [
        (IncidentEventKind.OPENED, Told.TOLD),
        (IncidentEventKind.RESOLVED, Told.CHECK_REMOVED),
        (IncidentEventKind.OPENED, Told.TOLD),
    ]
    assert {queued.notification.event for queued in journal.outbox} == {Event.OPENED, Event.RESOLVED}


async def test_a_check_that_is_down_without_an_incident_is_seen_afresh() -> None:
    """A database whose incident was lost must not keep an outage silent for ever."""
    journal = await play([result(CHECKS[0], Status.TIMEOUT, 10.0 * index) for index in range(2)])
    journal.incidents.clear()
    ledger = ledger_on(journal)
    ledger.record(result(CHECKS[0], Status.TIMEOUT, 100.0))
    ledger.record(result(CHECKS[0], Status.TIMEOUT, 110.0))
    assert [incident.kind for incident in ledger.open_incidents] == [IncidentKind.OUTAGE]


async def test_a_refused_batch_is_kept_and_written_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk changes no verdict and loses nothing; after 30 s a notice goes out, and another when it is over."""
    journal, watcher = MemoryJournal(refusals=5), Watcher()
    ledger = Ledger(journal, TickingClock(step_s=10.0), watcher, AUDIENCE, journal.restored())
    ledger.configure(CHECKS, AUDIENCE, START)
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def no_wait(seconds: float) -> None:
        pauses.append(seconds)
        assert not seconds or ledger.pending == 2, "those of the refused batch wait, too"
        await sleep(0)

    monkeypatch.setattr("monitor.ledger.asyncio.sleep", no_wait)
    task = asyncio.create_task(ledger.run())
    for index in range(2):
        ledger.record(result(CHECKS[0], Status.TIMEOUT, 10.0 * index))
    ledger.stop()
    await task
    assert ledger.pending == 0
    assert len(journal.results) == 2
    assert [event.kind for event in journal.events] == [IncidentEventKind.OPENED]
    assert [alarm.event for alarm in watcher.alarms] == [Event.NOTICE]
    assert "the disk is full" in watcher.alarms[0].message
    assert [queued.notification.event for queued in journal.outbox][-2:] == [Event.NOTICE, Event.NOTICE]
    assert [pause for pause in pauses if pause] == [0.1, 0.2, 0.4, 0.8, 1.6]
    assert ledger.refusing_since is None


async def test_what_finds_no_room_is_a_gap_not_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """When too many results wait, further ones are dropped whole: counted, and without any effect on health."""
    monkeypatch.setattr("monitor.ledger.WAITING_AT_MOST", 1)
    ledger = ledger_on(MemoryJournal())
    ledger.record(result(CHECKS[0], Status.UP, 0))
    before = ledger.healths[CHECKS[0].id]
    ledger.record(result(CHECKS[0], Status.TIMEOUT, 10))
    assert ledger.dropped == 1
    assert ledger.healths[CHECKS[0].id] == before


async def test_a_result_of_an_unknown_check_is_nobodys() -> None:
    """A probe that was in flight when its check was removed changes nothing."""
    ledger = ledger_on(MemoryJournal())
    ledger.record(result(replace(CHECKS[0], id="gone/models"), Status.TIMEOUT, 0))
    assert ledger.pending == 0
    assert "gone/models" not in ledger.healths


async def test_what_works_now_is_named_and_proven() -> None:
    """The message names healthy models, fastest first; one of the same endpoint only if it answered since."""
    journal = MemoryJournal()
    ledger = ledger_on(journal)
    a, b, c = CHECKS
    for check, latency_ms, at_s in ((b, 900.0, 0.0), (c, 300.0, 0.0), (b, 900.0, 6.0)):
        ledger.record(replace(result(check, Status.UP, at_s), latency_ms=latency_ms))
    for index in range(2):
        ledger.record(result(a, Status.SERVER_ERROR, 5.0 + 2 * index))
    ledger.stop()
    await ledger.run()
    message = journal.outbox[0].notification.message
    assert "works now: b (0.9 s)" in message
    assert "c (0.3 s)" not in message


async def test_slowness_is_an_incident_of_its_own() -> None:
    """Five slow answers of ten warn, an outage meanwhile is told apart, five fast ones end it."""
    a = CHECKS[0]
    statuses = [Status.DEGRADED] * 5 + [Status.TIMEOUT] * 2 + [Status.UP] * 6
    journal = await play([result(a, status, 10.0 * i) for i, status in enumerate(statuses)])
    assert [(journal.incidents[event.incident_id].kind, event.kind) for event in journal.events] == [
        (IncidentKind.SLOW, IncidentEventKind.OPENED),
        (IncidentKind.OUTAGE, IncidentEventKind.OPENED),
        (IncidentKind.OUTAGE, IncidentEventKind.RESOLVED),
        (IncidentKind.SLOW, IncidentEventKind.RESOLVED),
    ]
    assert [str(event.severity) for event in journal.events] == ["warning", "critical", "critical", "warning"]
    assert {incident.key for incident in journal.incidents.values()} == {a.id, f"slow:{a.id}"}


async def test_plans_and_notices_are_committed_too() -> None:
    """When a check was due, and what RelayWatch says of itself, go through the same transaction."""
    journal, watcher = MemoryJournal(), Watcher()
    ledger = ledger_on(journal, watcher=watcher)
    task = asyncio.create_task(ledger.run())
    ledger.plan_changed(RhythmChange(CHECKS[0].id, START.wall_us, None))
    notice = Notification("n", Event.NOTICE, "warning", "relaywatch", "title", "message")
    ledger.notify(notice, ["ops", "hook"], START)
    ledger.stop()
    await task
    assert [queued.notification.id for queued in journal.outbox] == ["n-ops", "n-hook"]
    assert len(journal.rhythms) == 1
    assert watcher.commits == 1
    assert ledger.busy_s(START) == 0.0
    assert ledger.last_commit is not None
    assert set(ledger.checks) == {check.id for check in CHECKS}


async def test_a_batch_waits_for_company_but_not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Results that change nothing are written together after a quarter of a second at most."""
    monkeypatch.setattr("monitor.ledger.GATHER_S", 0.01)
    journal = MemoryJournal()
    ledger = ledger_on(journal)
    task = asyncio.create_task(ledger.run())
    async with asyncio.timeout(5):
        while ledger.last_commit is None:
            ledger.record(result(CHECKS[0], Status.UP, journal.commits))
            await asyncio.sleep(0.001)
    ledger.stop()
    await task
    assert journal.commits >= 1
    assert ledger.pending == 0


async def test_an_outage_that_others_have_seen_the_end_of_is_history_only() -> None:
    """What waited in a spool while another daemon led and went on: it is recorded, and nobody is told of it now."""
    journal = await play([result(CHECKS[0], Status.UP, 1_000)])
    ledger = ledger_on(journal)
    waited = [result(CHECKS[0], Status.SERVER_ERROR, at_s) for at_s in (10, 20, 30)]
    gone = result(replace(CHECKS[0], id="gw/chat/gone"), Status.SERVER_ERROR, 40)
    await ledger.replay([*waited, gone])
    assert journal.results[1:] == [*waited, gone]
    assert not journal.incidents
    assert not journal.outbox
    assert journal.healths[CHECKS[0].id].latest is not None
    await ledger.replay([result(CHECKS[0], Status.SERVER_ERROR, at_s) for at_s in (1_010, 1_020)])
    assert [event.kind for event in journal.events] == [IncidentEventKind.OPENED], "what nobody has seen yet is news"
