"""What time alone brings: group waits that end, news that was withheld, updates put off, reminders, escalations.

Pure. Looked at every second while anything is open; owns nothing that a result brings (`outages`, `conditions`).
"""

from dataclasses import replace

from monitor.alerting.audience import Escalation
from monitor.alerting.book import Book
from monitor.alerting.outages import Outages
from monitor.alerting.policy import UPDATE_EVERY_S, worse
from monitor.alerting.scene import NOTHING_BESIDES, Extra
from monitor.alerting.silences import Silence, Until
from monitor.alerting.telling import newcomers
from monitor.clock import Moment
from monitor.domain.incident import Incident, IncidentEventKind, Scope, Told
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.severity import Severity

Kind = IncidentEventKind
LOOK_AGAIN_S = 1.0
LOOK_AGAIN_AT_MANY_S = 15.0
MANY_MEMBERS = 500


class Duties:
    """Does what has come due.

    Args:
        book: where it is written.
        outages: judges again before a first message.
    """

    def __init__(self, book: Book, outages: Outages) -> None:
        self._book = book
        self._outages = outages
        self._looked_at: Moment | None = None

    def tick(self, now: Moment) -> None:
        """Do everything that has come due."""
        self._expire_silences(now)
        # Whether people may be told looks at every member; a thousand of them must not take the loop each second.
        many = sum(len(incident.checks) for incident in self._book.cases) > MANY_MEMBERS
        pace_s = LOOK_AGAIN_AT_MANY_S if many else LOOK_AGAIN_S
        again = self._looked_at is None or now.s_since(self._looked_at) >= pace_s
        if again:
            self._looked_at = now
        for incident in self._book.cases:
            present = self._book.cases.get(incident.id)
            if present is not None:
                self._attend(present, now, look_again=again)

    def look_again(self) -> None:
        """Something has changed that may have kept people from being told."""
        self._looked_at = None

    def settle(self, endpoint: str, now: Moment) -> None:
        """A result on this endpoint may have decided what held incidents wait for."""
        for incident_id in tuple(self._book.held):
            incident = self._book.cases.get(incident_id)
            if incident is None:
                continue  # part of another by now
            if incident.endpoint == endpoint or incident.scope is Scope.NETWORK:
                self._settle(incident, now)

    def _attend(self, incident: Incident, now: Moment, *, look_again: bool) -> None:
        telling = incident.telling
        if telling.hold_until is not None:
            self._settle(incident, now)
        elif telling.first_at is None:
            if look_again:
                self._announce(incident, now)
        elif telling.grown and now.s_since(telling.last_at or now) >= UPDATE_EVERY_S:
            self._tell(Kind.UPDATED, incident, now)
        elif not self._escalate(incident, now) and not self._remind(incident, now) and look_again:
            self._welcome(incident, now)

    def _settle(self, incident: Incident, now: Moment) -> None:
        hold = incident.telling.hold_until
        if hold is not None and now.mono_us < hold.mono_us and self._outages.inquiry.is_waiting(incident, now):
            return
        free = replace(incident, telling=replace(incident.telling, hold_until=None))
        settled = self._outages.settled(free, now)
        if settled is not None:
            self._announce(settled, now)

    def _announce(self, incident: Incident, now: Moment) -> None:
        """The first message of an incident that was not told when it opened, if nothing is in the way any more."""
        why_not = self._book.withheld(incident, now)
        before = incident.telling.withheld
        if why_not is not None:
            if why_not is not before or incident.id in self._book.held:
                self._book.put(replace(incident, telling=replace(incident.telling, withheld=why_not)))
            return
        if before in (Told.NO_ROUTE, Told.NO_CHANNELS) and not self._wanted(incident, now):
            return
        extra = Extra(withheld=None if before is Told.GROUP_WAIT else before)
        self._book.tell(Kind.ANNOUNCED, incident, now, extra=extra)

    def _wanted(self, incident: Incident, now: Moment) -> bool:
        return bool(newcomers(incident, self._book.failing(incident), self._book.audience, now))

    def _welcome(self, incident: Incident, now: Moment) -> None:
        """A channel whose hours have begun, or that wants the severity it has by now, hears of it too."""
        if self._wanted(incident, now) and self._book.withheld(incident, now) is None:
            self._book.tell(Kind.ANNOUNCED, incident, now, extra=Extra(withheld=Told.OUTSIDE_HOURS))

    def _remind(self, incident: Incident, now: Moment) -> bool:
        every_s, last = self._book.audience.reminder_s, incident.telling.last_at
        due = every_s > 0 and last is not None and now.s_since(last) >= every_s
        critical = incident.severity is Severity.CRITICAL and incident.acknowledged is None
        if not due or not critical or last is None or not self._seen_since(incident, last):
            return False
        return self._tell(Kind.REMINDER, incident, now)

    def _escalate(self, incident: Incident, now: Moment) -> bool:
        steps, told = self._book.audience.escalations, incident.telling
        if incident.acknowledged is not None or told.first_at is None or told.last_at is None:
            return False
        waited_s = now.s_since(told.first_at)
        to_come = list(enumerate(sorted(steps, key=lambda one: one.after_s), 1))[told.escalated :]
        # One that is not meant is passed over only when a later one is: the incident may become critical yet.
        due = ((number, step) for number, step in to_come if waited_s >= step.after_s and self._meant(step, incident))
        number, step = next(due, (0, None))
        if step is None or not self._seen_since(incident, told.last_at):
            return False
        severity = incident.severity if step.severity is None else worse(incident.severity, step.severity)
        raised = replace(incident, severity=severity, telling=replace(told, escalated=number))
        extra = Extra(unattended_s=waited_s)
        return self._tell(Kind.ESCALATED, raised, now, extra=extra, to=step.channels or None)

    def _meant(self, step: Escalation, incident: Incident) -> bool:
        if not step.only:
            return incident.severity is Severity.CRITICAL
        cause, failing = incident.cause, self._book.failing(incident)
        return any(
            matcher.matches_trouble(incident.severity, cause.fault_domain, cause.status)
            and any(matcher.matches_check(check) for check in failing)
            for matcher in step.only
        )

    def _seen_since(self, incident: Incident, last: Moment) -> bool:
        """True if the trouble was seen after the last message: nobody is reminded of what may be over."""
        if incident.kind not in (IncidentKind.OUTAGE, IncidentKind.SLOW):
            return True
        healths = self._book.roster.healths
        seen = (healths[check.id].latest_at for check in self._book.failing(incident))
        return any(at is not None and at.mono_us > last.mono_us for at in seen)

    def _tell(
        self,
        kind: IncidentEventKind,
        incident: Incident,
        now: Moment,
        *,
        extra: Extra = NOTHING_BESIDES,
        to: tuple[str, ...] | None = None,
    ) -> bool:
        """Tell unless something is in the way; then it is looked at again later. True if people were told."""
        if self._book.withheld(incident, now) is not None:
            return False
        known = {*incident.telling.channels, *(to or ())}
        if known.isdisjoint(self._book.audience.channels) and not self._wanted(incident, now):
            return False  # whoever was told is configured no more
        self._book.tell(kind, incident, now, previous=incident, extra=extra, to=to)
        return True

    def _expire_silences(self, now: Moment) -> None:
        for silence in tuple(self._book.silences.values()):
            if self._is_over(silence, now):
                self._book.put_silence(replace(silence, expired_at=now))
                self.look_again()

    def _is_over(self, silence: Silence, now: Moment) -> bool:
        if silence.ends_at is not None and now.mono_us >= silence.ends_at.mono_us:
            return True
        if silence.until is not Until.RESOLVED or now.mono_us < silence.starts_at.mono_us:
            return False
        concerned = (self._book.failing(incident) for incident in self._book.cases)
        return not any(silence.matcher.matches_check(check) for failing in concerned for check in failing)
