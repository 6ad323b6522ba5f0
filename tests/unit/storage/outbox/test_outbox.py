"""The outbox: leases, order, and what is left of both after a clock step or a restart."""

from typing import TYPE_CHECKING

import pytest

from monitor.alerting.batch import DaemonRun
from monitor.clock import Moment
from monitor.errors import StorageError
from monitor.storage.outbox.outbox import Outbox, Waiting

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World

HOUR_S = 3600.0


def _skewed(moment: Moment, skew_s: float) -> Moment:
    """The same moment after somebody has set the wall clock."""
    return Moment(moment.wall_us + round(skew_s * 1_000_000), moment.mono_us)


async def test_what_is_claimed_is_what_was_queued(world: "World") -> None:
    """With its body as JSON, and no attempt begun."""
    await world.begin()
    queued = world.queued("n1", incident_id=1)
    await world.commit(incidents={1: world.incident()}, outbox=[queued])
    (claimed,) = await world.outbox.claim("ops", world.start, 20, 10)
    assert claimed.body == queued.notification.body()
    assert (claimed.notification_id, claimed.channel, claimed.incident_id, claimed.sequence) == ("n1", "ops", 1, 1)
    assert (claimed.attempts, claimed.created_at_us) == (0, world.start.wall_us)


async def test_what_waits_for_a_removed_channel_is_given_up_with_a_reason(world: "World") -> None:
    """Pending or leased, it is told to nobody any more; what was sent, or has its channel still, stays as it is."""
    await world.begin()
    await world.commit(outbox=[world.queued(f"n{n}", "old") for n in range(3)] + [world.queued("n0", "ops")])
    sent, _ = await world.outbox.claim("old", world.start, 20, 2)
    await world.outbox.settle_sent(sent, world.start)
    assert await world.outbox.give_up_absent(("ops", "mail"), world.start) == 2
    assert world.rows("SELECT channel, state, last_error FROM outbox ORDER BY id") == [
        ("old", "sent", None),
        *[("old", "dead", "the channel is no longer configured")] * 2,
        ("ops", "pending", None),
    ]
    assert await world.outbox.give_up_absent((), world.start) == 1


async def test_each_channel_has_its_own(world: "World") -> None:
    """The same notification id for two channels is two messages; a third channel has none."""
    await world.commit(outbox=[world.queued("n1", "ops"), world.queued("n1", "hook")])
    assert len(await world.outbox.claim("ops", world.start, 20, 10)) == 1
    assert len(await world.outbox.claim("hook", world.start, 20, 10)) == 1
    assert await world.outbox.claim("mail", world.start, 20, 10) == []


async def test_a_leased_row_is_not_claimed_again_until_its_lease_runs_out(world: "World") -> None:
    """Whoever hangs loses it."""
    await world.commit(outbox=[world.queued()])
    await world.outbox.claim("ops", world.start, 20, 10)
    assert await world.outbox.claim("ops", world.start.plus_s(19.9), 20, 10) == []
    assert await world.outbox.next_due_s("ops", world.start.plus_s(15)) == pytest.approx(5)
    (again,) = await world.outbox.claim("ops", world.start.plus_s(20), 20, 10)
    assert again.attempts == 1


async def test_who_lost_its_lease_cannot_settle_but_as_sent(world: "World") -> None:
    """A late failure must not undo what the next one does; a late success is a success."""
    await world.commit(outbox=[world.queued()])
    (first,) = await world.outbox.claim("ops", world.start, 20, 10)
    late = world.start.plus_s(25)
    (second,) = await world.outbox.claim("ops", late, 20, 10)
    assert not await world.outbox.settle_retry(first, late, late.plus_s(1), "timeout")
    assert not await world.outbox.settle_dead(first, late, "refused")
    assert await world.outbox.settle_sent(first, late)
    assert not await world.outbox.settle_sent(second, late)
    assert world.rows("SELECT state, attempts FROM outbox") == [("sent", 2)]


async def test_a_retry_waits_for_its_time(world: "World") -> None:
    """And says why it was not taken."""
    await world.commit(outbox=[world.queued()])
    (claimed,) = await world.outbox.claim("ops", world.start, 20, 10)
    assert await world.outbox.settle_retry(claimed, world.start, world.start.plus_s(60), "HTTP 502")
    assert await world.outbox.next_due_s("ops", world.start) == pytest.approx(60)
    assert await world.outbox.claim("ops", world.start.plus_s(59), 20, 10) == []
    assert world.rows("SELECT state, last_error FROM outbox") == [("pending", "HTTP 502")]
    assert len(await world.outbox.claim("ops", world.start.plus_s(60), 20, 10)) == 1


@pytest.mark.parametrize("skew_s", [-HOUR_S, HOUR_S])
async def test_a_clock_step_neither_hurries_nor_delays(world: "World", skew_s: float) -> None:
    """New rows go at once, retries and leases keep their time."""
    await world.begin()
    await world.commit(outbox=[world.queued("a"), world.queued("b")])
    start = _skewed(world.start, skew_s)
    first, second = await world.outbox.claim("ops", start, 20, 10)
    await world.outbox.settle_retry(first, world.start, world.start.plus_s(30), "later")
    assert await world.outbox.claim("ops", _skewed(world.start.plus_s(19), skew_s), 20, 10) == []
    (again,) = await world.outbox.claim("ops", _skewed(world.start.plus_s(20), skew_s), 20, 10)
    assert again.row_id == second.row_id
    (retried,) = await world.outbox.claim("ops", _skewed(world.start.plus_s(30), skew_s), 20, 10)
    assert retried.row_id == first.row_id


async def test_a_new_run_voids_leases_at_once(world: "World") -> None:
    """Whoever held them is dead; it may have sent, so the id stays the same."""
    await world.begin()
    await world.commit(outbox=[world.queued()])
    (first,) = await world.outbox.claim("ops", world.start, HOUR_S, 10)
    await world.journal.begin_run(_run_of(world))
    next_run = Outbox(world.writer)
    await next_run.void_leases(world.start)
    (again,) = await next_run.claim("ops", world.start, HOUR_S, 10)
    assert (again.notification_id, again.attempts) == (first.notification_id, 1)
    assert not await world.outbox.settle_dead(first, world.start, "the dead do not decide")


async def test_a_wait_outlives_a_restart_but_not_by_more_than_an_hour(world: "World") -> None:
    """Retry-After is honoured; a wall clock that was set back for years is not."""
    await world.begin()
    await world.commit(outbox=[world.queued("a")])
    (claimed,) = await world.outbox.claim("ops", world.start, 20, 10)
    await world.outbox.settle_retry(claimed, world.start, world.start.plus_s(600), "busy")
    restarted = Moment(world.start.plus_s(100).wall_us, 0)
    next_run = Outbox(world.writer)
    await next_run.void_leases(restarted)
    assert await next_run.next_due_s("ops", restarted) == pytest.approx(500)
    long_ago = Moment(1_000_000_000, 0)
    await next_run.void_leases(long_ago)
    assert await next_run.next_due_s("ops", long_ago) == pytest.approx(HOUR_S)


async def test_later_messages_of_an_incident_wait_for_earlier_ones(world: "World") -> None:
    """Also while the earlier one is being retried; other incidents and notices do not wait."""
    await world.commit(
        incidents={1: world.incident(1), 2: world.incident(2, "gw/chat/n")},
        outbox=[
            world.queued("opened-1", incident_id=1, sequence=1),
            world.queued("resolved-1", incident_id=1, sequence=2),
            world.queued("opened-2", incident_id=2, sequence=1),
            world.queued("notice-1", sequence=0),
            world.queued("notice-2", sequence=0),
        ],
    )
    claimed = await world.outbox.claim("ops", world.start, 900, 10)
    assert [row.notification_id for row in claimed] == ["opened-1", "opened-2", "notice-1", "notice-2"]
    await world.outbox.settle_retry(claimed[0], world.start, world.start.plus_s(60), "later")
    assert await world.outbox.claim("ops", world.start, 900, 10) == []
    (again,) = await world.outbox.claim("ops", world.start.plus_s(60), 900, 10)
    await world.outbox.settle_sent(again, world.start.plus_s(61))
    (resolved,) = await world.outbox.claim("ops", world.start.plus_s(61), 900, 10)
    assert resolved.notification_id == "resolved-1"


async def test_a_dead_message_does_not_block_the_next(world: "World") -> None:
    """The recovery is told even if the outage could not be."""
    await world.commit(
        incidents={1: world.incident()},
        outbox=[world.queued("o", incident_id=1, sequence=1), world.queued("r", incident_id=1, sequence=2)],
    )
    (opened,) = await world.outbox.claim("ops", world.start, 20, 10)
    assert await world.outbox.settle_dead(opened, world.start, "HTTP 404")
    (resolved,) = await world.outbox.claim("ops", world.start, 20, 10)
    assert resolved.notification_id == "r"
    assert await world.outbox.counts() == {"ops": Waiting(pending=1, dead=1)}


async def test_the_limit_holds_and_the_oldest_come_first(world: "World") -> None:
    """As many as there are free hands."""
    await world.commit(outbox=[world.queued(f"n{number}", sequence=0) for number in range(5)])
    first = await world.outbox.claim("ops", world.start, 20, 2)
    second = await world.outbox.claim("ops", world.start, 20, 2)
    assert [row.notification_id for row in [*first, *second]] == ["n0", "n1", "n2", "n3"]
    assert await world.outbox.next_due_s("ops", world.start) == 0


async def test_nothing_waiting_is_none(world: "World") -> None:
    """There is no time to wake up at."""
    assert await world.outbox.next_due_s("ops", world.start) is None
    assert await world.outbox.counts() == {}
    await world.commit(outbox=[world.queued()])
    (row,) = await world.outbox.claim("ops", world.start, 20, 10)
    await world.outbox.settle_sent(row, world.start)
    assert await world.outbox.next_due_s("ops", world.start) is None
    assert await world.outbox.counts() == {"ops": Waiting(0, 0)}


async def test_a_notice_is_queued_once(world: "World") -> None:
    """The same id again is the same message."""
    for _ in range(2):
        await world.commit(outbox=[world.queued("dead-channel", sequence=0)])
    assert len(await world.outbox.claim("ops", world.start, 20, 10)) == 1


@pytest.mark.parametrize("opened", ["sqlite"], indirect=True)  # a trigger of its own language
async def test_a_claim_that_was_refused_leases_nothing(world: "World") -> None:
    """The next one gets the row."""
    await world.commit(outbox=[world.queued()])
    trigger = "CREATE TRIGGER full BEFORE UPDATE ON outbox BEGIN SELECT RAISE(FAIL, 'disk trouble'); END"
    await world.writer.run(lambda connection: connection.exec_driver_sql(trigger))
    with pytest.raises(StorageError, match="disk trouble"):
        await world.outbox.claim("ops", world.start, 20, 10)
    await world.writer.run(lambda connection: connection.exec_driver_sql("DROP TRIGGER full"))
    assert len(await world.outbox.claim("ops", world.start, 20, 10)) == 1


def _run_of(world: "World") -> DaemonRun:
    return DaemonRun("1.0", 43, "here", world.start)
