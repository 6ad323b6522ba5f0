"""What is said of a rule over a window: the figures behind a judgement as one sentence, in English and in Korean.

Owns these sentences only. They follow a subject and a colon ("gpt-4.1 on relay: 94.7% of 57 probes ..."), tell what was
measured and what it was held against, and are as true of a rule that holds again as of one that is broken.
"""

from math import floor
from types import MappingProxyType
from zoneinfo import ZoneInfo

from monitor.alerting.phrases import PHRASES, Bilingual, Phrase
from monitor.alerting.quota_texts import balance_sentence, headroom_sentence, quota_advice
from monitor.alerting.texts import Voice
from monitor.domain.action import Action, Language, sentence
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.rules import Facts, Timing
from monitor.domain.rules_judge import CAUSE_OF

_ENGLISH = Voice(Language.EN, ZoneInfo("UTC"))
_MS_PER_S = 1000.0

_SENTENCES: MappingProxyType[IncidentKind, Bilingual] = MappingProxyType(
    {
        IncidentKind.AVAILABILITY: (
            "{value}% of {samples} probes in the last {window} succeeded; the limit is {limit}%",
            "최근 {window} 프로브 {samples}회 중 {value}% 성공 (기준 {limit}%)",
        ),
        IncidentKind.COVERAGE: (
            (
                "{value}% of {samples} probes that were due in the last {window} gave a result that counts; "
                "the limit is {limit}%"
            ),
            "최근 {window} 예정된 프로브 {samples}회 중 {value}%만 집계됨 (기준 {limit}%)",
        ),
        IncidentKind.LATENCY: (
            (
                "{timing}, percentile {percentile} of {samples} answers in the last {window}: {value} s; "
                "the limit is {limit} s"
            ),
            "최근 {window} 응답 {samples}회의 {timing} 백분위 {percentile}: {value}초 (기준 {limit}초)",
        ),
        IncidentKind.BURN_RATE: (
            (
                "burn rate of the error budget ({objective}% over {period}): {value} over {window}, "
                "{short_value} over {short_window}; the limit is {limit}{spent}"
            ),
            (
                "오류 예산 소진 속도 ({period} 목표 {objective}%): 최근 {window} {value}배, "
                "최근 {short_window} {short_value}배 (기준 {limit}배){spent}"
            ),
        ),
        IncidentKind.CERTIFICATE: (
            "the certificate expires in {value} days; the limit is {limit} days",
            "인증서 만료까지 {value}일 남음 (기준 {limit}일)",
        ),
    }
)
_VANISHED: Bilingual = (
    "the endpoint's model list no longer holds it{others}{nearest}",
    "엔드포인트의 모델 목록에서 사라짐{others}{nearest}",
)
_OTHERS: Bilingual = (", nor {count} others", " (그 외 {count}개도)")
_NEAREST: Bilingual = ("; nearest: {names}", ", 비슷한 이름: {names}")
_LISTED_AGAIN: Bilingual = ("the endpoint's model list holds it again", "엔드포인트의 모델 목록에 다시 나타남")
_SENTENCE_AT_MOST = 200
_OF_QUOTA = MappingProxyType({IncidentKind.HEADROOM: headroom_sentence, IncidentKind.BALANCE: balance_sentence})
_EXPIRED: Bilingual = ("the certificate expired {value} days ago", "인증서 만료 후 {value}일 지남")
_SPENT: Bilingual = ("; at this rate it is spent in {left}", ", 이 속도면 {left} 만에 소진")
_NOT_MEASURED: Bilingual = ("too few results to say", "결과가 부족하여 판단할 수 없음")
_REMOVED: Bilingual = ("the rule is no longer configured", "규칙이 설정에서 삭제됨")
_TIMINGS: MappingProxyType[Timing, Bilingual] = MappingProxyType(
    {Timing.LATENCY: ("latency", "응답 시간"), Timing.TTFT: ("time to first token", "첫 토큰까지의 시간")}
)
_ADVICE: MappingProxyType[IncidentKind, Bilingual] = MappingProxyType(
    {
        IncidentKind.AVAILABILITY: (
            "Look at the newest failures in `relaywatch history`, and shift traffic to a model that is well.",
            "`relaywatch history` 명령으로 최근 실패를 확인하고 정상인 모델로 트래픽을 옮기세요.",
        ),
        IncidentKind.BURN_RATE: (
            "Stop what spends the budget: shift traffic to a model that is well until the failures end.",
            "오류 예산이 더 소진되지 않도록 실패가 끝날 때까지 정상인 모델로 트래픽을 옮기세요.",
        ),
        IncidentKind.LATENCY: PHRASES[Phrase.ADVICE_SLOW],
        IncidentKind.CATALOGUE: (
            "Ask who runs the endpoint whether the model was withdrawn or renamed; then configure its successor.",
            "모델이 종료되었거나 이름이 바뀌었는지 엔드포인트 운영자에게 확인하고, 설정을 후속 모델로 바꾸세요.",
        ),
        IncidentKind.CERTIFICATE: (
            "Have the endpoint's TLS certificate renewed before it expires: after that nobody can connect.",
            "만료되면 아무도 연결할 수 없으니 그 전에 엔드포인트의 TLS 인증서를 갱신하세요.",
        ),
        IncidentKind.COVERAGE: (
            "RelayWatch itself missed probes: look at its log, its uplink, the machine's load, and rate limits.",
            "RelayWatch가 프로브를 놓치고 있습니다. 로그, 네트워크, 서버 부하, 요청 한도를 확인하세요.",
        ),
    }
)


def rule_sentence(kind: IncidentKind, facts: Facts | None, voice: Voice) -> str:
    """The figures of a judgement in one sentence of at most 200 characters; no facts: the rule is gone."""
    if facts is None:
        return voice.word(_REMOVED)
    if facts.value is None:
        return voice.word(_NOT_MEASURED)
    if kind is IncidentKind.CATALOGUE:
        return _catalogue_sentence(facts, voice)
    if kind in _OF_QUOTA:
        return _OF_QUOTA[kind](facts, voice)
    expired = kind is IncidentKind.CERTIFICATE and facts.value < 0
    sentence = voice.word(_EXPIRED if expired else _SENTENCES[kind])
    return sentence.format(
        **_figures(kind, facts),
        samples=facts.samples,
        window=voice.duration(facts.window_s),
        timing=voice.word(_TIMINGS[facts.timing]),
        percentile=facts.percentile,
        objective=_number(facts.objective, 6),
        period=voice.duration(facts.period_s),
        short_window=voice.duration(facts.short_window_s),
        spent=_spent(facts, voice),
    )


def _catalogue_sentence(facts: Facts, voice: Voice) -> str:
    if not facts.value:
        return voice.word(_LISTED_AGAIN)
    others = voice.word(_OTHERS).format(count=facts.samples) if facts.samples else ""
    nearest = voice.word(_NEAREST).format(names=facts.name) if facts.name else ""
    return voice.word(_VANISHED).format(others=others, nearest=nearest)[:_SENTENCE_AT_MOST]


def stored_reason(kind: IncidentKind, facts: Facts | None) -> str:
    """The same in English, as an incident keeps it."""
    return rule_sentence(kind, facts, _ENGLISH)


def advice_of(kind: IncidentKind, action: Action | None, voice: Voice) -> str | None:
    """What to do about an incident; None where there is nothing to do.

    Args:
        kind: of the incident.
        action: what the newest failure advises; None where nothing failed.
        voice: language and time zone.
    """
    if action is not None:
        return sentence(action, voice.language)
    if kind in CAUSE_OF:
        return rule_advice(kind, voice)
    return voice.say(Phrase.ADVICE_SLOW) if kind is IncidentKind.SLOW else None


def rule_advice(kind: IncidentKind, voice: Voice) -> str:
    """What to do about a broken rule."""
    return voice.word(quota_advice(kind) or _ADVICE[kind])


def _figures(kind: IncidentKind, facts: Facts) -> dict[str, str]:
    """Measured and allowed; cut, not rounded, so that 98.9996 % is not called 99 %."""
    scale = _MS_PER_S if kind is IncidentKind.LATENCY else 1.0
    digits = 1 if kind is IncidentKind.CERTIFICATE else 3
    return {
        "value": _number(abs(facts.value or 0.0) / scale, digits),
        "limit": _number(facts.limit / scale, 6),
        "short_value": _number(facts.short_value, digits),
    }


def _spent(facts: Facts, voice: Voice) -> str:
    if facts.value is None or facts.value <= 1:
        return ""
    return voice.word(_SPENT).format(left=voice.duration(facts.period_s / facts.value))


def _number(value: float, digits: int) -> str:
    """Cut to so many digits after the point, without zeros at its end: `14.4`, `98.999`, `3`."""
    scale: int = 10**digits
    text = f"{floor(round(value * scale, 3)) / scale:.{digits}f}"
    return text.rstrip("0").rstrip(".")
