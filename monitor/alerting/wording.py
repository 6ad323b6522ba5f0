"""What RelayWatch says to people about an incident, in English and in Korean.

Owns which facts a message tells and in which order; the words themselves are `phrases`, how a channel shows them is the
channel's. The first line of a message tells the whole story, the lines after it are `label: value`.
"""

from collections.abc import Iterator
from itertools import chain

from monitor.alerting.notification import Event
from monitor.alerting.phrases import KIND_WORDS, STATUS_WORDS, WITHHELD_WORDS, Phrase
from monitor.alerting.plain import cut, printable
from monitor.alerting.rule_texts import advice_of
from monitor.alerting.scene import REASON_AT_MOST, Scene, listed, named, reason_of, subject_of
from monitor.alerting.stand_in_texts import is_about_stand_ins, opening, over, still, title_of
from monitor.alerting.texts import Alternative, Voice, Wording, fault_words, severity_words
from monitor.domain.health import DownBecause
from monitor.domain.incident import Cause, Incident
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.severity import Severity

_TOLD_AT_ONCE_S = 60.0
_CONDITION = {
    IncidentKind.SLOW: (Phrase.TITLE_SLOW, Phrase.TITLE_STILL_SLOW, Phrase.TITLE_FAST),
    IncidentKind.FLAPPING: (Phrase.TITLE_FLAPPING, Phrase.TITLE_STILL_FLAPPING, Phrase.TITLE_SETTLED),
}
_BROKEN_RULE = (Phrase.TITLE_RULE, Phrase.TITLE_STILL_RULE, Phrase.TITLE_RULE_KEPT)


def wording(scene: Scene, voice: Voice) -> Wording:
    """The message about an incident."""
    if scene.event is Event.RESOLVED:
        return _resolved(scene, voice)
    action = advice_of(scene.incident.kind, scene.incident.action, voice)
    title, lead = _LEADS[scene.event](scene, voice)
    works_now = _works_now(scene, voice)
    lines = chain((lead,), _besides(scene, voice), _fault_and_reason(scene, voice), _advice(action, voice), works_now)
    return Wording(title, "\n".join(lines), _with_best(action, scene, voice))


def _opened(scene: Scene, voice: Voice) -> tuple[str, str]:
    subject, incident = subject_of(scene, voice), scene.incident
    since = voice.time(incident.started_at.wall_us)
    if is_about_stand_ins(incident):
        return title_of(incident, voice, subject, still=False), opening(scene.health, voice, subject, since)
    if incident.kind is not IncidentKind.OUTAGE:
        opened, _, _ = _CONDITION.get(incident.kind, _BROKEN_RULE)
        return voice.say(opened, subject=subject, rule=_rulenamed(scene, voice)), _condition(scene, voice)
    words = voice.word(STATUS_WORDS[incident.cause.status])
    if len(incident.checks) > 1:
        count = len(scene.failing) or len(incident.checks)
        lead = voice.say(Phrase.DOWN_TOGETHER, subject=subject, words=words, count=count, since=since)
    else:
        phrase, count = _rule(scene)
        window = scene.health.failures.size
        lead = voice.say(phrase, subject=subject, words=words, since=since, count=count, window=window)
    return voice.say(Phrase.TITLE_DOWN, subject=subject, status=incident.cause.status), lead


def _rule(scene: Scene) -> tuple[Phrase, int]:
    health, because = scene.health, scene.incident.because
    if because is DownBecause.AUTH_IN_A_ROW:
        return Phrase.DOWN_BY_AUTH, health.auth_failures
    if because is DownBecause.RATIO:
        return Phrase.DOWN_BY_RATIO, health.failures.hits
    in_a_row = max(health.consecutive_failures, 1)
    return (Phrase.DOWN_IN_A_ROW if in_a_row > 1 else Phrase.DOWN_ONCE), in_a_row


def _condition(scene: Scene, voice: Voice) -> str:
    """What is wrong where it is no outage, in one sentence."""
    subject, incident = subject_of(scene, voice), scene.incident
    since = voice.time(incident.started_at.wall_us)
    if incident.kind is IncidentKind.SLOW and any(scene.health.stand_ins):
        return opening(scene.health, voice, subject, since)
    if incident.kind is IncidentKind.SLOW:
        slow = scene.health.slow_answers
        return voice.say(Phrase.SLOW, subject=subject, count=slow.hits, window=slow.size, since=since)
    if incident.kind is IncidentKind.FLAPPING:
        return voice.say(Phrase.FLAPPING, subject=subject, percent=round(scene.extra.percent or 0.0))
    return f"{subject}: {scene.extra.rule or reason_of(incident)}"


def _rulenamed(scene: Scene, voice: Voice) -> str:
    return voice.word(KIND_WORDS[scene.incident.kind])


def _updated(scene: Scene, voice: Voice) -> tuple[str, str]:
    incident, before = scene.incident, scene.previous or scene.incident
    if incident.acknowledged is not None and incident.acknowledged != before.acknowledged:
        return _acknowledged(scene, voice)
    if is_about_stand_ins(incident) and not is_about_stand_ins(before):
        return _opened(scene, voice)
    if incident.kind is not IncidentKind.OUTAGE:
        return _still(scene, voice)
    if (before.cause, before.severity) == (incident.cause, incident.severity):
        return _still(scene, voice)
    subject = subject_of(scene, voice)
    since = voice.time(incident.started_at.wall_us)
    change, explained = _change(scene, voice)
    lead = voice.say(Phrase.STILL_DOWN, subject=subject, change=explained, since=since, count=incident.failed_probes)
    return voice.say(Phrase.TITLE_STILL_DOWN, subject=subject, change=change), lead


def _still(scene: Scene, voice: Voice) -> tuple[str, str]:
    subject, incident = subject_of(scene, voice), scene.incident
    facts = {
        "subject": subject,
        "duration": voice.duration(incident.duration_s(scene.now)),
        "since": voice.time(incident.started_at.wall_us),
        "count": incident.failed_probes,
        "rule": _rulenamed(scene, voice),
    }
    if is_about_stand_ins(incident):
        return title_of(incident, voice, subject, still=True), still(voice, subject, str(facts["since"]))
    if incident.kind is IncidentKind.OUTAGE:
        return voice.say(Phrase.TITLE_STILL, **facts), voice.say(Phrase.STILL, **facts)
    _, title, _ = _CONDITION.get(incident.kind, _BROKEN_RULE)
    lead = Phrase.STILL_SLOW if incident.kind is IncidentKind.SLOW else Phrase.STILL_SO
    return voice.say(title, **facts), voice.say(lead, **facts)


def _escalated(scene: Scene, voice: Voice) -> tuple[str, str]:
    title, lead = _still(scene, voice)
    waited = voice.duration(scene.extra.unattended_s or 0.0)
    return voice.say(Phrase.TITLE_ESCALATED, title=title), voice.say(Phrase.ESCALATED, lead=lead, duration=waited)


def _acknowledged(scene: Scene, voice: Voice) -> tuple[str, str]:
    known = scene.incident.acknowledged
    facts = {
        "subject": subject_of(scene, voice),
        "by": named("" if known is None else known.by),
        "note": "" if known is None or not known.note else f": {cut(printable(known.note), REASON_AT_MOST)}",
    }
    return voice.say(Phrase.TITLE_ACKNOWLEDGED, **facts), voice.say(Phrase.ACKNOWLEDGED, **facts)


_LEADS = {
    Event.OPENED: _opened,
    Event.UPDATED: _updated,
    Event.REMINDER: _still,
    Event.ESCALATED: _escalated,
}


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
    incident, extra = scene.incident, scene.extra
    facts = {
        "subject": subject_of(scene, voice),
        "duration": voice.duration(incident.duration_s(scene.now)),
        "since": voice.time(incident.started_at.wall_us),
        "until": voice.time((incident.resolved_at or scene.now).wall_us),
        "count": incident.failed_probes,
        "state": extra.state or "",
        "rule": _rulenamed(scene, voice),
    }
    if is_about_stand_ins(incident) and not extra.removed:
        return Wording(*over(voice, **facts), None)
    title, lead = _end_of(incident, removed=extra.removed)
    lines = [voice.say(lead, **facts)]
    if extra.rule is not None:
        lines.append(extra.rule)
    if extra.remaining:
        lines.append(voice.say(Phrase.REMAINING, models=listed(extra.remaining, voice)))
    if incident.kind is IncidentKind.OUTAGE:
        reason = f"{incident.cause.status}, {reason_of(incident)}" if incident.reason else incident.cause.status
        lines.append(voice.say(Phrase.LAST_ERROR, reason=reason))
    return Wording(voice.say(title, **facts), "\n".join(lines), None)


def _end_of(incident: Incident, *, removed: bool) -> tuple[Phrase, Phrase]:
    if removed:
        return Phrase.TITLE_REMOVED, Phrase.REMOVED
    if incident.kind is IncidentKind.OUTAGE:
        return Phrase.TITLE_UP, Phrase.UP_AGAIN
    if incident.kind is IncidentKind.SLOW:
        return Phrase.TITLE_FAST, Phrase.FAST_AGAIN
    if incident.kind is IncidentKind.FLAPPING:
        return Phrase.TITLE_SETTLED, Phrase.SETTLED
    return Phrase.TITLE_RULE_KEPT, Phrase.RULE_KEPT


def _besides(scene: Scene, voice: Voice) -> Iterator[str]:
    """Which models, and why it is told only now."""
    if len(scene.incident.checks) > 1 and scene.failing:
        yield voice.say(Phrase.FAILING, count=len(scene.failing), models=listed(scene.failing, voice))
    late = scene.now.s_since(scene.incident.detected_at) > _TOLD_AT_ONCE_S
    if scene.event is Event.OPENED and late and scene.extra.withheld in WITHHELD_WORDS:
        yield voice.say(Phrase.TOLD_LATE, why=voice.word(WITHHELD_WORDS[scene.extra.withheld]))


def _fault_and_reason(scene: Scene, voice: Voice) -> Iterator[str]:
    incident = scene.incident
    if incident.kind is IncidentKind.OUTAGE:
        yield voice.say(Phrase.FAULT, fault=fault_words(incident.cause.fault_domain, voice))
        if incident.reason:
            yield voice.say(Phrase.REASON, reason=reason_of(incident))
    elif is_about_stand_ins(incident):
        yield voice.say(Phrase.REASON, reason=reason_of(incident))
    elif incident.kind is IncidentKind.SLOW and scene.health.latency_ms is not None:
        yield voice.say(Phrase.NEWEST_ANSWER, latency=voice.latency(scene.health.latency_ms))


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
    model = named(one.model)
    elsewhere = one.endpoint != scene.incident.endpoint
    name = voice.say(Phrase.MODEL_ON, model=model, endpoint=named(one.endpoint)) if elsewhere else model
    return name if one.latency_ms is None else f"{name} ({voice.latency(one.latency_ms)})"
