"""Recurrence rules as they stand in the file (RFC 5545, 3.3.10): which are accepted, and what is wrong with others.

Owns the notation. How a rule is walked stands in `alerting.recurrence`.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.alerting.recurrence import Rule
from monitor.config.model import nearest, wrong

_EXAMPLE = '"FREQ=WEEKLY;BYDAY=SU"'
_FREQUENCIES = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_TOO_OFTEN = ("SECONDLY", "MINUTELY")
_MOST_COUNT = 1000
_MOST_CHARACTERS = 500
_MOST_STARTS_OF_DAY = 24
_WEEKS_OF_MONTH = 5
_WEEKS_OF_YEAR = 53
_DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,4}", re.ASCII)
_UNTIL = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?", re.ASCII)
_END_OF_DAY = timedelta(days=1) - timedelta(seconds=1)
_RANGES = {
    "BYMINUTE": (0, 59),
    "BYHOUR": (0, 23),
    "BYMONTH": (1, 12),
    "BYMONTHDAY": (-31, 31),
    "BYYEARDAY": (-366, 366),
    "BYWEEKNO": (-53, 53),
    "BYSETPOS": (-366, 366),
}
_KEYS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST", *_RANGES)
_REFUSED = {
    "DTSTART": "start is an option of its own",
    "EXDATE": "exdate is an option of its own",
    "BYSECOND": "a window begins at a full minute",
    "BYEASTER": "it is not of RFC 5545",
}


def parse_rule(text: str, zone: ZoneInfo, skipped: frozenset[date] = frozenset()) -> Rule:
    """One rule.

    Args:
        text: without or with `RRULE:` before it; capitals do not matter.
        zone: of the window; a `UNTIL` in UTC is turned into its time.
        skipped: see `Rule`.

    Raises:
        PydanticCustomError: it is no rule, or one that is not accepted; the message is for people.
    """
    parts = dict(_parts(text))
    if "FREQ" not in parts:
        raise wrong(f"needs FREQ: write a rule such as {_EXAMPLE}")
    if "COUNT" in parts and "UNTIL" in parts:
        raise wrong("has COUNT and UNTIL; RFC 5545 allows one of them")
    for name, value in parts.items():
        _CHECKS.get(name, _check_numbers)(name, value)
    _check_numbered_days(parts)
    _check_often(parts)
    until = parts.pop("UNTIL", None)
    return Rule(tuple(parts.items()), None if until is None else _until(until, zone), skipped)


def _parts(text: str) -> Iterator[tuple[str, str]]:
    if not text.isprintable() or len(text) > _MOST_CHARACTERS:
        raise wrong(f"must be one rule such as {_EXAMPLE}")
    seen: set[str] = set()
    for part in text.upper().removeprefix("RRULE:").strip().rstrip(";").split(";"):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not value:
            raise wrong(f'"{part}" is not NAME=VALUE: write a rule such as {_EXAMPLE}')
        if name in _REFUSED:
            raise wrong(f"{name} has no place here: {_REFUSED[name]}")
        if name not in _KEYS:
            raise wrong(f"unknown part {name}: {nearest(name, _KEYS)}")
        if name in seen:
            raise wrong(f"{name} stands here twice")
        seen.add(name)
        yield name, value


def _check_frequency(name: str, value: str) -> None:
    del name
    if value in _TOO_OFTEN:
        raise wrong(f"FREQ={value} is too often for work that people do; the fastest is HOURLY")
    if value not in _FREQUENCIES:
        raise wrong(f"unknown FREQ: {nearest(value, _FREQUENCIES)}")


def _check_positive(name: str, value: str) -> None:
    most = _MOST_COUNT
    if not value.isascii() or not value.isdigit() or not 1 <= int(value[:9]) <= most:
        raise wrong(f"{name} must be a number from 1 to {most}")


def _check_days(name: str, value: str) -> None:
    for day in value.split(","):
        match = _DAY.fullmatch(day)
        if match is None or (match[1] is not None and int(match[1]) == 0):
            raise wrong(
                f'{name}={value}: days are MO TU WE TH FR SA SU, a number before one is "the last" or so (-1FR)'
            )


def _check_week_start(name: str, value: str) -> None:
    if _DAY.fullmatch(value) is None or len(value) != len("MO"):
        raise wrong(f"{name} must be one of MO TU WE TH FR SA SU")


def _check_numbers(name: str, value: str) -> None:
    low, high = _RANGES[name]
    for number in value.split(","):
        fits = _NUMBER.fullmatch(number) is not None and low <= int(number) <= high
        if not fits or (low < 0 and int(number) == 0):
            raise wrong(f"{name}={value}: numbers must lie between {low} and {high}{', without 0' if low < 0 else ''}")


def _check_until(name: str, value: str) -> None:
    del name
    _until(value, ZoneInfo("UTC"))


_CHECKS: dict[str, Callable[[str, str], None]] = {
    "FREQ": _check_frequency,
    "INTERVAL": _check_positive,
    "COUNT": _check_positive,
    "BYDAY": _check_days,
    "WKST": _check_week_start,
    "UNTIL": _check_until,
}


def _check_numbered_days(parts: dict[str, str]) -> None:
    """Of a month there are five weeks at most, of a year 53."""
    days = parts.get("BYDAY", "")
    most = max((abs(int(number)) for number in re.findall(r"[+-]?\d+", days)), default=0)
    if most and parts["FREQ"] not in ("MONTHLY", "YEARLY"):
        raise wrong(f"BYDAY={days}: a number before a day goes with FREQ=MONTHLY or YEARLY")
    within_month = parts["FREQ"] == "MONTHLY" or "BYMONTH" in parts
    if most > (_WEEKS_OF_MONTH if within_month else _WEEKS_OF_YEAR):
        raise wrong(f"BYDAY={days}: there are not so many weeks in a {'month' if within_month else 'year'}")


def _check_often(parts: dict[str, str]) -> None:
    every_hour = parts["FREQ"] == "HOURLY" and "BYHOUR" not in parts
    hours = _MOST_STARTS_OF_DAY if every_hour else len(parts.get("BYHOUR", "0").split(","))
    per_day = hours * len(parts.get("BYMINUTE", "0").split(","))
    if per_day > _MOST_STARTS_OF_DAY:
        raise wrong(f"begins more than {_MOST_STARTS_OF_DAY} times a day; give it a longer duration instead")


def _until(value: str, zone: ZoneInfo) -> datetime:
    """The last local start; a day alone is meant with all its hours."""
    match = _UNTIL.fullmatch(value)
    last = None if match is None else _local(match[1] + (match[2] or "000000"))
    if match is None or last is None:
        raise wrong(f"UNTIL={value} is not a date; write it like 20261231 or 20261231T235900Z")
    if match[2] is None:
        return last + _END_OF_DAY
    return last.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) if match[3] else last


def _local(digits: str) -> datetime | None:
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S")  # noqa: DTZ007  local, or made UTC above
    except ValueError:
        return None
