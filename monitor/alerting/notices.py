"""Notices: what RelayWatch says of itself, without an incident."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from monitor.alerting.audience import Audience
from monitor.alerting.notification import Event, Notification
from monitor.clock import US_PER_S, Moment
from monitor.domain.action import Language
from monitor.domain.check import Check, CheckKind, check_id, provider_of
from monitor.domain.severity import Severity

SERVICE = "relaywatch"

_CANNOT_RECORD = MappingProxyType(
    {
        Language.EN: (
            "RelayWatch cannot record",
            (
                "The database refuses since {since}: {error}\nProbing goes on and results wait in memory. "
                "Alerts are held back until they can be recorded."
            ),
            "Free disk space or repair the database; nothing needs to be restarted.",
        ),
        Language.KO: (
            "RelayWatch가 기록하지 못하고 있습니다",
            (
                "{since}부터 데이터베이스 쓰기가 거부되고 있습니다: {error}\n"
                "프로브는 계속되며 결과는 메모리에 보관됩니다. 기록이 가능해질 때까지 알림은 보류됩니다."
            ),
            "디스크 공간을 확보하거나 데이터베이스를 복구하세요. 재시작은 필요 없습니다.",
        ),
    }
)
_RECORDS_AGAIN = MappingProxyType(
    {
        Language.EN: (
            "RelayWatch records again",
            "The database refused from {since} to {until}. Results lost for want of memory: {dropped}.",
        ),
        Language.KO: (
            "RelayWatch가 다시 기록합니다",
            "{since}부터 {until}까지 데이터베이스 쓰기가 거부되었습니다. 메모리 부족으로 잃은 결과: {dropped}건.",
        ),
    }
)
_UPLINK = MappingProxyType(
    {
        Language.EN: (
            "RelayWatch had no network",
            "RelayWatch itself had no network from {since} to {until}; {unknown}.",
            "Check the network of the machine that RelayWatch runs on.",
        ),
        Language.KO: (
            "RelayWatch의 네트워크가 끊겼습니다",
            (
                "{since}부터 {until}까지 RelayWatch 자신의 네트워크가 끊겨 있었습니다. "
                "{unknown}은 알 수 없음으로 처리됩니다."
            ),
            "RelayWatch가 실행되는 서버의 네트워크를 확인하세요.",
        ),
    }
)
_UPLINK_CLOSED = MappingProxyType(
    {
        Language.EN: (
            "RelayWatch has no network",
            (
                "RelayWatch reaches none of its self-check targets since {since}. Until it does, a failure without an "
                "answer counts as unknown and opens no incident. That this message arrives says that some of its "
                "network works: the targets may be blocked."
            ),
            "Check the machine's network, or set [connectivity] targets to hosts that it may reach.",
        ),
        Language.KO: (
            "RelayWatch의 네트워크가 끊겨 있습니다",
            (
                "{since}부터 RelayWatch가 자가 점검 대상에 전혀 연결하지 못하고 있습니다. "
                "그동안 응답 없는 실패는 알 수 없음으로 처리되며 인시던트를 열지 않습니다. "
                "이 메시지가 도착했다면 네트워크 일부는 동작하는 것이므로 대상이 차단되었을 수 있습니다."
            ),
            "서버의 네트워크를 확인하거나 [connectivity] targets를 연결 가능한 호스트로 바꾸세요.",
        ),
    }
)
_FROZEN = MappingProxyType(
    {
        Language.EN: (
            "RelayWatch stood still",
            "RelayWatch was frozen or suspended from {since} to {until} and probed nothing meanwhile.",
            "Check the machine that RelayWatch runs on: was it suspended, or starved of CPU or memory?",
        ),
        Language.KO: (
            "RelayWatch가 멈춰 있었습니다",
            "{since}부터 {until}까지 RelayWatch가 멈추거나 일시 중단되어 아무것도 점검하지 못했습니다.",
            "RelayWatch가 실행되는 서버가 일시 중단되었거나 CPU나 메모리가 부족했는지 확인하세요.",
        ),
    }
)
_PROBES = MappingProxyType(
    {
        Language.EN: ("1 probe counts as unknown", "{} probes count as unknown"),
        Language.KO: ("프로브 1건", "프로브 {}건"),
    }
)
_LAST_GOOD = MappingProxyType(
    {
        Language.EN: (
            "RelayWatch runs with an earlier configuration",
            "RelayWatch runs with the configuration of {kept} because the present file is invalid: {problem}",
            " (and {more} more)",
            "Correct the file (`relaywatch config check` names every problem), then reload or restart.",
        ),
        Language.KO: (
            "RelayWatch가 이전 설정으로 동작 중입니다",
            "현재 설정 파일이 올바르지 않아 RelayWatch가 {kept}의 설정으로 동작 중입니다: {problem}",
            " (외 {more}건)",
            "파일을 수정하고(`relaywatch config check`로 모든 문제 확인) 다시 불러오거나 재시작하세요.",
        ),
    }
)
_PRESENT_AGAIN = MappingProxyType(
    {
        Language.EN: (
            "RelayWatch runs with the present configuration again",
            "The file is valid and in force since {now}.",
        ),
        Language.KO: (
            "RelayWatch가 다시 현재 설정으로 동작합니다",
            "설정 파일이 올바르며 {now}부터 적용되었습니다.",
        ),
    }
)


def cannot_record(error: str, since: Moment, audience: Audience) -> Notification:
    """The database refuses for too long; sent straight to a channel because nothing can be recorded first."""
    title, message, action = _CANNOT_RECORD[audience.voice.language]
    return Notification(
        id=f"rw-{audience.instance}-cannot-record-{since.wall_us}",
        event=Event.NOTICE,
        severity=Severity.CRITICAL,
        service=SERVICE,
        title=title,
        message=message.format(since=_local(since, audience), error=error),
        recommended_action=action,
        url=audience.public_url,
    )


def records_again(since: Moment, now: Moment, dropped: int, audience: Audience) -> Notification:
    """The database accepts again."""
    title, message = _RECORDS_AGAIN[audience.voice.language]
    return Notification(
        id=f"rw-{audience.instance}-records-again-{since.wall_us}",
        event=Event.NOTICE,
        severity=Severity.WARNING,
        service=SERVICE,
        title=title,
        message=message.format(since=_local(since, audience), until=_local(now, audience), dropped=dropped),
        url=audience.public_url,
    )


def uplink(since: Moment, until: Moment, unknown_results: int, audience: Audience) -> Notification:
    """The monitor's own way out is open again.

    Args:
        since: when it was first found closed.
        until: when it was found open again.
        unknown_results: how many results say nothing for that.
        audience: who is told, and how.
    """
    one, many = _PROBES[audience.voice.language]
    unknown = one if unknown_results == 1 else many.format(unknown_results)
    return _of_ourselves("uplink", _UPLINK, since, audience, until=_local(until, audience), unknown=unknown)


def uplink_closed(since: Moment, audience: Audience) -> Notification:
    """The monitor's own way out is closed for long; reaches somebody only if that is not the whole truth."""
    return _of_ourselves("uplink-closed", _UPLINK_CLOSED, since, audience)


def frozen(since: Moment, until: Moment, audience: Audience) -> Notification:
    """The whole process, or its machine, stood still."""
    return _of_ourselves("frozen", _FROZEN, since, audience, until=_local(until, audience))


def _of_ourselves(
    what: str,
    texts: Mapping[Language, tuple[str, str, str]],
    since: Moment,
    audience: Audience,
    **values: str,
) -> Notification:
    title, message, action = texts[audience.voice.language]
    return Notification(
        id=f"rw-{audience.instance}-{what}-{since.wall_us}",
        event=Event.NOTICE,
        severity=Severity.WARNING,
        service=SERVICE,
        title=title,
        message=message.format(since=_local(since, audience), **values),
        recommended_action=action,
        url=audience.public_url,
    )


def runs_on_last_good(kept: Moment, problems: Sequence[str], now: Moment, audience: Audience) -> Notification:
    """Started with the copy of an earlier configuration; at least one problem of the present file is known."""
    title, message, more, action = _LAST_GOOD[audience.voice.language]
    text = message.format(kept=_local(kept, audience), problem=problems[0])
    return Notification(
        id=f"rw-{audience.instance}-last-good-{now.wall_us}",
        event=Event.NOTICE,
        severity=Severity.CRITICAL,
        service=SERVICE,
        title=title,
        message=text + (more.format(more=len(problems) - 1) if len(problems) > 1 else ""),
        recommended_action=action,
        url=audience.public_url,
    )


def runs_on_present(now: Moment, audience: Audience) -> Notification:
    """The present file is in force again, after a start with an earlier one."""
    title, message = _PRESENT_AGAIN[audience.voice.language]
    return Notification(
        id=f"rw-{audience.instance}-present-{now.wall_us}",
        event=Event.NOTICE,
        severity=Severity.WARNING,
        service=SERVICE,
        title=title,
        message=message.format(now=_local(now, audience)),
        url=audience.public_url,
    )


def forgotten_check(check: str, endpoint: str) -> Check:
    """A stand-in for a check that is no longer configured but has an incident to end."""
    prefix = check_id(endpoint, CheckKind.CHAT, "")
    model = check.removeprefix(prefix) if check.startswith(prefix) else None
    kind = CheckKind.MODELS if model is None else CheckKind.CHAT
    return Check(id=check, endpoint=endpoint, kind=kind, model=model, provider=provider_of(model, endpoint))


def _local(at: Moment, audience: Audience) -> str:
    when = datetime.fromtimestamp(at.wall_us // US_PER_S, audience.voice.timezone)
    return when.strftime("%Y-%m-%d %H:%M:%S %Z")
