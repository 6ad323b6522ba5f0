"""The tables of maintenance windows."""

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from monitor.alerting.maintenance import Window
from monitor.config.load import Loaded
from monitor.config.routing import calendar_of

WithEndpoint = Callable[[str], Loaded]
SEOUL = ZoneInfo("Asia/Seoul")
NOON_US = 1_795_316_400_000_000  # 2026-11-22 12:00 in Seoul


def _windows(load: Callable[[str], Loaded], lines: str) -> tuple[Window, ...]:
    endpoint = '[[endpoints]]\nname = "gw"\nbase_url = "https://gw.example.com/v1"\n'
    text = f'timezone = "Asia/Seoul"\n{endpoint}[[maintenance]]\nname = "w"\n{lines}'
    return calendar_of(load(text).config).windows


@pytest.mark.parametrize(
    "start",
    [
        "2026-11-22T12:00:00",
        '"2026-11-22 12:00"',
        '"2026-11-22T12:00"',
        "2026-11-22T03:00:00Z",
        '"2026-11-22T04:00:00+01:00"',
    ],
)
def test_a_start_may_be_written_in_many_ways(load_text: Callable[[str], Loaded], start: str) -> None:
    """TOML's own times and text, of the zone's clocks or with an offset."""
    (window,) = _windows(load_text, f'start = {start}\nduration = "90m"\n')
    assert (window.zone, window.duration_s) == (SEOUL, 5400)
    span = window.span(NOON_US)
    assert span.is_open
    assert span.until_us == NOON_US + 5400 * 1_000_000
    assert not window.span(NOON_US - 1).is_open


def test_an_end_says_how_long_every_window_is(load_text: Callable[[str], Loaded]) -> None:
    """Also on days on which the clocks are set: real time, that of the first."""
    lines = """
start = 2026-10-18T00:00:00
end = 2026-10-18T06:00:00
rrule = "FREQ=WEEKLY"
timezone = "Europe/Berlin"
"""
    (window,) = _windows(load_text, lines)
    assert window.duration_s == 6 * 3600
    (long,) = _windows(load_text, lines.replace("18T", "25T"))
    assert long.duration_s == 7 * 3600


def test_what_is_left_out(load_text: Callable[[str], Loaded]) -> None:
    """Days, and starts, in the window's zone."""
    lines = """
start = 2026-11-22T12:00:00
duration = "1h"
rrule = "FREQ=DAILY"
exdate = [2026-11-23, "2026-11-24", 2026-11-25T12:00:00, 2026-11-26T03:00:00Z]
"""
    (window,) = _windows(load_text, lines)
    assert window.rule is not None
    assert window.rule.skipped == {
        date(2026, 11, 23),
        date(2026, 11, 24),
        datetime(2026, 11, 25, 12),  # noqa: DTZ001  local
        datetime(2026, 11, 26, 12),  # noqa: DTZ001  local
    }


def test_windows_that_touch_are_no_mistake(load_text: Callable[[str], Loaded]) -> None:
    """Only those that are never over."""
    rule = 'start = 2026-11-22T00:00:00\nrrule = "FREQ=HOURLY;BYHOUR=1,2,3"\nduration = '
    assert _windows(load_text, f'{rule}"1h"\n')
    assert _windows(load_text, 'start = 2026-11-22T00:00:00\nrrule = "FREQ=DAILY;COUNT=3"\nduration = "2d"\n')


def test_a_window_in_its_own_zone_is_judged_there(with_endpoint: WithEndpoint) -> None:
    """The zone of the configuration does not matter to it."""
    lines = '[[maintenance]]\nname = "w"\nstart = 2026-03-29T02:30:00\nend = 2026-03-29T03:00:00\n'
    assert with_endpoint(lines + 'timezone = "Asia/Seoul"\n').config.maintenance
