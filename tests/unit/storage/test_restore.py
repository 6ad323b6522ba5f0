"""What is written is what is read back: healths and incidents, whatever they hold."""

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.alerting.batch import Batch
from monitor.clock import Moment
from monitor.domain.action import Action
from monitor.domain.availability import Recent
from monitor.domain.check import Severity
from monitor.domain.health import DownBecause, Health, State, Window
from monitor.domain.incident import Cause, Incident, IncidentKind
from monitor.domain.result import FaultDomain, Status, Verdict
from monitor.errors import StorageError

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World

NOW = Moment(1_795_200_000_000_000, 777_000_000)
REPEATED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)

# Of the past, and placed on the monotonic clock as `NOW.anchor` places them: so that equality holds.
moments = st.integers(1, NOW.wall_us).map(NOW.anchor)
counts = st.integers(0, 10_000)
texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=200)
verdicts = st.builds(
    Verdict,
    st.sampled_from(Status),
    st.none() | st.sampled_from(FaultDomain),
    st.none() | texts,
    st.none() | st.sampled_from(Action),
    st.none() | st.floats(0, 3600),
    st.booleans(),
)
windows = st.integers(0, 130).flatmap(lambda size: st.builds(Window, st.integers(0, (1 << size) - 1), st.just(size)))
recents = st.builds(Recent, st.integers(0, 600_000), st.lists(st.tuples(counts, counts), max_size=25).map(tuple))
healths = st.builds(
    Health,
    check=st.just("gw/chat/m"),
    since=moments,
    state=st.sampled_from(State),
    latest=st.none() | verdicts,
    latest_at=st.none() | moments,
    latency_ms=st.none() | st.floats(0, 1e6),
    consecutive_failures=counts,
    consecutive_successes=counts,
    auth_failures=counts,
    streak_started=st.none() | moments,
    failed_at=st.lists(moments, max_size=20).map(tuple),
    last_counted=st.none() | moments,
    loading_since=st.none() | moments,
    failures=windows,
    slow_answers=windows,
    slowed_at=st.lists(moments, max_size=10).map(tuple),
    slow=st.booleans(),
    slow_since=st.none() | moments,
    recent=recents,
)
causes = st.builds(Cause, st.sampled_from(Status), st.none() | st.sampled_from(FaultDomain))
incident_fields: dict[str, st.SearchStrategy[Any]] = {
    "kind": st.sampled_from(IncidentKind),
    "endpoint": texts,
    "checks": st.lists(st.sampled_from([f"gw/chat/{n}" for n in "abcdef"]), min_size=1, unique=True).map(tuple),
    "severity": st.sampled_from(Severity),
    "cause": causes,
    "because": st.none() | st.sampled_from(DownBecause),
    "reason": st.none() | texts,
    "action": st.none() | st.sampled_from(Action),
    "started_at": moments,
    "detected_at": moments,
    "failed_probes": counts,
    "sequence": counts,
    "told": st.lists(causes, max_size=4).map(tuple),
    "pending_cause": st.none() | causes,
}


def test_the_strategies_know_every_field() -> None:
    """A new field must be stored too, or the tests below would not notice its loss."""
    assert {f.name for f in fields(Incident)} - set(incident_fields) == {"id", "key", "resolved_at"}
    assert len(fields(Health)) == 19
    assert len(fields(Verdict)) == 6


@REPEATED
@given(health=healths)
async def test_a_health_is_read_back_as_it_was(world: "World", health: Health) -> None:
    """Windows, hours, streaks, everything."""
    await world.commit(healths={health.check: health})
    restored = await world.journal.restore([world.check()], NOW)
    assert restored.healths == {health.check: health}


@REPEATED
@given(values=st.fixed_dictionaries(incident_fields))
async def test_an_open_incident_is_read_back_as_it_was(world: "World", values: dict[str, Any]) -> None:
    """With its checks in order, what was told and what is about to be."""
    await world.writer.run(lambda connection: connection.exec_driver_sql("DELETE FROM incident_checks"))
    incident = Incident(id=1, key="gw/chat/m", **values)
    await world.commit(incidents={1: incident})
    restored = await world.journal.restore([], NOW)
    assert restored.open_incidents == (incident,)


async def test_a_new_database_remembers_nothing_but_its_name(world: "World") -> None:
    """The first incident gets the id 1."""
    restored = await world.journal.restore([world.check()], NOW)
    assert (restored.healths, restored.open_incidents, restored.next_incident_id) == ({}, (), 1)
    assert restored.instance == world.value("SELECT value FROM meta WHERE key = 'instance'")


async def test_healths_of_open_incidents_come_unasked(world: "World") -> None:
    """A check that was taken out of the configuration while it was down must still be ended."""
    for name in ("a", "b", "c"):
        check = f"gw/chat/{name}"
        await world.commit(healths={check: Health(check, world.start)})
    gone, over = world.incident(3, "gw/chat/b"), world.incident(7, "gw/chat/c", resolved_s=30)
    await world.journal.commit(Batch(incidents={3: gone, 7: over}))
    restored = await world.journal.restore([world.check("a")], NOW)
    assert set(restored.healths) == {"gw/chat/a", "gw/chat/b"}
    assert [incident.id for incident in restored.open_incidents] == [3]
    assert restored.next_incident_id == 8


async def test_times_that_lie_ahead_are_taken_as_now(world: "World") -> None:
    """The wall clock was set back between two runs."""
    ahead = Health("gw/chat/m", since=NOW.plus_s(3600))
    await world.commit(healths={ahead.check: ahead})
    restored = await world.journal.restore([world.check()], NOW)
    assert restored.healths == {ahead.check: replace(ahead, since=Moment(ahead.since.wall_us, NOW.mono_us))}


async def test_a_database_without_a_name_is_refused(world: "World") -> None:
    """Ids of notifications would not be stable."""
    await world.writer.run(lambda connection: connection.exec_driver_sql("DELETE FROM meta"))
    with pytest.raises(StorageError, match="lost its name"):
        await world.journal.restore([], NOW)
