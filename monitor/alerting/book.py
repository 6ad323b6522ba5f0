"""What the desk knows and writes down: checks, open incidents, silences, and the batch that the next commit takes.

Pure. Owns state and the way a decision is kept; no rule of when one is taken.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from monitor.alerting.alternatives import Ranking
from monitor.alerting.audience import Audience
from monitor.alerting.batch import Batch, Restored
from monitor.alerting.cases import Cases
from monitor.alerting.messages import Occurrence
from monitor.alerting.roster import Roster
from monitor.alerting.scene import NOTHING_BESIDES, Extra
from monitor.alerting.silences import Silence
from monitor.alerting.telling import Decision, Quiet, tell, withheld
from monitor.alerting.texts import Alternative
from monitor.clock import Moment
from monitor.domain.check import Check, forgotten_check
from monitor.domain.health import Health, State
from monitor.domain.incident import Incident, IncidentEventKind, Told
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.renaming import Renaming
from monitor.domain.result import Result, Status

RANKING_FRESH_S = 1.0
_CONCERNED: Mapping[IncidentKind, Callable[[Health], bool]] = {
    IncidentKind.OUTAGE: lambda health: health.state is State.DOWN,
    IncidentKind.SLOW: lambda health: health.slow,
    IncidentKind.FLAPPING: lambda health: health.flapping.flapping,
}


class Book:
    """The desk's state.

    Args:
        audience: who is told.
        restored: what the database remembers.
    """

    def __init__(self, audience: Audience, restored: Restored) -> None:
        self.audience = audience
        self.roster = Roster()
        self.silences = {silence.id: silence for silence in restored.silences}
        self.batch = Batch()
        self.held = {i.id for i in restored.open_incidents if i.telling.hold_until is not None}
        # A rule's measure is nobody's health, so who breaks one is known from the incidents alone.
        self.broken = {
            (i.kind, check) for i in restored.open_incidents if i.kind not in _CONCERNED for check in i.checks
        }
        self.cases = Cases(restored.open_incidents, self._status_of)
        self.next_silence_id = restored.next_silence_id
        self._next_id = restored.next_incident_id
        self._ranking: Ranking | None = None

    def new_id(self) -> int:
        """The number of the next incident."""
        self._next_id += 1
        return self._next_id - 1

    def failing(self, incident: Incident) -> tuple[Check, ...]:
        """The members that the incident is still about, in the order in which they joined."""
        known = self.cases.get(incident.id)
        if known is None or known.checks is not incident.checks:
            failing = [check for check in incident.checks if self._status_of(incident.kind, check) is not None]
            return self.roster.known(failing)
        index = self.cases.failing.of(incident.id)
        return self.roster.known(check for check in incident.checks if check in index)

    def is_failing(self, incident: Incident) -> bool:
        """True while any member of an open incident is."""
        return bool(self.cases.failing.of(incident.id))

    def concerns(self, kind: IncidentKind, health: Health | None) -> bool:
        """True if an incident of this kind is about a check of this health; None is a check that nobody knows."""
        if health is None:
            return False
        concerned = _CONCERNED.get(kind)
        return (kind, health.check) in self.broken if concerned is None else concerned(health)

    def quiet(self) -> Quiet:
        """What keeps people from being told."""
        flapping = {c for i in self.cases if i.kind is IncidentKind.FLAPPING for c in i.checks}
        healths = self.roster.healths
        return Quiet(
            tuple(self.silences.values()),
            frozenset(check for check in flapping if check in healths and healths[check].flapping.flapping),
            self._known_down() if self.broken else frozenset(),
        )

    def withheld(self, incident: Incident, now: Moment) -> Told | None:
        """Why nobody may be told of the incident now; None if people may."""
        return withheld(incident, self.failing(incident), self.audience, self.quiet(), now)

    def tell(
        self,
        kind: IncidentEventKind,
        incident: Incident,
        now: Moment,
        *,
        by: tuple[Check, Result | None] | None = None,
        previous: Incident | None = None,
        extra: Extra = NOTHING_BESIDES,
        why_not: Told | None = None,
        to: Iterable[str] | None = None,
        note: tuple[tuple[str, str], ...] = (),
    ) -> Incident:
        """Write an entry of the timeline, and put a message for everyone who is to hear of it into the outbox.

        Args:
            kind: what happened.
            incident: as it is now.
            now: when.
            by: the check and the result that caused it; None where time, a person or the configuration did.
            previous: as it was told before.
            extra: what the message says besides.
            why_not: why nobody is told; None tells whoever wants it.
            to: only these channels, beside those told before.
            note: stands in the entry's explanation.

        Returns:
            The incident as it was kept.
        """
        at = self._occurrence(incident, now, by, extra)
        told = tell(kind, incident, previous, at, self.audience, why_not=why_not, to=to, note=note)
        self._keep(told)
        return told.incident

    def put(self, incident: Incident) -> None:
        """Keep an incident of which only counters moved."""
        self._keep(Decision(incident))

    def put_silence(self, silence: Silence) -> None:
        """Keep a silence; one that has expired is forgotten."""
        self.batch.silences[silence.id] = silence
        if silence.expired_at is None:
            self.silences[silence.id] = silence
        else:
            self.silences.pop(silence.id, None)

    def rename(self, renaming: Renaming) -> None:
        """What is believed, and open, of renamed checks goes on under their present names.

        Where the present name is believed something already, both are left alone.
        """
        healths = self.roster.healths
        apart = {check for check in healths if (present := renaming.check(check)) != check and present in healths}
        for incident in list(self.cases):
            renamed = renaming.incident(incident)
            if renamed == incident or not apart.isdisjoint(incident.checks):
                continue
            if renamed.key == incident.key or not self.cases.has_key(renamed.key):
                self.cases.put(renamed)
                self.batch.incidents[renamed.id] = renamed  # a batch that overtook the renaming has the former name
        self.broken = {(kind, check if check in apart else renaming.check(check)) for kind, check in self.broken}
        self.roster.healths = {
            health.check: health
            for health in (one if one.check in apart else renaming.health(one) for one in healths.values())
        }

    def forget_ranking(self) -> None:
        """The checks have changed."""
        self._ranking = None

    def _status_of(self, kind: IncidentKind, check: str) -> Status | None:
        health = self.roster.healths.get(check)
        if health is None or not self.concerns(kind, health):
            return None
        return Status.UNKNOWN if health.latest is None else health.latest.status

    def _keep(self, decision: Decision) -> None:
        incident = decision.incident
        self.cases.put(incident)
        self.batch.incidents[incident.id] = incident
        self.batch.outbox.extend(decision.outbox)
        if decision.event is not None:
            self.batch.events.append(decision.event)
        if incident.is_open and incident.telling.hold_until is not None:
            self.held.add(incident.id)
        else:
            self.held.discard(incident.id)

    def _known_down(self) -> frozenset[str]:
        told = (i for i in self.cases if i.kind is IncidentKind.OUTAGE and i.telling.first_at is not None)
        return frozenset(check.id for incident in told for check in self.failing(incident))

    def _occurrence(
        self, incident: Incident, now: Moment, by: tuple[Check, Result | None] | None, extra: Extra
    ) -> Occurrence:
        failing = self.failing(incident) if incident.is_open else ()
        check, result = by or (self._standing_for(incident, failing), None)
        health = self.roster.healths.get(check.id) or Health(check.id, since=now)
        return Occurrence(check, health, failing, result, partial(self._works_now, check, now), now, extra)

    def _standing_for(self, incident: Incident, failing: tuple[Check, ...]) -> Check:
        known = failing or self.roster.known(incident.checks)
        return known[0] if known else forgotten_check(incident.checks[0], incident.endpoint)

    def _works_now(self, failing: Check, now: Moment) -> tuple[Alternative, ...]:
        if failing.id not in self.roster.healths:
            return ()
        if self._ranking is None or now.s_since(self._ranking.at) > RANKING_FRESH_S:
            self._ranking = Ranking.of(self.roster.checks, self.roster.healths, now)
        return self._ranking.best_for(failing, self.roster.healths)
