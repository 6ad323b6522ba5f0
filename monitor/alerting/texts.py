"""How RelayWatch speaks to people: language, times and durations, and what it says of channels.

Owns no message about an incident (`wording`); the words themselves are `phrases`.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from monitor.alerting.phrases import (
    FAULT_WORDS,
    PHRASES,
    SEVERITY_WORDS,
    Bilingual,
    Phrase,
    in_language,
)
from monitor.alerting.plain import cut, printable
from monitor.clock import US_PER_S, Moment
from monitor.domain.action import Language
from monitor.domain.result import FaultDomain

REASON_AT_MOST = 200
NAME_AT_MOST = 100
MS_PER_S = 1000.0
_DURATION_UNITS: tuple[tuple[int, Bilingual], ...] = (
    (86_400, (" d", "일")),
    (3_600, (" h", "시간")),
    (60, (" min", "분")),
    (1, (" s", "초")),
)


@dataclass(frozen=True, slots=True)
class Voice:
    """In which language and whose time people are spoken to."""

    language: Language
    timezone: ZoneInfo

    def say(self, phrase: Phrase, **facts: object) -> str:
        """The phrase, its fields filled with `facts`; braces inside a fact stay as they are."""
        return self.word(PHRASES[phrase]).format(**facts)

    def word(self, words: Bilingual) -> str:
        """The one of the two that the reader understands."""
        return in_language(words, self.language)

    def time(self, wall_us: int) -> str:
        """A wall time (microseconds since 1970, UTC) in the reader's zone, with the zone's name."""
        local = datetime.fromtimestamp(wall_us // US_PER_S, self.timezone)
        return f"{local:%Y-%m-%d %H:%M:%S} {local.tzname()}"

    def duration(self, seconds: float) -> str:
        """A duration in its two largest units: `4 min 12 s`."""
        left = max(1, round(seconds))
        parts: list[str] = []
        for size, name in _DURATION_UNITS:
            count, left = divmod(left, size)
            if count or parts:
                parts.append(f"{count}{self.word(name)}" if count else "")
        return " ".join(part for part in parts[:2] if part)

    def latency(self, milliseconds: float) -> str:
        """A latency in seconds: `0.9 s`."""
        return f"{milliseconds / MS_PER_S:.1f}{self.word(_DURATION_UNITS[-1][1])}"


@dataclass(frozen=True, slots=True)
class Alternative:
    """A model that works now.

    Attributes:
        latency_ms: of its newest answer; None if unknown.
    """

    model: str
    endpoint: str
    latency_ms: float | None


@dataclass(frozen=True, slots=True)
class Wording:
    """A message for people: one line, the whole, and what to do."""

    title: str
    message: str
    recommended_action: str | None


def channel_test(channel: str, now: Moment, voice: Voice) -> Wording:
    """The message of `notify test`."""
    title = voice.say(Phrase.TEST_TITLE, channel=channel)
    return Wording(title, voice.say(Phrase.TEST, at=voice.time(now.wall_us)), None)


def channel_dead(channel: str, lost_title: str, reason: str, voice: Voice) -> Wording:
    """The message, for another channel, that one channel has given up a message."""
    lost, reason = printable(lost_title), cut(printable(reason), REASON_AT_MOST)
    return Wording(
        voice.say(Phrase.CHANNEL_DEAD_TITLE, channel=channel),
        voice.say(Phrase.CHANNEL_DEAD, lost=lost, reason=reason),
        voice.say(Phrase.CHANNEL_DEAD_ACTION, channel=channel),
    )


def fault_words(fault: str | None, voice: Voice) -> str:
    """Whose fault it is, in plain words; a fault that is not in the table is shown as it is."""
    known = fault is None or fault in FaultDomain.__members__.values()
    return voice.word(FAULT_WORDS[None if fault is None else FaultDomain(fault)]) if known else printable(fault or "")


def severity_words(severity: str, voice: Voice) -> str:
    """How urgent it is, in plain words."""
    return voice.word(SEVERITY_WORDS.get(severity, (severity, severity)))
