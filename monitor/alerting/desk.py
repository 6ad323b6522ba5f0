"""The alert desk: every result, every command and every second comes in here; incidents and messages go out.

Pure: no clock, no loop, no database. The ledger drives it in the daemon, `config try` drives it over recorded history,
and both get the same decisions. Owns which room of alerting hears of what (`outages`, `conditions`, `duties`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from monitor.alerting.audience import Audience
from monitor.alerting.batch import Batch, Restored
from monitor.alerting.book import Book
from monitor.alerting.conditions import Conditions
from monitor.alerting.duties import Duties
from monitor.alerting.matching import Matcher, exactly
from monitor.alerting.outages import Outages
from monitor.alerting.policy import Step
from monitor.alerting.rule_texts import rule_sentence
from monitor.alerting.scene import Extra
from monitor.alerting.silences import Silence, Until
from monitor.clock import Moment
from monitor.domain.check import Check
from monitor.domain.follow_up import AS_PLANNED, FollowUp, follow_up
from monitor.domain.health import Advance, Change, Health, State, advance
from monitor.domain.incident import Acknowledgement, Incident, IncidentEventKind, Told
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.limited import rests, shared_rests
from monitor.domain.renaming import Renaming
from monitor.domain.result import Result, Status, Trigger, Verdict
from monitor.domain.rules_judge import RuleFinding

_CONDITIONS = {
    Change.SLOW: (IncidentKind.SLOW, True),
    Change.NO_LONGER_SLOW: (IncidentKind.SLOW, False),
    Change.FLAPPING: (IncidentKind.FLAPPING, True),
    Change.SETTLED: (IncidentKind.FLAPPING, False),
}


class Desk:
    """All health state, all open incidents, and what is decided about them.

    Args:
        audience: who is told of incidents.
        restored: what the database remembers.
    """

    def __init__(self, audience: Audience, restored: Restored) -> None:
        self._book = Book(audience, restored)
        self._restored = restored.healths
        self._outages = Outages(self._book)
        self._conditions = Conditions(self._book)
        self._duties = Duties(self._book, self._outages)

    @property
    def batch(self) -> Batch:
        """What has happened since it was last taken."""
        return self._book.batch

    @property
    def audience(self) -> Audience:
        """Who is told."""
        return self._book.audience

    @property
    def checks(self) -> Mapping[str, Check]:
        """The checks in force, by id."""
        return MappingProxyType(self._book.roster.checks)

    @property
    def healths(self) -> Mapping[str, Health]:
        """What is believed of each check in force, by id."""
        return MappingProxyType(self._book.roster.healths)

    @property
    def open_incidents(self) -> tuple[Incident, ...]:
        """Every open incident, oldest first."""
        return tuple(self._book.cases)

    @property
    def silences(self) -> tuple[Silence, ...]:
        """Every silence that is in force or still to come, oldest first."""
        return tuple(self._book.silences.values())

    @property
    def is_busy(self) -> bool:
        """True while time alone may bring something: `tick` is then called about once a second."""
        return bool(self._book.cases) or bool(self._book.silences)

    def take(self) -> Batch:
        """What has happened since the last call; it is the caller's now."""
        taken, self._book.batch = self._book.batch, Batch()
        return taken

    def rename(self, renaming: Renaming) -> None:
        """Checks and endpoints go on under other names; `configure` must follow before the next result."""
        self._book.rename(renaming)

    def configure(self, checks: Iterable[Check], audience: Audience, now: Moment) -> None:
        """Put these checks in force. One that stays keeps its state; one that is gone leaves its incidents, told so."""
        book = self._book
        book.audience = audience
        before, known = dict(book.roster.checks), {**self._restored, **book.roster.healths}
        self._restored = {}
        kept = {check.id: check for check in checks}
        self._end_removed(kept, known, now)
        book.roster.put_in_force(kept, {check: self._believed(known.get(check), check, now) for check in kept})
        book.cases.recount()
        book.forget_ranking()
        self._end_reconfigured(before, now)
        self._duties.look_again()

    def stamped(self, result: Result) -> Result:
        """The result, known as one of maintenance if its turn came inside a window: then it counts nowhere."""
        calendar, check = self._book.audience.maintenance, self._book.roster.checks.get(result.check)
        if not calendar or check is None or result.trigger is not Trigger.ON_PHASE:
            return result
        is_inside = calendar.covering(check, result.started_at.wall_us) is not None
        return replace(result, trigger=Trigger.MAINTENANCE) if is_inside else result

    def record(self, result: Result) -> FollowUp:
        """Take one result: advance the check's health, decide, and say when to probe next."""
        roster = self._book.roster
        check = roster.checks.get(result.check)
        if check is None:
            return AS_PLANNED
        result = self.stamped(result)
        before = roster.healths[check.id]
        step = advance(check, before, result)
        health = step.health
        roster.healths[check.id] = health
        if self._book.cases:
            self._book.cases.seen(check.id)
        self.batch.results.append(result)
        self.batch.healths[check.id] = health
        asked = roster.is_asked(check)
        if asked:
            roster.answered(check)
        if step.changes or asked or before.consecutive_failures or health.consecutive_failures:
            return self._consider(check, (before, step), result)
        if result.status.is_success and self._book.cases:
            self._outages.proved(check, health, result)
        return follow_up(check, health, result)

    def recall(self, result: Result) -> bool:
        """Take one of an earlier run; False if its check is gone or has gone on since: it is history only then."""
        believed = self.healths.get(result.check)
        if believed is None or (believed.latest_at and believed.latest_at.wall_us >= result.started_at.wall_us):
            self.batch.results.append(self.stamped(result))
            return False
        self.record(result)
        return True

    def judged(self, finding: RuleFinding) -> None:
        """A rule over a window is broken, graver than before, or kept again."""
        check = self._book.roster.checks.get(finding.check)
        if check is None:
            return
        member, cause, at = (finding.kind, check.id), finding.cause, finding.at
        verdict = Verdict(cause.status, cause.fault_domain, finding.reason)
        step = Step(check, self._book.roster.healths[check.id], None, verdict, at, at)
        extra = Extra(rule=rule_sentence(finding.kind, finding.facts, self._book.audience.voice))
        if not finding.broken:
            self._book.broken.discard(member)
            self._book.cases.seen(check.id)
            self._conditions.ended(finding.kind, step, extra)
        elif member in self._book.broken and self._book.cases.of(check.id, finding.kind) is not None:
            self._conditions.graver(finding.kind, step, finding.severity, extra)
        else:
            self._book.broken.add(member)
            self._book.cases.seen(check.id)
            self._conditions.began(finding.kind, step, extra, finding.severity)

    def rests(self, now: Moment) -> dict[str, Moment]:
        """The checks that must not be probed yet, by id, each with the end of its rest."""
        roster, found = self._book.roster, dict[str, Moment]()
        for siblings in roster.endpoints.values():
            found.update(rests(siblings, roster.healths, now))
        return found

    def tick(self, now: Moment) -> None:
        """Time has passed."""
        self._duties.tick(now)

    def acknowledge(self, incident_id: int, by: str, note: str, now: Moment) -> Incident | None:
        """Somebody is on it: no reminders, no escalation until it is over.

        A model that the endpoint does not know stays quiet beyond that, until the configuration changes.

        Returns:
            The incident as it is now; None if it is not open.
        """
        book = self._book
        before = book.cases.get(incident_id)
        if before is None:
            return None
        known = Acknowledgement(by, now, note)
        after = replace(before, acknowledged=known)
        told = before.telling.first_at is not None
        why_not = book.withheld(after, now) if told else before.telling.withheld or Told.GROUP_WAIT
        noted = (("by", by), ("note", note))
        kind = IncidentEventKind.ACKNOWLEDGED
        after = book.tell(kind, after, now, previous=before, why_not=why_not, note=noted)
        if before.cause.status is Status.MODEL_NOT_FOUND:
            self._hush(after, known)
        return after

    def silence(self, silence: Silence) -> Silence:
        """Keep a silence; its id is given here."""
        numbered = replace(silence, id=self._book.next_silence_id)
        self._book.next_silence_id += 1
        self._book.put_silence(numbered)
        return numbered

    def expire_silence(self, silence_id: int, now: Moment) -> Silence | None:
        """End a silence now; None if there is no such one."""
        present = self._book.silences.get(silence_id)
        if present is None:
            return None
        ended = replace(present, expired_at=now)
        self._book.put_silence(ended)
        self._duties.look_again()
        return ended

    def hidden_by(self, silence: Silence, now: Moment) -> tuple[Incident, ...]:
        """The open incidents of which this silence lets nobody be told."""
        failing = ((incident, self._book.failing(incident)) for incident in self._book.cases)
        return tuple(incident for incident, checks in failing if checks and silence.hides(incident, checks, now))

    def _consider(self, check: Check, moved: tuple[Health, Advance], result: Result) -> FollowUp:
        """A result that is not plain sailing: ask siblings, open, change or end incidents."""
        (before, step), health, roster = moved, moved[1].health, self._book.roster
        roster.seen(check, health)
        first = before.state is not State.DOWN and not before.consecutive_failures and health.consecutive_failures
        asked = roster.ask(check, result) if first else ()
        now = result.finished_at
        what = Step(check, health, step.because, result.verdict, result.started_at, now, result)
        for change in sorted(step.changes, key=lambda one: one is not Change.FLAPPING):  # which keeps the rest quiet
            self._changed(change, what)
        if result.status.is_success and self._book.cases:
            self._outages.proved(check, health, result)
        if self._book.held:
            self._duties.settle(check.endpoint, now)
        following = follow_up(check, health, result)
        others = shared_rests(roster.endpoints[check.endpoint], roster.healths, now) if following.rest_s else {}
        return replace(following, triage=asked, others_rest=tuple(others.items())) if asked or others else following

    def _changed(self, change: Change, step: Step) -> None:
        if change is Change.WENT_DOWN:
            self._outages.went_down(step)
        elif change is Change.STILL_DOWN:
            self._outages.still_down(step)
        elif change is Change.RECOVERED:
            self._outages.recovered(step)
        elif change is Change.STOOD_IN:
            self._conditions.stood_in(step)
        elif change in _CONDITIONS:
            kind, began = _CONDITIONS[change]
            extra = Extra(percent=step.health.flapping.percent, state=str(step.health.state))
            (self._conditions.began if began else self._conditions.ended)(kind, step, extra)
            self._duties.look_again()

    def _end_removed(self, kept: Mapping[str, Check], known: Mapping[str, Health], now: Moment) -> None:
        """End what nothing that is still watched suffers from."""
        book = self._book
        for incident in book.cases:
            if any(check in kept and book.concerns(incident.kind, known.get(check)) for check in incident.checks):
                continue
            ended = replace(incident, resolved_at=now)
            because = (("because", str(Told.CHECK_REMOVED)),)
            extra = Extra(removed=True)
            book.tell(IncidentEventKind.RESOLVED, ended, now, previous=incident, extra=extra, note=because)
            book.broken -= {(incident.kind, check) for check in incident.checks}
            for check in incident.checks:
                if check in known and check not in kept:
                    book.batch.healths[check] = Health(check, since=now, recent=known[check].recent)

    def _believed(self, health: Health | None, check: str, now: Moment) -> Health:
        if health is None:
            return Health(check, since=now)
        orphaned = health.state is State.DOWN and self._book.cases.of(check, IncidentKind.OUTAGE) is None
        return Health(check, since=now, recent=health.recent) if orphaned else health

    def _hush(self, incident: Incident, known: Acknowledgement) -> None:
        exact = tuple(exactly(check) for check in incident.checks)
        matcher = Matcher(checks=exact, statuses=(Status.MODEL_NOT_FOUND,))
        reason = f"incident {incident.id} was acknowledged"
        self.silence(Silence(0, matcher, known.by, reason, known.at, known.at, None, Until.RECONFIGURED))

    def _end_reconfigured(self, before: Mapping[str, Check], now: Moment) -> None:
        """A model that is configured anew, or no longer, is news again."""
        checks = self._book.roster.checks
        changed = {check for check, was in before.items() if checks.get(check) != was}
        for silence in self.silences:
            if silence.until is not Until.RECONFIGURED:
                continue
            meant = [check for check in {**before, **checks}.values() if silence.matcher.matches_check(check)]
            if not any(check.id in checks for check in meant) or any(check.id in changed for check in meant):
                self._book.put_silence(replace(silence, expired_at=now))
