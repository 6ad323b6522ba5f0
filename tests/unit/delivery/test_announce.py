"""When a dead channel is news, and who carries it."""

from typing import TYPE_CHECKING

from monitor.alerting.notification import Event, Notification
from monitor.clock import Moment
from monitor.delivery.announce import Announcer

if TYPE_CHECKING:
    from monitor.alerting.texts import Voice

NOW = Moment(1_795_200_000_000_000, 0)


def test_the_notice_goes_through_another_channel(voice: "Voice", lost: Notification) -> None:
    """It names the dead channel, what was lost and why, and has a stable id of its own."""
    queued = Announcer(("ops", "hook"), voice).notice("ops", lost, "HTTP 404: no_service", NOW)
    assert queued is not None
    assert queued.channel == "hook"
    assert queued.incident_id is None
    assert queued.notification.event is Event.NOTICE
    assert queued.notification.id == f"{lost.id}-dead-hook"
    for fact in (lost.title, "HTTP 404: no_service"):
        assert fact in queued.notification.message
    assert "ops" in queued.notification.title


def test_a_lost_notice_is_not_announced(voice: "Voice", lost_notice: Notification) -> None:
    """That is what ends the loop."""
    assert Announcer(("ops", "hook"), voice).notice("ops", lost_notice, "gone", NOW) is None


def test_an_only_channel_has_nobody_to_tell(voice: "Voice", lost: Notification) -> None:
    """The log is all there is."""
    assert Announcer(("ops",), voice).notice("ops", lost, "gone", NOW) is None


def test_a_burst_is_announced_once(voice: "Voice", lost: Notification) -> None:
    """Again only after an hour, or after the channel has worked in between."""
    announcer = Announcer(("ops", "hook"), voice)
    assert announcer.notice("ops", lost, "gone", NOW) is not None
    assert announcer.notice("ops", lost, "gone", NOW.plus_s(3_599)) is None
    assert announcer.notice("ops", lost, "gone", NOW.plus_s(3_600)) is not None
    announcer.delivered("ops")
    assert announcer.notice("ops", lost, "gone", NOW.plus_s(3_601)) is not None


def test_a_channel_known_to_be_dead_carries_nothing(voice: "Voice", lost: Notification) -> None:
    """The first working one is chosen, in the order of the configuration."""
    announcer = Announcer(("ops", "hook", "log"), voice)
    first = announcer.notice("ops", lost, "gone", NOW)
    second = announcer.notice("hook", lost, "gone", NOW)
    assert first is not None
    assert second is not None
    assert (first.channel, second.channel) == ("hook", "log")
