"""Durations as people write them: `"500ms"`, `"1.5s"`, `"1h30m"`, `"7d"`; in code they are float seconds.

Owns the notation; which lengths an option allows stands in `values`.
"""

import re
from decimal import Decimal

PATTERN = r"^(\d+(\.\d+)?d)?(\d+(\.\d+)?h)?(\d+(\.\d+)?m)?(\d+(\.\d+)?s)?(\d+(\.\d+)?ms)?$"
_PARTS = re.compile(
    r"(?:(?P<d>\d+(?:\.\d+)?)d)?(?:(?P<h>\d+(?:\.\d+)?)h)?(?:(?P<m>\d+(?:\.\d+)?)m(?!s))?"
    r"(?:(?P<s>\d+(?:\.\d+)?)s)?(?:(?P<ms>\d+(?:\.\d+)?)ms)?",
    re.ASCII,
)
_UNIT_US = {"d": 86_400_000_000, "h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000, "ms": 1_000}
_EXAMPLES = '"500ms", "1.5s", "30s", "1h30m" or "7d"'
_US_PER_S = 1_000_000
_MOST_CHARACTERS = 40


def parse_duration(value: object) -> float:
    """Seconds of a duration.

    Args:
        value: text with units, largest first, each at most once; exact to a microsecond.

    Raises:
        ValueError: anything else, bare and negative numbers included; the message is for people.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"must be a duration such as {_EXAMPLES}")  # noqa: TRY004  one error for all wrong values
    if not isinstance(value, str):
        raise ValueError(f'a bare number has no unit; write a duration such as "{value:g}s"')  # noqa: TRY004  the same
    if value.startswith("-"):
        raise ValueError("a duration cannot be negative")
    match = _PARTS.fullmatch(value) if 0 < len(value) <= _MOST_CHARACTERS else None
    if match is None:
        raise ValueError(f"must be a duration such as {_EXAMPLES}")
    us = sum(Decimal(number) * _UNIT_US[unit] for unit, number in match.groupdict().items() if number is not None)
    if us and us < 1:
        raise ValueError("is shorter than a microsecond")
    return round(us) / _US_PER_S


def format_duration(seconds: float) -> str:
    """The shortest usual notation: `5400.0` is `"1h30m"`, `0.25` is `"250ms"`."""
    us = round(seconds * _US_PER_S)
    if us == 0:
        return "0s"
    if us < _US_PER_S:
        return f"{_plain(us, 'ms')}ms"
    parts = []
    for unit in ("d", "h", "m"):
        count, us = divmod(us, _UNIT_US[unit])
        if count:
            parts.append(f"{count}{unit}")
    if us:
        parts.append(f"{_plain(us, 's')}s")
    return "".join(parts)


def _plain(us: int, unit: str) -> str:
    """A number of units without exponent and without zeros at its end."""
    text = f"{Decimal(us) / _UNIT_US[unit]:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def window_us(value: str) -> int:
    """Microseconds of a window of time, which is longer than nothing.

    Raises:
        ValueError: it is none; the message is for people.
    """
    seconds = parse_duration(value)
    if seconds <= 0:
        raise ValueError("must be longer than nothing")
    return round(seconds * _US_PER_S)
