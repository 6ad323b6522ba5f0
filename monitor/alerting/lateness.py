"""What a message says of its own way to people: that it comes late, with its end, or in another channel's place.

Pure. Owns the sentences and the fact `late_s`. They go to the end of the message's first line, the one line that every
channel shows; the stored message stays as it was. When a message is late or another channel's turn has come is decided
in `delivery`.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from monitor.alerting.notification import Notification
from monitor.alerting.phrases import Bilingual
from monitor.alerting.plain import cut, printable
from monitor.alerting.texts import Voice

LATE_AFTER_S = 60.0
REASON_AT_MOST = 200

_LATE: Bilingual = ("Told {late} late.", "{late} 늦게 알립니다.")
_MERGED: Bilingual = ("Beginning and end in one message.", "발생과 복구를 함께 알립니다.")
_LATE_MERGED: Bilingual = (
    "Told {late} late, beginning and end in one message.",
    "{late} 늦게, 발생과 복구를 함께 알립니다.",
)


class Instead(StrEnum):
    """Why a message goes to another channel than the one that it was meant for."""

    NOT_TAKEN = "not_taken"
    GIVEN_UP = "given_up"
    REMOVED = "removed"
    ITS_END = "its_end"


@dataclass(frozen=True, slots=True)
class Detour:
    """How a message came to another channel.

    Attributes:
        channel: the one that it was meant for.
        waited_s: how long that one had not taken it.
        reason: why that one gave it up, or did not take it last; None if unknown.
    """

    channel: str
    why: Instead
    waited_s: float = 0.0
    reason: str | None = None


_INSTEAD: dict[Instead, Bilingual] = {
    Instead.NOT_TAKEN: (
        "Sent here because {channel} has not taken it for {waited}{reason}.",
        "알림 채널 {channel}: {waited} 동안 전달되지 않아 이 채널로 보냅니다{reason}.",
    ),
    Instead.GIVEN_UP: (
        "Sent here because {channel} has given it up{reason}.",
        "알림 채널 {channel}: 전달을 포기하여 이 채널로 보냅니다{reason}.",
    ),
    Instead.REMOVED: (
        "Sent here because {channel} is no longer configured.",
        "알림 채널 {channel}: 설정에서 삭제되어 이 채널로 보냅니다.",
    ),
    Instead.ITS_END: (
        "Sent here because this channel stood in for {channel}.",
        "알림 채널 {channel} 대신 이 채널로 알립니다.",
    ),
}


def as_told(notification: Notification, late_s: float, voice: Voice, *, merged: bool = False) -> Notification:
    """The notification as it is told `late_s` after it arose; unchanged if that is in time.

    Args:
        notification: as it is stored.
        late_s: seconds from its decision, or from that of the first message that it stands for, until now.
        voice: the language.
        merged: the message that the incident began stands for itself no more, this one tells both.
    """
    late = late_s > LATE_AFTER_S
    if not late and not merged:
        return notification
    words = (_LATE_MERGED if merged else _LATE) if late else _MERGED
    sentence = voice.word(words).format(late=voice.duration(late_s))
    return replace(_with_sentence(notification, sentence), late_s=round(late_s, 3) if late else None)


def redirected(notification: Notification, detour: Detour, to: str, voice: Voice) -> Notification:
    """The copy of a notification for the channel `to`, with an id of its own, that says why it came there."""
    reason = "" if detour.reason is None else f" ({cut(printable(detour.reason), REASON_AT_MOST)})"
    waited = voice.duration(detour.waited_s)
    sentence = voice.word(_INSTEAD[detour.why]).format(channel=detour.channel, waited=waited, reason=reason)
    return replace(_with_sentence(notification, sentence), id=f"{notification.id}-fallback-{to}")


def _with_sentence(notification: Notification, sentence: str) -> Notification:
    first, line_break, rest = notification.message.partition("\n")
    return replace(notification, message=f"{first} {sentence}{line_break}{rest}".lstrip())
