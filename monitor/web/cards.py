"""What the status page shows of incidents and silences, decided: which words, which times. Pure.

Owns the cards; which of them stand on the page is `view`.
"""

from dataclasses import dataclass

from monitor.alerting.phrases import KIND_WORDS, STATUS_WORDS, Phrase
from monitor.alerting.plain import cut, printable
from monitor.alerting.reasons import REASONS
from monitor.alerting.rule_texts import advice_of
from monitor.alerting.silences import Silence, Until
from monitor.alerting.stand_in_texts import ANSWERED_BY, is_about_stand_ins
from monitor.alerting.texts import Voice, fault_words, severity_words
from monitor.clock import Moment, iso
from monitor.domain.incident import Acknowledgement, Incident, Scope
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import Status
from monitor.storage.past.silenced import matcher_fields
from monitor.web.texts import Text, say

NAME_AT_MOST = 256
NOTE_AT_MOST = 200
CHECKS_OF_AN_INCIDENT = 5


@dataclass(frozen=True, slots=True)
class Instant:
    """One time: for machines and for people."""

    machine: str
    people: str


@dataclass(frozen=True, slots=True)
class Card:
    """One open incident.

    Attributes:
        about: what is concerned, where it is more than one check; None otherwise.
        on_it: who has acknowledged it, with what they said.
        untold: why nobody has been told so far.
    """

    id: int
    severity: str
    severity_words: str
    title: str
    about: str | None
    checks: tuple[str, ...]
    more: str | None
    since: Instant
    lasted: str
    fault: str | None
    reason: str | None
    action: str | None
    on_it: str | None
    untold: str | None


@dataclass(frozen=True, slots=True)
class Hush:
    """One silence in force."""

    id: int
    about: str
    until: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Cards:
    """Makes them, for one reader at one time."""

    voice: Voice
    now: Moment

    def card(self, incident: Incident) -> Card:
        """One open incident."""
        fault = incident.cause.fault_domain
        return Card(
            id=incident.id,
            severity=incident.severity,
            severity_words=severity_words(incident.severity, self.voice),
            title=self._title(incident),
            about=self._about(incident),
            checks=tuple(map(shown_name, incident.checks[:CHECKS_OF_AN_INCIDENT])),
            more=more(len(incident.checks) - CHECKS_OF_AN_INCIDENT, self.voice),
            since=instant(incident.started_at, self.voice),
            lasted=self.voice.duration(incident.duration_s(self.now)),
            fault=fault_words(fault, self.voice) if fault is not None else None,
            reason=printable(incident.reason) if incident.reason else None,
            action=advice_of(incident.kind, incident.action, self.voice),
            on_it=self._on_it(incident.acknowledged),
            untold=self._untold(incident),
        )

    def hush(self, silence: Silence) -> Hush:
        """One silence."""
        fields = matcher_fields(silence.matcher).items()
        about = "; ".join(f"{key} {', '.join(values)}" for key, values in fields)
        return Hush(
            id=silence.id,
            about=shown_name(about) or say(Text.SILENCE_OF_ALL, self.voice),
            until=self._until(silence),
            by=shown_name(silence.author),
            reason=cut(printable(silence.reason), NOTE_AT_MOST),
        )

    def _title(self, incident: Incident) -> str:
        if is_about_stand_ins(incident) and incident.action is not None:
            return f"{incident.cause.status}: {self.voice.word(ANSWERED_BY[incident.action])}"
        outage = incident.kind in (IncidentKind.OUTAGE, IncidentKind.SLOW)
        return status_words(incident.cause.status, self.voice) if outage else self.voice.word(KIND_WORDS[incident.kind])

    def _about(self, incident: Incident) -> str | None:
        count = len(incident.checks)
        if count == 1 and incident.scope is Scope.CHECK:
            return None
        words = Text.ONE_CHECK if count == 1 else Text.COUNT_OF_CHECKS
        endpoint, checks = shown_name(incident.endpoint), say(words, self.voice, count=count)
        if incident.scope is Scope.NETWORK:
            endpoint = self.voice.say(Phrase.EVERYTHING)
        elif incident.scope is Scope.PROVIDER and incident.provider is not None:
            endpoint = self.voice.say(Phrase.PROVIDER_ON, provider=shown_name(incident.provider), endpoint=endpoint)
        return f"{endpoint} · {checks}"

    def _on_it(self, known: Acknowledgement | None) -> str | None:
        if known is None:
            return None
        said = f": {cut(printable(known.note), NOTE_AT_MOST)}" if known.note else ""
        return f"{shown_name(known.by)} ({self.voice.time(known.at.wall_us)}){said}"

    def _untold(self, incident: Incident) -> str | None:
        withheld = incident.telling.withheld
        if incident.telling.first_at is not None or withheld is None:
            return None
        return self.voice.word(REASONS[withheld].why)

    def _until(self, silence: Silence) -> str:
        at = None if silence.ends_at is None else self.voice.time(silence.ends_at.wall_us)
        if silence.until is Until.RECONFIGURED:
            return say(Text.SILENCED_UNTIL_CONFIGURED, self.voice)
        if silence.until is Until.TIME:
            return say(Text.SILENCED_UNTIL, self.voice, at=at)
        text = Text.SILENCED_UNTIL_OVER if at is None else Text.SILENCED_UNTIL_OVER_OR
        return say(text, self.voice, at=at)


def instant(at: Moment, voice: Voice) -> Instant:
    """A time for machines and for people."""
    return Instant(iso(at.wall_us), voice.time(at.wall_us))


def status_words(status: Status, voice: Voice) -> str:
    """A status with what it means."""
    return f"{status}: {voice.word(STATUS_WORDS[status])}"


def more(count: int, voice: Voice) -> str | None:
    """How many are left out; None where none is."""
    return voice.say(Phrase.AND_MORE, count=count) if count > 0 else None


def shown_name(text: str) -> str:
    """A name from outside, fit to stand on the page."""
    return cut(printable(text), NAME_AT_MOST)
