"""Outages: which failures are one incident, when it is told, when it is over, and what is left of it then.

Pure. Owns how checks join, widen and leave an incident; whose fault it is, is `domain.blame`.
"""

from collections.abc import Sequence
from dataclasses import replace

from monitor.alerting.book import Book
from monitor.alerting.inquiry import Inquiry, failed_since
from monitor.alerting.policy import (
    UPDATE_EVERY_S,
    WIDTH,
    Step,
    absorbed,
    belongs,
    changed,
    counted,
    covers,
    joined,
    judged_of,
    opened,
    widened,
)
from monitor.alerting.scene import Extra
from monitor.clock import Moment
from monitor.domain.blame import Blame, lost_on_the_way
from monitor.domain.check import Check, CheckKind
from monitor.domain.health import Health, State
from monitor.domain.incident import Family, Incident, IncidentEventKind, Scope, Told, family_of
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import Result

Kind = IncidentEventKind
OUTAGE = IncidentKind.OUTAGE


class Outages:
    """What becomes of checks that go down and come up.

    Args:
        book: where it is written.
    """

    def __init__(self, book: Book) -> None:
        self._book = book
        self.inquiry = Inquiry(book)

    def went_down(self, step: Step, *, held: bool = False) -> None:
        """A check crossed a threshold: part of an open incident, or a new one.

        Args:
            step: the check.
            held: others follow at once, so that a new incident is not told before `Duties.settle` was called.
        """
        book, check = self._book, step.check
        present = book.cases.of(check.id, OUTAGE)
        if present is not None:
            self._relapsed(present, step)
            return
        family, lost = family_of(step.verdict.fault_domain), lost_on_the_way(step.verdict)
        there = book.cases.on(check.endpoint, OUTAGE)
        covering = [one for one in there if covers(one, check, family, lost=lost)]
        settled = next((one for one in covering if one.telling.easing_since is None), None)
        if settled is not None:
            self._join(settled, step, None)
            return
        blame = self.inquiry.blame(step, step.health.since)
        for one in there:
            members = book.roster.known(one.checks) if blame.scope is Scope.PROVIDER else ()  # else nobody asks
            same = one in covering and WIDTH[one.scope] <= WIDTH[blame.scope]
            if same or belongs(one, members, step, blame):
                self._join(one, step, judged_of((*members, check), blame))
                return
        self._open(step, blame, held=held)

    def still_down(self, step: Step) -> None:
        """Another failure of a check that is down: counted; told once if the cause has lastingly changed."""
        book = self._book
        before = book.cases.of(step.check.id, OUTAGE)
        if before is None:
            self.went_down(step)
            return
        share = book.cases.failing.share(before.id, step.verdict.status)
        after = changed(counted(before, step), step, share)
        if after.telling.easing_since is not None and step.health.since.mono_us >= after.telling.easing_since.mono_us:
            after = replace(after, telling=replace(after.telling, easing_since=None))  # a relapse
        if (after.cause, after.severity) == (before.cause, before.severity):
            book.put(after)
        else:
            self._update(before, after, step)
        self._leave(book.cases[before.id], step.now)

    def _relapsed(self, incident: Incident, step: Step) -> None:
        """A member that had recovered is down again; the provider that was blamed since may not be its own."""
        if incident.scope is Scope.PROVIDER and step.check.provider != incident.provider:
            blame = judged_of(self._book.failing(incident), self.inquiry.blame(step, step.health.since))
            if family_of(blame.fault_domain) is incident.family:
                self._update(incident, self.inquiry.widened(incident, blame, step.check), step)
        self.still_down(step)

    def recovered(self, step: Step) -> None:
        """A check is up again: the incident ends, or goes on without it."""
        incident = self._book.cases.of(step.check.id, OUTAGE)
        if incident is None:
            return
        if not self._book.is_failing(incident):
            self._resolve(incident, step)
            return
        self._ease(incident, step.started_at, step.now)

    def proved(self, check: Check, health: Health, result: Result) -> None:
        """A check succeeds while something as wide as its endpoint is said to be down: then it is not as wide."""
        if check.kind is not CheckKind.CHAT or health.state is State.DOWN:
            return
        for incident in self._book.cases.on(check.endpoint, OUTAGE):
            began = incident.joined_at or incident.detected_at
            fits = incident.scope in (Scope.ENDPOINT, Scope.NETWORK) or incident.provider == check.provider
            narrow = incident.scope is Scope.CHECK or incident.family is not Family.SERVICE
            if fits and not narrow and result.started_at.mono_us > began.mono_us:
                self._ease(incident, result.started_at, result.finished_at)

    def settled(self, incident: Incident, now: Moment) -> Incident | None:
        """An incident that nobody was told of, as siblings show it now; None if it turned out to be part of others."""
        book, healths = self._book, self._book.roster.healths
        failing = book.failing(incident)
        known = [check for check in failing if failed_since(healths[check.id], healths[check.id].since)]
        if not known:
            return incident
        newest = max(known, key=lambda check: healths[check.id].since.mono_us)
        step = self.inquiry.look(newest, incident, now)
        blame = judged_of(failing, self.inquiry.blame(step, step.health.since))
        if blame.scope is not Scope.NETWORK and _span(failing) > 1:
            self._split(incident, failing, now)
            return None
        lost = lost_on_the_way(step.verdict)
        for other in book.cases.on(newest.endpoint, OUTAGE):
            covered = other.telling.easing_since is None and covers(other, newest, incident.family, lost=lost)
            if other.id < incident.id and (covered or belongs(other, book.roster.known(other.checks), step, blame)):
                self._absorb(other, incident, (newest, blame), now)
                return None
        if family_of(blame.fault_domain) is not incident.family:
            return incident
        after = widened(incident, blame, newest)
        namesake = next((one for one in book.cases if one.key == after.key and one.id != after.id), None)
        if namesake is None:
            return after
        self._absorb(namesake, after, (newest, blame), now)
        return None

    def _split(self, incident: Incident, failing: Sequence[Check], now: Moment) -> None:
        """Several endpoints, and not the network: each has a cause of its own."""
        steps = [self.inquiry.look(check, incident, now) for check in failing]
        ended = replace(incident, resolved_at=now)
        self._book.tell(Kind.RESOLVED, ended, now, previous=incident, why_not=Told.PART_OF_ANOTHER)
        for step in steps:
            self.went_down(step, held=True)

    def _absorb(self, other: Incident, incident: Incident, judged: tuple[Check, Blame], now: Moment) -> None:
        (newest, blame), book = judged, self._book
        ended = replace(incident, resolved_at=now)
        note = (("incident", str(other.id)),)
        book.tell(Kind.RESOLVED, ended, now, previous=incident, why_not=Told.PART_OF_ANOTHER, note=note)
        grown = absorbed(other, incident)
        members = book.roster.known(grown.checks)
        if WIDTH[blame.scope] < WIDTH[other.scope]:
            blame = Blame(other.scope, other.cause.fault_domain)
        common = judged_of(members, blame)
        same = (common.scope, common.fault_domain) == (other.scope, other.cause.fault_domain)
        after = grown if same else self.inquiry.widened(grown, common, newest)
        if (after.cause, after.severity) == (other.cause, other.severity):
            book.put(after)
        else:
            self._update(other, after, self.inquiry.look(newest, incident, now))

    def _open(self, step: Step, blame: Blame, *, held: bool) -> None:
        book, check, now = self._book, step.check, step.now
        incident = opened(book.new_id(), OUTAGE, blame, step)
        present = next((one for one in book.cases if one.key == incident.key), None)
        if present is not None:
            self._join(present, step, None)
            return
        if held or (book.audience.group_wait_s and self.inquiry.is_undecided(incident, check, now)):
            waiting = replace(incident.telling, hold_until=now.plus_s(book.audience.group_wait_s))
            incident = replace(incident, telling=waiting)
        book.cases.put(incident)  # a member now: what follows looks at members
        book.tell(Kind.OPENED, incident, now, by=step.by, why_not=book.withheld(incident, now))

    def _join(self, before: Incident, step: Step, blame: Blame | None) -> None:
        book = self._book
        after = joined(before, step)
        if blame is not None and self._says_more(blame, before):
            after = self.inquiry.widened(after, blame, step.check)
        if (after.cause, after.severity) != (before.cause, before.severity):
            self._update(before, after, step)
            return
        last = after.telling.last_at
        if last is None or step.now.s_since(last) < UPDATE_EVERY_S or before.telling.grown:
            book.put(after)  # for the first message, or for the update that is to come anyway
        else:
            book.tell(
                Kind.UPDATED, after, step.now, by=step.by, previous=before, why_not=book.withheld(after, step.now)
            )

    @staticmethod
    def _says_more(blame: Blame, incident: Incident) -> bool:
        """True if what is judged now is to be said of an incident: wider, or anything else while nobody was told."""
        untold = incident.telling.first_at is None
        return WIDTH[blame.scope] > WIDTH[incident.scope] or (untold and blame.scope is not incident.scope)

    def _update(self, before: Incident, after: Incident, step: Step) -> None:
        """The cause or the severity is another one now: told, if it was not told before."""
        book = self._book
        known = after.cause in before.told and after.severity is before.severity
        if before.telling.first_at is None:
            book.put(after)  # the first message will say it
            return
        why_not = Told.CAUSE_TOLD_BEFORE if known else book.withheld(after, step.now)
        book.tell(Kind.UPDATED, after, step.now, by=step.by, previous=before, why_not=why_not)

    def _ease(self, incident: Incident, since: Moment, now: Moment) -> None:
        if incident.scope is Scope.CHECK:
            return
        if incident.telling.easing_since is None:
            incident = replace(incident, telling=replace(incident.telling, easing_since=since))
            self._book.put(incident)
        self._leave(incident, now)

    def _leave(self, incident: Incident, now: Moment) -> None:
        """End a wide incident of which only a narrower part is left, and tell of that part on its own.

        Only when every member that still fails was seen to fail after something else had come back.
        """
        book, since = self._book, incident.telling.easing_since
        if since is None or incident.scope is Scope.CHECK or incident.family is not Family.SERVICE:
            return
        if not book.is_failing(incident) or self.inquiry.is_open_question(incident, since):
            return
        failing = book.failing(incident)
        steps = [self.inquiry.look(check, incident, now) for check in failing]
        if len(failing) == len(book.roster.known(incident.checks)) and _span(failing) == 1:
            self._correct(incident, failing, steps, since)
            return
        if any(WIDTH[self.inquiry.blame(step, since).scope] >= WIDTH[incident.scope] for step in steps[:1]):
            book.put(replace(incident, telling=replace(incident.telling, easing_since=None)))
            return
        remaining = tuple(check.model or check.id for check in failing)
        ended = replace(incident, resolved_at=since)
        book.tell(Kind.RESOLVED, ended, now, previous=incident, extra=Extra(remaining=remaining))
        for step in steps:
            self.went_down(step, held=True)
            part = book.cases.of(step.check.id, OUTAGE)
            if part is not None and part.acknowledged is None and incident.acknowledged is not None:
                book.put(replace(part, acknowledged=incident.acknowledged))  # whoever is on the whole is on the rest

    def _correct(self, incident: Incident, failing: Sequence[Check], steps: Sequence[Step], since: Moment) -> None:
        """Something else works, and nothing has come back: not an end, but less than was thought from the start."""
        newest = max(steps, key=lambda step: step.health.since.mono_us)
        blame = judged_of(failing, self.inquiry.blame(newest, since))
        settled = replace(incident, telling=replace(incident.telling, easing_since=None))
        if family_of(blame.fault_domain) is not incident.family or WIDTH[blame.scope] >= WIDTH[incident.scope]:
            self._book.put(settled)
        else:
            self._update(incident, self.inquiry.widened(settled, blame, newest.check), newest)

    def _resolve(self, incident: Incident, step: Step) -> None:
        ended = replace(incident, resolved_at=step.started_at)
        why = incident.telling.withheld
        note = () if why is None else (("withheld", str(why)),)
        self._book.tell(Kind.RESOLVED, ended, step.now, by=step.by, previous=incident, note=note)


def _span(checks: Sequence[Check]) -> int:
    """How many endpoints they are of."""
    return len({check.endpoint for check in checks})
