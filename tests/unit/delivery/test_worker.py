"""The worker's promises: order, at least once, patience, and that one channel never holds up another."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from monitor.alerting.notification import Event
from monitor.delivery.channel import Delivered, Permanent, Retry

if TYPE_CHECKING:
    from tests.unit.delivery.conftest import Live, World

DAY_S = 86_400.0
HANG = 3_600.0
OK = Delivered("ok")
BUSY = Retry("HTTP 503")
GONE = Permanent("HTTP 410")


def test_sends_at_once_what_the_ledger_commits(live: "Live[None]") -> None:
    """A wake leads to a send without waiting for any timer."""

    async def story(world: "World") -> None:
        channel = world.channel()
        world.start()
        await asyncio.sleep(5.0)
        world.commit(1)
        await world.settled()
        assert channel.attempts == [(5.0, "1-1-ops")]
        assert world.outcomes == [("ops", "sent")]

    live(story)


def test_keeps_the_order_of_an_incident(live: "Live[None]") -> None:
    """A message whose predecessor is being retried waits for it."""

    async def story(world: "World") -> None:
        channel = world.channel("ops", BUSY, BUSY, BUSY)
        world.start()
        world.commit(1, 1, 2, 3)
        await world.settled()
        assert channel.arrived == ["1-1-ops", "1-2-ops", "1-3-ops"]

    live(story)


def test_later_messages_are_given_the_thread_of_the_first(live: "Live[None]") -> None:
    """What the channel gave with the first message of an incident comes back with the rest, also after a restart."""

    async def story(world: "World") -> None:
        channel = world.channel("ops", Delivered("ok", "C1:7"), OK, BUSY)
        task = world.start()
        world.commit(1, 1, 2)
        await world.settled()
        task.cancel()
        await asyncio.wait({task})
        world.start()
        world.commit(1, 3)
        world.commit(2)
        await world.settled()
        assert dict(zip(channel.arrived, channel.threads, strict=True)) == {
            "1-1-ops": None,
            "1-2-ops": "C1:7",
            "1-3-ops": "C1:7",
            "2-1-ops": None,
        }

    live(story)


def test_sends_resolved_even_if_opened_died(live: "Live[None]") -> None:
    """The end of an outage is told even where its beginning was refused, and says that it is both."""

    async def story(world: "World") -> None:
        channel = world.channel("ops", GONE, BUSY)
        world.start()
        world.commit(1)
        await world.until(lambda: world.outbox.states("ops") == ["dead"])
        world.commit(1, 2, event=Event.RESOLVED)
        await world.settled()
        assert world.outbox.states("ops") == ["dead", "sent"]
        assert channel.arrived == ["1-2-ops"]
        assert channel.texts == ["m is down Beginning and end in one message."]

    live(story)


def test_an_end_that_overtakes_its_beginning_tells_both(live: "Live[None]") -> None:
    """While a channel was down an outage came and went: one message, and how late it is."""

    async def story(world: "World") -> None:
        channel = world.channel("ops", *[Retry("HTTP 503", 600.0)] * 2)
        world.start()
        world.commit(1)
        await asyncio.sleep(300.0)
        world.commit(1, 2)
        world.commit(1, 3, event=Event.RESOLVED)
        await world.settled()
        assert world.outbox.states("ops") == ["merged", "merged", "sent"]
        assert channel.arrived == ["1-3-ops"]
        assert channel.texts == ["m is down Told 20 min late, beginning and end in one message."]

    live(story)


def test_what_was_told_before_its_end_is_not_merged(live: "Live[None]") -> None:
    """People know of the beginning: updates and end follow in order, each saying how late it is."""

    async def story(world: "World") -> None:
        channel = world.channel("ops", OK, Retry("HTTP 503", 120.0))
        world.start()
        world.commit(1)
        await world.settled()
        world.commit(1, 2)
        world.commit(1, 3, event=Event.RESOLVED)
        await world.settled()
        assert channel.arrived == ["1-1-ops", "1-2-ops", "1-3-ops"]
        assert channel.texts == ["m is down", *["m is down Told 2 min late."] * 2]

    live(story)


def test_a_reminder_that_is_overtaken_reminds_nobody(live: "Live[None]") -> None:
    """A channel that was down for hours gets the newest one only."""

    async def story(world: "World") -> None:
        channel = world.channel("ops", OK, Retry("HTTP 503", 3_600.0))
        world.start()
        world.commit(1)
        await world.settled()
        world.commit(1, 2, 3, 4, event=Event.REMINDER)
        await world.settled()
        assert world.outbox.states("ops") == ["sent", "merged", "merged", "sent"]
        assert channel.arrived == ["1-1-ops", "1-4-ops"]

    live(story)


def test_lateness_outlives_a_restart_and_a_clock_that_is_set(live: "Live[None]") -> None:
    """It is counted by the clock that nobody sets, and over a stop by the wall clock."""

    async def story(world: "World") -> None:
        channel = world.channel()
        world.commit(1)
        await asyncio.sleep(3_360.0)
        world.start()
        await world.settled()
        world.clock.skew_s = 7 * DAY_S
        world.commit(2)
        await world.settled()
        assert channel.texts == ["m is down Told 56 min late.", "m is down"]

    live(story)


def test_incidents_do_not_wait_for_each_other(live: "Live[None]") -> None:
    """Several incidents are sent at once, but never more than four."""

    async def story(world: "World") -> None:
        channel = world.channel()
        channel.takes_s = 1.0
        world.start()
        for incident in range(10):
            world.commit(incident)
        await world.settled()
        assert channel.most_at_once == 4
        assert max(at for at, _ in channel.attempts) < 3.5

    live(story)


def test_a_hanging_send_is_given_up_and_retried(live: "Live[None]") -> None:
    """No send lasts longer than the channel's bound and a second."""

    async def story(world: "World") -> None:
        channel = world.channel("ops", HANG)
        world.start()
        world.commit(1)
        await world.settled()
        (first, _), (second, _) = channel.attempts
        assert 11.0 < second - first < 13.0

    live(story)


def test_a_channel_that_raises_is_retried(live: "Live[None]") -> None:
    """A broken promise of a channel costs a retry, not the daemon."""

    async def story(world: "World") -> None:
        channel = world.channel("ops", RuntimeError("secret text"))
        world.start()
        world.commit(1)
        with capture_logs() as logs:
            await world.settled()
        assert channel.arrived == ["1-1-ops"]
        assert "secret text" not in str(logs)

    live(story)


def test_retry_after_is_honoured(live: "Live[None]") -> None:
    """The next try comes no earlier than the other side asked for, and soon after."""

    async def story(world: "World") -> None:
        channel = world.channel("ops", Retry("HTTP 429", 120.0))
        world.start()
        world.commit(1)
        await world.settled()
        (first, _), (second, _) = channel.attempts
        assert 119.99 <= second - first < 121.0

    live(story)


def test_gives_up_after_a_day(live: "Live[None]") -> None:
    """A message is tried for 24 hours, at least each minute, and then is dead with its reason."""

    async def story(world: "World") -> None:
        channel = world.channel("ops", then=BUSY)
        world.start()
        world.commit(1)
        await world.settled(step_s=60.0)
        last = channel.attempts[-1][0]
        assert DAY_S <= last < DAY_S + 61.0
        assert len(channel.attempts) > 24 * 60
        assert world.outbox.rows[0].last_error == "HTTP 503"

    live(story)


def test_a_clock_step_ends_no_patience(live: "Live[None]") -> None:
    """A wall clock that jumps a week ahead does not make a young message old."""

    async def story(world: "World") -> None:
        channel = world.channel("ops", BUSY, BUSY, BUSY)
        world.start()
        world.commit(1)
        await asyncio.sleep(0.5)
        world.clock.skew_s = 7 * DAY_S
        await world.settled()
        assert channel.arrived == ["1-1-ops"]

    live(story)


def test_a_refused_settle_does_not_send_again(live: "Live[None]") -> None:
    """While the database refuses, the sent message is remembered, even beyond its lease."""

    async def story(world: "World") -> None:
        channel = world.channel()
        channel.takes_s = 1.0
        world.start()
        world.commit(1)
        await asyncio.sleep(0.5)
        world.outbox.writer.refusals = 100
        await world.settled()
        assert len(channel.attempts) == 1
        assert world.outbox.states("ops") == ["sent"]

    live(story)


def test_a_crash_between_send_and_settle_sends_the_same_id_again(live: "Live[None]") -> None:
    """The next run voids the lease and repeats the send with the same deduplication key."""

    async def story(world: "World") -> None:
        channel = world.channel()
        channel.takes_s = 1.0
        task = world.start()
        world.commit(1)
        await world.until(lambda: bool(channel.attempts))
        world.outbox.writer.refusals = 10_000
        await world.until(lambda: bool(channel.arrived))
        task.cancel()
        await asyncio.wait({task})
        world.outbox.writer.refusals = 0
        world.start()
        await world.settled(within_s=3.0)
        assert [sent for _, sent in channel.attempts] == ["1-1-ops", "1-1-ops"]

    live(story)


def test_an_unreadable_message_is_dead_and_holds_up_nothing(live: "Live[None]") -> None:
    """A poisoned row is put aside, logged, and the next message of the incident goes out."""

    async def story(world: "World") -> None:
        world.channel()
        world.start()
        world.commit(1, 1, 2)
        world.outbox.spoil(1)
        with capture_logs() as logs:
            await world.settled()
        assert world.outbox.states("ops") == ["dead", "sent"]
        assert [line["event"] for line in logs] == ["notification_unreadable", "notification_sent"]

    live(story)


def test_one_canonical_line_per_try_and_repeats_are_quiet(live: "Live[None]") -> None:
    """The same trouble warns once, then speaks at debug; success is info."""

    async def story(world: "World") -> None:
        world.channel("ops", BUSY, BUSY, BUSY)
        world.start()
        world.commit(1)
        with capture_logs() as logs:
            await world.settled()
        told = [(line["event"], line["log_level"], line["attempt"]) for line in logs]
        assert told == [
            ("notification_retry", "warning", 1),
            ("notification_retry", "debug", 2),
            ("notification_retry", "debug", 3),
            ("notification_sent", "info", 4),
        ]
        assert logs[-1]["answer"] == "ok"
        assert logs[-1]["incident"] == 1

    live(story)


EVENTS = st.sampled_from([Event.OPENED, Event.UPDATED, Event.REMINDER, Event.RESOLVED])
RECEIPTS = st.sampled_from([OK, OK, BUSY, Retry("HTTP 429", 7.0), GONE, RuntimeError("broken"), HANG])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    answers=st.lists(RECEIPTS, max_size=25),
    commits=st.lists(st.tuples(st.integers(1, 3), EVENTS, st.floats(0.0, 30.0)), min_size=1, max_size=10),
    kills=st.lists(st.integers(0, 9), max_size=3),
    refusals=st.lists(st.integers(0, 9), max_size=3),
)
def test_any_story_keeps_the_promises(
    live: "Live[None]",
    answers: Sequence[Any],
    commits: Sequence[tuple[int, Event, float]],
    kills: Sequence[int],
    refusals: Sequence[int],
) -> None:
    """Whatever channels, database and kills do: nothing is lost, order holds, repeats carry the same id."""

    async def story(world: "World") -> None:
        channel = world.channel("ops", *answers)
        task = world.start()
        sequences: dict[int, int] = {}
        ended: set[int] = set()
        for number, (incident, event, gap_s) in enumerate(commits):
            sequences[incident] = sequences.get(incident, 0) + 1
            if incident not in ended:
                world.commit(incident, sequences[incident], event=event)
            if event is Event.RESOLVED:
                ended.add(incident)
            if number in refusals:
                world.outbox.writer.refusals = 5
            await asyncio.sleep(gap_s)
            if number in kills:
                task.cancel()
                await asyncio.wait({task})
                task = world.start()
        await world.settled()
        _promises(world, channel.arrived, [sent for _, sent in channel.attempts])

    live(story)


def _promises(world: "World", arrived: Sequence[str], attempts: Sequence[str]) -> None:
    states = {row.notification_id: row.state for row in world.outbox.rows}
    assert {sent for sent, state in states.items() if state == "sent"} <= set(arrived)
    merged = {sent for sent, state in states.items() if state == "merged"}
    assert set(attempts) | merged == set(states)
    for sent in merged:  # never the last news of its incident
        incident, sequence, _ = sent.split("-")
        assert any(other.startswith(f"{incident}-") and int(other.split("-")[1]) > int(sequence) for other in states)
    for incident in {sent.split("-")[0] for sent in states}:
        firsts = list(dict.fromkeys(sent for sent in attempts if sent.split("-")[0] == incident))
        assert firsts == sorted(firsts, key=lambda sent: int(sent.split("-")[1]))
        order = [int(sent.split("-")[1]) for sent in arrived if sent.split("-")[0] == incident]
        assert order == sorted(order)
