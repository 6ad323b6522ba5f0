"""Why people were told, or why not: every decision in words, in English and in Korean.

Owns one sentence per decision and what may change it, and one for each fate of a message; how a decision is taken is
`telling`, what brings one `outages`, `conditions` and `duties`.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from monitor.alerting.phrases import Bilingual
from monitor.domain.incident import Told


@dataclass(frozen=True, slots=True)
class Reason:
    """One decision in words.

    Attributes:
        why: a clause that can stand behind "told:" or "not told:".
        then: what comes of it later, or what to do; None where nothing does.
    """

    why: Bilingual
    then: Bilingual | None = None


REASONS: MappingProxyType[Told, Reason] = MappingProxyType(
    {
        Told.TOLD: Reason(("the channel wants it", "채널이 받도록 설정됨")),
        Told.NO_CHANNELS: Reason(
            ("no channel is configured", "설정된 알림 채널이 없음"),
            ("`[[channels]]` in the configuration says where to tell", "설정의 `[[channels]]`에 채널을 추가하세요"),
        ),
        Told.NO_ROUTE: Reason(
            ("no channel wants it: each has a reason of its own", "받을 채널이 없음 (채널별 이유 참고)"),
            (
                "told as soon as one does: its hours begin, or the incident becomes more severe",
                "채널의 시간대가 시작되거나 심각도가 올라가면 알립니다",
            ),
        ),
        Told.CAUSE_TOLD_BEFORE: Reason(
            ("people have been told of this cause in this incident before", "이 장애에서 이미 알린 원인임"),
        ),
        Told.CHECK_REMOVED: Reason(
            ("what it is about is no longer configured", "대상이 설정에서 삭제됨"),
            ("a recovery was not seen", "복구는 확인되지 않았습니다"),
        ),
        Told.GROUP_WAIT: Reason(
            (
                "it waits for the rest of the same outage: more of the endpoint is in doubt",
                "같은 장애의 나머지를 기다리는 중: 엔드포인트의 다른 체크가 아직 판단되지 않음",
            ),
            (
                "told when that is decided, after `group_wait` at most; one that ends before is recorded, not told",
                "판단이 끝나면, 늦어도 `group_wait` 후에 알립니다. 그 전에 끝나면 기록만 합니다",
            ),
        ),
        Told.ENDED_UNTOLD: Reason(
            (
                "nobody had been told of the incident, so nobody needs to hear that it is over",
                "아무에게도 알리지 않은 장애라 종료도 알리지 않음",
            ),
        ),
        Told.PART_OF_ANOTHER: Reason(
            (
                "it has turned out to be part of another incident, which goes on with its checks",
                "다른 장애의 일부로 확인되어 그쪽에 합쳐짐",
            ),
        ),
        Told.OUTAGE_TOLD: Reason(
            (
                "it follows from an outage that people know of: everything that it is about is down",
                "이미 알린 장애에서 비롯됨: 관련된 모든 체크가 장애 상태임",
            ),
            ("told when the outage is over, if it still holds", "장애가 끝난 뒤에도 계속되면 알립니다"),
        ),
        Told.SILENCED: Reason(
            ("a silence covers everything that fails", "실패한 모든 체크가 침묵 설정에 포함됨"),
            (
                "told when the silence ends, if it still lasts; `relaywatch silence list` shows whose it is",
                "침묵이 끝날 때까지 계속되면 알립니다. `relaywatch silence list`로 확인하세요",
            ),
        ),
        Told.MAINTENANCE: Reason(
            ("a maintenance window covers everything that fails", "실패한 모든 체크가 점검 시간에 포함됨"),
            ("told when the window ends, if it still lasts", "점검 시간이 끝날 때까지 계속되면 알립니다"),
        ),
        Told.FLAPPING: Reason(
            (
                "everything that fails keeps going up and down, which was told as an incident of its own",
                "실패한 모든 체크의 상태가 반복해서 바뀌고 있으며, 이는 별도로 알림",
            ),
            ("told when it has settled, if it still lasts", "안정된 뒤에도 계속되면 알립니다"),
        ),
        Told.NOT_TOLD_OF_IT: Reason(
            (
                "the channel has not been told of the incident, so it does not hear how it goes on",
                "이 채널에는 장애를 알리지 않았으므로 경과도 알리지 않음",
            ),
        ),
        Told.SEVERITY_NOT_ROUTED: Reason(
            ("the channel does not want this severity", "채널이 이 심각도를 받지 않음"),
            ("told if the incident becomes as severe as it wants", "심각도가 올라가면 알립니다"),
        ),
        Told.NOT_MATCHED: Reason(
            ("the channel does not want these checks or this trouble", "채널이 이 체크나 문제를 받지 않음"),
            ("`only` of the channel says what it wants", "채널의 `only` 설정을 확인하세요"),
        ),
        Told.OUTSIDE_HOURS: Reason(
            ("it is outside the channel's hours", "채널의 시간대가 아님"),
            ("told when they begin, if it still lasts", "시간대가 시작될 때까지 계속되면 알립니다"),
        ),
        Told.ESCALATIONS_ONLY: Reason(
            (
                "the channel hears of escalations only, or in place of one that fails",
                "에스컬레이션이나 대체 채널로만 사용되는 채널",
            ),
        ),
    }
)


class Fate(StrEnum):
    """What became of one message; the fields in braces are filled in by whoever shows it."""

    SENT = "sent"
    LATE = "late"
    WAITING = "waiting"
    RETRIED = "retried"
    GIVEN_UP = "given_up"
    MERGED = "merged"
    FELL_BACK = "fell_back"
    STOOD_IN = "stood_in"
    TOLD_BEFORE = "told_before"
    NOT_TOLD = "not_told"
    NOBODY = "nobody"
    BY_THEN = "by_then"
    SO_FAR = "so_far"


FATES: MappingProxyType[Fate, Bilingual] = MappingProxyType(
    {
        Fate.SENT: ("told at {at}", "{at} 전달"),
        Fate.LATE: ("told at {at}, {late} late, at try {attempts}", "{at} 전달 ({late} 늦음, {attempts}번째 시도)"),
        Fate.WAITING: ("on its way", "전달 중"),
        Fate.RETRIED: (
            "not taken in {attempts} tries, next {at}; last error: {error}",
            "{attempts}회 시도 실패, 다음 시도 {at}; 마지막 오류: {error}",
        ),
        Fate.GIVEN_UP: ("given up after {attempts} tries: {error}", "{attempts}회 시도 후 포기: {error}"),
        Fate.MERGED: ("not sent on its own: told together with a later one", "따로 보내지 않고 나중 알림에 합침"),
        Fate.FELL_BACK: ("{fate}; {channel} was told instead", "{fate}; 대신 {channel} 채널에 알림"),
        Fate.STOOD_IN: ("{fate}, in place of another channel", "{fate} (다른 채널 대신)"),
        Fate.TOLD_BEFORE: ("told before, so not told again", "이미 알려서 다시 알리지 않음"),
        Fate.NOT_TOLD: ("not told: {why}", "알리지 않음: {why}"),
        Fate.NOBODY: ("nobody was told: {why}", "아무에게도 알리지 않음: {why}"),
        Fate.BY_THEN: ("nobody had been told of it by then: {why}", "그때까지 아무에게도 알리지 않음: {why}"),
        Fate.SO_FAR: ("nobody has been told so far: {why}", "지금까지 아무에게도 알리지 않음: {why}"),
    }
)


def reason_for(word: str) -> Reason | None:
    """What a stored decision means; None for one that this version does not know."""
    return REASONS[Told(word)] if word in Told.__members__.values() else None
