"""`[[maintenance]]`: planned work, once or again and again.

Owns the table and what is wrong with it. When a window is open is `alerting.maintenance`'s business.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import islice, pairwise
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import PlainValidator
from pydantic_core import InitErrorDetails, PydanticCustomError

from monitor.alerting.maintenance import Window
from monitor.clock import US_PER_S
from monitor.config.matchers import OnlyChecks, matchers_of
from monitor.config.model import Model, detail, wrong
from monitor.config.recurring import parse_rule
from monitor.config.values import Name, TimeZone, Within

_YEARS = range(2000, 2101)
_STARTS_LOOKED_AT = 100
_EXAMPLE = '"2026-12-31 02:00"'


def _time(value: object) -> datetime:
    """A time of the zone's clocks, or an instant: TOML's own notation, or text."""
    moment = value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            raise wrong(f"is not a time; write it like {_EXAMPLE}") from None
    if not isinstance(moment, datetime):
        raise wrong(f"must be a day with a time, like {_EXAMPLE}")
    if moment.year not in _YEARS:
        raise wrong(f"must lie in the years {_YEARS[0]} to {_YEARS[-1]}")
    if moment.microsecond:
        raise wrong("must be a full second")
    return moment


def _left_out(value: object) -> date:
    """A day, or a time of one."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and len(value.strip()) == len("2026-12-31"):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            raise wrong('is not a day; write it like "2026-12-31"') from None
    return _time(value)


_Time = Annotated[datetime, PlainValidator(_time, json_schema_input_type=str)]
_LeftOut = Annotated[date, PlainValidator(_left_out, json_schema_input_type=str)]


class MaintenanceTable(Model):
    """One window.

    Attributes:
        only: empty is every check.
        start: of the zone's clocks, or with an offset.
        end: likewise; of the first time, where there is a rule.
        rrule: RFC 5545; None is once.
        exdate: starts that are left out, or days with all of theirs.
        timezone: None is the configuration's.
    """

    name: Name
    only: OnlyChecks = ()
    start: _Time
    end: _Time | None = None
    duration_s: Annotated[float, Within("1s", "366d")] | None = None
    rrule: str | None = None
    exdate: tuple[_LeftOut, ...] = ()
    timezone: TimeZone | None = None

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterable[InitErrorDetails]:
        """One way to say how long; what goes with a rule only."""
        if ("end" in table) == ("duration" in table):
            yield detail((), 'needs either end or duration: how long it lasts, such as duration = "2h"')
        if table.get("exdate") and "rrule" not in table:
            yield detail(("exdate",), "goes with rrule; a window that comes once is left out as a whole")

    def afterwards(self) -> Iterable[InitErrorDetails]:
        """What is wrong with the window in its own zone; in the configuration's, `Config` looks again."""
        return self.mistakes(self.timezone or "UTC")

    def mistakes(self, timezone: str) -> Iterator[InitErrorDetails]:
        """A rule that is none, an end before the start, a window that never comes or is never over.

        Args:
            timezone: the configuration's; the window's own comes before it.
        """
        try:
            window = self.window(timezone)
        except PydanticCustomError as error:
            yield detail(("rrule",), error.message(), self.rrule)
            return
        if window.duration_s <= 0:
            yield detail(("end",), "is not after start", self.end)
        elif window.rule is not None:
            starts = _first_starts(window)
            gaps = [(later - earlier) / US_PER_S for earlier, later in pairwise(starts)]
            if not starts:
                yield detail(("rrule",), "never comes: no time after start fits it", self.rrule)
            elif len(starts) == _STARTS_LOOKED_AT and max(gaps) <= window.duration_s:
                yield detail(("rrule",), "comes again before it is over: it would never end", self.rrule)

    def window(self, timezone: str) -> Window:
        """As alerting takes it.

        Args:
            timezone: the configuration's.

        Raises:
            PydanticCustomError: its rule is none.
        """
        zone = ZoneInfo(self.timezone or timezone)
        skipped = frozenset(_local(day, zone) if isinstance(day, datetime) else day for day in self.exdate)
        return Window(
            name=self.name,
            only=matchers_of(self.only),
            zone=zone,
            start=_local(self.start, zone),
            duration_s=self._length_s(zone),
            rule=None if self.rrule is None else parse_rule(self.rrule, zone, skipped),
        )

    def _length_s(self, zone: ZoneInfo) -> float:
        """Real time; with an `end`, that of the first window holds for all (RFC 5545, 3.8.5.3)."""
        if self.end is None:
            return self.duration_s or 0.0
        return (_instant(self.end, zone) - _instant(self.start, zone)).total_seconds()


def _first_starts(window: Window) -> list[int]:
    since_us = round(window.start.replace(tzinfo=window.zone).timestamp()) * US_PER_S
    try:
        return list(islice(window.starts_us(since_us), _STARTS_LOOKED_AT))
    except ValueError:  # the library's word for hours that an interval of hours never reaches
        return []


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(zone).replace(tzinfo=None)


def _instant(moment: datetime, zone: ZoneInfo) -> datetime:
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).astimezone(UTC)
