"""Who is told of what happens to an incident, and why not: one decision per event and channel, each with its reason.

Pure. Owns suppression (group wait, maintenance, silences, flapping), routes, and the order of these reasons. The life
of an incident is `policy`, what a message says is `messages`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from monitor.alerting.audience import Audience
from monitor.alerting.batch import Queued
from monitor.alerting.messages import Occurrence, notifications
from monitor.alerting.notification import Event
from monitor.alerting.policy import with_cause
from monitor.alerting.silences import Silence
from monitor.clock import Moment
from monitor.domain.check import Check
from monitor.domain.incident import Incident, IncidentEvent, IncidentEventKind, Told
from monitor.domain.incident_kind import IncidentKind

Kind = IncidentEventKind
EVENTS = {
    Kind.OPENED: Event.OPENED,
    Kind.ANNOUNCED: Event.OPENED,
    Kind.UPDATED: Event.UPDATED,
    Kind.ACKNOWLEDGED: Event.UPDATED,
    Kind.REMINDER: Event.REMINDER,
    Kind.ESCALATED: Event.ESCALATED,
    Kind.RESOLVED: Event.RESOLVED,
}
_SILENT_WHILE_FLAPPING = frozenset({IncidentKind.OUTAGE, IncidentKind.SLOW})
# A rule over a window breaks because of the same failures: said once more when they are over, if it still holds then.
_FOLLOWS_FROM_AN_OUTAGE = frozenset({IncidentKind.AVAILABILITY, IncidentKind.BURN_RATE, IncidentKind.LATENCY})


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of an incident.

    Attributes:
        event: the timeline entry with the reason why it was told or not; None where only counters moved.
        outbox: one notification per channel that is told.
    """

    incident: Incident
    event: IncidentEvent | None = None
    outbox: tuple[Queued, ...] = ()


@dataclass(frozen=True, slots=True)
class Quiet:
    """What may keep people from being told.

    Attributes:
        silences: in force or still to come.
        flapping: ids of the checks that flap now.
        known_down: ids of the checks of whose outage people know.
    """

    silences: tuple[Silence, ...] = ()
    flapping: frozenset[str] = frozenset()
    known_down: frozenset[str] = frozenset()


def withheld(
    incident: Incident, failing: tuple[Check, ...], audience: Audience, quiet: Quiet, now: Moment
) -> Told | None:
    """Why nobody may be told of this incident now; None if people may.

    Args:
        incident: it.
        failing: its members that fail.
        audience: knows the maintenance windows.
        quiet: silences and flapping.
        now: the time.
    """
    hold = incident.telling.hold_until
    if hold is not None and now.mono_us < hold.mono_us:
        return Told.GROUP_WAIT
    if audience.maintenance and failing and all(audience.maintenance.covering(c, now.wall_us) for c in failing):
        return Told.MAINTENANCE
    if failing and all(_is_silenced(incident, check, quiet, now) for check in failing):
        return Told.SILENCED
    if incident.kind in _SILENT_WHILE_FLAPPING and failing and all(c.id in quiet.flapping for c in failing):
        return Told.FLAPPING
    if incident.kind in _FOLLOWS_FROM_AN_OUTAGE and failing and all(c.id in quiet.known_down for c in failing):
        return Told.OUTAGE_TOLD
    return None if audience.channels else Told.NO_CHANNELS


def _is_silenced(incident: Incident, check: Check, quiet: Quiet, now: Moment) -> bool:
    return any(silence.hides(incident, (check,), now) for silence in quiet.silences)


def tell(
    kind: Kind,
    incident: Incident,
    previous: Incident | None,
    at: Occurrence,
    audience: Audience,
    *,
    why_not: Told | None = None,
    to: Iterable[str] | None = None,
    note: tuple[tuple[str, str], ...] = (),
) -> Decision:
    """One entry of the timeline, and a notification for every channel that is to hear of it.

    Args:
        kind: what happened.
        incident: as it is now; its sequence is moved on.
        previous: as it was told before.
        at: what happened, for the message.
        audience: who listens.
        why_not: why nobody is told; None asks each channel's route.
        to: only these channels beside those told before; None is whoever wants it.
        note: stands in the entry's explanation.
    """
    incident = replace(incident, sequence=incident.sequence + 1)
    events, refusals = ({}, {}) if why_not is not None else _addressed(kind, incident, at, audience, to)
    outbox = notifications(events, incident, previous, at, audience)
    removed = Told.CHECK_REMOVED if at.extra.removed else None
    decision = why_not or removed or _overall(kind, events, refusals)
    reasons = (*note, *((name, str(why)) for name, why in (dict.fromkeys(events, Told.TOLD) | refusals).items()))
    entry = _entry(kind, incident, at.now, decision, reasons)
    told = _as_told(kind, incident, tuple(events), decision, at.now)
    if kind is Kind.UPDATED and why_not not in (None, Told.CAUSE_TOLD_BEFORE):
        told = replace(told, telling=replace(told.telling, grown=True))  # told when nothing is in the way any more
    return Decision(told, replace(entry, notifications=len(outbox)), outbox)


def _entry(
    kind: Kind, incident: Incident, now: Moment, decision: Told, reasons: tuple[tuple[str, str], ...]
) -> IncidentEvent:
    return IncidentEvent(
        incident_id=incident.id,
        sequence=incident.sequence,
        kind=kind,
        at=now,
        cause=incident.cause,
        severity=incident.severity,
        reason=incident.reason,
        decision=decision,
        notifications=0,
        explanation=reasons,
    )


def newcomers(incident: Incident, failing: tuple[Check, ...], audience: Audience, now: Moment) -> tuple[str, ...]:
    """The channels that want an incident now and have not been told of it: its severity rose, or their hours began."""
    return tuple(
        name
        for name in audience.channels
        if name not in incident.telling.channels and _refusal(name, incident, failing, audience, now) is None
    )


def _addressed(
    kind: Kind, incident: Incident, at: Occurrence, audience: Audience, to: Iterable[str] | None
) -> tuple[dict[str, Event], dict[str, Told]]:
    """What each channel is sent, and why the others are not."""
    before, named = set(incident.telling.channels), set(to or ())
    events: dict[str, Event] = {}
    refusals: dict[str, Told] = {}
    for name in audience.channels:
        if name in named or (name in before and kind is not Kind.ANNOUNCED):
            events[name] = EVENTS[kind]
        elif kind is Kind.RESOLVED or (kind is Kind.ESCALATED and named) or name in before:
            refusals[name] = Told.TOLD if name in before else Told.NOT_TOLD_OF_IT
        else:
            why_not = _refusal(name, incident, at.failing or (at.check,), audience, at.now)
            if why_not is None:
                events[name] = Event.OPENED  # whatever happened, to this channel the incident is new
            else:
                refusals[name] = why_not
    return events, refusals


def _refusal(name: str, incident: Incident, checks: tuple[Check, ...], audience: Audience, now: Moment) -> Told | None:
    route = audience.routes.get(name)
    return None if route is None else route.refusal(incident, checks, now.wall_us, audience.voice.timezone)


def _overall(kind: Kind, events: dict[str, Event], refusals: dict[str, Told]) -> Told:
    if events:
        return Told.TOLD
    if kind is Kind.RESOLVED:
        return Told.ENDED_UNTOLD
    return Told.NO_ROUTE if refusals else Told.NO_CHANNELS


def _as_told(kind: Kind, incident: Incident, channels: tuple[str, ...], decision: Told, now: Moment) -> Incident:
    telling = incident.telling
    if not channels:
        keep = telling.first_at is not None or kind is Kind.RESOLVED
        return incident if keep else replace(incident, telling=replace(telling, withheld=decision))
    told = replace(
        telling,
        channels=tuple(dict.fromkeys((*telling.channels, *channels))),
        first_at=telling.first_at or now,
        last_at=now,
        withheld=None,
        hold_until=None,
        grown=False,
    )
    before = incident.told if telling.first_at is not None else ()  # what nobody was told of may be told later
    return replace(incident, telling=told, told=with_cause(before, incident.cause))
