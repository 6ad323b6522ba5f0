"""How the HTML report writes a figure: percentages, milliseconds, durations, times. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from monitor.alerting.texts import Voice
from monitor.cli.render import milliseconds, percent
from monitor.cli.report_html.facts import Row, Stretch
from monitor.clock import US_PER_S, from_iso
from monitor.domain.prices import dollars

NOTHING = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"
_HUNDREDTH = 0.005


def share(value: float | None) -> str:
    """`99.93 %`; a dash where nothing was counted."""
    return NOTHING if value is None else percent(value)


def latency(value: float | None) -> str:
    """`86 ms`, `1.24 s`."""
    return NOTHING if value is None else milliseconds(value)


def duration(seconds: float | None, voice: Voice) -> str:
    """`3 min 5 s`; nothing at all is `0 s`."""
    if seconds is None:
        return NOTHING
    return voice.duration(seconds) if seconds else voice.duration(1).replace("1", "0")


def cost(amount: float | None) -> str:
    """`$1.23`."""
    return NOTHING if amount is None else dollars(amount)


def count(number: int | None) -> str:
    """`86,112`."""
    return NOTHING if number is None else f"{number:,}"


def moment(wall_us: int, voice: Voice) -> str:
    """A time to the minute in the reader's zone: `2026-11-21 09:00`."""
    return f"{datetime.fromtimestamp(wall_us // US_PER_S, voice.timezone):%Y-%m-%d %H:%M}"


def day(wall_us: int, voice: Voice) -> str:
    """The day of that: `2026-11-21`."""
    return f"{datetime.fromtimestamp(wall_us // US_PER_S, voice.timezone):%Y-%m-%d}"


def iso_moment(text: str, voice: Voice) -> str:
    """The same of an ISO time."""
    return moment(from_iso(text), voice)


def zone_words(wall_us: int, voice: Voice) -> str:
    """The reader's time zone as of that moment: `Asia/Seoul, UTC+09:00`; UTC is `UTC`."""
    if voice.timezone.key == "UTC":
        return "UTC"
    offset = f"{datetime.fromtimestamp(wall_us // US_PER_S, voice.timezone):%z}"
    return f"{voice.timezone.key}, UTC{offset[:3]}:{offset[3:5]}"


def signed(change: float, digits: int) -> str:
    """A change with its sign, `+0.12`; None of it is `±0`."""
    text = f"{abs(change):.{digits}f}"
    if float(text) == 0:
        return "±0"
    return f"{'+' if change > 0 else _MINUS}{text}"


def is_same(now: float, before: float) -> bool:
    """Whether two percentages look the same when they are written down."""
    return abs(now - before) < _HUNDREDTH


def relative(now: float | None, before: float | None) -> float | None:
    """By how many per cent something grew; None where that cannot be said."""
    return None if now is None or not before else 100 * (now - before) / before


def total(stretches: Sequence[Stretch]) -> tuple[int, int, int]:
    """Successes, counted and due of all stretches together."""
    return (
        sum(stretch.successes for stretch in stretches),
        sum(stretch.counted for stretch in stretches),
        sum(stretch.due for stretch in stretches),
    )


def field(row: Row | None, name: str) -> Any:
    """A figure of a row; None where there is no row."""
    return None if row is None else row.get(name)
