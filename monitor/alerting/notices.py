"""Notices: what RelayWatch says of itself, without an incident."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from monitor.alerting.audience import Audience
from monitor.alerting.notification import MONITOR, Event, Notification
from monitor.alerting.phrases import Bilingual
from monitor.clock import US_PER_S, Moment
from monitor.domain.caps import Reached, Span
from monitor.domain.prices import dollars, usd
from monitor.domain.severity import Severity


class _What(StrEnum):
    """What a notice is about; part of its id."""

    CANNOT_RECORD = "cannot-record"
    RECORDS_AGAIN = "records-again"
    UPLINK = "uplink"
    UPLINK_CLOSED = "uplink-closed"
    FROZEN = "frozen"
    LAST_GOOD = "last-good"
    PRESENT_AGAIN = "present"
    CAP_SPENT = "cost-cap"
    CAP_OVER = "cost-cap-over"
    HISTORY_SHORTENED = "history-shortened"
    SIZE_OUT_OF_REACH = "size-limit"


@dataclass(frozen=True, slots=True)
class _Words:
    title: Bilingual
    message: Bilingual
    action: Bilingual | None = None
    severity: Severity = Severity.WARNING


_NOTICES: MappingProxyType[_What, _Words] = MappingProxyType(
    {
        _What.CANNOT_RECORD: _Words(
            title=("RelayWatch cannot record", "RelayWatch가 기록하지 못하고 있습니다"),
            message=(
                (
                    "The database refuses since {since}: {error}\n"
                    "Probing goes on and results wait in memory. Alerts are held back until they can be recorded."
                ),
                (
                    "{since}부터 데이터베이스 쓰기가 거부되고 있습니다: {error}\n"
                    "프로브는 계속되며 결과는 메모리에 보관됩니다. 기록이 가능해질 때까지 알림은 보류됩니다."
                ),
            ),
            action=(
                "Free disk space or repair the database; nothing needs to be restarted.",
                "디스크 공간을 확보하거나 데이터베이스를 복구하세요. 재시작은 필요 없습니다.",
            ),
            severity=Severity.CRITICAL,
        ),
        _What.RECORDS_AGAIN: _Words(
            title=("RelayWatch records again", "RelayWatch가 다시 기록합니다"),
            message=(
                "The database refused from {since} to {until}. Results lost for want of memory: {dropped}.",
                ("{since}부터 {until}까지 데이터베이스 쓰기가 거부되었습니다. 메모리 부족으로 잃은 결과: {dropped}건."),
            ),
        ),
        _What.UPLINK: _Words(
            title=("RelayWatch had no network", "RelayWatch의 네트워크가 끊겼습니다"),
            message=(
                "RelayWatch itself had no network from {since} to {until}; {unknown}.",
                (
                    "{since}부터 {until}까지 RelayWatch 자신의 네트워크가 끊겨 있었습니다. {unknown}은 알 수 "
                    "없음으로 처리됩니다."
                ),
            ),
            action=(
                "Check the network of the machine that RelayWatch runs on.",
                "RelayWatch가 실행되는 서버의 네트워크를 확인하세요.",
            ),
        ),
        _What.UPLINK_CLOSED: _Words(
            title=("RelayWatch has no network", "RelayWatch의 네트워크가 끊겨 있습니다"),
            message=(
                (
                    "RelayWatch reaches none of its self-check targets since {since}. Until it does, a failure "
                    "without an answer counts as unknown and opens no incident. That this message arrives says "
                    "that some of its network works: the targets may be blocked."
                ),
                (
                    "{since}부터 RelayWatch가 자가 점검 대상에 전혀 연결하지 못하고 있습니다. 그동안 응답 없는 "
                    "실패는 알 수 없음으로 처리되며 인시던트를 열지 않습니다. 이 메시지가 도착했다면 네트워크 "
                    "일부는 동작하는 것이므로 대상이 차단되었을 수 있습니다."
                ),
            ),
            action=(
                "Check the machine's network, or set [connectivity] targets to hosts that it may reach.",
                "서버의 네트워크를 확인하거나 [connectivity] targets를 연결 가능한 호스트로 바꾸세요.",
            ),
        ),
        _What.FROZEN: _Words(
            title=("RelayWatch stood still", "RelayWatch가 멈춰 있었습니다"),
            message=(
                "RelayWatch was frozen or suspended from {since} to {until} and probed nothing meanwhile.",
                "{since}부터 {until}까지 RelayWatch가 멈추거나 일시 중단되어 아무것도 점검하지 못했습니다.",
            ),
            action=(
                "Check the machine that RelayWatch runs on: was it suspended, or starved of CPU or memory?",
                "RelayWatch가 실행되는 서버가 일시 중단되었거나 CPU나 메모리가 부족했는지 확인하세요.",
            ),
        ),
        _What.LAST_GOOD: _Words(
            title=("RelayWatch runs with an earlier configuration", "RelayWatch가 이전 설정으로 동작 중입니다"),
            message=(
                (
                    "RelayWatch runs with the configuration of {kept} because the present file is invalid: "
                    "{problem}{more}"
                ),
                "현재 설정 파일이 올바르지 않아 RelayWatch가 {kept}의 설정으로 동작 중입니다: {problem}{more}",
            ),
            action=(
                "Correct the file (`relaywatch config check` names every problem), then reload or restart.",
                "파일을 수정하고(`relaywatch config check`로 모든 문제 확인) 다시 불러오거나 재시작하세요.",
            ),
            severity=Severity.CRITICAL,
        ),
        _What.PRESENT_AGAIN: _Words(
            title=(
                "RelayWatch runs with the present configuration again",
                "RelayWatch가 다시 현재 설정으로 동작합니다",
            ),
            message=(
                "The file is valid and in force since {now}.",
                "설정 파일이 올바르며 {now}부터 적용되었습니다.",
            ),
        ),
        _What.CAP_SPENT: _Words(
            title=("RelayWatch asks no models: a cost cap is spent", "비용 한도가 소진되어 모델 질문을 멈췄습니다"),
            message=(
                (
                    "The {span} cap of {limit}{whose} is spent, so models are not asked until {until}. Their results "
                    "are unknown meanwhile: they open and end no incident. The model list goes on being probed."
                ),
                (
                    "{whose}{span} 한도({limit})가 소진되어 {until}까지 모델에 질문하지 않습니다. 그동안 결과는 "
                    "알 수 없음으로 처리되어 인시던트를 열거나 끝내지 않습니다. 모델 목록 점검은 계속됩니다."
                ),
            ),
            action=(
                "Wait, or raise the cap in [cost]; `relaywatch check --dry-run` says what probing costs.",
                "기다리거나 [cost]의 한도를 올리세요. `relaywatch check --dry-run`으로 비용을 확인할 수 있습니다.",
            ),
        ),
        _What.CAP_OVER: _Words(
            title=("RelayWatch asks models again", "모델 질문을 다시 시작했습니다"),
            message=(
                "The {span} cap of {limit}{whose} holds nothing back any more.",
                "{whose}{span} 한도 {limit}에 따른 질문 중단이 끝났습니다.",
            ),
        ),
        _What.HISTORY_SHORTENED: _Words(
            title=("RelayWatch keeps results for less long", "RelayWatch의 결과 보존 기간이 짧아졌습니다"),
            message=(
                (
                    "The database has reached its size_limit of {limit}, so the oldest single results go early: they "
                    "are kept since {kept}. Reports stay as they are; roll-ups and incidents are kept."
                ),
                (
                    "데이터베이스가 size_limit {limit}에 도달하여 가장 오래된 개별 결과를 일찍 삭제합니다. {kept} "
                    "이후의 결과만 남습니다. 집계와 인시던트는 보존되며 보고서는 그대로입니다."
                ),
            ),
            action=(
                "Nothing needs to be done; to keep them longer, raise [storage] size_limit or probe less often.",
                "조치가 필요하지 않습니다. 더 오래 보존하려면 [storage]의 size_limit을 올리거나 점검 간격을 늘리세요.",
            ),
        ),
        _What.SIZE_OUT_OF_REACH: _Words(
            title=("RelayWatch's database is larger than its limit", "RelayWatch 데이터베이스가 제한보다 큽니다"),
            message=(
                (
                    "The database is larger than its size_limit of {limit} although all single results but those of "
                    "the newest day were deleted. Roll-ups of hours and days and incidents are never deleted for it."
                ),
                (
                    "최근 하루를 제외한 개별 결과를 모두 삭제했지만 데이터베이스가 size_limit {limit}보다 큽니다. "
                    "시간·일 단위 집계와 인시던트는 이 제한 때문에 삭제되지 않습니다."
                ),
            ),
            action=(
                "Raise [storage] size_limit, or shorten hourly_retention; `relaywatch db info` shows what is large.",
                "[storage]의 size_limit을 올리거나 hourly_retention을 줄이세요. `relaywatch db info`로 확인하세요.",
            ),
        ),
    }
)
_SPANS: MappingProxyType[Span, Bilingual] = MappingProxyType(
    {Span.DAILY: ("daily", "일일"), Span.MONTHLY: ("monthly", "월간")}
)
_OF_ENDPOINT: Bilingual = (" of the endpoint {endpoint}", "엔드포인트 {endpoint}의 ")
_ONE_PROBE: Bilingual = ("1 probe counts as unknown", "프로브 1건")
_PROBES: Bilingual = ("{count} probes count as unknown", "프로브 {count}건")
_AND_MORE: Bilingual = (" (and {more} more)", " (외 {more}건)")


def cannot_record(error: str, since: Moment, audience: Audience) -> Notification:
    """The database refuses for too long; sent straight to a channel because nothing can be recorded first."""
    return _notice(_What.CANNOT_RECORD, since, audience, since=since, error=error)


def records_again(since: Moment, now: Moment, dropped: int, audience: Audience) -> Notification:
    """The database accepts again."""
    return _notice(_What.RECORDS_AGAIN, since, audience, since=since, until=now, dropped=dropped)


def uplink(since: Moment, until: Moment, unknown_results: int, audience: Audience) -> Notification:
    """The monitor's own way out is open again.

    Args:
        since: when it was first found closed.
        until: when it was found open again.
        unknown_results: how many results say nothing for that.
        audience: who is told, and how.
    """
    words = audience.voice.word(_ONE_PROBE if unknown_results == 1 else _PROBES)
    unknown = words.format(count=unknown_results)
    return _notice(_What.UPLINK, since, audience, since=since, until=until, unknown=unknown)


def uplink_closed(since: Moment, audience: Audience) -> Notification:
    """The monitor's own way out is closed for long; reaches somebody only if that is not the whole truth."""
    return _notice(_What.UPLINK_CLOSED, since, audience, since=since)


def frozen(since: Moment, until: Moment, audience: Audience) -> Notification:
    """The whole process, or its machine, stood still."""
    return _notice(_What.FROZEN, since, audience, since=since, until=until)


def runs_on_last_good(kept: Moment, problems: Sequence[str], now: Moment, audience: Audience) -> Notification:
    """Started with the copy of an earlier configuration; at least one problem of the present file is known."""
    unsaid = len(problems) - 1
    more = audience.voice.word(_AND_MORE).format(more=unsaid) if unsaid else ""
    return _notice(_What.LAST_GOOD, now, audience, kept=kept, problem=problems[0], more=more)


def runs_on_present(now: Moment, audience: Audience) -> Notification:
    """The present file is in force again, after a start with an earlier one."""
    return _notice(_What.PRESENT_AGAIN, now, audience, now=now)


def cap_spent(cap: Reached, now: Moment, audience: Audience) -> Notification:
    """Models are not asked any more; told once for a cap and its day or month, whoever starts anew meanwhile."""
    until = now.plus_s((cap.until_us - now.wall_us) / US_PER_S)
    notice = _notice(_What.CAP_SPENT, until, audience, until=until, **_of_cap(cap, audience))
    return replace(notice, id=f"{notice.id}-{cap.limit_nusd}-{cap.endpoint or 'all'}")


def cap_over(cap: Reached, now: Moment, audience: Audience) -> Notification:
    """They are asked again: the day or month is over, or the cap is another."""
    return _notice(_What.CAP_OVER, now, audience, **_of_cap(cap, audience))


def history_shortened(limit: str, kept: Moment, now: Moment, audience: Audience) -> Notification:
    """Single results go before their time, because the database may not grow.

    Args:
        limit: as people write it.
        kept: since when results are left.
        now: the present.
        audience: who is told, and how.
    """
    return _notice(_What.HISTORY_SHORTENED, now, audience, limit=limit, kept=kept)


def size_limit_out_of_reach(limit: str, now: Moment, audience: Audience) -> Notification:
    """What may be deleted to make the database smaller is deleted, and it is not small enough."""
    return _notice(_What.SIZE_OUT_OF_REACH, now, audience, limit=limit)


def _of_cap(cap: Reached, audience: Audience) -> dict[str, str]:
    word = audience.voice.word
    whose = "" if cap.endpoint is None else word(_OF_ENDPOINT).format(endpoint=cap.endpoint)
    return {"span": word(_SPANS[cap.span]), "limit": dollars(usd(cap.limit_nusd)), "whose": whose}


def _notice(what: _What, at: Moment, audience: Audience, **facts: Moment | str | int) -> Notification:
    """The notice; `at` tells it apart from others of its kind, moments are told in the reader's time."""
    words, voice = _NOTICES[what], audience.voice
    said = {name: voice.time(fact.wall_us) if isinstance(fact, Moment) else fact for name, fact in facts.items()}
    return Notification(
        id=f"rw-{audience.instance}-{what}-{at.wall_us}",
        event=Event.NOTICE,
        severity=words.severity,
        service=MONITOR,
        title=voice.word(words.title),
        message=voice.word(words.message).format(**said),
        recommended_action=None if words.action is None else voice.word(words.action),
        url=audience.public_url,
    )
