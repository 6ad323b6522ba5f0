"""The draft of a post-mortem, in Markdown: what RelayWatch saw, and empty sections for what only people know.

Owns the document. Everything from outside is escaped; the words about decisions are `explain`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from monitor.alerting.phrases import KIND_WORDS, PHRASES, STATUS_WORDS, Bilingual, Phrase
from monitor.alerting.texts import Voice, fault_words, severity_words
from monitor.cli.explain import explained, outcome, so_far
from monitor.cli.markdown import plain, table
from monitor.clock import from_iso
from monitor.domain.action import Action, sentence
from monitor.domain.incident import Scope
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import Status

CHECKS_AT_MOST = 50
_Row = Mapping[str, Any]
_Evidence = tuple[Sequence[_Row], int]


class Text(StrEnum):
    """One text of the document."""

    DRAFT = "draft"
    SUMMARY = "summary"
    INCIDENT = "incident"
    SEVERITY = "severity"
    BEGAN = "began"
    DETECTED = "detected"
    FIRST_TOLD = "first_told"
    NOBODY = "nobody"
    ACKNOWLEDGED = "acknowledged"
    OVER = "over"
    STILL_OPEN = "still_open"
    LASTED = "lasted"
    FAILED = "failed"
    IMPACT = "impact"
    CHECKS = "checks"
    WHO_NOTICED = "who_noticed"
    FAULT = "fault"
    FAULT_OF = "fault_of"
    ADVICE = "advice"
    TIMELINE = "timeline"
    TIME = "time"
    WHAT = "what"
    EVIDENCE = "evidence"
    SHOWN = "shown"
    NONE_KEPT = "none_kept"
    CHECK = "check"
    STATUS = "status"
    LATENCY = "latency"
    REQUEST = "request"
    REASON = "reason"
    TOLD = "told"
    CHANNEL = "channel"
    MESSAGE = "message"
    FATE = "fate"
    NO_MESSAGE = "no_message"
    ROOT_CAUSE = "root_cause"
    LESSONS = "lessons"
    ACTIONS = "actions"
    ACTION = "action"
    OWNER = "owner"
    DUE = "due"
    TO_WRITE = "to_write"


_TEXTS: MappingProxyType[Text, Bilingual] = MappingProxyType(
    {
        Text.DRAFT: (
            "Draft by RelayWatch from what it recorded; times in {zone}. What is in italics is for people to write.",
            "RelayWatch 기록으로 만든 초안입니다. 시간대 {zone}. 기울임꼴 부분은 담당자가 작성합니다.",
        ),
        Text.SUMMARY: ("Summary", "요약"),
        Text.INCIDENT: ("Incident", "장애 번호"),
        Text.SEVERITY: PHRASES[Phrase.LABEL_SEVERITY],
        Text.BEGAN: ("First failure", "첫 실패"),
        Text.DETECTED: ("Detected", "감지"),
        Text.FIRST_TOLD: ("People told", "첫 알림"),
        Text.NOBODY: ("nobody", "없음"),
        Text.ACKNOWLEDGED: ("Acknowledged", "확인"),
        Text.OVER: ("Over", "복구"),
        Text.STILL_OPEN: ("still open", "진행 중"),
        Text.LASTED: PHRASES[Phrase.LABEL_LASTED],
        Text.FAILED: ("Failed probes", "실패한 프로브"),
        Text.IMPACT: ("Impact", "영향"),
        Text.CHECKS: ("Checks concerned: {count}", "영향을 받은 체크 {count}개"),
        Text.WHO_NOTICED: ("Who noticed it, and what did it cost them?", "누가 어떤 영향을 받았습니까?"),
        Text.FAULT: PHRASES[Phrase.LABEL_FAULT],
        Text.FAULT_OF: ("Judged by RelayWatch: {fault}", "RelayWatch 판단: {fault}"),
        Text.ADVICE: ("Its advice was: {advice}", "제시한 조치: {advice}"),
        Text.TIMELINE: ("Timeline", "경과"),
        Text.TIME: ("Time", "시각"),
        Text.WHAT: ("What happened", "내용"),
        Text.EVIDENCE: ("Evidence: failed probes", "근거: 실패한 프로브"),
        Text.SHOWN: ("The first {shown} of {count} that are recorded.", "기록된 {count}개 중 처음 {shown}개."),
        Text.NONE_KEPT: ("None is recorded any more.", "남아 있는 기록이 없습니다."),
        Text.CHECK: ("Check", "체크"),
        Text.STATUS: ("Status", "상태"),
        Text.LATENCY: ("Latency", "지연 시간"),
        Text.REQUEST: ("Request id", "요청 ID"),
        Text.REASON: PHRASES[Phrase.LABEL_REASON],
        Text.TOLD: ("Who was told what, and when", "알림 내역"),
        Text.CHANNEL: ("Channel", "채널"),
        Text.MESSAGE: ("Message", "메시지"),
        Text.FATE: ("What became of it", "결과"),
        Text.NO_MESSAGE: ("No message was sent.", "보낸 알림이 없습니다."),
        Text.ROOT_CAUSE: ("Root cause", "근본 원인"),
        Text.LESSONS: (
            "Lessons: what went well, what did not, where we were lucky",
            "교훈: 잘된 점, 미흡한 점, 운이 좋았던 점",
        ),
        Text.ACTIONS: ("Actions", "후속 조치"),
        Text.ACTION: ("Action", "조치"),
        Text.OWNER: ("Owner", "담당"),
        Text.DUE: ("Due", "기한"),
        Text.TO_WRITE: ("To be written.", "작성 필요."),
    }
)


def postmortem(incident: _Row, evidence: _Evidence, voice: Voice) -> str:
    """The document.

    Args:
        incident: as `incidents show` has it.
        evidence: failed probes, oldest first, and how many there are altogether.
        voice: language and time zone.
    """
    return "\n".join((*_Draft(incident, voice).lines(evidence), ""))


class _Draft:
    def __init__(self, incident: _Row, voice: Voice) -> None:
        self._incident = incident
        self._voice = voice

    def lines(self, evidence: _Evidence) -> Iterator[str]:
        yield f"# {plain(self._title())}"
        yield ""
        yield f"> {plain(self._say(Text.DRAFT, zone=str(self._voice.timezone)))}"
        parts = {
            Text.SUMMARY: self._summary(),
            Text.IMPACT: self._impact(),
            Text.TIMELINE: self._timeline(),
            Text.FAULT: self._fault(),
            Text.EVIDENCE: self._evidence(*evidence),
            Text.TOLD: self._told(),
            Text.ROOT_CAUSE: [self._to_write(Text.TO_WRITE)],
            Text.LESSONS: [self._to_write(Text.TO_WRITE)],
            Text.ACTIONS: table([self._say(text) for text in (Text.ACTION, Text.OWNER, Text.DUE)], [("", "", "")]),
        }
        for title, lines in parts.items():
            yield from ("", f"## {plain(self._say(title))}", "", *lines)

    def _title(self) -> str:
        incident = self._incident
        about = incident["checks"][0] if incident["scope"] == Scope.CHECK else incident["endpoint"]
        if incident["scope"] == Scope.PROVIDER and incident["provider"]:
            about = f"{incident['endpoint']}, {incident['provider']}"
        kind, status = IncidentKind(incident["kind"]), Status(incident["status"])
        words = STATUS_WORDS[status] if kind is IncidentKind.OUTAGE else KIND_WORDS[kind]
        return f"{about}: {self._voice.word(words)}"

    def _summary(self) -> Iterator[str]:
        incident, say = self._incident, self._say
        known = incident["acknowledgement"]
        told = [row["settled_at"] for row in incident["deliveries"] if row["state"] == "sent" and row["settled_at"]]
        facts = {
            Text.INCIDENT: f"{incident['id']} ({incident['key']})",
            Text.SEVERITY: severity_words(incident["severity"], self._voice),
            Text.BEGAN: self._time(incident["started_at"]),
            Text.DETECTED: self._time(incident["detected_at"]),
            Text.FIRST_TOLD: self._time(min(told)) if told else say(Text.NOBODY),
            Text.ACKNOWLEDGED: say(Text.NOBODY) if known is None else f"{known['by']}, {self._time(known['at'])}",
            Text.OVER: self._time(incident["resolved_at"]) if incident["resolved_at"] else say(Text.STILL_OPEN),
            Text.LASTED: self._voice.duration(incident["duration_s"]),
            Text.FAILED: str(incident["failed_probes"]),
        }
        yield from (f"- **{plain(say(name))}**: {plain(value)}" for name, value in facts.items())

    def _impact(self) -> Iterator[str]:
        checks = self._incident["checks"]
        yield f"{plain(self._say(Text.CHECKS, count=len(checks)))}"
        yield ""
        yield from (f"- {plain(check)}" for check in checks[:CHECKS_AT_MOST])
        if len(checks) > CHECKS_AT_MOST:
            yield f"- {plain(self._voice.say(Phrase.AND_MORE, count=len(checks) - CHECKS_AT_MOST))}"
        yield ""
        yield self._to_write(Text.WHO_NOTICED)

    def _timeline(self) -> Iterable[str]:
        entries: list[tuple[str, str]] = [(self._incident["started_at"], plain(self._say(Text.BEGAN)))]
        for one in explained(self._incident, self._voice):
            event = one.event
            said = [f"**{plain(event['event'])}** {plain(event['status'])}", *map(plain, one.said)]
            entries.append((event["at"], "<br>".join(said)))
        rows = [(plain(self._time(at)), what) for at, what in sorted(entries, key=lambda entry: entry[0])]
        last = so_far(self._incident, self._voice)
        after = [] if last is None else ["", plain(last)]
        return [*table([self._say(Text.TIME), self._say(Text.WHAT)], rows), *after]

    def _fault(self) -> Iterator[str]:
        incident, action = self._incident, self._incident["action"]
        fault = fault_words(incident["fault_domain"], self._voice)
        yield f"- {plain(self._say(Text.FAULT_OF, fault=fault))}"
        if incident["reason"]:
            yield f"- {plain(self._say(Text.REASON))}: {plain(incident['reason'])}"
        if action in Action.__members__.values():
            yield f"- {plain(self._say(Text.ADVICE, advice=sentence(Action(action), self._voice.language)))}"

    def _evidence(self, failed: Sequence[_Row], count: int) -> Iterable[str]:
        if not failed:
            return [plain(self._say(Text.NONE_KEPT))]
        titles = (Text.TIME, Text.CHECK, Text.STATUS, Text.LATENCY, Text.REQUEST, Text.REASON)
        rows = [
            (
                plain(self._time(row["started_at"])),
                plain(row["check"]),
                plain(f"{row['status']} {row['http_status'] or ''}"),
                "" if row["latency_ms"] is None else plain(f"{row['latency_ms']:.0f} ms"),
                plain(row["request_id"] or ""),
                plain(row["reason"] or ""),
            )
            for row in failed
        ]
        shown = plain(self._say(Text.SHOWN, shown=len(failed), count=count))
        return [shown, "", *table([self._say(title) for title in titles], rows)]

    def _told(self) -> Iterable[str]:
        deliveries = self._incident["deliveries"]
        if not deliveries:
            return [plain(self._say(Text.NO_MESSAGE))]
        titles = (Text.TIME, Text.CHANNEL, Text.MESSAGE, Text.FATE)
        rows = [
            (
                plain(self._time(row["created_at"])),
                plain(row["channel"]),
                plain(row["title"]),
                plain(outcome(row, self._voice)),
            )
            for row in deliveries
        ]
        return table([self._say(title) for title in titles], rows)

    def _to_write(self, text: Text) -> str:
        return f"*{plain(self._say(text))}*"

    def _say(self, text: Text, **facts: object) -> str:
        return self._voice.word(_TEXTS[text]).format(**facts)

    def _time(self, text: str) -> str:
        return self._voice.time(from_iso(text))
