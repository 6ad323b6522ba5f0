"""What is said of a rate limit or an account that is nearly used up, in English and in Korean. Owns sentences only."""

from types import MappingProxyType

from monitor.alerting.phrases import Bilingual
from monitor.alerting.texts import Voice
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.limits import LimitKind
from monitor.domain.rules import Facts

_KINDS: MappingProxyType[str, Bilingual] = MappingProxyType(
    {
        LimitKind.REQUESTS: ("requests", "요청"),
        LimitKind.TOKENS: ("tokens", "토큰"),
        LimitKind.INPUT_TOKENS: ("input tokens", "입력 토큰"),
        LimitKind.OUTPUT_TOKENS: ("output tokens", "출력 토큰"),
    }
)
_LEFT: Bilingual = ("{left} {kind} left of the rate limit", "요청 한도 중 {kind} {left} 남음")
_LEFT_OF: Bilingual = ("{left} of {limit} {kind} left of the rate limit", "요청 한도 {kind} {limit} 중 {left} 남음")
_WHOLE_IN: Bilingual = ("; whole again in {reset}", ", {reset} 후 초기화")
_USED_UP_IN: Bilingual = ("; at this rate used up in {end}", ", 이 속도면 {end} 후 소진")
_BALANCE: Bilingual = ("the account's balance is {amount}", "계정 잔액 {amount}")
_BELOW: Bilingual = ("; the limit is {limit}", " (기준 {limit})")
_EMPTY_IN: Bilingual = ("; at this rate it is empty in {end}", ", 이 속도면 {end} 후 바닥남")
_ADVICE: MappingProxyType[IncidentKind, Bilingual] = MappingProxyType(
    {
        IncidentKind.HEADROOM: (
            (
                "Send less, shift traffic to another model or key, or have the limit raised; where the probes "
                "themselves use it up, set requests_per_minute or a longer interval."
            ),
            (
                "요청을 줄이거나 다른 모델·키로 트래픽을 옮기거나 한도를 높이세요. 프로브 때문이라면 "
                "requests_per_minute 또는 더 긴 interval을 설정하세요."
            ),
        ),
        IncidentKind.BALANCE: (
            "Top the account up before it is empty: after that every request is refused.",
            "잔액이 바닥나면 모든 요청이 거부되니 그 전에 충전하세요.",
        ),
    }
)


def headroom_sentence(facts: Facts, voice: Voice) -> str:
    """What is left of a rate limit.

    Args:
        facts: `value` is left of `limit` (0: not known) in `window_s` (0: not known); `short_window_s` until it is used
            up (0: no forecast); `name` is the kind.
        voice: in which language.
    """
    kind = voice.word(_KINDS.get(facts.name, _KINDS[LimitKind.REQUESTS]))
    left, limit = _amount(facts.value or 0.0), _amount(facts.limit)
    sentence = voice.word(_LEFT_OF if facts.limit else _LEFT).format(left=left, limit=limit, kind=kind)
    if facts.window_s:
        sentence += voice.word(_WHOLE_IN).format(reset=voice.duration(facts.window_s))
    if facts.short_window_s:
        sentence += voice.word(_USED_UP_IN).format(end=voice.duration(facts.short_window_s))
    return sentence


def balance_sentence(facts: Facts, voice: Voice) -> str:
    """What an account has: `value`, held against `limit` (0: none); `period_s` until it is empty (0: unknown)."""
    sentence = voice.word(_BALANCE).format(amount=_amount(facts.value or 0.0))
    if facts.limit:
        sentence += voice.word(_BELOW).format(limit=_amount(facts.limit))
    if facts.period_s:
        sentence += voice.word(_EMPTY_IN).format(end=voice.duration(facts.period_s))
    return sentence


def quota_advice(kind: IncidentKind) -> Bilingual | None:
    """What to do about it; None for any other kind."""
    return _ADVICE.get(kind)


def _amount(value: float) -> str:
    """Up to two digits after the point, thousands apart."""
    text = f"{value:,.2f}"
    return text.rstrip("0").rstrip(".")
