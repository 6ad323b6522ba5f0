"""Who is told in a channel's place, when, and that it happens once and to the end."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from monitor.alerting.lateness import Instead
from monitor.alerting.notification import Event, Notification
from monitor.clock import Moment
from monitor.config.channel_table import ChannelTable
from monitor.delivery.announce import Announcer
from monitor.delivery.channel import Delivered, Permanent, Retry
from monitor.delivery.fallback import FallbackRule, Fallbacks
from monitor.storage.outbox.detours import Stuck

if TYPE_CHECKING:
    from monitor.alerting.texts import Voice
    from tests.unit.delivery.conftest import Live, World

BUSY = Retry("HTTP 503")
GONE = Permanent("HTTP 410")
OK = Delivered("ok")
HANG = 3_600.0


def test_another_channel_is_told_after_two_minutes(live: "Live[None]") -> None:
    """Long before the message is dead, once, and it says why; the first channel is still tried."""

    async def story(world: "World") -> None:
        ops, hook = world.channel("ops", then=BUSY), world.channel("hook")
        world.start()
        world.commit(1)
        with capture_logs() as logs:
            await asyncio.sleep(119.0)
            assert not hook.attempts
            await world.until(lambda: bool(hook.arrived), 2.0)
        assert hook.texts == ["m is down Sent here because ops has not taken it for 2 min (HTTP 503)."]
        assert [line["notification"] for line in logs if line["event"] == "notification_redirected"] == hook.arrived
        tried = len(ops.attempts)
        await asyncio.sleep(3_600.0)
        assert len(ops.attempts) > tried
        assert hook.arrived == ["1-1-ops-fallback-hook"]

    live(story)


def test_who_was_told_in_its_place_hears_the_end(live: "Live[None]") -> None:
    """At once, although the first channel takes messages again; updates go to that one alone."""

    async def story(world: "World") -> None:
        ops, hook = world.channel("ops", *[BUSY] * 12), world.channel("hook")
        world.start()
        world.commit(1)
        await world.settled()
        world.commit(1, 2)
        world.commit(1, 3, event=Event.RESOLVED)
        await world.until(lambda: len(hook.arrived) == 2, 2.0)
        await world.settled()
        assert ops.arrived == ["1-1-ops", "1-2-ops", "1-3-ops"]
        assert hook.arrived == ["1-1-ops-fallback-hook", "1-3-ops-fallback-hook"]
        assert hook.texts[1] == "m is down Sent here because this channel stood in for ops."

    live(story)


def test_a_death_goes_elsewhere_at_once(live: "Live[None]") -> None:
    """Nobody waits two minutes for a refusal; the end follows there too."""

    async def story(world: "World") -> None:
        world.channel("ops", then=GONE)
        hook = world.channel("hook")
        world.start()
        world.commit(1)
        await world.until(lambda: len(hook.arrived) == 2, 1.0)
        world.commit(1, 2, event=Event.RESOLVED)
        await world.until(lambda: len(hook.arrived) == 3, 2.0)
        assert hook.arrived == ["1-1-ops-fallback-hook", "1-1-ops-dead-hook", "1-2-ops-fallback-hook"]
        assert hook.texts[0] == "m is down Sent here because ops has given it up (HTTP 410)."

    live(story)


def test_who_was_told_itself_gets_no_copy(live: "Live[None]") -> None:
    """Two channels that are told of everything need none of each other."""

    async def story(world: "World") -> None:
        world.channel("ops", then=BUSY)
        hook = world.channel("hook")
        world.start()
        world.commit(1, channels=("ops", "hook"))
        await asyncio.sleep(600.0)
        assert hook.arrived == ["1-1-hook"]

    live(story)


def test_a_stand_in_that_is_stuck_is_stood_in_for(live: "Live[None]") -> None:
    """Until somebody has heard, each channel once."""

    async def story(world: "World") -> None:
        world.channel("ops", then=BUSY)
        world.channel("hook", then=HANG)
        mail = world.channel("mail")
        world.start()
        world.commit(1)
        await world.until(lambda: bool(mail.arrived), 260.0)
        await asyncio.sleep(600.0)
        assert mail.arrived == ["1-1-ops-fallback-hook-fallback-mail"]
        assert len(world.outbox.rows) == 3
        world.commit(1, 2, event=Event.RESOLVED)
        await world.until(lambda: len(mail.arrived) == 2, 5.0)

    live(story)


def test_the_configured_one_stands_in_after_the_configured_time(live: "Live[None]") -> None:
    """`fallback` and `fallback_after`; `"0s"` is never."""

    async def story(world: "World") -> None:
        world.fallbacks = {"ops": FallbackRule(10.0, "mail"), "never": FallbackRule(0.0)}
        world.channel("ops", then=BUSY)
        world.channel("never", then=BUSY)
        hook, mail = world.channel("hook"), world.channel("mail")
        world.start()
        world.commit(1)
        world.commit(2, channels=("never",))
        await asyncio.sleep(9.0)
        assert not mail.arrived
        await asyncio.sleep(300.0)
        assert mail.arrived == ["1-1-ops-fallback-mail"]
        assert not hook.arrived

    live(story)


def test_a_restart_forgets_no_wait_and_repeats_no_copy(live: "Live[None]") -> None:
    """The message waits since it arose, and what was copied stays copied."""

    async def story(world: "World") -> None:
        world.channel("ops", then=BUSY)
        hook = world.channel("hook")
        task = world.start()
        world.commit(1)
        await asyncio.sleep(100.0)
        for _ in range(3):
            task.cancel()
            await asyncio.wait({task})
            task = world.start()
            await asyncio.sleep(30.0)
        assert hook.arrived == ["1-1-ops-fallback-hook"]

    live(story)


def test_what_waits_for_a_removed_channel_goes_to_another(live: "Live[None]") -> None:
    """A channel that is taken out of the configuration takes no outage with it."""

    async def story(world: "World") -> None:
        hook = world.channel("hook")
        world.commit(1, channels=("gone",))
        world.start()
        await world.until(lambda: bool(hook.arrived), 1.0)
        assert hook.texts == ["m is down Sent here because gone is no longer configured."]

    live(story)


def test_a_refusing_database_is_waited_for(live: "Live[None]") -> None:
    """The copy is made as soon as it accepts."""

    async def story(world: "World") -> None:
        world.channel("ops", then=BUSY)
        hook = world.channel("hook")
        world.start()
        world.commit(1)
        await asyncio.sleep(110.0)
        world.outbox.writer.refusals = 60
        await world.until(lambda: bool(hook.arrived), 60.0)

    live(story)


def test_a_minute_of_silence_and_ten_of_trouble_are_nobody_elses(live: "Live[None]") -> None:
    """One channel hangs for 60 s, one says 503 for 10 minutes: the third is prompt, then all is told, in order."""

    async def story(world: "World") -> None:
        hanging = world.channel("hanging", *[HANG] * 6)
        failing = world.channel("failing", then=BUSY)
        well = world.channel("well")
        world.start()
        every = ("hanging", "failing", "well")
        for sequence in range(1, 11):
            expected = len(well.arrived) + 2
            for incident in (1, 2):
                world.commit(incident, sequence, channels=every)
            await asyncio.sleep(0.2)
            assert len(well.arrived) == expected
            await asyncio.sleep(59.8)
        failing.then = OK
        await world.settled(within_s=600.0)
        for channel in (hanging, failing, well):
            for incident in (1, 2):
                told = [sent for sent in channel.arrived if sent.startswith(f"{incident}-")]
                assert told == [f"{incident}-{sequence}-{channel.name}" for sequence in range(1, 11)]

    live(story)


class StillClock:
    """Time that stands still."""

    def now(self) -> Moment:
        """Always the same."""
        return Moment(1_795_200_000_000_000, 0)


@pytest.mark.parametrize(
    ("rules", "told", "dead", "expected"),
    [
        ({}, {"ops"}, (), "hook"),
        ({}, {"ops", "hook"}, (), "mail"),
        ({}, {"ops"}, ("hook",), "mail"),
        ({}, {"ops", "mail"}, ("hook",), "hook"),
        ({}, {"ops", "hook", "mail"}, (), None),
        ({"ops": FallbackRule(to="mail")}, {"ops"}, (), "mail"),
        ({"ops": FallbackRule(to="mail")}, {"ops", "mail"}, (), None),
        ({"ops": FallbackRule(0.0)}, {"ops"}, (), None),
    ],
)
def test_who_stands_in(
    voice: "Voice",
    lost: Notification,
    *,
    rules: Mapping[str, FallbackRule],
    told: set[str],
    dead: Sequence[str],
    expected: str | None,
) -> None:
    """The one that is named, else the first that was not told, one that works before one that does not."""
    names = ("ops", "hook", "mail")
    announcer, clock = Announcer(names, voice), StillClock()
    for name in dead:
        announcer.notice(name, lost, "gone", clock.now())
    chosen = Fallbacks({name: rules.get(name, FallbackRule()) for name in names}, announcer, voice, clock)
    copy = chosen.copy(Stuck(1, "ops", lost.body(), 1, 1, Instead.NOT_TAKEN, frozenset(told)))
    assert (copy and copy.channel) == expected
    assert chosen.copy(Stuck(1, "ops", {}, 1, 1, Instead.NOT_TAKEN, frozenset(told))) is None


def test_the_default_is_that_of_the_configuration() -> None:
    """Two minutes, in both places."""
    assert ChannelTable.model_fields["fallback_after_s"].default == FallbackRule().after_s


ANSWERS = st.lists(st.sampled_from([OK, BUSY, BUSY, Retry("HTTP 429", 90.0), GONE, HANG]), max_size=15)
EVENTS = [Event.OPENED, Event.UPDATED, Event.REMINDER, Event.RESOLVED]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answers=st.tuples(ANSWERS, ANSWERS, ANSWERS), gaps=st.lists(st.floats(0.0, 200.0), min_size=4, max_size=4))
def test_any_story_ends_with_somebody_told(
    live: "Live[None]", answers: tuple[list[Any], list[Any], list[Any]], gaps: Sequence[float]
) -> None:
    """Whatever the channels do: nothing is copied twice, and whoever heard the beginning in another's place its end."""

    async def story(world: "World") -> None:
        for name, script in zip(("ops", "hook", "mail"), answers, strict=True):
            world.channel(name, *script)
        world.start()
        for sequence, (event, gap_s) in enumerate(zip(EVENTS, gaps, strict=True), 1):
            world.commit(1, sequence, event=event)
            await asyncio.sleep(gap_s)
        await world.settled()
        rows = world.outbox.rows
        ids = [(row.channel, row.notification_id) for row in rows]
        assert len(ids) == len(set(ids))
        of_incident = [row for row in rows if row.incident_id is not None]
        news = [(row.channel, row.sequence) for row in of_incident]
        assert len(news) == len(set(news))
        ended = {row.channel for row in of_incident if row.sequence == len(EVENTS)}
        assert {row.channel for row in of_incident} == ended

    live(story)
