"""The recorded past under another policy: which messages there would have been, and which outages nobody would know of.

Pure. Drives a `Desk` as the daemon does, with results that are given to it and ticks as their time passes; nothing is
probed and nothing is sent. What a replay cannot know stands in `docs/alerting.md`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from monitor.alerting.audience import Audience, Hours
from monitor.alerting.batch import Restored
from monitor.alerting.desk import Desk
from monitor.alerting.notification import Event
from monitor.alerting.quiet import Quiet
from monitor.clock import US_PER_S, Moment
from monitor.domain.action import STAND_INS
from monitor.domain.answer_rows import SLOW_ROWS
from monitor.domain.check import Check
from monitor.domain.incident import Incident
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import Result, Status, Verdict

TICK_S = 5.0
TICK_WHILE_HELD_S = 1.0
TAKE_EVERY = 2_000
TOGETHER_US = 60 * US_PER_S
NIGHT = Hours(frozenset(range(7)), 22 * 60, 7 * 60)


@dataclass(frozen=True, slots=True)
class Message:
    """One message that would have been sent.

    Attributes:
        at_us: microseconds since 1970.
        night: between 22 and 7 in the configured zone.
    """

    at_us: int
    channel: str
    event: Event
    severity: str
    title: str
    incident: int | None
    night: bool


@dataclass(slots=True)
class Outcome:
    """What became of a replay.

    Attributes:
        results: how many were replayed.
        skipped: how many were of checks that the configuration does not have.
        incidents: every incident that people would have heard of, as it was last, by id.
        untold: how many incidents nobody would have heard of.
    """

    results: int = 0
    skipped: int = 0
    messages: list[Message] = field(default_factory=list)
    incidents: dict[int, Incident] = field(default_factory=dict)
    untold: int = 0


class Replay:
    """One configuration, and the past as it would have been told under it.

    Args:
        checks: of the configuration.
        audience: of the configuration.
        start: the time of the first result at the earliest.
        told_from: what would have been told before is not counted: the desk only learns what is going on.
        names: how checks that were recorded are called there, where that has changed.
    """

    def __init__(
        self,
        checks: Iterable[Check],
        audience: Audience,
        start: Moment,
        told_from: Moment,
        names: Mapping[str, str] | None = None,
    ) -> None:
        self._desk = Desk(audience, Restored({}, (), 1, audience.instance))
        self._desk.configure(checks, audience, start)
        self._audience = audience
        self._told_from_us = told_from.wall_us
        self._names = names or {}
        self._checks = self._desk.checks
        self._ticked = start
        self._tick_at_us = start.mono_us
        self._quiet = Quiet()
        self._incidents: dict[int, Incident] = {}
        self._told: set[int] = set()
        self.outcome = Outcome()

    def feed(self, result: Result) -> None:
        """The next result, in the order in which they became known."""
        name = self._names.get(result.check, result.check)
        check = self._checks.get(name)
        if check is None:
            self.outcome.skipped += 1
            return
        self.outcome.results += 1
        result = judged_anew(check, result if name == result.check else replace(result, check=name))
        self.pass_until(result.finished_at)
        if self._quiet.keeps(check, result):
            return
        for kept in self._quiet.needed_by(check, self._desk.healths[name], result):
            self._desk.record(kept)
        self._desk.record(result)
        self._quiet.seen(check, self._desk.healths[name], result)
        self._follow()

    def pass_until(self, now: Moment) -> None:
        """Time passes without a result."""
        while self._desk.is_busy and self._tick_at_us <= now.mono_us:
            self._ticked = self._ticked.plus_s((self._tick_at_us - self._ticked.mono_us) / US_PER_S)
            self._desk.tick(self._ticked)
            self._follow()
            self._plan()
        if not self._desk.is_busy:
            self._ticked, self._tick_at_us = now, now.mono_us

    def _follow(self) -> None:
        """Look at what has become of the incidents, if anything has."""
        batch = self._desk.batch
        if batch.incidents:
            self._quiet.look_at(self._desk.open_incidents)
            self._plan()
        if batch.events or len(batch.results) >= TAKE_EVERY:
            self._take()

    def _plan(self) -> None:
        pace_s = TICK_WHILE_HELD_S if self._quiet.held else TICK_S
        self._tick_at_us = self._ticked.mono_us + round(pace_s * US_PER_S)

    def finish(self, now: Moment) -> Outcome:
        """The past has reached the present."""
        self.pass_until(now)
        self._take()
        told, everything = self._told, self._incidents
        self.outcome.incidents = {number: everything[number] for number in sorted(told)}
        ended_us = self._told_from_us
        unheard = [one for number, one in everything.items() if number not in told]
        self.outcome.untold = sum(one.resolved_at is None or one.resolved_at.wall_us >= ended_us for one in unheard)
        return self.outcome

    def _take(self) -> None:
        batch = self._desk.take()
        self._incidents.update(batch.incidents)
        for queued in batch.outbox:
            if queued.incident_id is not None:
                self._told.add(queued.incident_id)
            if queued.created_at.wall_us < self._told_from_us:
                continue
            note, at_us = queued.notification, queued.created_at.wall_us
            night = NIGHT.holds(at_us, self._audience.voice.timezone)
            self.outcome.messages.append(
                Message(at_us, queued.channel, note.event, note.severity, note.title, queued.incident_id, night)
            )


def judged_anew(check: Check, result: Result) -> Result:
    """The result with its slowness judged by the check's own limit; every other verdict stays what it was."""
    status, latency_ms = result.status, result.latency_ms
    if not status.is_success or latency_ms is None:
        return result
    slow = check.slow_after_s is not None and latency_ms > check.slow_after_s * 1000
    if slow is (status is Status.DEGRADED) or result.verdict.action in STAND_INS:
        return result
    if not slow:
        return replace(result, verdict=Verdict(Status.UP))
    ruling = next(row.ruling for row in SLOW_ROWS if row.kind is check.kind)
    reason = f"slow: {latency_ms / 1000:.2f} s"
    return replace(result, verdict=Verdict(ruling.status, ruling.fault, reason, ruling.action))


def missed(told: Outcome, new: Outcome, names: Mapping[str, str] | None = None) -> tuple[Incident, ...]:
    """The outages that people would have heard of there, and would not hear of under the new configuration.

    An outage is heard of if any outage is that hits one of the same checks at the same time, give or take a minute.

    Args:
        told: of the present configuration.
        new: of the other.
        names: how the checks of the present are called in the other, where that has changed.
    """
    called = names or {}
    heard: dict[str, list[Incident]] = {}
    for incident in new.incidents.values():
        if incident.kind is IncidentKind.OUTAGE:
            for check in incident.checks:
                heard.setdefault(check, []).append(incident)
    return tuple(
        incident
        for incident in told.incidents.values()
        if incident.kind is IncidentKind.OUTAGE
        and not any(
            _together(incident, other) for check in incident.checks for other in heard.get(called.get(check, check), ())
        )
    )


def _together(one: Incident, other: Incident) -> bool:
    return _began_before_end(one, other) and _began_before_end(other, one)


def _began_before_end(one: Incident, other: Incident) -> bool:
    end = other.resolved_at
    return end is None or one.started_at.wall_us <= end.wall_us + TOGETHER_US
