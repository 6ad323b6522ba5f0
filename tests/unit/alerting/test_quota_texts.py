"""Sentences about limits and accounts: whole, short, in both languages."""

from zoneinfo import ZoneInfo

import pytest

from monitor.alerting.rule_texts import rule_advice, rule_sentence
from monitor.alerting.texts import Voice
from monitor.domain.action import Language
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.rules import Facts

EN, KO = (Voice(language, ZoneInfo("UTC")) for language in (Language.EN, Language.KO))
HEADROOM, BALANCE = IncidentKind.HEADROOM, IncidentKind.BALANCE


@pytest.mark.parametrize(
    ("kind", "facts", "english", "korean"),
    [
        (HEADROOM, Facts(3, 0.0, name="requests"), "3 requests left of the rate limit", "요청 한도 중 요청 3 남음"),
        (
            HEADROOM,
            Facts(1500, 40_000, window_s=60.0, short_window_s=30.0, name="input_tokens"),
            "1,500 of 40,000 input tokens left of the rate limit; whole again in 1 min; at this rate used up in 30 s",
            "요청 한도 입력 토큰 40,000 중 1,500 남음, 1분 후 초기화, 이 속도면 30초 후 소진",
        ),
        (
            BALANCE,
            Facts(4.5, 5.0, period_s=4 * 86_400.0),
            "the account's balance is 4.5; the limit is 5; at this rate it is empty in 4 d",
            "계정 잔액 4.5 (기준 5), 이 속도면 4일 후 바닥남",
        ),
        (BALANCE, Facts(-2.25, 0.0), "the account's balance is -2.25", "계정 잔액 -2.25"),
        (BALANCE, None, "the rule is no longer configured", "규칙이 설정에서 삭제됨"),
        (HEADROOM, Facts(None, 0.0), "too few results to say", "결과가 부족하여 판단할 수 없음"),
    ],
)
def test_sentences(kind: IncidentKind, facts: Facts | None, english: str, korean: str) -> None:
    """Only what is known is said."""
    assert (rule_sentence(kind, facts, EN), rule_sentence(kind, facts, KO)) == (english, korean)


@pytest.mark.parametrize("kind", [HEADROOM, BALANCE])
def test_what_to_do(kind: IncidentKind) -> None:
    """There is advice, in both languages, and the longest sentence still fits."""
    assert rule_advice(kind, EN) != rule_advice(kind, KO)
    long = Facts(1e15, 1e15, window_s=4e7, short_window_s=4e7, period_s=4e7, name="output_tokens")
    assert max(len(rule_sentence(kind, long, voice)) for voice in (EN, KO)) <= 200
