"""Times of the week as people write them: `{ days = ["mon-fri"], from = "09:00", to = "18:00" }`."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import PlainValidator, WrapValidator
from pydantic_core import InitErrorDetails

from monitor.alerting.audience import MINUTES_OF_DAY, Hours
from monitor.config.fields import one_or_more
from monitor.config.model import Model, detail, nearest, wrong

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONG = {name: name[:3] for name in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")}
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00", re.ASCII)
_MINUTES_OF_HOUR = 60
EVERY_DAY = frozenset(range(len(DAYS)))


def _day(text: str) -> int:
    word = text.strip().lower()
    short = _LONG.get(word, word)
    if short not in DAYS:
        raise wrong(f'unknown day "{word}": {nearest(word, DAYS)}')
    return DAYS.index(short)


def _days(value: object) -> frozenset[int]:
    """Days and ranges of days; a range may run over Sunday (`"sat-mon"`)."""
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, list | frozenset) or not entries:
        raise wrong('must be an array of days such as ["mon-fri", "sun"]')
    found: set[int] = set()
    for entry in entries:
        if isinstance(entry, int) and not isinstance(entry, bool):
            raise wrong(f"days have names: {', '.join(DAYS)}")
        if not isinstance(entry, str):
            raise wrong('must be an array of days such as ["mon-fri", "sun"]')
        first, dash, last = entry.partition("-")
        begin = _day(first)
        length = (_day(last) - begin) % len(DAYS) if dash else 0
        found |= {(begin + number) % len(DAYS) for number in range(length + 1)}
    return frozenset(found)


def _minute(value: object) -> int:
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise wrong('must be a time of day from "00:00" to "24:00", with two digits each')
    return MINUTES_OF_DAY if match[1] is None else int(match[1]) * _MINUTES_OF_HOUR + int(match[2])


_Days = Annotated[frozenset[int], PlainValidator(_days, json_schema_input_type=str | list[str])]
_Minute = Annotated[int, PlainValidator(_minute, json_schema_input_type=str)]


class HoursTable(Model):
    """A span of some days, in the configuration's time zone.

    Attributes:
        days: 0 is Monday; on which it begins.
        from_: minutes of the day.
        to: exclusive; not after `from_` is on the next day.
    """

    days: _Days = EVERY_DAY
    from_: _Minute = 0
    to: _Minute = MINUTES_OF_DAY

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterable[InitErrorDetails]:
        """Something must be said, and a span must have a length that is beyond doubt."""
        if not table:
            yield detail((), 'says nothing; write { days = ["mon-fri"], from = "09:00", to = "18:00" }')
        if table.get("from") == "24:00":
            yield detail(("from",), 'is the end of a day; write "00:00"', "24:00")
        elif "from" in table and table["from"] == table.get("to"):
            yield detail(("to",), "is where it begins; leave both out for whole days", table["to"])

    @classmethod
    def not_a_table(cls, value: object) -> str | None:
        """What an entry of `hours` is."""
        del value
        return 'must be a table such as { days = ["mon-fri"], from = "09:00", to = "18:00" }'

    def hours(self) -> Hours:
        """As alerting takes it."""
        return Hours(self.days, self.from_, self.to)

    def shown(self) -> dict[str, Any]:
        """As it stands in the file."""
        return {"days": [DAYS[day] for day in sorted(self.days)], "from": _clock(self.from_), "to": _clock(self.to)}


def _clock(minute: int) -> str:
    hour, rest = divmod(minute, _MINUTES_OF_HOUR)
    return f"{hour:02}:{rest:02}"


HoursList = Annotated[
    tuple[HoursTable, ...], WrapValidator(one_or_more, json_schema_input_type=HoursTable | list[HoursTable])
]
