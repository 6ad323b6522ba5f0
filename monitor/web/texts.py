"""The words of the status page, in English and in Korean. Words about incidents are those of the messages."""

from enum import StrEnum
from types import MappingProxyType

from monitor.alerting.phrases import Bilingual, Phrase
from monitor.alerting.texts import Voice


class Text(StrEnum):
    """One text of the page; the fields in braces are filled in by `say`."""

    ALL_UP = "all_up"
    UP_BUT = "up_but"
    NOTHING_KNOWN = "nothing_known"
    NO_CHECKS = "no_checks"
    SOME_DOWN = "some_down"
    SOME_DOUBT = "some_doubt"
    AS_OF = "as_of"
    REFRESHES = "refreshes"
    MONITOR_TROUBLE = "monitor_trouble"
    DEAD = "dead"
    CONFIG_REFUSED = "config_refused"
    OPEN_INCIDENTS = "open_incidents"
    NO_INCIDENTS = "no_incidents"
    ENDPOINTS = "endpoints"
    UP_OF = "up_of"
    MODEL_LIST = "model_list"
    LEGEND = "legend"
    NEWEST_ANSWER = "newest_answer"
    AVAILABILITY = "availability"
    IN_A_ROW = "in_a_row"
    SUMMARY = "summary"
    ONE_CHECK = "one_check"
    COUNT_OF_CHECKS = "count_of_checks"
    ON_IT = "on_it"
    ACKNOWLEDGED = "acknowledged"
    UNTOLD = "untold"
    SILENCES = "silences"
    SILENCE_OF_ALL = "silence_of_all"
    SILENCED_UNTIL = "silenced_until"
    SILENCED_UNTIL_OVER = "silenced_until_over"
    SILENCED_UNTIL_OVER_OR = "silenced_until_over_or"
    SILENCED_UNTIL_CONFIGURED = "silenced_until_configured"


TEXTS: MappingProxyType[Text, Bilingual] = MappingProxyType(
    {
        Text.ALL_UP: ("Everything works: {up} of {all} checks are up", "모두 정상: 체크 {all}개 중 {up}개 정상"),
        Text.UP_BUT: (
            "{up} of {all} checks are up; open incidents: {warnings}",
            "체크 {all}개 중 {up}개 정상, 진행 중인 인시던트 {warnings}건",
        ),
        Text.NOTHING_KNOWN: ("Waiting for first results", "첫 결과를 기다리는 중"),
        Text.NO_CHECKS: ("Nothing is configured to be watched", "감시할 대상이 설정되지 않았습니다"),
        Text.SOME_DOWN: ("Down: {down} of {all} checks", "장애: 체크 {all}개 중 {down}개"),
        Text.SOME_DOUBT: (
            "Working, with doubts about {doubt} of {all} checks",
            "동작 중, 체크 {all}개 중 {doubt}개 주의",
        ),
        Text.AS_OF: ("As of", "기준 시각"),
        Text.REFRESHES: ("refreshes itself every {seconds} s", "{seconds}초마다 자동 새로고침"),
        Text.MONITOR_TROUBLE: ("RelayWatch itself needs attention", "RelayWatch 자체에 문제가 있습니다"),
        Text.DEAD: (
            "notifications given up on the channel {channel}: {count}",
            "알림 채널 {channel}에서 알림 {count}건의 전달을 포기했습니다",
        ),
        Text.CONFIG_REFUSED: (
            "the newest configuration is not in force, an earlier one is: {problem}",
            "최신 설정이 적용되지 않아 이전 설정으로 동작 중입니다: {problem}",
        ),
        Text.OPEN_INCIDENTS: ("Open incidents", "진행 중인 장애"),
        Text.NO_INCIDENTS: ("No incident is open.", "진행 중인 장애가 없습니다."),
        Text.ENDPOINTS: ("Endpoints", "엔드포인트"),
        Text.UP_OF: ("{up} of {all} up", "{all}개 중 {up}개 정상"),
        Text.MODEL_LIST: ("model list", "모델 목록"),
        Text.LEGEND: (
            "Beside each check: newest successful answer, and availability over 24 hours (for coverage, see a report).",
            "각 체크 옆: 최근 정상 응답 시간, 24시간 가용률 (측정률은 보고서 참조).",
        ),
        Text.NEWEST_ANSWER: ("newest answer", "최근 응답"),
        Text.AVAILABILITY: ("availability, 24 h", "24시간 가용률"),
        Text.IN_A_ROW: ("{count} failures in a row", "연속 실패 {count}회"),
        Text.SUMMARY: ("Checks by state", "상태별 체크"),
        Text.ONE_CHECK: ("1 check", "체크 1개"),
        Text.COUNT_OF_CHECKS: ("{count} checks", "체크 {count}개"),
        Text.ON_IT: ("On it", "담당"),
        Text.ACKNOWLEDGED: ("Acknowledged", "확인됨"),
        Text.UNTOLD: ("Not told", "아직 알리지 않음"),
        Text.SILENCES: ("Silenced now", "현재 침묵 설정"),
        Text.SILENCE_OF_ALL: ("everything", "전체"),
        Text.SILENCED_UNTIL: ("until {at}", "{at}까지"),
        Text.SILENCED_UNTIL_OVER: ("until it is over", "복구될 때까지"),
        Text.SILENCED_UNTIL_OVER_OR: ("until it is over, {at} at the latest", "복구될 때까지, 늦어도 {at}까지"),
        Text.SILENCED_UNTIL_CONFIGURED: ("until it is configured anew", "설정을 바꿀 때까지"),
    }
)


LABELS: MappingProxyType[str, Phrase] = MappingProxyType(
    {
        "since": Phrase.LABEL_SINCE,
        "fault": Phrase.LABEL_FAULT,
        "reason": Phrase.LABEL_REASON,
        "action": Phrase.LABEL_ACTION,
    }
)


class Look(StrEnum):
    """How a check is shown: its state, and what is worth knowing beside it. In the order of the page."""

    DOWN = "down"
    FAILING = "failing"
    SLOW = "slow"
    PENDING = "pending"
    UP = "up"


LOOKS: MappingProxyType[Look, Bilingual] = MappingProxyType(
    {
        Look.DOWN: ("Down", "장애"),
        Look.FAILING: ("Failing", "실패 중"),
        Look.SLOW: ("Degraded", "저하"),
        Look.PENDING: ("Pending", "대기"),
        Look.UP: ("Up", "정상"),
    }
)


def say(text: Text, voice: Voice, **facts: object) -> str:
    """The text in the reader's language, its fields filled."""
    return voice.word(TEXTS[text]).format(**facts)
