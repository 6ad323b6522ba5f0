"""What is wrong with a check that is not down: it is slow, it flaps, or it breaks a rule over a window.

Pure. Several checks of one endpoint that become so within minutes of each other are one incident.
"""

from dataclasses import replace

from monitor.alerting.book import Book
from monitor.alerting.policy import UPDATE_EVERY_S, Step, joined, opened, worse
from monitor.alerting.scene import NOTHING_BESIDES, Extra
from monitor.domain.action import STAND_INS
from monitor.domain.blame import TOGETHER_S, Blame
from monitor.domain.incident import Incident, IncidentEventKind, Scope
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.severity import Severity

Kind = IncidentEventKind


class Conditions:
    """What becomes of checks that are slow, flap, or break a rule.

    Args:
        book: where it is written.
    """

    def __init__(self, book: Book) -> None:
        self._book = book

    def began(
        self, kind: IncidentKind, step: Step, extra: Extra = NOTHING_BESIDES, severity: Severity | None = None
    ) -> None:
        """A check has become so; `severity` where the cause alone does not say it."""
        book = self._book
        if book.cases.of(step.check.id, kind) is not None:
            return
        young = next((one for one in book.cases.on(step.check.endpoint, kind) if self._takes(one, step)), None)
        if young is None:
            # A certificate is its host's and an account its key's, whichever check stands for it.
            scope = Scope.ENDPOINT if kind in (IncidentKind.CERTIFICATE, IncidentKind.BALANCE) else Scope.CHECK
            blame = Blame(scope, step.verdict.fault_domain)
            incident = opened(book.new_id(), kind, blame, step)
            if severity is not None:
                incident = replace(incident, severity=severity)
            book.cases.put(incident)
            book.tell(
                Kind.OPENED, incident, step.now, by=step.by, extra=extra, why_not=book.withheld(incident, step.now)
            )
        else:
            self._join(young, step, extra)

    def ended(self, kind: IncidentKind, step: Step, extra: Extra = NOTHING_BESIDES) -> None:
        """A check is no longer so; the incident ends with the last of them."""
        book = self._book
        incident = book.cases.of(step.check.id, kind)
        if incident is not None and not book.is_failing(incident):
            ended = replace(incident, resolved_at=step.started_at)
            book.tell(Kind.RESOLVED, ended, step.now, by=step.by, previous=incident, extra=extra)

    def stood_in(self, step: Step) -> None:
        """Others answer for a check that people know as slow: that is news."""
        book = self._book
        before = book.cases.of(step.check.id, IncidentKind.SLOW)
        if before is None or before.action in STAND_INS or step.verdict.action not in STAND_INS:
            return
        after = replace(before, action=step.verdict.action, reason=step.verdict.reason)
        why_not = book.withheld(after, step.now)
        book.tell(Kind.UPDATED, after, step.now, by=step.by, previous=before, why_not=why_not)

    def graver(self, kind: IncidentKind, step: Step, severity: Severity, extra: Extra) -> None:
        """A check is still so, and it is more urgent than before."""
        book = self._book
        before = book.cases.of(step.check.id, kind)
        if before is None or worse(before.severity, severity) is before.severity:
            return
        after = replace(before, severity=severity, reason=step.verdict.reason)
        why_not = book.withheld(after, step.now)
        book.tell(Kind.UPDATED, after, step.now, by=step.by, previous=before, extra=extra, why_not=why_not)

    def _join(self, before: Incident, step: Step, extra: Extra) -> None:
        book, now = self._book, step.now
        after = joined(before, step)
        last = after.telling.last_at
        if last is None or now.s_since(last) < UPDATE_EVERY_S or before.telling.grown:
            book.put(after)
        else:
            why_not = book.withheld(after, now)
            book.tell(Kind.UPDATED, after, now, by=step.by, previous=before, extra=extra, why_not=why_not)

    def _takes(self, incident: Incident, step: Step) -> bool:
        joined_at = incident.joined_at or incident.detected_at
        same = incident.cause.status is step.verdict.status or incident.kind is IncidentKind.FLAPPING
        return same and step.now.s_since(joined_at) <= TOGETHER_S
