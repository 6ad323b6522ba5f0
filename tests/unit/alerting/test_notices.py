"""What RelayWatch says of itself."""

from zoneinfo import ZoneInfo

import pytest

from monitor.alerting.audience import Audience
from monitor.alerting.notices import (
    cannot_record,
    frozen,
    history_shortened,
    records_again,
    runs_on_last_good,
    runs_on_present,
    size_limit_out_of_reach,
    uplink,
    uplink_closed,
)
from monitor.alerting.notification import Event, Notification
from monitor.alerting.texts import Voice
from monitor.clock import Moment
from monitor.domain.action import Language
from monitor.domain.severity import Severity

SINCE = Moment(1_763_690_000_000_000, 0)


@pytest.mark.parametrize("language", Language)
def test_a_database_that_refuses_is_told_with_its_error_and_time(language: Language) -> None:
    """Both languages say since when, why, and what to do, in the time of people."""
    audience = Audience(("ops",), Voice(language, ZoneInfo("Asia/Seoul")), "abc", "https://status.example")
    notice = cannot_record("the disk is full", SINCE, audience)
    assert notice.event is Event.NOTICE
    assert notice.severity == Severity.CRITICAL
    assert "the disk is full" in notice.message
    assert "2025-11-21 10:53:20 KST" in notice.message
    assert notice.recommended_action
    assert notice.url == "https://status.example"
    assert Notification.from_body(notice.body()) == notice


@pytest.mark.parametrize("language", Language)
def test_its_end_says_from_when_to_when_and_what_was_lost(language: Language) -> None:
    """The notice after it names the whole stretch."""
    audience = Audience(("ops",), Voice(language, ZoneInfo("UTC")), "abc")
    notice = records_again(SINCE, SINCE.plus_s(90), 7, audience)
    assert "2025-11-21 01:53:20 UTC" in notice.message
    assert "2025-11-21 01:54:50 UTC" in notice.message
    assert "7" in notice.message
    assert cannot_record("x", SINCE, audience).id != notice.id


@pytest.mark.parametrize("language", Language)
def test_what_the_monitor_says_of_its_own_network_and_standstill(language: Language) -> None:
    """From when to when in the time of people, how much it cost, what to do; nothing is left to fill in."""
    audience = Audience(("ops",), Voice(language, ZoneInfo("Asia/Seoul")), "abc", "https://status.example")
    until = SINCE.plus_s(90)
    notices = [uplink(SINCE, until, 42, audience), uplink_closed(SINCE, audience), frozen(SINCE, until, audience)]
    for notice in notices:
        assert (notice.event, notice.severity, notice.url) == (Event.NOTICE, Severity.WARNING, "https://status.example")
        assert "2025-11-21 10:53:20 KST" in notice.message
        assert notice.recommended_action
        assert "{" not in notice.message
        assert Notification.from_body(notice.body()) == notice
    assert all("2025-11-21 10:54:50 KST" in notice.message for notice in (notices[0], notices[2]))
    assert "42" in notices[0].message
    assert len({notice.id for notice in notices}) == 3


def test_one_probe_is_one_probe() -> None:
    """The number agrees with its word."""
    audience = Audience(("ops",), Voice(Language.EN, ZoneInfo("UTC")), "abc")
    assert uplink(SINCE, SINCE.plus_s(3), 1, audience).message.endswith("; 1 probe counts as unknown.")


@pytest.mark.parametrize("language", Language)
def test_a_start_with_an_earlier_configuration_says_which_and_why(language: Language) -> None:
    """When it was in force, the first problem of the file and how many more there are; and when it is over."""
    audience = Audience(("ops",), Voice(language, ZoneInfo("Asia/Seoul")), "abc")
    problems = ["endpoints[0].timout: unknown key", "defaults.interval: a bare number has no unit", "web: must be ..."]
    notice = runs_on_last_good(SINCE, problems, SINCE.plus_s(60), audience)
    assert notice.severity == Severity.CRITICAL
    assert "2025-11-21 10:53:20 KST" in notice.message
    assert problems[0] in notice.message
    assert "2" in notice.message.partition(problems[0])[2]
    alone = runs_on_last_good(SINCE, problems[:1], SINCE.plus_s(60), audience)
    assert alone.message.endswith(problems[0])
    again = runs_on_present(SINCE.plus_s(90), audience)
    assert "2025-11-21 10:54:50 KST" in again.message
    assert len({notice.id, again.id}) == 2


@pytest.mark.parametrize("language", Language)
def test_what_a_limit_of_size_leads_to(language: Language) -> None:
    """Since when results are left, and what to do; nothing is left to fill in."""
    audience = Audience(("ops",), Voice(language, ZoneInfo("Asia/Seoul")), "abc")
    shortened = history_shortened("10GB", SINCE, SINCE.plus_s(90), audience)
    assert "2025-11-21 10:53:20 KST" in shortened.message
    for notice in (shortened, size_limit_out_of_reach("10GB", SINCE, audience)):
        assert "10GB" in notice.message
        assert "{" not in notice.message
        assert notice.recommended_action
