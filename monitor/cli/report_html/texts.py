"""The words of the HTML report, in English and in Korean; about faults and incidents they are those of the messages."""

from enum import StrEnum
from types import MappingProxyType

from monitor.alerting.phrases import PHRASES, Bilingual, Phrase
from monitor.alerting.texts import Voice


class Text(StrEnum):
    """One text of the report; the fields in braces are filled in by `say`."""

    TITLE = "title"
    MADE = "made"
    ALL_CHECKS = "all_checks"
    MODEL_LIST = "model_list"
    SUMMARY = "summary"
    NOTHING = "nothing"
    SUCCEEDED = "succeeded"
    SUCCEEDED_ALL = "succeeded_all"
    NO_INCIDENT = "no_incident"
    ONE_INCIDENT = "one_incident"
    INCIDENTS_TOLD = "incidents_told"
    LASTED_ONE = "lasted_one"
    LONGEST = "longest"
    STILL_OPEN_TOLD = "still_open_told"
    LEAST = "least"
    BETTER = "better"
    WORSE = "worse"
    SAME = "same"
    NOT_COVERED = "not_covered"
    DELETED = "deleted"
    AVAILABILITY = "availability"
    COVERAGE = "coverage"
    PROBES = "probes"
    INCIDENTS = "incidents"
    DOWNTIME = "downtime"
    MTTR = "mttr"
    MTBF = "mtbf"
    TTFT = "ttft"
    COST = "cost"
    LATENCY = "latency"
    POINTS = "points"
    BEFORE = "before"
    UPTIME = "uptime"
    BAR_IS = "bar_is"
    BARS_SAY = "bars_say"
    LEGEND_UP = "legend_up"
    LEGEND_FEW = "legend_few"
    LEGEND_FAILED = "legend_failed"
    LEGEND_ALL = "legend_all"
    LEGEND_THIN = "legend_thin"
    LEGEND_HOLLOW = "legend_hollow"
    LEGEND_EXCUSED = "legend_excused"
    LEGEND_UNWATCHED = "legend_unwatched"
    BAR_MEASURED = "bar_measured"
    BAR_HOLLOW = "bar_hollow"
    BAR_EXCUSED = "bar_excused"
    BAR_UNWATCHED = "bar_unwatched"
    CURVES = "curves"
    CURVES_SAY = "curves_say"
    NO_LATENCY = "no_latency"
    MEDIAN = "median"
    GAP = "gap"
    EACH_CHECK = "each_check"
    EACH_BARS = "each_bars"
    EACH_FIGURES = "each_figures"
    NOT_DRAWN = "not_drawn"
    FIGURES = "figures"
    CHECK = "check"
    ENDPOINT = "endpoint"
    TREND = "trend"
    TREND_LEFT_OUT = "trend_left_out"
    NOW = "now"
    CHANGE = "change"
    WORST_HOURS = "worst_hours"
    NO_BAD_HOUR = "no_bad_hour"
    HOUR = "hour"
    FAILED_OF = "failed_of"
    FAULTS = "faults"
    NO_FAULT = "no_fault"
    FAULT = "fault"
    REQUESTS = "requests"
    AND_MORE = "and_more"
    INCIDENT_LIST = "incident_list"
    START = "start"
    END = "end"
    LASTED = "lasted"
    COUNT_OF_CHECKS = "count_of_checks"
    OPEN = "open"
    OF_WHICH = "of_which"
    SEVERITY = "severity"
    READING = "reading"
    UTC_NOTE = "utc_note"


TEXTS: MappingProxyType[Text, Bilingual] = MappingProxyType(
    {
        Text.TITLE: ("Availability report", "가용성 보고서"),
        Text.MADE: ("made {at}", "작성 {at}"),
        Text.ALL_CHECKS: ("all checks", "전체 체크"),
        Text.MODEL_LIST: ("model list", "모델 목록"),
        Text.SUMMARY: ("Summary", "요약"),
        Text.NOTHING: ("Nothing was measured in this period.", "이 기간에는 측정된 것이 없습니다."),
        Text.SUCCEEDED: (
            "{availability} of the probes that count succeeded ({counted} in all).",
            "집계된 프로브 {counted}회 중 {availability}가 성공했습니다.",
        ),
        Text.SUCCEEDED_ALL: (
            "All probes that count succeeded ({counted}).",
            "집계된 프로브 {counted}회가 모두 성공했습니다.",
        ),
        Text.NO_INCIDENT: ("There was no incident.", "장애가 없었습니다."),
        Text.ONE_INCIDENT: ("There was one incident, {downtime} of downtime.", "장애 1건, 장애 시간 {downtime}."),
        Text.INCIDENTS_TOLD: (
            "There were {count} incidents, {downtime} of downtime together.",
            "장애 {count}건, 장애 시간 합계 {downtime}.",
        ),
        Text.LASTED_ONE: (
            "It lasted {duration}: {subject} (at fault: {fault}).",
            "지속 시간 {duration}: {subject} (문제 위치: {fault}).",
        ),
        Text.LONGEST: (
            "The longest lasted {duration}: {subject} (at fault: {fault}).",
            "가장 긴 장애는 {duration}: {subject} (문제 위치: {fault}).",
        ),
        Text.STILL_OPEN_TOLD: ("Still open: {count}.", "진행 중인 장애: {count}건."),
        Text.LEAST: (
            "The least available check was {check} with {availability}.",
            "가용률이 가장 낮은 체크: {check} ({availability}).",
        ),
        Text.BETTER: (
            "Compared with the period before, availability rose by {points} (from {before}).",
            "직전 기간보다 가용률이 {points} 올랐습니다 (이전 {before}).",
        ),
        Text.WORSE: (
            "Compared with the period before, availability fell by {points} (from {before}).",
            "직전 기간보다 가용률이 {points} 내렸습니다 (이전 {before}).",
        ),
        Text.SAME: (
            "Availability was the same in the period before.",
            "직전 기간과 가용률이 같습니다.",
        ),
        Text.NOT_COVERED: (
            "{share} of the probes that were due gave no result that counts: what happened then is not known.",
            "예정된 프로브의 {share}에서 집계할 결과를 얻지 못했습니다. 그동안의 상태는 알 수 없습니다.",
        ),
        Text.DELETED: (
            "Results before {at} are deleted already, so figures begin there.",
            "{at} 이전 결과는 이미 삭제되어 그 이후만 집계했습니다.",
        ),
        Text.AVAILABILITY: ("Availability", "가용률"),
        Text.COVERAGE: ("Coverage", "측정률"),
        Text.PROBES: ("Probes", "프로브"),
        Text.INCIDENTS: ("Incidents", "장애"),
        Text.DOWNTIME: ("Downtime", "장애 시간"),
        Text.MTTR: ("MTTR", "MTTR"),
        Text.MTBF: ("MTBF", "MTBF"),
        Text.TTFT: ("TTFT p95", "TTFT p95"),
        Text.COST: ("Cost of probing", "프로브 비용"),
        Text.LATENCY: ("Latency p95", "응답 시간 p95"),
        Text.POINTS: ("{points} points", "{points} %p"),
        Text.BEFORE: ("before: {value}", "이전: {value}"),
        Text.UPTIME: ("Uptime", "가동 현황"),
        Text.BAR_IS: ("One bar is {length}.", "막대 하나는 {length}입니다."),
        Text.BARS_SAY: ("{subject}: availability {availability}", "{subject}: 가용률 {availability}"),
        Text.LEGEND_UP: ("no failure", "실패 없음"),
        Text.LEGEND_FEW: ("1 % failed", "1 % 실패"),
        Text.LEGEND_FAILED: ("10 % failed", "10 % 실패"),
        Text.LEGEND_ALL: ("all failed", "모두 실패"),
        Text.LEGEND_THIN: ("narrow: less than 90 % was measured", "좁은 막대: 측정 90 % 미만"),
        Text.LEGEND_HOLLOW: ("hollow: due, not measured", "빈 막대: 예정되었으나 측정 안 됨"),
        Text.LEGEND_EXCUSED: ("maintenance", "점검"),
        Text.LEGEND_UNWATCHED: ("not watched", "모니터링 안 함"),
        Text.BAR_MEASURED: (
            "{when}: availability {availability}, {failed} of {counted} failed, coverage {coverage}",
            "{when}: 가용률 {availability}, {counted}회 중 {failed}회 실패, 측정률 {coverage}",
        ),
        Text.BAR_HOLLOW: ("{when}: {due} probes were due, none was counted", "{when}: 예정된 {due}회 모두 집계 안 됨"),
        Text.BAR_EXCUSED: ("{when}: maintenance", "{when}: 점검"),
        Text.BAR_UNWATCHED: ("{when}: not watched", "{when}: 모니터링 안 함"),
        Text.CURVES: ("Latency over time", "시간별 응답 시간"),
        Text.CURVES_SAY: (
            "{subject}: latency over time; median {p50}, 95th percentile {p95}, 99th percentile {p99}",
            "{subject}: 시간별 응답 시간. 중앙값 {p50}, 95 백분위 {p95}, 99 백분위 {p99}",
        ),
        Text.NO_LATENCY: ("No answer to measure.", "측정할 응답이 없습니다."),
        Text.MEDIAN: ("p50 (median)", "p50 (중앙값)"),
        Text.GAP: ("nothing measured", "측정 없음"),
        Text.EACH_CHECK: ("Latency of each check ({count})", "체크별 응답 시간 ({count}개)"),
        Text.EACH_BARS: ("Bars of each check ({count})", "체크별 막대 ({count}개)"),
        Text.EACH_FIGURES: ("Figures of each check", "체크별 수치"),
        Text.NOT_DRAWN: (
            "The curves of {count} more checks are not drawn; their figures are in the table.",
            "체크 {count}개의 곡선은 생략했습니다. 수치는 표에 있습니다.",
        ),
        Text.FIGURES: ("All figures", "전체 수치"),
        Text.CHECK: ("Check", "체크"),
        Text.ENDPOINT: ("Endpoint", "엔드포인트"),
        Text.TREND: ("Compared with the period before", "직전 기간과 비교"),
        Text.TREND_LEFT_OUT: (
            "The {shown} that changed most, of {count}.",
            "{count}개 중 변화가 큰 {shown}개.",
        ),
        Text.NOW: ("now", "이번"),
        Text.CHANGE: ("change", "변화"),
        Text.WORST_HOURS: ("Worst hours", "가장 나빴던 시간대"),
        Text.NO_BAD_HOUR: ("No hour had a failure.", "실패가 있었던 시간이 없습니다."),
        Text.HOUR: ("Hour", "시간"),
        Text.FAILED_OF: ("Failed", "실패"),
        Text.FAULTS: ("Downtime by whose fault it was", "문제 위치별 장애 시간"),
        Text.NO_FAULT: ("There was no downtime.", "장애 시간이 없습니다."),
        Text.FAULT: PHRASES[Phrase.LABEL_FAULT],
        Text.REQUESTS: ("Request ids of failed probes ({count})", "실패한 프로브의 요청 ID ({count}개)"),
        Text.AND_MORE: PHRASES[Phrase.AND_MORE],
        Text.INCIDENT_LIST: ("Incidents", "장애 목록"),
        Text.START: ("Start", "시작"),
        Text.END: ("End", "종료"),
        Text.LASTED: ("Lasted", "지속 시간"),
        Text.COUNT_OF_CHECKS: ("{count} checks", "체크 {count}개"),
        Text.OPEN: ("still open", "진행 중"),
        Text.OF_WHICH: (
            "Outages: {outages}. Warnings of other kinds, which are no downtime: {others}.",
            "장애: {outages}건. 장애 시간에 들지 않는 다른 경고: {others}건.",
        ),
        Text.SEVERITY: PHRASES[Phrase.LABEL_SEVERITY],
        Text.READING: ("How to read this", "읽는 법"),
        Text.UTC_NOTE: ("Times are those of {zone}.", "시간대: {zone}."),
    }
)

LENGTHS: MappingProxyType[int, Bilingual] = MappingProxyType(
    {
        300: ("5 minutes", "5분"),
        3600: ("an hour", "1시간"),
        21_600: ("6 hours", "6시간"),
        86_400: ("a day", "하루"),
        604_800: ("a week", "1주"),
    }
)
"""How long a bar is, by its seconds."""
WEEKS: Bilingual = ("{count} weeks", "{count}주")


def say(text: Text, voice: Voice, **facts: object) -> str:
    """The text in the reader's language, its fields filled; braces inside a fact stay as they are."""
    return voice.word(TEXTS[text]).format(**facts)


def length_words(step_s: int, voice: Voice) -> str:
    """How long a stretch of so many seconds is, in words."""
    known = LENGTHS.get(step_s)
    return voice.word(known) if known is not None else voice.word(WEEKS).format(count=step_s // 604_800)
