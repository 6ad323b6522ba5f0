"""What is written is what is read back: healths and incidents, whatever they hold."""

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.alerting.batch import Batch
from monitor.alerting.matching import Matcher
from monitor.alerting.silences import Silence, Until
from monitor.clock import Moment
from monitor.domain.action import Action
from monitor.domain.availability import Recent
from monitor.domain.flapping import Flapping
from monitor.domain.health import DownBecause, Health, State
from monitor.domain.incident import Acknowledgement, Cause, Incident, Scope, Telling, Told
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import FaultDomain, Status, Verdict
from monitor.domain.severity import Severity
from monitor.domain.window import Window
from monitor.errors import StorageError
from monitor.storage.journal import Journal

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
hours = st.lists(st.tuples(counts, counts), max_size=24).map(tuple)
recents = st.just(Recent()) | st.builds(Recent, st.integers(0, 600_000), counts, st.integers(1, 1000), hours)
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
    stand_ins=st.lists(st.booleans(), max_size=10).map(tuple),
    slow=st.booleans(),
    slow_since=st.none() | moments,
    recent=recents,
    flapping=st.builds(Flapping, st.integers(0, (1 << 20) - 1), st.none() | st.booleans(), st.booleans()),
)
acknowledgements = st.builds(Acknowledgement, texts, moments, st.just("") | texts)
tellings = st.builds(
    Telling,
    channels=st.lists(texts, unique=True, max_size=3).map(tuple),
    first_at=st.none() | moments,
    last_at=st.none() | moments,
    withheld=st.none() | st.sampled_from(Told),
    hold_until=st.none() | moments,
    grown=st.booleans(),
    escalated=st.integers(0, 9),
    easing_since=st.none() | moments,
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
    "scope": st.sampled_from(Scope),
    "provider": st.none() | texts,
    "joined_at": st.none() | moments,
    "acknowledged": st.none() | acknowledgements,
    "telling": tellings,
}
ahead = st.integers(0, 10**12).map(lambda us: NOW.plus_s(us / 1e6))
patterns = st.lists(texts, max_size=2).map(tuple)
matchers = st.builds(
    Matcher,
    *(patterns,) * 5,
    *(st.lists(st.sampled_from(words), max_size=2).map(tuple) for words in (Severity, FaultDomain, Status)),
)
silences = st.builds(
    Silence,
    id=st.just(1),
    matcher=matchers,
    author=texts,
    reason=texts,
    created_at=moments,
    starts_at=moments | ahead,
    ends_at=st.none() | moments | ahead,
    until=st.sampled_from(Until),
)


def test_the_strategies_know_every_field() -> None:
    """A new field must be stored too, or the tests below would not notice its loss."""
    assert {f.name for f in fields(Incident)} - set(incident_fields) == {"id", "key", "resolved_at"}
    assert len(fields(Health)) == 21
    assert len(fields(Verdict)) == 6
    assert len(fields(Telling)) == 8
    assert len(fields(Silence)) == 9
    assert len(fields(Matcher)) == 8


@REPEATED
@given(health=healths)
async def test_a_health_is_read_back_as_it_was(world: "World", health: Health) -> None:
    """Windows, hours, streaks, everything."""
    journal = Journal(world.writer)  # one that has not written before, and so leaves nothing out
    await journal.commit(Batch(healths={health.check: health}))
    restored = await world.journal.restore([world.check()], NOW)
    assert restored.healths == {health.check: health}


@REPEATED
@given(values=st.fixed_dictionaries(incident_fields))
async def test_an_open_incident_is_read_back_as_it_was(world: "World", values: dict[str, Any]) -> None:
    """With its checks in order, what was told and what is about to be."""
    await world.writer.run(lambda connection: connection.exec_driver_sql("DELETE FROM incident_checks"))
    incident = Incident(id=1, key="gw/chat/m", **values)
    journal = Journal(world.writer)  # one that has not written before, and so leaves nothing out
    await journal.commit(Batch(incidents={1: incident}))
    restored = await world.journal.restore([], NOW)
    assert restored.open_incidents == (incident,)


@REPEATED
@given(silence=silences)
async def test_a_silence_is_read_back_as_it_was(world: "World", silence: Silence) -> None:
    """One that begins or ends in the future does so on time, restart or not."""
    await world.commit(silences={1: silence})
    restored = await world.journal.restore([], NOW)
    assert (restored.silences, restored.next_silence_id) == ((silence,), 2)


async def test_a_silence_with_text_that_no_database_takes_stops_nothing(world: "World") -> None:
    """It came from outside, and the batch that carries it carries outages too."""
    odd = "a\0b\ud800c"
    await world.commit(silences={1: Silence(1, Matcher(models=(odd,)), odd, odd, NOW, NOW, None)})
    (silence,) = (await world.journal.restore([], NOW)).silences
    assert (silence.author, silence.reason, silence.matcher) == ("ab?c", "ab?c", Matcher(models=("ab?c",)))


async def test_a_silence_that_has_ended_is_not_brought_back(world: "World") -> None:
    """Its id is not given again either."""
    ended = Silence(3, Matcher(), "kim", "over", NOW, NOW, None, expired_at=NOW)
    await world.commit(silences={3: ended})
    restored = await world.journal.restore([], NOW.plus_s(5))
    assert (restored.silences, restored.next_silence_id) == ((), 4)


@pytest.mark.parametrize(
    ("set_back_s", "left_s"),
    [pytest.param(0, 6, id="the rest of the wait"), pytest.param(3600, 0, id="nobody waits for a clock set back")],
)
async def test_a_group_wait_goes_on_after_a_restart(world: "World", set_back_s: float, left_s: float) -> None:
    """For what is left of it."""
    telling = Telling(hold_until=NOW.plus_s(10), withheld=Told.GROUP_WAIT)
    await world.commit(incidents={1: world.incident(joined_at=NOW, telling=telling)})
    after = NOW.plus_s(4 - set_back_s)
    (incident,) = (await world.journal.restore([], after)).open_incidents
    assert incident.telling.hold_until == Moment(NOW.plus_s(10).wall_us, after.plus_s(left_s).mono_us)


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
