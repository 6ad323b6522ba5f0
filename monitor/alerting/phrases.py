"""Every phrase that RelayWatch says to people in a message, in English and in Korean.

Owns the words only; which of them make a message is `wording`. Korean phrases are built so that no particle follows a
name or a status: what is said of "gpt-4.1" must be right for every other name too.
"""

from enum import StrEnum
from types import MappingProxyType

from monitor.domain.action import Language
from monitor.domain.incident import Told
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import FaultDomain, Status

Bilingual = tuple[str, str]


class Phrase(StrEnum):
    """One phrase; the fields in braces are filled in by `Voice.say`."""

    MODEL_ON = "model_on"
    MODEL_LIST_OF = "model_list_of"
    TITLE_DOWN = "title_down"
    TITLE_STILL_DOWN = "title_still_down"
    TITLE_UP = "title_up"
    TITLE_SLOW = "title_slow"
    TITLE_STILL_SLOW = "title_still_slow"
    TITLE_FAST = "title_fast"
    TITLE_REMOVED = "title_removed"
    DOWN_IN_A_ROW = "down_in_a_row"
    DOWN_ONCE = "down_once"
    DOWN_BY_AUTH = "down_by_auth"
    DOWN_BY_RATIO = "down_by_ratio"
    STILL_DOWN = "still_down"
    STILL_SLOW = "still_slow"
    BECAME = "became"
    UP_AGAIN = "up_again"
    SLOW = "slow"
    FAST_AGAIN = "fast_again"
    REMOVED = "removed"
    FAULT = "fault"
    REASON = "reason"
    LAST_ERROR = "last_error"
    WHAT_TO_DO = "what_to_do"
    WORKS_NOW = "works_now"
    ADVICE_SLOW = "advice_slow"
    ADVICE_AND_BEST = "advice_and_best"
    NEWEST_ANSWER = "newest_answer"
    CHANNEL_DEAD_TITLE = "channel_dead_title"
    CHANNEL_DEAD = "channel_dead"
    CHANNEL_DEAD_ACTION = "channel_dead_action"
    TEST_TITLE = "test_title"
    TEST = "test"
    LABEL_SEVERITY = "label_severity"
    LABEL_FAULT = "label_fault"
    LABEL_SINCE = "label_since"
    LABEL_FAILED = "label_failed"
    LABEL_LASTED = "label_lasted"
    LABEL_REASON = "label_reason"
    LABEL_ACTION = "label_action"
    LABEL_INCIDENT = "label_incident"
    LABEL_OPEN_PAGE = "label_open_page"
    PROBES_IN_A_ROW = "probes_in_a_row"
    EVERYTHING = "everything"
    PROVIDER_ON = "provider_on"
    SEVERAL_ON = "several_on"
    DOWN_TOGETHER = "down_together"
    FAILING = "failing"
    AND_MORE = "and_more"
    TITLE_STILL = "title_still"
    STILL = "still"
    STILL_SO = "still_so"
    TITLE_ESCALATED = "title_escalated"
    ESCALATED = "escalated"
    TITLE_ACKNOWLEDGED = "title_acknowledged"
    ACKNOWLEDGED = "acknowledged"
    REMAINING = "remaining"
    TOLD_LATE = "told_late"
    TITLE_FLAPPING = "title_flapping"
    TITLE_STILL_FLAPPING = "title_still_flapping"
    TITLE_SETTLED = "title_settled"
    FLAPPING = "flapping"
    SETTLED = "settled"
    TITLE_RULE = "title_rule"
    TITLE_STILL_RULE = "title_still_rule"
    TITLE_RULE_KEPT = "title_rule_kept"
    RULE_KEPT = "rule_kept"


PHRASES: MappingProxyType[Phrase, Bilingual] = MappingProxyType(
    {
        Phrase.MODEL_ON: ("{model} on {endpoint}", "{endpoint}의 {model}"),
        Phrase.MODEL_LIST_OF: ("model list of {endpoint}", "{endpoint}의 모델 목록"),
        Phrase.TITLE_DOWN: ("DOWN: {subject} ({status})", "장애: {subject} ({status})"),
        Phrase.TITLE_STILL_DOWN: ("STILL DOWN: {subject} ({change})", "장애 지속: {subject} ({change})"),
        Phrase.TITLE_UP: ("UP AGAIN: {subject} (down for {duration})", "복구: {subject} (장애 시간 {duration})"),
        Phrase.TITLE_SLOW: ("SLOW: {subject}", "응답 지연: {subject}"),
        Phrase.TITLE_STILL_SLOW: ("STILL SLOW: {subject}", "응답 지연 지속: {subject}"),
        Phrase.TITLE_FAST: (
            "FAST AGAIN: {subject} (slow for {duration})",
            "응답 속도 회복: {subject} (지연 시간 {duration})",
        ),
        Phrase.TITLE_REMOVED: ("CLOSED: {subject} (no longer monitored)", "종료: {subject} (모니터링 해제)"),
        Phrase.DOWN_IN_A_ROW: (
            "{subject} is down ({words}): {count} probes in a row failed since {since}.",
            "{subject} 장애 ({words}): {since}부터 프로브가 {count}회 연속 실패했습니다.",
        ),
        Phrase.DOWN_ONCE: (
            "{subject} is down ({words}): the probe at {since} failed.",
            "{subject} 장애 ({words}): {since} 프로브가 실패했습니다.",
        ),
        Phrase.DOWN_BY_AUTH: (
            "{subject} is down ({words}): refused {count} times in a row; failing since {since}.",
            "{subject} 장애 ({words}): 인증이 {count}회 연속 거부되었습니다. 실패 시작 {since}.",
        ),
        Phrase.DOWN_BY_RATIO: (
            "{subject} fails again and again ({words}): {count} of the last {window} probes failed since {since}.",
            "{subject} 반복 실패 ({words}): {since}부터 최근 프로브 {window}회 중 {count}회가 실패했습니다.",
        ),
        Phrase.STILL_DOWN: (
            "{subject} is still down; what changed: {change}. Down since {since}; probes failed: {count}.",
            "{subject} 장애가 계속되고 있습니다. 바뀐 점: {change}. {since}부터 프로브가 총 {count}회 실패했습니다.",
        ),
        Phrase.STILL_SLOW: (
            "{subject} is still slow, since {since}.",
            "{subject} 응답 지연이 {since}부터 계속되고 있습니다.",
        ),
        Phrase.BECAME: ("{old} became {new}", "{old} → {new}"),
        Phrase.UP_AGAIN: (
            "{subject} works again. It was down for {duration}, from {since} to {until}; probes failed: {count}.",
            "{subject}: 정상으로 돌아왔습니다. 장애 시간 {duration} ({since} ~ {until}), 실패한 프로브 {count}회.",
        ),
        Phrase.SLOW: (
            "{subject} answers slowly: {count} of the last {window} answers took too long, since {since}.",
            "{subject} 응답이 느립니다: {since}부터 최근 응답 {window}회 중 {count}회가 기준 시간을 넘었습니다.",
        ),
        Phrase.FAST_AGAIN: (
            "{subject} answers fast enough again. It was slow for {duration}, from {since} to {until}.",
            "{subject}: 응답 속도가 정상으로 돌아왔습니다. 지연 시간 {duration} ({since} ~ {until}).",
        ),
        Phrase.REMOVED: (
            "{subject} is no longer configured, so this incident is closed after {duration} without a recovery seen.",
            "{subject} 항목이 설정에서 삭제되어 {duration} 만에 이 장애 건을 종료합니다. 복구는 확인되지 않았습니다.",
        ),
        Phrase.FAULT: ("whose fault: {fault}", "문제 위치: {fault}"),
        Phrase.REASON: ("reason: {reason}", "오류 내용: {reason}"),
        Phrase.LAST_ERROR: ("last error: {reason}", "마지막 오류: {reason}"),
        Phrase.WHAT_TO_DO: ("what to do: {action}", "조치 방법: {action}"),
        Phrase.WORKS_NOW: ("works now: {models}", "현재 정상: {models}"),
        Phrase.ADVICE_SLOW: (
            "Raise timeouts where you call it, or switch traffic to a faster model.",
            "호출하는 쪽의 제한 시간을 늘리거나 더 빠른 모델로 트래픽을 전환하세요.",
        ),
        Phrase.ADVICE_AND_BEST: ("{action}; {best}", "{action}. {best}"),
        Phrase.NEWEST_ANSWER: ("newest answer: {latency}", "최근 응답 시간: {latency}"),
        Phrase.CHANNEL_DEAD_TITLE: (
            "NOT DELIVERED: the channel {channel} refuses messages",
            "전달 실패: 알림 채널 {channel}",
        ),
        Phrase.CHANNEL_DEAD: (
            "A message was given up, people may not know of it: {lost}\nreason: {reason}",
            "다음 알림을 전달하지 못해 포기했습니다. 담당자가 모를 수 있습니다: {lost}\n오류 내용: {reason}",
        ),
        Phrase.CHANNEL_DEAD_ACTION: (
            "Correct the channel in the configuration, then try `relaywatch notify test {channel}`.",
            "설정에서 이 채널을 고친 뒤 `relaywatch notify test {channel}` 명령으로 확인하세요.",
        ),
        Phrase.TEST_TITLE: ("TEST: RelayWatch reaches the channel {channel}", "테스트: 알림 채널 {channel} 연결 확인"),
        Phrase.TEST: (
            "This is a test. Nothing is wrong, nothing needs to be done.\nsent: {at}",
            "테스트 메시지입니다. 문제가 없으며 조치할 것도 없습니다.\n보낸 시각: {at}",
        ),
        Phrase.LABEL_SEVERITY: ("Severity", "심각도"),
        Phrase.LABEL_FAULT: ("Whose fault", "문제 위치"),
        Phrase.LABEL_SINCE: ("Since", "시작"),
        Phrase.LABEL_FAILED: ("Failing", "실패"),
        Phrase.LABEL_LASTED: ("Lasted", "지속 시간"),
        Phrase.LABEL_REASON: ("Reason", "오류 내용"),
        Phrase.LABEL_ACTION: ("What to do", "조치 방법"),
        Phrase.LABEL_INCIDENT: ("incident {id}", "장애 번호 {id}"),
        Phrase.LABEL_OPEN_PAGE: ("Open status page", "상태 페이지 열기"),
        Phrase.PROBES_IN_A_ROW: ("{count} in a row", "{count}회 연속"),
        Phrase.EVERYTHING: ("every endpoint", "모든 엔드포인트"),
        Phrase.PROVIDER_ON: ("{provider} models on {endpoint}", "{endpoint}의 {provider} 모델"),
        Phrase.SEVERAL_ON: ("{count} checks on {endpoint}", "{endpoint}의 체크 {count}개"),
        Phrase.DOWN_TOGETHER: (
            "{subject} is down ({words}): {count} checks fail since {since}.",
            "{subject} 장애 ({words}): {since}부터 체크 {count}개가 실패하고 있습니다.",
        ),
        Phrase.FAILING: ("failing now ({count}): {models}", "현재 실패 ({count}개): {models}"),
        Phrase.AND_MORE: ("and {count} more", "외 {count}개"),
        Phrase.TITLE_STILL: ("STILL DOWN: {subject} (for {duration})", "장애 지속: {subject} ({duration}째)"),
        Phrase.STILL: (
            "{subject} is still down, for {duration} now. Down since {since}; probes failed: {count}.",
            "{subject} 장애가 {duration}째 계속되고 있습니다. {since}부터 프로브가 총 {count}회 실패했습니다.",
        ),
        Phrase.STILL_SO: (
            "{subject}: {rule}. It has been so for {duration}, since {since}.",
            "{subject}: {rule}. {since}부터 {duration}째 계속되고 있습니다.",
        ),
        Phrase.TITLE_ESCALATED: ("ESCALATED: {title}", "에스컬레이션: {title}"),
        Phrase.ESCALATED: (
            "{lead} Nobody has acknowledged it for {duration}.",
            "{lead} {duration} 동안 아무도 확인하지 않았습니다.",
        ),
        Phrase.TITLE_ACKNOWLEDGED: ("ACKNOWLEDGED: {subject} (by {by})", "확인됨: {subject} (담당 {by})"),
        Phrase.ACKNOWLEDGED: (
            "{by} is on it{note}. No more reminders until {subject} works again.",
            "{by} 님이 처리 중입니다{note}. 복구될 때까지 다시 알리지 않습니다: {subject}.",
        ),
        Phrase.REMAINING: ("still down, told separately: {models}", "별도로 알린 남은 장애: {models}"),
        Phrase.TOLD_LATE: ("told only now because {why}", "늦게 알린 이유: {why}"),
        Phrase.TITLE_FLAPPING: ("FLAPPING: {subject}", "상태 반복 변경: {subject}"),
        Phrase.TITLE_STILL_FLAPPING: ("STILL FLAPPING: {subject}", "상태 반복 변경 지속: {subject}"),
        Phrase.TITLE_SETTLED: ("SETTLED: {subject} is {state}", "안정됨: {subject} ({state})"),
        Phrase.FLAPPING: (
            "{subject} keeps going up and down (weighted changes: {percent} %). Nothing more until it settles.",
            "{subject} 상태가 계속 바뀝니다 (가중 변경률 {percent} %). 안정될 때까지 더 알리지 않습니다.",
        ),
        Phrase.SETTLED: (
            "{subject} no longer flaps and is {state}. It flapped for {duration}, from {since} to {until}.",
            "{subject} 상태 반복 변경이 끝났습니다. 현재 상태 {state}, 지속 시간 {duration} ({since} ~ {until}).",
        ),
        Phrase.TITLE_RULE: ("{rule}: {subject}", "{rule}: {subject}"),
        Phrase.TITLE_STILL_RULE: ("STILL: {rule}: {subject}", "지속: {rule}: {subject}"),
        Phrase.TITLE_RULE_KEPT: ("KEPT AGAIN: {subject} ({rule})", "규칙 회복: {subject} ({rule})"),
        Phrase.RULE_KEPT: (
            "{subject} keeps the rule again ({rule}). It was broken for {duration}, from {since} to {until}.",
            "{subject}: 규칙을 다시 지키고 있습니다 ({rule}). 위반 시간 {duration} ({since} ~ {until}).",
        ),
    },
)

STATUS_WORDS: MappingProxyType[Status, Bilingual] = MappingProxyType(
    {
        Status.UP: ("works", "정상"),
        Status.DEGRADED: ("slow, or not its own answer", "응답 지연 또는 대체 응답"),
        Status.TIMEOUT: ("no answer in time", "응답 시간 초과"),
        Status.CONNECTION_ERROR: ("cannot connect", "연결 실패"),
        Status.AUTH_ERROR: ("the API key is refused", "API 키 인증 거부"),
        Status.RATE_LIMITED: ("too many requests", "요청 한도 초과"),
        Status.QUOTA_EXCEEDED: ("out of credit or over a limit", "크레딧 소진 또는 사용 한도 초과"),
        Status.MODEL_NOT_FOUND: ("model not found", "모델을 찾을 수 없음"),
        Status.OVERLOADED: ("overloaded", "과부하"),
        Status.SERVER_ERROR: ("server error", "서버 오류"),
        Status.CLIENT_ERROR: ("the request is refused", "요청 거부"),
        Status.INVALID_RESPONSE: ("invalid answer", "잘못된 응답"),
        Status.UNKNOWN: ("not known", "알 수 없음"),
    },
)

FAULT_WORDS: MappingProxyType[FaultDomain | None, Bilingual] = MappingProxyType(
    {
        FaultDomain.KEY: ("the API key", "API 키"),
        FaultDomain.QUOTA: ("the account's quota or rate limit", "계정의 사용 한도"),
        FaultDomain.MODEL: ("this model", "해당 모델"),
        FaultDomain.PROVIDER: ("the provider behind the endpoint", "엔드포인트 뒤의 모델 제공자"),
        FaultDomain.ENDPOINT: ("the endpoint (its servers or gateway)", "엔드포인트 (서버 또는 게이트웨이)"),
        FaultDomain.NETWORK: ("the network on the way to the endpoint", "엔드포인트까지의 네트워크"),
        FaultDomain.MONITOR: ("this monitor's request or configuration", "RelayWatch 요청 또는 설정"),
        None: ("not known", "알 수 없음"),
    },
)

SEVERITY_WORDS: MappingProxyType[str, Bilingual] = MappingProxyType(
    {"critical": ("critical", "심각"), "warning": ("warning", "경고")},
)


KIND_WORDS: MappingProxyType[IncidentKind, Bilingual] = MappingProxyType(
    {
        IncidentKind.OUTAGE: ("down", "장애"),
        IncidentKind.SLOW: ("slow, or answered by another", "응답 지연 또는 대체 응답"),
        IncidentKind.FLAPPING: ("flapping", "상태 반복 변경"),
        IncidentKind.AVAILABILITY: ("availability too low", "가용률 미달"),
        IncidentKind.LATENCY: ("latency too high", "지연 시간 초과"),
        IncidentKind.BURN_RATE: ("error budget burns too fast", "오류 예산 과다 소진"),
        IncidentKind.CERTIFICATE: ("certificate expires soon", "인증서 만료 임박"),
        IncidentKind.COVERAGE: ("too few probes", "프로브 부족"),
        IncidentKind.CATALOGUE: ("no longer in the model list", "모델 목록에서 사라짐"),
        IncidentKind.HEADROOM: ("rate limit nearly used up", "요청 한도 소진 임박"),
        IncidentKind.BALANCE: ("balance nearly used up", "잔액 소진 임박"),
    },
)

WITHHELD_WORDS: MappingProxyType[Told | None, Bilingual] = MappingProxyType(
    {
        Told.SILENCED: ("it was silenced", "침묵 설정"),
        Told.MAINTENANCE: ("of a maintenance window", "점검 시간"),
        Told.FLAPPING: ("it was flapping", "상태 반복 변경"),
        Told.OUTAGE_TOLD: ("the outage behind it was told", "원인 장애를 이미 알림"),
        Told.NO_ROUTE: ("no channel wanted it before", "해당 알림 채널 없음"),
        Told.NO_CHANNELS: ("there was no channel", "알림 채널 없음"),
    },
)


def in_language(words: Bilingual, language: Language) -> str:
    """The one of the two that the reader understands."""
    return words[language is Language.KO]
