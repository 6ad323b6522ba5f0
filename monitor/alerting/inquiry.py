"""What the checks around an outage show: whose fault it is, whether more may come of it, and what has not come back.

Pure. Asks the book and `domain.blame`; what follows for an incident is `outages`.
"""

from dataclasses import replace

from monitor.alerting.book import Book
from monitor.alerting.policy import Step, widened
from monitor.clock import Moment
from monitor.domain.blame import Blame, is_network, judge, lost_on_the_way
from monitor.domain.check import Check
from monitor.domain.health import Health
from monitor.domain.incident import Family, Incident, Scope, family_of
from monitor.domain.result import FaultDomain


class Inquiry:
    """Questions about outages, answered from what the book holds.

    Args:
        book: what is known.
    """

    def __init__(self, book: Book) -> None:
        self._book = book
        self._unseen: dict[int, str] = {}  # by incident: the member that was found last by `is_open_question`

    def blame(self, step: Step, since: Moment) -> Blame:
        """Whose fault a failing check is, as far as it shows in probes since then."""
        roster, check, verdict = self._book.roster, step.check, step.verdict
        family = family_of(verdict.fault_domain)
        blame = judge(check, verdict, roster.proofs(check, family, since))
        whole = blame.scope is Scope.ENDPOINT or len(roster.endpoints[check.endpoint]) == 1
        lost = whole and family is Family.SERVICE and lost_on_the_way(verdict)
        if lost and is_network(roster.proofs_of_network(since)):
            return Blame(Scope.NETWORK, FaultDomain.NETWORK)
        return blame

    def look(self, check: Check, incident: Incident, now: Moment) -> Step:
        """A member as its newest probe has left it."""
        health = self._book.roster.healths[check.id]
        if health.latest is None or health.latest_at is None:
            raise ValueError("a check that was never probed cannot be down")
        return Step(check, health, incident.because, health.latest, health.latest_at, now)

    def is_undecided(self, incident: Incident, check: Check, now: Moment) -> bool:
        """True while it may turn out that more is concerned than this member and the others."""
        roster = self._book.roster
        if roster.in_doubt(check.endpoint, self._book.cases.members(incident), now):
            return True
        return lost_on_the_way(roster.healths[check.id].latest) and roster.lost_in_doubt(check.host)

    def is_waiting(self, incident: Incident, now: Moment) -> bool:
        """True while it may turn out that more is concerned than an open incident's members."""
        failing, roster = self._book.cases.failing.of(incident.id), self._book.roster
        endpoints = set(roster.endpoints if incident.scope is Scope.NETWORK else (incident.endpoint,))
        for member in reversed(incident.checks):  # the last of each endpoint stands for all of its members
            check = roster.checks.get(member)
            if check is None or member not in failing or check.endpoint not in endpoints:
                continue
            if self.is_undecided(incident, check, now):
                return True
            endpoints.remove(check.endpoint)
            if not endpoints:
                break
        return False

    def is_open_question(self, incident: Incident, since: Moment) -> bool:
        """True while a member that is believed to fail was not seen to fail since then."""
        members, healths = self._book.cases.failing.of(incident.id), self._book.roster.healths
        last = self._unseen.pop(incident.id, "")
        if last in members and not failed_since(healths[last], since):
            found: str | None = last  # as the last time: the others need not be walked again
        else:
            found = next((check for check in members if not failed_since(healths[check], since)), None)
        if found is not None:
            self._unseen[incident.id] = found
        return found is not None

    def widened(self, incident: Incident, blame: Blame, check: Check) -> Incident:
        """As judged now; under its present key where another incident has the one that would be its new one."""
        after = widened(incident, blame, check)
        taken = after.key != incident.key and self._book.cases.has_key(after.key)
        return replace(after, key=incident.key) if taken else after


def failed_since(health: Health, since: Moment) -> bool:
    """True if the newest probe of a check failed, and began then or later."""
    latest, at = health.latest, health.latest_at
    return latest is not None and at is not None and latest.status.is_failure and at.mono_us >= since.mono_us
