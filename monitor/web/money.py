"""What the page says of money: what probing has cost, and which caps keep models from being asked. Pure."""

from collections.abc import Iterator
from types import MappingProxyType

from monitor.alerting.phrases import Bilingual
from monitor.alerting.texts import Voice
from monitor.domain.caps import Span, SpendingNow
from monitor.domain.prices import dollars, usd

_SPENT: Bilingual = (
    "Asking models cost {today} today (UTC) and {month} this month.",
    "모델 질문 비용: 오늘(UTC) {today}, 이번 달 {month}.",
)
_UNPRICED: Bilingual = (
    "Asking models cost at least {today} today (UTC) and {month} this month; {count} checks have no known price.",
    "모델 질문 비용: 오늘(UTC) 최소 {today}, 이번 달 최소 {month}. 체크 {count}개는 가격을 알 수 없습니다.",
)
_CAPS: MappingProxyType[Span, Bilingual] = MappingProxyType(
    {
        Span.DAILY: (
            "models are not asked: the daily cap of {limit} is spent; asked again at {at}",
            "모델에 질문하지 않는 중: 일일 한도 {limit} 소진, {at}에 재개",
        ),
        Span.MONTHLY: (
            "models are not asked: the monthly cap of {limit} is spent; asked again at {at}",
            "모델에 질문하지 않는 중: 월간 한도 {limit} 소진, {at}에 재개",
        ),
    }
)


def money_told(spending: SpendingNow, voice: Voice) -> str | None:
    """One line; None where nothing was spent."""
    spent = spending.all
    if not spent.month_nusd and not spent.today_nusd:
        return None
    words = voice.word(_UNPRICED if spending.unpriced else _SPENT)
    today, month = dollars(usd(spent.today_nusd)), dollars(usd(spent.month_nusd))
    return words.format(today=today, month=month, count=spending.unpriced)


def caps_told(spending: SpendingNow | None, voice: Voice) -> Iterator[str]:
    """One line for each cap that is spent."""
    for held in () if spending is None else spending.held:
        limit, at = dollars(usd(held.limit_nusd)), voice.time(held.until_us)
        told = voice.word(_CAPS[held.span]).format(limit=limit, at=at)
        yield told if held.endpoint is None else f"{held.endpoint}: {told}"
