"""What is said of a check that others answer for: another model, a fallback or a cache, in English and in Korean.

Owns these sentences only. Such a check is not slow, though both are DEGRADED and told after so many of the last
answers; an incident knows by its advice which of the two it is about.
"""

from types import MappingProxyType

from monitor.alerting.phrases import Bilingual
from monitor.alerting.texts import Voice
from monitor.domain.action import STAND_INS, Action
from monitor.domain.health import Health
from monitor.domain.incident import Incident
from monitor.domain.incident_kind import IncidentKind

ANSWERED_BY: MappingProxyType[Action, Bilingual] = MappingProxyType(
    {
        Action.CHECK_ROUTING: ("answered by another", "다른 모델이 대신 응답"),
        Action.CHECK_CACHE: ("answered from a cache", "캐시가 대신 응답"),
    }
)
_TITLES: MappingProxyType[Action, tuple[Bilingual, Bilingual]] = MappingProxyType(
    {
        Action.CHECK_ROUTING: (
            ("ANSWERED BY ANOTHER: {subject}", "대신 응답: {subject}"),
            ("STILL ANSWERED BY ANOTHER: {subject}", "대신 응답 지속: {subject}"),
        ),
        Action.CHECK_CACHE: (
            ("ANSWERED FROM A CACHE: {subject}", "캐시 응답: {subject}"),
            ("STILL ANSWERED FROM A CACHE: {subject}", "캐시 응답 지속: {subject}"),
        ),
    }
)
_OVER_TITLE: Bilingual = (
    "OWN ANSWERS AGAIN: {subject} (others answered for {duration})",
    "직접 응답 회복: {subject} (대신 응답한 시간 {duration})",
)
_OPENED: Bilingual = (
    "{subject} does not answer itself: another did in {count} of the last {window} answers, since {since}.",
    "{subject} 대신 다른 곳이 응답합니다: {since}부터 최근 응답 {window}회 중 {count}회.",
)
_MIXED: Bilingual = (
    "{subject} answers badly: {slow} of the last {window} answers were slow, {count} not its own, since {since}.",
    "{subject} 응답 상태가 나쁩니다: {since}부터 최근 응답 {window}회 중 지연 {slow}회, 대체 응답 {count}회.",
)
_STILL: Bilingual = (
    "{subject}: others still answer instead, since {since}.",
    "{subject} 대신 다른 곳이 {since}부터 계속 응답하고 있습니다.",
)
_OVER: Bilingual = (
    "{subject}: own answers again. Others answered instead for {duration}, from {since} to {until}.",
    "{subject}: 다시 직접 응답합니다. 대신 응답한 시간 {duration} ({since} ~ {until}).",
)


def is_about_stand_ins(incident: Incident) -> bool:
    """Whether others answer for the checks of this incident; else it is slow, or something else altogether."""
    return incident.kind is IncidentKind.SLOW and incident.action in STAND_INS


def title_of(incident: Incident, voice: Voice, subject: str, *, still: bool) -> str:
    """The title of such an incident while it lasts."""
    action = incident.action or Action.CHECK_ROUTING
    return voice.word(_TITLES[action][still]).format(subject=subject)


def count_of_stand_ins(health: Health) -> int:
    """How many of the degraded answers that are remembered were not the model's own."""
    return sum(health.stand_ins)


def opening(health: Health, voice: Voice, subject: str, since: str) -> str:
    """What is wrong, in one sentence: stand-ins only, or some of both."""
    window, count = health.slow_answers.size, count_of_stand_ins(health)
    slow = health.slow_answers.hits - count
    words = _MIXED if slow > 0 else _OPENED
    return voice.word(words).format(subject=subject, window=window, count=count, slow=slow, since=since)


def still(voice: Voice, subject: str, since: str) -> str:
    """That nothing has changed."""
    return voice.word(_STILL).format(subject=subject, since=since)


def over(voice: Voice, **facts: object) -> tuple[str, str]:
    """Title and first line of the end."""
    return voice.word(_OVER_TITLE).format(**facts), voice.word(_OVER).format(**facts)
