"""Notices: what RelayWatch says of itself, without an incident."""

from datetime import datetime
from types import MappingProxyType

from monitor.alerting.audience import Audience
from monitor.alerting.notification import Event, Notification
from monitor.clock import US_PER_S, Moment
from monitor.domain.action import Language
from monitor.domain.check import Check, CheckKind, Severity, check_id, provider_of

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


def forgotten_check(check: str, endpoint: str) -> Check:
    """A stand-in for a check that is no longer configured but has an incident to end."""
    prefix = check_id(endpoint, CheckKind.CHAT, "")
    model = check.removeprefix(prefix) if check.startswith(prefix) else None
    kind = CheckKind.MODELS if model is None else CheckKind.CHAT
    return Check(id=check, endpoint=endpoint, kind=kind, model=model, provider=provider_of(model, endpoint))


def _local(at: Moment, audience: Audience) -> str:
    when = datetime.fromtimestamp(at.wall_us // US_PER_S, audience.voice.timezone)
    return when.strftime("%Y-%m-%d %H:%M:%S %Z")
