"""Which periods a report is about."""

import re

import pytest

from monitor.cli.report_periods import MOST_MONTHS, Choice, periods_of
from monitor.clock import US_PER_S, from_iso, iso
from monitor.errors import UsageError
from monitor.storage.reports.figures import Period

NOW_US = from_iso("2026-11-21T16:00:00Z")
HOUR_US = 3600 * US_PER_S


def told(choice: Choice, zone: str = "Asia/Seoul") -> list[tuple[str, str, str]]:
    """Name, beginning and end of each."""
    return [(one.name, iso(one.since_us), iso(one.until_us)) for one in periods_of(choice, NOW_US, zone)]


def test_the_last_day_by_default() -> None:
    """Up to now."""
    assert told(Choice()) == [("24h", "2026-11-20T16:00:00.000Z", "2026-11-21T16:00:00.000Z")]


def test_what_is_longer_than_time_begins_in_1970() -> None:
    """So that no figure is said to begin later for having been deleted."""
    length = f"{'9' * 30}d"
    begun = [(since, until) for _, since, until in told(Choice(window=length)) + told(Choice(since=length))]
    assert begun == [("1970-01-01T00:00:00.000Z", "2026-11-21T16:00:00.000Z")] * 2


def test_calendar_months_of_the_time_zone() -> None:
    """In Seoul it is the 22nd of November already; each is compared with the month before it."""
    assert told(Choice(month="2026-10, 2026-02")) == [
        ("2026-10", "2026-09-30T15:00:00.000Z", "2026-10-31T15:00:00.000Z"),
        ("2026-02", "2026-01-31T15:00:00.000Z", "2026-02-28T15:00:00.000Z"),
    ]
    assert [name for name, _, _ in told(Choice(months=3))] == ["2026-09", "2026-10", "2026-11"]
    (march,) = periods_of(Choice(month="2026-03"), NOW_US, "Europe/Berlin")
    assert (march.until_us - march.since_us) / HOUR_US == 31 * 24 - 1
    february = march.before(NOW_US)
    assert (february.until_us - february.since_us) / HOUR_US == 28 * 24


def test_the_newest_month_is_that_of_the_time_zone() -> None:
    """At the turn of a month it is another one in the east."""
    at_us = from_iso("2026-10-31T16:00:00Z")
    assert [one.name for one in periods_of(Choice(months=1), at_us, "Asia/Seoul")] == ["2026-11"]
    assert [one.name for one in periods_of(Choice(months=1), at_us, "UTC")] == ["2026-10"]


def test_between_two_times() -> None:
    """Without an offset they are meant in the time zone."""
    since = Choice(since="2026-11-01", until="2026-11-08")
    span = ("2026-10-31T15:00:00.000Z", "2026-11-07T15:00:00.000Z")
    assert told(since) == [("/".join(span), *span)]


def test_the_period_before() -> None:
    """Of the same length, where nothing else is said."""
    before = Period("7d", 100, 150).before(150)
    assert (before.since_us, before.until_us) == (50, 100)


@pytest.mark.parametrize(("now_us", "until_us"), [(310, 110), (395, 195), (500, 300), (600, 300), (290, 100)])
def test_what_is_not_over_is_compared_with_as_much_of_the_period_before(now_us: int, until_us: int) -> None:
    """Nine days of a month with nine days of the month before, which may have been shorter."""
    before = Period("2026-11", 300, 500, before_us=100).before(now_us)
    assert (before.since_us, before.until_us) == (100, until_us)


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        (Choice(window="7"), "--window '7'"),
        (Choice(window="1h,0s"), "--window '0s'"),
        (Choice(window=""), "--window ''"),
        (Choice(window="1h,,2h"), "--window ''"),
        (Choice(until="1h"), "--until needs --since"),
        (Choice(window="7d", since="1d"), "--window and --since/--until exclude each other"),
        (Choice(window="7d", until="1d"), "exclude each other"),
        (Choice(month="2026-10", months=2), "--month and --months exclude each other"),
        (Choice(since="1d", months=2), "exclude each other"),
        (Choice(since="1d", until="2d"), "--since must lie before --until"),
        (Choice(month="2026-13"), "--month '2026-13' is no month"),
        (Choice(month="October"), "is no month"),
        (Choice(month="0000-01"), "is no month"),
        (Choice(month="2026-12"), "--month '2026-12' lies ahead"),
        (Choice(months=0), "--months 0"),
        (Choice(months=MOST_MONTHS + 1), "must lie between 1 and"),
    ],
)
def test_what_is_refused(choice: Choice, says: str) -> None:
    """With one clear message."""
    with pytest.raises(UsageError, match=re.escape(says)):
        periods_of(choice, NOW_US, "Asia/Seoul")
