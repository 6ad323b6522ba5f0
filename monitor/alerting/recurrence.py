"""Recurrence rules of RFC 5545, on local time without a zone: when something begins, again and again.

Pure. Owns the walk through a rule, from anywhere in it without counting from its first day. How a rule is written, and
which ones are refused, is the configuration's business; what a local time means in a zone is `maintenance`'s.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dateutil.rrule import rrule

_UNITS = {"HOURLY": timedelta(hours=1), "DAILY": timedelta(days=1), "WEEKLY": timedelta(weeks=1)}
_MONTHS = {"MONTHLY": 1, "YEARLY": 12}
_DAYS_OF_EVERY_MONTH = 28
_MONTHS_OF_YEAR = 12


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule that was found valid.

    Attributes:
        parts: names and values in capitals (`("FREQ", "WEEKLY")`), `UNTIL` left out.
        until: the last local time at which it may begin; None is no end.
        skipped: local times, and whole days, at which it does not begin.
    """

    parts: tuple[tuple[str, str], ...]
    until: datetime | None = None
    skipped: frozenset[date] = frozenset()

    def starts(self, first: datetime, since: datetime) -> Iterator[datetime]:
        """When it begins, ascending, without end if the rule has none.

        Args:
            first: local time of day of every start, unless the rule says otherwise; none is earlier.
            since: starts before it may be left out.
        """
        if self.until is not None and since > self.until:
            return
        for start in _parsed(self.parts, self._anchor(first, since)):
            if self.until is not None and start > self.until:
                return
            if start >= since and start not in self.skipped and start.date() not in self.skipped:
                yield start

    def _anchor(self, first: datetime, since: datetime) -> datetime:
        """A start of the same rhythm near `since`: the library counts every one from there on."""
        parts = dict(self.parts)
        if since <= first or "COUNT" in parts:
            return first
        every = int(parts.get("INTERVAL", "1"))
        unit = _UNITS.get(parts["FREQ"])
        if unit is not None:
            return first + max(0, (since - first) // (unit * every) - 1) * unit * every
        step = _MONTHS[parts["FREQ"]] * every
        passed = (since.year - first.year) * _MONTHS_OF_YEAR + since.month - first.month
        if first.day > _DAYS_OF_EVERY_MONTH:
            return first  # moved to a shorter month it would be another day
        months = first.month - 1 + max(0, passed // step - 1) * step
        return first.replace(year=first.year + months // _MONTHS_OF_YEAR, month=months % _MONTHS_OF_YEAR + 1)


@lru_cache(maxsize=64)
def _parsed(parts: tuple[tuple[str, str], ...], anchor: datetime) -> "rrule":
    from dateutil.rrule import rrule, rrulestr  # noqa: PLC0415  most configurations have no rule

    text = ";".join(f"{name}={value}" for name, value in parts)
    parsed = rrulestr(text, dtstart=anchor.replace(microsecond=0))
    assert isinstance(parsed, rrule)  # noqa: S101  for mypy: a set of rules needs several lines
    return parsed
