"""Maintenance windows: when they are open, as the clocks of their zone show it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerting.maintenance import Calendar, Window
from monitor.alerting.matching import Matcher
from monitor.alerting.recurrence import Rule
from monitor.clock import US_PER_S
from monitor.domain.check import Check, CheckKind

CHECK = Check("gw/chat/m", "gw", CheckKind.CHAT, "m", "gw", tags=("prod",))
NEW_YORK = ZoneInfo("America/New_York")
BERLIN = ZoneInfo("Europe/Berlin")
HOUR_S = 3600.0


def _us(text: str, zone: ZoneInfo | None = None) -> int:
    """A wall time of a local time, or of UTC."""
    return round(datetime.fromisoformat(text).replace(tzinfo=zone or UTC).timestamp()) * US_PER_S


def _rule(text: str, until: str | None = None, skipped: frozenset[date] = frozenset()) -> Rule:
    parts = tuple((name, value) for name, _, value in (part.partition("=") for part in text.split(";")))
    return Rule(parts, None if until is None else datetime.fromisoformat(until), skipped)


def _window(start: str, rule: Rule | None = None, zone: ZoneInfo = NEW_YORK, duration_s: float = 2 * HOUR_S) -> Window:
    return Window("w", (), zone, datetime.fromisoformat(start), duration_s, rule)


def _openings(window: Window, since: str, until: str) -> list[tuple[str, str]]:
    """When a window opens and closes within a time, in UTC."""
    at, ends, found = _us(since), _us(until), []
    while at < ends:
        span = window.span(at)
        if span.is_open:
            found.append((_text(span.from_us), _text(span.until_us)))
        at = span.until_us
    return found


def _text(wall_us: int) -> str:
    return datetime.fromtimestamp(wall_us / US_PER_S, UTC).strftime("%m-%d %H:%M")


def test_a_window_is_open_from_its_start_to_before_its_end() -> None:
    """Once, and never again."""
    window = _window("2026-11-22T02:00", zone=ZoneInfo("Asia/Seoul"))
    assert _openings(window, "2026-01-01", "2028-01-01") == [("11-21 17:00", "11-21 19:00")]
    end_us = _us("2026-11-21T19:00")
    assert window.covers(CHECK, end_us - 1)
    assert not window.covers(CHECK, end_us)
    assert window.span(end_us).until_us > 1 << 61


def test_every_sunday_keeps_its_local_start_over_a_change() -> None:
    """In March the clocks skip 02:30, so it begins at 03:30; in November they show 01:30 twice, so the first counts."""
    spring = _window("2026-03-01T02:30", _rule("FREQ=WEEKLY;BYDAY=SU"))
    assert _openings(spring, "2026-03-01", "2026-03-16") == [
        ("03-01 07:30", "03-01 09:30"),
        ("03-08 07:30", "03-08 09:30"),
        ("03-15 06:30", "03-15 08:30"),
    ]
    autumn = _window("2026-10-25T01:30", _rule("FREQ=WEEKLY;BYDAY=SU"))
    assert _openings(autumn, "2026-10-25", "2026-11-09") == [
        ("10-25 05:30", "10-25 07:30"),
        ("11-01 05:30", "11-01 07:30"),
        ("11-08 06:30", "11-08 08:30"),
    ]


def test_a_start_that_names_its_second_time_is_that_time() -> None:
    """As an offset in the file does."""
    window = replace(_window("2026-11-01T01:30"), start=datetime(2026, 11, 1, 1, 30, fold=1))  # noqa: DTZ001  local
    assert _openings(window, "2026-10-30", "2026-11-03") == [("11-01 06:30", "11-01 08:30")]


def test_windows_that_touch_are_one() -> None:
    """Nobody is told in the moment between two of them."""
    window = _window("2026-06-01T00:00", _rule("FREQ=HOURLY;COUNT=3"), BERLIN, HOUR_S)
    assert _openings(window, "2026-05-01", "2026-07-01") == [("05-31 22:00", "06-01 01:00")]


def test_a_window_that_never_ends_is_open() -> None:
    """Longer than from one start to the next."""
    window = _window("2026-06-01T00:00", _rule("FREQ=DAILY"), BERLIN, 30 * HOUR_S)
    assert window.covers(CHECK, _us("2029-05-05T05:05"))


@pytest.mark.parametrize(
    ("rule", "openings"),
    [
        (_rule("FREQ=DAILY;COUNT=2"), ["06-01", "06-02"]),
        (_rule("FREQ=DAILY", until="2026-06-03T00:00"), ["06-01", "06-02", "06-03"]),
        (_rule("FREQ=DAILY;COUNT=3", skipped=frozenset({date(2026, 6, 2)})), ["06-01", "06-03"]),
        (
            _rule("FREQ=DAILY;COUNT=3", skipped=frozenset({datetime(2026, 6, 1)})),  # noqa: DTZ001  local
            ["06-02", "06-03"],
        ),
        (_rule("FREQ=MONTHLY;BYDAY=-1FR;COUNT=2"), ["06-26", "07-31"]),
        (_rule("FREQ=WEEKLY;INTERVAL=2;COUNT=2"), ["06-01", "06-15"]),
        (_rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=1"), ["02-29"]),
    ],
)
def test_rules(rule: Rule, openings: list[str]) -> None:
    """Ends, exceptions, and the library's grammar."""
    window = _window("2026-06-01T00:00", rule, ZoneInfo("UTC"))
    assert [begins[:5] for begins, _ in _openings(window, "2026-01-01", "2030-01-01")] == openings
    assert window.span(_us("2030-01-01")).until_us > 1 << 61


def test_which_checks_are_in_it() -> None:
    """Those that one of its matchers fits."""
    at = _us("2026-06-01T01:00")
    window = replace(_window("2026-06-01T00:00", zone=ZoneInfo("UTC")), only=(Matcher(tags=("prod",)),))
    calendar = Calendar((replace(window, only=(Matcher(models=("x*",)),)), window))
    assert calendar
    assert not Calendar()
    assert calendar.covering(CHECK, at) == window
    assert calendar.covering(replace(CHECK, tags=()), at) is None
    assert calendar.covering(CHECK, _us("2026-06-02T00:00")) is None


def test_windows_are_values() -> None:
    """What was looked up is no part of them."""
    rule = _rule("FREQ=DAILY")
    looked, fresh = _window("2026-06-01T00:00", rule), _window("2026-06-01T00:00", rule)
    looked.covers(CHECK, _us("2026-06-05T05:00"))
    assert looked == fresh
    assert hash(looked) == hash(fresh)
    assert repr(looked) == repr(fresh)


def test_a_window_is_looked_up_once_per_span() -> None:
    """Ten thousand results in a row walk the rule once, also those that come a little out of order."""
    window = _window("2020-01-01T00:00", _rule("FREQ=DAILY"))
    at = _us("2026-06-01T12:00")
    first = window.span(at)
    assert all(window.span(at + second * US_PER_S) is first for second in range(1000))
    earlier = window.span(at - US_PER_S)
    assert window.span(at) is earlier
    assert len(window._spans) == 2


# Against an oracle that knows no rules of conversion: it watches a zone's clocks, ten minutes by ten minutes.

_STEP = timedelta(minutes=10)
_ZONES = {
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "Europe/Berlin": ("2026-03-29", "2026-10-25"),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),
    "America/Sao_Paulo": ("2018-02-18", "2018-11-04"),
    "Pacific/Apia": ("2011-09-24", "2011-12-30"),
    "Asia/Seoul": ("2026-06-01", "2026-12-31"),
}
_RHYTHMS: dict[str, Callable[[date, date], bool]] = {
    "FREQ=DAILY": lambda _, day: bool(day),
    "FREQ=DAILY;INTERVAL=2": lambda first, day: (day - first).days % 2 == 0,
    "FREQ=WEEKLY;BYDAY=SA,SU": lambda _, day: day.weekday() > 4,
    "FREQ=WEEKLY": lambda first, day: day.weekday() == first.weekday(),
    "FREQ=MONTHLY;BYMONTHDAY=-1": lambda _, day: (day + timedelta(days=1)).day == 1,
    "FREQ=MONTHLY;INTERVAL=2": lambda first, day: day.day == first.day and (day.month - first.month) % 2 == 0,
}


def _watched(window: Window, begins: Callable[[datetime], bool], days: int) -> Iterator[tuple[int, bool]]:
    """Every step of some days from the start's day on, and whether the window is open there.

    Args:
        window: its start must stand at the clock's ten minutes.
        begins: whether it begins when the clocks show this, or would if they did.
        days: for so long.
    """
    at = window.start.replace(tzinfo=window.zone).astimezone(UTC) - timedelta(days=1)
    shown: datetime | None = None
    seen: set[datetime] = set()
    due: set[datetime] = set()
    open_until = at
    for _ in range(days * 144):
        local = at.astimezone(window.zone).replace(tzinfo=None, fold=0)
        skipped = shown + _STEP if shown is not None else local
        for late in range(max(0, (local - skipped) // _STEP)):
            if begins(skipped + late * _STEP):
                due.add(at + late * _STEP)
        if at in due or (begins(local) and local not in seen):
            open_until = max(open_until, at + timedelta(seconds=window.duration_s))
        seen.add(local)
        shown = local
        yield round(at.timestamp()) * US_PER_S, at < open_until
        at += _STEP


@settings(max_examples=200, deadline=None)
@given(
    zone_and_day=st.sampled_from([(zone, day) for zone, days in _ZONES.items() for day in days]),
    days_before=st.integers(1, 5),
    minutes=st.integers(0, 143),
    steps=st.integers(1, 250),
    rhythm=st.sampled_from([None, *_RHYTHMS]),
    jumps=st.lists(st.integers(0, 8 * 144 - 1), max_size=20),
)
def test_a_window_is_open_when_somebody_watching_the_clocks_says_so(
    *, zone_and_day: tuple[str, str], days_before: int, minutes: int, steps: int, rhythm: str | None, jumps: list[int]
) -> None:
    """Over every kind of change of the clocks, asked in any order; every change is told beforehand."""
    zone, day = zone_and_day
    start = datetime.fromisoformat(day) - timedelta(days=days_before) + minutes * _STEP
    rule = None if rhythm is None else _rule(rhythm)
    window = Window("w", (), ZoneInfo(zone), start, steps * _STEP.total_seconds(), rule)

    def begins(local: datetime) -> bool:
        if rhythm is None:
            return local == start
        fits = _RHYTHMS[rhythm](start.date(), local.date())
        return local >= start and local.time() == start.time() and fits

    watched = list(_watched(window, begins, days=8))
    for place in [*jumps, *range(len(watched))]:
        at, is_open = watched[place]
        assert window.covers(CHECK, at) == is_open, (place, at)
    for (at, before), (_, after) in pairwise(watched):
        step_us = round(_STEP.total_seconds()) * US_PER_S
        assert (window.span(at).until_us <= at + step_us) == (before != after), at
