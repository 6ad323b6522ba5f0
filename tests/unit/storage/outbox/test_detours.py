"""Copies for other channels: what is stuck, that each is made once, and that mark and copy are one transaction."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest

from monitor.alerting.batch import Queued
from monitor.alerting.lateness import Instead
from monitor.alerting.notification import Event, Notification
from monitor.clock import Moment
from monitor.errors import StorageError
from monitor.storage.outbox.detours import Stuck
from monitor.storage.outbox.outbox import Claimed, Outbox

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World

START = Moment(1_795_200_000_000_000, 5_000_000_000)  # the world's
AFTER_S = {"ops": 120.0, "hook": 120.0}


class Chooser:
    """Sends everything to one channel, unless that one was told; remembers what it was asked."""

    def __init__(self, to: str = "mail") -> None:
        self.to = to
        self.asked: list[Stuck] = []

    def __call__(self, stuck: Stuck) -> Queued | None:
        """The copy."""
        self.asked.append(stuck)
        to = stuck.to or self.to
        if to in stuck.told:
            return None
        copy = Notification.from_body({**stuck.body, "id": f"{stuck.body['id']}-fallback-{to}"})
        return Queued(to, copy, stuck.incident_id, stuck.sequence, Moment(0, 0))


def message(
    sequence: int = 1,
    channel: str = "ops",
    event: Event = Event.OPENED,
    *,
    incident: int | None = 1,
    severity: str = "critical",
) -> Queued:
    """News of an incident, or a notice."""
    note = Notification(f"{incident}-{sequence}-{channel}", event, severity, "gw", "t", "m")
    return Queued(channel, note, incident, sequence, START)


async def commit(world: "World", *queued: Queued) -> None:
    """The ledger's transaction."""
    await world.commit(incidents={1: world.incident()}, outbox=queued)


def ids(copies: Iterable[Queued]) -> list[str]:
    """What was written."""
    return [copy.notification.id for copy in copies]


async def test_what_waits_too_long_is_copied_once(world: "World") -> None:
    """Not earlier; by the clock that nobody sets; and never again, in this run or the next."""
    await world.begin()
    await commit(world, message())
    choose = Chooser()
    look = await world.outbox.fall_back(AFTER_S, choose, world.start.plus_s(1))
    assert not look.copies
    assert look.next_s == pytest.approx(119)
    skewed = Moment(world.start.wall_us + 10**13, world.start.plus_s(119).mono_us)
    assert not (await world.outbox.fall_back(AFTER_S, choose, skewed)).copies
    look = await world.outbox.fall_back(AFTER_S, choose, world.start.plus_s(120))
    assert (ids(look.copies), look.next_s) == (["1-1-ops-fallback-mail"], None)
    (asked,) = choose.asked
    assert (asked.why, asked.told, asked.waited_s) == (Instead.NOT_TAKEN, frozenset({"ops"}), 120.0)
    await world.outbox.void_leases(world.start.plus_s(200))
    for outbox in (world.outbox, Outbox(world.writer)):
        assert not (await outbox.fall_back(AFTER_S, choose, world.start.plus_s(200))).copies
    assert world.rows("SELECT channel, state, fell_back_to FROM outbox ORDER BY id") == [
        ("ops", "pending", "mail"),
        ("mail", "pending", None),
    ]


async def test_a_wait_goes_on_over_a_restart(world: "World") -> None:
    """By the wall clock, since nothing else outlives a stop."""
    await commit(world, message())
    after = Moment(world.start.plus_s(130).wall_us, 5)
    assert (await Outbox(world.writer).fall_back(AFTER_S, Chooser(), after)).copies


@pytest.mark.parametrize(
    "queued",
    [
        message(severity="warning"),
        message(channel="patient"),
        message(incident=None, event=Event.NOTICE, severity="warning", sequence=0),
    ],
    ids=["a warning", "a channel without a limit", "a notice that only warns"],
)
async def test_what_is_not_urgent_waits(world: "World", queued: Queued) -> None:
    """Nobody else is bothered."""
    await commit(world, queued)
    look = await world.outbox.fall_back(AFTER_S, Chooser(), world.start.plus_s(10_000))
    assert (look.copies, look.next_s) == ((), None)


async def test_who_was_told_is_known(world: "World") -> None:
    """Of an incident's event all channels that have it; of a notice those that got it, and its copies."""
    notice = message(0, event=Event.NOTICE, incident=None)
    await commit(world, message(), message(channel="hook"), message(2, "mail"), notice)
    choose = Chooser("hook")
    await world.outbox.fall_back(AFTER_S, choose, world.start.plus_s(120))
    await world.outbox.fall_back({"hook": 0.0}, choose, world.start.plus_s(240))
    told = {(stuck.incident_id, stuck.channel): set(stuck.told) for stuck in choose.asked}
    assert told[1, "ops"] == {"ops", "hook"}
    assert told[None, "ops"] == {"ops"}
    assert told[None, "hook"] == {"ops", "hook"}


async def test_where_nobody_is_left_is_asked_once(world: "World") -> None:
    """Until the next run, whose channels may be others."""
    await world.begin()
    await commit(world, message(), message(channel="mail"))
    choose = Chooser()
    for _ in range(3):
        await world.outbox.fall_back(AFTER_S, choose, world.start.plus_s(120))
    assert len(choose.asked) == 1
    await world.outbox.void_leases(world.start)
    await world.outbox.fall_back(AFTER_S, choose, world.start.plus_s(120))
    assert len(choose.asked) == 2


async def test_the_end_follows_the_beginning(world: "World") -> None:
    """At once, whatever became of the original, also found by the next run; not where it was told anyway."""
    await commit(world, message(), message(channel="hook"))
    await world.outbox.fall_back(AFTER_S, Chooser(), world.start.plus_s(120))
    await commit(world, message(2, event=Event.UPDATED), message(3, event=Event.RESOLVED))
    await commit(world, message(3, channel="hook", event=Event.RESOLVED))
    choose = Chooser()
    look = await Outbox(world.writer).fall_back({}, choose, world.start.plus_s(121))
    assert ids(look.copies) == ["1-3-ops-fallback-mail"]
    assert [(stuck.why, stuck.to) for stuck in choose.asked] == [(Instead.ITS_END, "mail")]
    for outbox in (world.outbox, Outbox(world.writer)):
        assert not (await outbox.fall_back({}, choose, world.start.plus_s(122))).copies


async def test_nothing_is_copied_after_the_end(world: "World") -> None:
    """An update that was still waiting, or dies now, would come after the incident is over."""
    await world.begin()
    await commit(world, message())
    await world.outbox.fall_back(AFTER_S, Chooser(), world.start.plus_s(120))
    await commit(world, message(2, event=Event.UPDATED), message(3, event=Event.RESOLVED))
    patient = {"ops": 200.0}
    look = await world.outbox.fall_back(patient, Chooser(), world.start.plus_s(121))
    assert ids(look.copies) == ["1-3-ops-fallback-mail"]
    look = await world.outbox.fall_back(patient, Chooser(), world.start.plus_s(500))
    assert (look.copies, look.next_s) == ((), None)


@pytest.mark.parametrize("opened", ["sqlite"], indirect=True)  # a trigger of its own language
async def test_an_end_whose_copy_was_refused_is_not_forgotten(world: "World") -> None:
    """The transaction failed: the next look writes it."""
    await commit(world, message())
    await world.outbox.fall_back(AFTER_S, Chooser(), world.start.plus_s(120))
    await commit(world, message(2, event=Event.RESOLVED))
    await full(world)
    with pytest.raises(StorageError):
        await world.outbox.fall_back({}, Chooser(), world.start.plus_s(121))
    await empty(world)
    assert (await world.outbox.fall_back({}, Chooser(), world.start.plus_s(121))).copies


@pytest.mark.parametrize("opened", ["sqlite"], indirect=True)  # a trigger of its own language
async def test_a_death_its_copy_and_its_announcement_are_one(world: "World") -> None:
    """A kill in between leaves neither: the message is sent again, and nothing is lost."""
    await world.begin()
    await commit(world, message())
    (row,) = await world.outbox.claim("ops", world.start, 20, 1)
    notice = message(0, "mail", Event.NOTICE, incident=None)
    await full(world)
    with pytest.raises(StorageError):
        await die(world, row, notice)
    assert world.rows("SELECT channel, state, fell_back_to FROM outbox") == [("ops", "leased", None)]
    await empty(world)
    assert await die(world, row, notice)
    assert world.rows("SELECT channel, state, fell_back_to FROM outbox ORDER BY id") == [
        ("ops", "dead", "mail"),
        ("mail", "pending", None),
        ("mail", "pending", None),
    ]
    assert not await die(world, row, notice)


async def test_what_a_removed_channel_leaves_goes_elsewhere(world: "World") -> None:
    """Unless it is a warning, or was copied before."""
    await commit(world, message(), message(2, severity="warning"))
    choose = Chooser()
    assert await world.outbox.give_up_absent(("mail",), world.start, choose) == 2
    assert [stuck.why for stuck in choose.asked] == [Instead.REMOVED]
    assert world.value("SELECT count(*) FROM outbox WHERE channel = 'mail'") == 1


async def die(world: "World", row: Claimed, notice: Queued) -> bool:
    """The channel gives up."""
    return await world.outbox.settle_dead(row, world.start, "HTTP 410", also=[notice], choose=Chooser())


async def full(world: "World") -> None:
    """No row can be inserted for `mail` any more."""
    trigger = (
        "CREATE TRIGGER full BEFORE INSERT ON outbox WHEN NEW.channel = 'mail' "
        "BEGIN SELECT RAISE(FAIL, 'disk trouble'); END"
    )
    await world.writer.run(lambda connection: connection.exec_driver_sql(trigger))


async def empty(world: "World") -> None:
    """It can again."""
    await world.writer.run(lambda connection: connection.exec_driver_sql("DROP TRIGGER full"))
