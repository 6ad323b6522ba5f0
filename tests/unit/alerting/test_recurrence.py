"""Rules of recurrence: from anywhere in them, without counting from their first day."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice, takewhile

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitor.alerting.recurrence import Rule, _parsed

FIRST = datetime(2026, 1, 1, 2, 30)  # noqa: DTZ001  local times have no zone
_OPTIONS = {
    "HOURLY": ["", "BYHOUR=2,14", "BYDAY=MO,TU"],
    "DAILY": ["", "BYMONTH=3,7", "BYDAY=SA,SU", "BYHOUR=1,3;BYMINUTE=0,45"],
    "WEEKLY": ["", "BYDAY=TU,FR", "BYDAY=MO,SU;WKST=SU", "BYDAY=MO,TU,WE;BYSETPOS=-1"],
    "MONTHLY": ["", "BYMONTHDAY=-1,15", "BYDAY=2TU", "BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"],
    "YEARLY": ["", "BYMONTH=2,11", "BYDAY=20MO", "BYWEEKNO=20;BYDAY=MO", "BYYEARDAY=100,-1"],
}


def _rule(text: str, until: datetime | None = None) -> Rule:
    return Rule(tuple((name, value) for name, _, value in (part.partition("=") for part in text.split(";"))), until)


def _walked(rule: Rule, first: datetime, since: datetime) -> Iterator[datetime]:
    """Counted from the first day on."""
    return (start for start in _parsed(rule.parts, first) if start >= since)


@settings(deadline=None)
@given(
    text=st.sampled_from([(every, more) for every, options in _OPTIONS.items() for more in options]),
    interval=st.integers(1, 5),
    first=st.datetimes(datetime(2024, 1, 1), datetime(2026, 12, 31)),  # noqa: DTZ001  local times
    hours=st.integers(-100, 24 * 1000),
)
def test_walking_from_the_middle_is_walking_from_the_start(
    text: tuple[str, str], interval: int, first: datetime, hours: int
) -> None:
    """Every frequency, with intervals, on every day of the month."""
    assume(text != ("HOURLY", "BYHOUR=2,14") or interval in {1, 5})  # else those hours may never be reached
    first = first.replace(microsecond=0)
    rule = _rule(";".join(filter(None, (f"FREQ={text[0]};INTERVAL={interval}", text[1]))))
    since = first + timedelta(hours=hours)
    bound = since + timedelta(days=2000)
    near = takewhile(lambda start: start < bound, islice(rule.starts(first, since), 5))
    assert list(near) == list(takewhile(lambda start: start < bound, islice(_walked(rule, first, since), 5)))


@pytest.mark.parametrize("text", ["FREQ=HOURLY", "FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY"])
def test_a_rule_is_not_walked_from_its_first_day(text: str) -> None:
    """A window that has stood in the file for 20 years is found as fast as a new one."""
    rule = _rule(text)
    since = FIRST + timedelta(days=7300)
    assert since - rule._anchor(FIRST, since) < timedelta(days=2 * 366)
    assert next(rule.starts(FIRST, since)) - since < timedelta(days=366)


def test_a_count_is_counted_from_the_first_day() -> None:
    """Three times are three times, whenever somebody asks."""
    rule = _rule("FREQ=DAILY;COUNT=3")
    assert len(list(rule.starts(FIRST, FIRST))) == 3
    assert len(list(rule.starts(FIRST, FIRST + timedelta(days=1)))) == 2
    assert not list(rule.starts(FIRST, FIRST + timedelta(days=100)))


def test_the_last_time_is_included() -> None:
    """And after it nothing is walked at all."""
    rule = _rule("FREQ=DAILY", FIRST + timedelta(days=2))
    assert len(list(rule.starts(FIRST, FIRST))) == 3
    assert not list(rule.starts(FIRST, FIRST + timedelta(days=2, seconds=1)))
