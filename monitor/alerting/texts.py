"""What RelayWatch says to people about an incident, in English and in Korean.

Owns which facts a message tells and in which order; the words themselves are `phrases`, how a channel shows them is the
channel's. The first line of a message tells the whole story, the lines after it are `label: value`.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from zoneinfo import ZoneInfo

from monitor.alerting.notification import Event
from monitor.alerting.phrases import (
    FAULT_WORDS,
    PHRASES,
    SEVERITY_WORDS,
    STATUS_WORDS,
    Bilingual,
    Phrase,
    in_language,
)
from monitor.alerting.plain import cut, printable
from monitor.clock import US_PER_S, Moment
from monitor.domain.action import Language, sentence
from monitor.domain.check import Severity
from monitor.domain.health import DownBecause, Health
from monitor.domain.incident import Cause, Incident, IncidentKind
from monitor.domain.result import FaultDomain

REASON_AT_MOST = 200
NAME_AT_MOST = 100
MS_PER_S = 1000.0
_DURATION_UNITS: tuple[tuple[int, Bilingual], ...] = (
    (86_400, (" d", "일")),
    (3_600, (" h", "시간")),
    (60, (" min", "분")),
    (1, (" s", "초")),
)


@dataclass(frozen=True, slots=True)
class Voice:
    """In which language and whose time people are spoken to."""

    language: Language
    timezone: ZoneInfo

    def say(self, phrase: Phrase, **facts: object) -> str:
        """The phrase, its fields filled with `facts`; braces inside a fact stay as they are."""
        return self.word(PHRASES[phrase]).format(**facts)

    def word(self, words: Bilingual) -> str:
        """The one of the two that the reader understands."""
        return in_language(words, self.language)

    def time(self, wall_us: int) -> str:
        """A wall time (microseconds since 1970, UTC) in the reader's zone, with the zone's name."""
        local = datetime.fromtimestamp(wall_us // US_PER_S, self.timezone)
        return f"{local:%Y-%m-%d %H:%M:%S} {local.tzname()}"

    def duration(self, seconds: float) -> str:
        """A duration in its two largest units: `4 min 12 s`."""
        left = max(1, round(seconds))
        parts: list[str] = []
        for size, name in _DURATION_UNITS:
            count, left = divmod(left, size)
            if count or parts:
                parts.append(f"{count}{self.word(name)}" if count else "")
        return " ".join(part for part in parts[:2] if part)

    def latency(self, milliseconds: float) -> str:
        """A latency in seconds: `0.9 s`."""
        return f"{milliseconds / MS_PER_S:.1f}{self.word(_DURATION_UNITS[-1][1])}"


@dataclass(frozen=True, slots=True)
class Alternative:
    """A model that works now.

    Attributes:
        latency_ms: of its newest answer; None if unknown.
    """

    model: str
    endpoint: str
    latency_ms: float | None


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a message about an incident may speak of.

    Attributes:
        previous: the incident as it was told before; only for `updated`.
        model: None for a model list.
        alternatives: best first; empty where nothing else works.
        check_removed: resolved because the check is no longer configured.
    """

    event: Event
    incident: Incident
    previous: Incident | None
    check: str
    model: str | None
    health: Health
    alternatives: tuple[Alternative, ...]
    now: Moment
    check_removed: bool = False


@dataclass(frozen=True, slots=True)
class Wording:
    """A message for people: one line, the whole, and what to do."""

    title: str
    message: str
    recommended_action: str | None


def wording(scene: Scene, voice: Voice) -> Wording:
    """The message about an incident."""
    if scene.event is Event.RESOLVED:
        return _resolved(scene, voice)
    action = _action(scene, voice)
    title, lead = _updated(scene, voice) if scene.event is Event.UPDATED else _opened(scene, voice)
    lines = chain((lead,), _fault_and_reason(scene, voice), _advice(action, voice), _works_now(scene, voice))
    return Wording(title, "\n".join(lines), _with_best(action, scene, voice))


def channel_test(channel: str, now: Moment, voice: Voice) -> Wording:
    """The message of `notify test`."""
    title = voice.say(Phrase.TEST_TITLE, channel=channel)
    return Wording(title, voice.say(Phrase.TEST, at=voice.time(now.wall_us)), None)


def channel_dead(channel: str, lost_title: str, reason: str, voice: Voice) -> Wording:
    """The message, for another channel, that one channel has given up a message."""
    lost, reason = printable(lost_title), cut(printable(reason), REASON_AT_MOST)
    return Wording(
        voice.say(Phrase.CHANNEL_DEAD_TITLE, channel=channel),
        voice.say(Phrase.CHANNEL_DEAD, lost=lost, reason=reason),
        voice.say(Phrase.CHANNEL_DEAD_ACTION, channel=channel),
    )


def fault_words(fault: str | None, voice: Voice) -> str:
    """Whose fault it is, in plain words; a fault that is not in the table is shown as it is."""
    known = fault is None or fault in FaultDomain.__members__.values()
    return voice.word(FAULT_WORDS[None if fault is None else FaultDomain(fault)]) if known else printable(fault or "")


def severity_words(severity: str, voice: Voice) -> str:
    """How urgent it is, in plain words."""
    return voice.word(SEVERITY_WORDS.get(severity, (severity, severity)))


def _opened(scene: Scene, voice: Voice) -> tuple[str, str]:
    subject, incident = _subject(scene, voice), scene.incident
    since = voice.time(incident.started_at.wall_us)
    if incident.kind is IncidentKind.SLOW:
        slow = scene.health.slow_answers
        lead = voice.say(Phrase.SLOW, subject=subject, count=slow.hits, window=slow.size, since=since)
        return voice.say(Phrase.TITLE_SLOW, subject=subject), lead
    phrase, count = _rule(scene)
    facts = {"subject": subject, "since": since, "count": count, "window": scene.health.failures.size}
    lead = voice.say(phrase, words=voice.word(STATUS_WORDS[incident.cause.status]), **facts)
    return voice.say(Phrase.TITLE_DOWN, subject=subject, status=incident.cause.status), lead


def _rule(scene: Scene) -> tuple[Phrase, int]:
    health, because = scene.health, scene.incident.because
    if because is DownBecause.AUTH_IN_A_ROW:
        return Phrase.DOWN_BY_AUTH, health.auth_failures
    if because is DownBecause.RATIO:
        return Phrase.DOWN_BY_RATIO, health.failures.hits
    in_a_row = health.consecutive_failures
    return (Phrase.DOWN_IN_A_ROW if in_a_row > 1 else Phrase.DOWN_ONCE), in_a_row


def _updated(scene: Scene, voice: Voice) -> tuple[str, str]:
    subject, incident = _subject(scene, voice), scene.incident
    since = voice.time(incident.started_at.wall_us)
    if incident.kind is IncidentKind.SLOW:
        lead = voice.say(Phrase.STILL_SLOW, subject=subject, since=since)
        return voice.say(Phrase.TITLE_STILL_SLOW, subject=subject), lead
    change, explained = _change(scene, voice)
    lead = voice.say(Phrase.STILL_DOWN, subject=subject, change=explained, since=since, count=incident.failed_probes)
    return voice.say(Phrase.TITLE_STILL_DOWN, subject=subject, change=change), lead


def _change(scene: Scene, voice: Voice) -> tuple[str, str]:
    """What changed, for the title and, in more words, for the first line."""
    before, after = scene.previous or scene.incident, scene.incident
    if before.cause.status is not after.cause.status:
        short = voice.say(Phrase.BECAME, old=before.cause.status, new=after.cause.status)
        return short, f"{short} ({voice.word(STATUS_WORDS[after.cause.status])})"
    old, new = _shown(before.cause, before.severity, voice), _shown(after.cause, after.severity, voice)
    differing = [(was, now) for was, now in zip(old, new, strict=True) if was != now]
    explained = ", ".join(voice.say(Phrase.BECAME, old=was, new=now) for was, now in differing) or after.cause.status
    return after.cause.status, explained


def _shown(cause: Cause, severity: Severity, voice: Voice) -> tuple[str, str]:
    return fault_words(cause.fault_domain, voice), severity_words(severity, voice)


def _resolved(scene: Scene, voice: Voice) -> Wording:
    subject, incident = _subject(scene, voice), scene.incident
    slow = incident.kind is IncidentKind.SLOW
    ended = incident.resolved_at or scene.now
    facts = {
        "subject": subject,
        "duration": voice.duration(incident.duration_s(scene.now)),
        "since": voice.time(incident.started_at.wall_us),
        "until": voice.time(ended.wall_us),
        "count": incident.failed_probes,
    }
    if scene.check_removed:
        title, lead = Phrase.TITLE_REMOVED, Phrase.REMOVED
    else:
        title, lead = (Phrase.TITLE_FAST, Phrase.FAST_AGAIN) if slow else (Phrase.TITLE_UP, Phrase.UP_AGAIN)
    lines = [voice.say(lead, **facts)]
    if not slow:
        reason = f"{incident.cause.status}, {_reason(incident)}" if incident.reason else incident.cause.status
        lines.append(voice.say(Phrase.LAST_ERROR, reason=reason))
    return Wording(voice.say(title, **facts), "\n".join(lines), None)


def _fault_and_reason(scene: Scene, voice: Voice) -> list[str]:
    incident = scene.incident
    if incident.kind is IncidentKind.SLOW:
        latency = scene.health.latency_ms
        return [] if latency is None else [voice.say(Phrase.NEWEST_ANSWER, latency=voice.latency(latency))]
    lines = [voice.say(Phrase.FAULT, fault=fault_words(incident.cause.fault_domain, voice))]
    if incident.reason:
        lines.append(voice.say(Phrase.REASON, reason=_reason(incident)))
    return lines


def _action(scene: Scene, voice: Voice) -> str | None:
    if scene.incident.action is not None:
        return sentence(scene.incident.action, voice.language)
    return voice.say(Phrase.ADVICE_SLOW) if scene.incident.kind is IncidentKind.SLOW else None


def _advice(action: str | None, voice: Voice) -> list[str]:
    return [] if action is None else [voice.say(Phrase.WHAT_TO_DO, action=action)]


def _works_now(scene: Scene, voice: Voice) -> list[str]:
    if not scene.alternatives:
        return []
    models = ", ".join(_alternative(one, scene, voice) for one in scene.alternatives)
    return [voice.say(Phrase.WORKS_NOW, models=models)]


def _with_best(action: str | None, scene: Scene, voice: Voice) -> str | None:
    """The advice for `recommended_action`, with the best alternative in one sentence."""
    if not scene.alternatives:
        return action
    best = voice.say(Phrase.WORKS_NOW, models=_alternative(scene.alternatives[0], scene, voice))
    return best if action is None else voice.say(Phrase.ADVICE_AND_BEST, action=action.rstrip("."), best=best)


def _alternative(one: Alternative, scene: Scene, voice: Voice) -> str:
    model = _name(one.model)
    elsewhere = one.endpoint != scene.incident.endpoint
    name = voice.say(Phrase.MODEL_ON, model=model, endpoint=_name(one.endpoint)) if elsewhere else model
    return name if one.latency_ms is None else f"{name} ({voice.latency(one.latency_ms)})"


def _subject(scene: Scene, voice: Voice) -> str:
    endpoint = _name(scene.incident.endpoint)
    if scene.model is None:
        return voice.say(Phrase.MODEL_LIST_OF, endpoint=endpoint)
    return voice.say(Phrase.MODEL_ON, model=_name(scene.model), endpoint=endpoint)


def _name(text: str) -> str:
    return cut(printable(text), NAME_AT_MOST)


def _reason(incident: Incident) -> str:
    return cut(printable(incident.reason or ""), REASON_AT_MOST)
