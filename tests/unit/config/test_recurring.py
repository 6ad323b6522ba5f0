"""Recurrence rules as they stand in the file: every text is a rule that can be walked, or a message."""

from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from monitor.config.maintenance import MaintenanceTable
from monitor.config.recurring import parse_rule

UTC = ZoneInfo("UTC")
SEOUL = ZoneInfo("Asia/Seoul")


def test_a_rule_is_read_as_people_write_it() -> None:
    """With its name before it, in small letters, with blanks."""
    plain = parse_rule("FREQ=WEEKLY;BYDAY=SU", UTC)
    assert parse_rule("rrule:freq=weekly; byday=su;", UTC) == plain
    assert plain.parts == (("FREQ", "WEEKLY"), ("BYDAY", "SU"))


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20261231", datetime(2026, 12, 31, 23, 59, 59)),  # noqa: DTZ001  local
        ("20261231T120000", datetime(2026, 12, 31, 12)),  # noqa: DTZ001  local
        ("20261231T120000Z", datetime(2026, 12, 31, 21)),  # noqa: DTZ001  local
    ],
)
def test_until_is_local_time(until: str, last: datetime) -> None:
    """A day is meant with all its hours, UTC is turned into the window's zone."""
    rule = parse_rule(f"FREQ=DAILY;UNTIL={until}", SEOUL)
    assert rule.until == last
    assert rule.parts == (("FREQ", "DAILY"),)


_NUMBERS = st.lists(st.integers(-60, 60).map(str), min_size=1, max_size=3).map(",".join)
_DAYS = st.lists(st.sampled_from(["MO", "SU", "-1FR", "2TU", "0WE", "XX", "53SA"]), min_size=1, max_size=3).map(
    ",".join
)
_PARTS = st.one_of(
    st.tuples(st.sampled_from(["INTERVAL", "COUNT"]), st.integers(-1, 1001).map(str)),
    st.tuples(st.sampled_from(["BYMONTH", "BYMONTHDAY", "BYHOUR", "BYMINUTE", "BYSETPOS", "BYWEEKNO"]), _NUMBERS),
    st.tuples(st.just("BYYEARDAY"), _NUMBERS),
    st.tuples(st.just("BYDAY"), _DAYS),
    st.tuples(st.just("UNTIL"), st.sampled_from(["20261231", "20270101T000000Z", "20261", "X"])),
    st.tuples(st.text("ABYDM-=;,1", max_size=8), st.text("ABYDM-=;,1", max_size=8)),
)
# The faster a rule, the longer it takes to see that it never comes: to the end of the calendar, some seconds for days.
_TEXTS = st.tuples(st.sampled_from(["MONTHLY", "YEARLY", "OFTEN"]), st.lists(_PARTS, max_size=3)).map(
    lambda rule: ";".join((f"FREQ={rule[0]}", *(f"{name}={value}" for name, value in rule[1])))
)


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(text=_TEXTS)
def test_any_text_is_a_rule_that_comes_or_a_message(text: str) -> None:
    """What the library cannot walk, or walks without ever finding anything, is refused."""
    start = datetime(2026, 11, 22, 2, 30)  # noqa: DTZ001  local
    window = MaintenanceTable.model_construct(None, name="w", start=start, duration_s=60.0, rrule=text)
    mistakes = list(window.mistakes("Europe/Berlin"))
    if mistakes:
        assert all(mistake.get("loc") == ("rrule",) for mistake in mistakes)
        return
    starts = list(islice(window.window("Europe/Berlin").starts_us(0), 50))
    assert starts
    assert starts == sorted(starts)


@settings(deadline=None)
@given(text=st.text(max_size=30))
def test_nonsense_is_a_message(text: str) -> None:
    """Whatever somebody pastes."""
    with pytest.raises(PydanticCustomError) as caught:
        parse_rule(text, UTC)
    assert caught.value.message()
