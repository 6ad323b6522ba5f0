"""Which periods a report is about: windows up to now, calendar months, or the time between two moments."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.cli.options import moment_us
from monitor.clock import US_PER_S, iso
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.storage.reports.figures import Period

WINDOW = "24h"
MOST_MONTHS = 120
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_FIRST_YEAR = 1970


@dataclass(frozen=True, slots=True)
class Choice:
    """What was asked for on the command line; at most one kind of it.

    Attributes:
        window: lengths, separated by commas.
        since: a time.
        until: a time.
        month: calendar months, separated by commas.
        months: the newest so many calendar months, the running one among them.
    """

    window: str | None = None
    since: str | None = None
    until: str | None = None
    month: str | None = None
    months: int | None = None


def periods_of(choice: Choice, now_us: int, zone: str) -> "list[Period]":
    """The periods, in the order in which they were asked for.

    Args:
        choice: the options.
        now_us: the present.
        zone: the configured time zone: where months begin, and what times without an offset mean.

    Raises:
        UsageError: they contradict each other, or one is wrong.
    """
    if choice.until is not None and choice.since is None and choice.window is None:
        raise UsageError("--until needs --since")
    asked = {
        "--window": choice.window,
        "--since/--until": choice.since or choice.until,
        "--month": choice.month,
        "--months": choice.months,
    }
    names = [name for name, value in asked.items() if value is not None]
    if len(names) > 1:
        raise UsageError(f"{' and '.join(names)} exclude each other")
    if choice.since is not None:
        return [_span(choice.since, choice.until, now_us, zone)]
    if choice.month is not None:
        return [_month(name.strip(), now_us, zone) for name in choice.month.split(",")]
    if choice.months is not None:
        return _months(choice.months, now_us, zone)
    return [_window(name.strip(), now_us) for name in (WINDOW if choice.window is None else choice.window).split(",")]


def _window(name: str, now_us: int) -> "Period":
    from monitor.config.duration import window_us  # noqa: PLC0415  the command line imports only what it needs
    from monitor.storage.reports.figures import Period  # noqa: PLC0415  the same

    try:
        return Period(name, max(0, now_us - window_us(name)), now_us)
    except ValueError as error:
        raise UsageError(f"--window {name!r}: {error}") from None


def _span(since: str, until: str | None, now_us: int, zone: str) -> "Period":
    from monitor.storage.reports.figures import Period  # noqa: PLC0415  the same

    since_us = moment_us(since, "--since", now_us, zone)
    until_us = now_us if until is None else moment_us(until, "--until", now_us, zone)
    if since_us >= until_us:
        raise UsageError("--since must lie before --until")
    return Period(f"{iso(since_us)}/{iso(until_us)}", since_us, until_us)


def _month(name: str, now_us: int, zone: str) -> "Period":
    found = _MONTH.fullmatch(name)
    year, month = map(int, found.groups()) if found else (0, 0)
    if year < _FIRST_YEAR or not 1 <= month <= 12:  # noqa: PLR2004  months of a year
        raise UsageError(f"--month {name!r} is no month", hint='write "2026-10", or several: "2026-09,2026-10"')
    period = _calendar(date(year, month, 1), 1, zone)[0]
    if period.since_us >= now_us:
        raise UsageError(f"--month {name!r} lies ahead")
    return period


def _months(count: int, now_us: int, zone: str) -> "list[Period]":
    if not 1 <= count <= MOST_MONTHS:
        raise UsageError(f"--months {count}: must lie between 1 and {MOST_MONTHS}")
    return _calendar(datetime.fromtimestamp(now_us / US_PER_S, UTC).astimezone(ZoneInfo(zone)).date(), count, zone)


def _calendar(newest: date, count: int, zone: str) -> "list[Period]":
    """Whole months, each with the one before it to be compared with."""
    from monitor.domain.stretches import midnight_us, months  # noqa: PLC0415  the same
    from monitor.storage.reports.figures import Period  # noqa: PLC0415  the same

    there = ZoneInfo(zone)
    edges = [
        (name, midnight_us(since, there), midnight_us(until, there)) for name, since, until in months(newest, count + 1)
    ]
    return [
        Period(name, since_us, until_us, before_us) for (_, before_us, _), (name, since_us, until_us) in pairwise(edges)
    ]
