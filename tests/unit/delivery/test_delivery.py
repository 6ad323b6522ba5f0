"""All channels together: independence, announcements of dead ones, draining, signs of life."""

import asyncio
from typing import TYPE_CHECKING

from structlog.testing import capture_logs

from monitor.alerting.notification import Notification
from monitor.delivery.channel import Delivered, Permanent, Retry

if TYPE_CHECKING:
    from tests.unit.delivery.conftest import Live, World

HANG = 3_600.0
GONE = Permanent("HTTP 410")


def test_a_hanging_channel_delays_only_itself(live: "Live[None]") -> None:
    """The other channel's messages go out in the same second."""

    async def story(world: "World") -> None:
        world.channel("stuck", then=HANG)
        well = world.channel("well")
        world.start()
        for incident in range(20):
            world.commit(incident, channels=("stuck", "well"))
        await world.until(lambda: len(well.arrived) == 20, within_s=1.0)

    live(story)


def test_what_waits_for_a_removed_channel_is_given_up_and_said(live: "Live[None]") -> None:
    """An alert that nobody will get any more is an error in the log, and dead in the outbox."""

    async def story(world: "World") -> None:
        world.channel()
        world.commit(1, channels=("gone", "ops"))
        with capture_logs() as logs:
            world.start()
            await world.until(lambda: world.outbox.states("ops") == ["sent"], within_s=1.0)
        assert world.outbox.states("gone") == ["dead"]
        assert [line["count"] for line in logs if line["event"] == "notifications_given_up"] == [1]

    live(story)


def test_drain_finishes_what_is_in_flight(live: "Live[None]") -> None:
    """A stop waits for the answer and settles it; what was committed last goes out too."""

    async def story(world: "World") -> None:
        channel = world.channel()
        channel.takes_s = 2.0
        world.start()
        world.commit(1)
        await asyncio.sleep(0.5)
        world.commit(2)
        assert await world.delivery.drain(8.0)
        assert world.outbox.states("ops") == ["sent", "sent"]

    live(story)


def test_drain_is_bounded(live: "Live[None]") -> None:
    """A stop does not wait for a hanging channel; its message stays for the next run."""

    async def story(world: "World") -> None:
        world.channel("ops", then=HANG)
        world.start()
        world.commit(1)
        await asyncio.sleep(0.5)
        assert not await world.delivery.drain(2.0)
        assert world.outbox.states("ops") == ["leased"]

    live(story)


def test_trouble_outside_is_progress(live: "Live[None]") -> None:
    """Neither a dead channel nor a refusing database looks like a frozen daemon."""

    async def story(world: "World") -> None:
        world.channel("ops", then=HANG)
        world.channel("well")
        world.start()
        world.commit(1)
        for refusals in (0, 3, 50):
            world.outbox.writer.refusals = refusals
            await asyncio.sleep(40.0)
            progress = world.delivery.last_progress()
            assert progress is not None
            assert world.clock.now().s_since(progress) <= 15.0

    live(story)


def test_a_death_is_announced_through_the_other_channel_once(live: "Live[None]") -> None:
    """Ten messages die on one channel: the other gets a copy of each, and one notice that the first is dead."""

    async def story(world: "World") -> None:
        world.channel("dead", then=GONE)
        well = world.channel("well")
        world.start()
        for incident in range(10):
            world.commit(incident, channels=("dead",))
        await world.settled(within_s=5.0)
        assert [sent for sent in well.arrived if sent.endswith("-dead-well")] == ["0-1-dead-dead-well"]
        assert len([sent for sent in well.arrived if sent.endswith("-fallback-well")]) == 10
        assert len(well.arrived) == 11

    live(story)


def test_two_dead_channels_do_not_tell_each_other_for_ever(live: "Live[None]") -> None:
    """Notices that die are not announced."""

    async def story(world: "World") -> None:
        world.channel("one", then=GONE)
        world.channel("two", then=GONE)
        world.start()
        world.commit(1, channels=("one", "two"))
        await world.settled(within_s=5.0)
        await asyncio.sleep(600.0)
        assert len(world.outbox.rows) <= 4

    live(story)


def test_news_that_cannot_be_recorded_goes_to_the_first_channel_that_takes_it(
    live: "Live[None]", lost_notice: Notification
) -> None:
    """Past the outbox, once; channels behind the first success are left in peace."""

    async def story(world: "World") -> None:
        world.channel("busy", then=Retry("HTTP 503"))
        world.channel("well")
        third = world.channel("third")
        world.start()
        receipts = await world.delivery.send_now(lost_notice)
        assert receipts == {"busy": Retry("HTTP 503"), "well": Delivered("ok")}
        assert not third.attempts
        assert not world.outbox.rows

    live(story)


def test_a_refusing_database_at_start_is_waited_for(live: "Live[None]") -> None:
    """Leases are voided as soon as it accepts, and the trouble is a warning once."""

    async def story(world: "World") -> None:
        channel = world.channel()
        world.outbox.writer.refusals = 5
        with capture_logs() as logs:
            world.start()
            world.commit(1)
            await world.settled()
        assert channel.arrived == ["1-1-ops"]
        assert [line["log_level"] for line in logs if line["event"] == "outbox_refused"] == ["warning"] + 4 * ["debug"]

    live(story)


def test_before_its_start_delivery_has_nothing_to_drain(live: "Live[None]") -> None:
    """A start that fails elsewhere can still tear down; no progress is claimed."""

    async def story(world: "World") -> None:
        world.channel()
        world.start().cancel()
        await asyncio.sleep(0)
        assert world.delivery.last_progress() is None
        assert await world.delivery.drain(1.0)
        await world.delivery.close()

    live(story)
