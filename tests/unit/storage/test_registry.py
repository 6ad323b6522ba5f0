"""Checks under new names: what was recorded stays theirs."""

from typing import TYPE_CHECKING

from monitor.alerting.batch import RhythmChange
from monitor.domain.availability import Rhythm
from monitor.domain.health import Health, State
from monitor.domain.incident import Scope
from monitor.domain.renaming import Renaming

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World

ENDPOINT = Renaming({"gw": "relay"})
MODEL = Renaming({}, {("gw", "m"): "m2"})


async def test_an_endpoint_keeps_results_states_and_incidents_under_its_new_name(world: "World") -> None:
    """Open and past incidents, of a check and of the endpoint; what others have stays theirs."""
    at = world.start.plus_s
    await world.journal.register([world.check("m"), world.check("m", "other")], world.start)
    await world.commit(
        world.result(1),
        world.result(2, check="other/chat/m"),
        healths={"gw/chat/m": Health("gw/chat/m", since=world.start, state=State.DOWN)},
        incidents={
            1: world.incident(1, resolved_s=30),
            2: world.incident(2, started_at=at(40), key="endpoint:gw", scope=Scope.ENDPOINT),
            3: world.incident(3, "other/chat/m"),
        },
    )
    now_configured = [world.check("m", "relay"), world.check("m", "other")]
    renamed = await world.journal.register(now_configured, at(60), ENDPOINT)
    assert (renamed.checks, renamed.kept_apart) == ({"gw/chat/m": "relay/chat/m"}, ())
    assert world.rows('SELECT "check", endpoint, removed_at_us FROM checks ORDER BY id') == [
        ("relay/chat/m", "relay", None),
        ("other/chat/m", "other", None),
    ]
    assert world.rows('SELECT "check" FROM v_results ORDER BY started_at_us') == [("relay/chat/m",), ("other/chat/m",)]
    assert world.rows("SELECT key, endpoint FROM incidents ORDER BY id") == [
        ("relay/chat/m", "relay"),
        ("endpoint:relay", "relay"),
        ("other/chat/m", "other"),
    ]
    restored = await world.journal.restore(now_configured, at(61))
    assert restored.healths["relay/chat/m"].state is State.DOWN
    assert {incident.checks for incident in restored.open_incidents} == {("relay/chat/m",), ("other/chat/m",)}


async def test_a_model_keeps_its_history_and_its_open_incident(world: "World") -> None:
    """The provider is that of the new name."""
    await world.journal.register([world.check("m")], world.start)
    await world.commit(world.failure(1), incidents={1: world.incident()})
    await world.journal.register([world.check("m2")], world.start.plus_s(60), MODEL)
    assert world.rows('SELECT "check", model, removed_at_us FROM checks') == [("gw/chat/m2", "m2", None)]
    assert world.rows("SELECT key FROM incidents") == [("gw/chat/m2",)]


async def test_a_name_that_stays_in_the_file_renames_once(world: "World") -> None:
    """The second start finds nothing to do."""
    await world.journal.register([world.check("m")], world.start)
    assert (await world.journal.register([world.check("m2")], world.start, MODEL)).checks
    again = await world.journal.register([world.check("m2")], world.start, MODEL)
    assert (again.checks, again.kept_apart) == ({}, ())


async def test_two_histories_are_kept_apart(world: "World") -> None:
    """Nothing is overwritten where the new name has been watched before."""
    await world.journal.register([world.check("m"), world.check("m2")], world.start)
    await world.commit(world.result(1), world.result(2, check="gw/chat/m2"), incidents={1: world.incident()})
    renamed = await world.journal.register([world.check("m2")], world.start.plus_s(60), MODEL)
    assert (renamed.checks, renamed.kept_apart) == ({}, ("gw/chat/m",))
    assert world.value("SELECT COUNT(*) FROM checks") == 2
    assert world.rows('SELECT "check" FROM v_results ORDER BY started_at_us') == [("gw/chat/m",), ("gw/chat/m2",)]
    assert world.value("SELECT key FROM incidents") == "gw/chat/m"


async def test_of_two_former_names_the_one_in_use_becomes_the_new_one(world: "World") -> None:
    """Endpoint and model were renamed, one after the other, and only now is it said."""
    await world.journal.register([world.check("m")], world.start)
    await world.journal.register([world.check("m", "relay")], world.start)
    both = Renaming({"gw": "relay"}, {("relay", "m"): "m2"})
    renamed = await world.journal.register([world.check("m2", "relay")], world.start, both)
    assert renamed.checks == {"relay/chat/m": "relay/chat/m2"}
    assert renamed.kept_apart == ("gw/chat/m",)


async def test_what_was_under_way_under_the_old_name_is_written_under_the_new_one(world: "World") -> None:
    """A batch that was made before the renaming and is committed after it brings no ghost of the old name back."""
    await world.journal.register([world.check("m")], world.start)
    await world.commit(world.result(1))
    await world.journal.register([world.check("m2")], world.start, MODEL)
    rhythm = Rhythm(world.start.wall_us, world.start.wall_us, 10, 1 << 62)
    await world.commit(world.result(2), rhythms=[RhythmChange("gw/chat/m", world.start.wall_us, rhythm)])
    assert world.rows('SELECT "check" FROM checks') == [("gw/chat/m2",)]
    assert world.value("SELECT COUNT(*) FROM results") == 2
