"""What charts are drawn from: every step by check, by endpoint and for all together."""

from typing import TYPE_CHECKING

from monitor.clock import US_PER_S
from monitor.domain.result import Status, Verdict
from monitor.storage.reports.charts import charts

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World


async def test_steps_are_by_name(world: "World") -> None:
    """What fails on one check is part of its endpoint and of everything, and of nothing else."""
    checks = (world.check(), world.check("n"), world.check("m", "b"))
    await world.begin()
    await world.journal.register(checks, world.start)
    await world.commit(
        world.result(1),
        world.failure(2),
        world.result(70),
        world.result(3, check="gw/chat/n"),
        world.result(4, check="b/chat/m"),
    )
    edges = [world.start.wall_us + at_s * US_PER_S for at_s in (0, 60, 120)]
    found = await world.ask(charts, edges, world.start.plus_s(120), {"gw/chat/m"})
    assert {name: [(one.successes, one.counted) for one in steps] for name, steps in found.items()} == {
        ("gw/chat/m", "gw"): [(1, 2), (1, 1)],
        ("gw/chat/n", "gw"): [(1, 1), (0, 0)],
        ("b/chat/m", "b"): [(1, 1), (0, 0)],
        (None, "gw"): [(2, 3), (1, 1)],
        (None, "b"): [(1, 1), (0, 0)],
        (None, None): [(3, 4), (1, 1)],
    }


async def test_latency_is_there_and_unknown_is_not_counted(world: "World") -> None:
    """Percentiles of successes; what was the monitor's own fault counts nowhere."""
    await world.begin()
    await world.journal.register((world.check(),), world.start)
    await world.commit(world.result(1, latency_ms=100.0), world.result(2, Verdict(Status.UNKNOWN), latency_ms=9000.0))
    edges = [world.start.wall_us, world.start.wall_us + 60 * US_PER_S]
    found = await world.ask(charts, edges, world.start.plus_s(60), {"gw/chat/m"})
    assert {(step.counted, step.latency_ms) for (step,) in found.values()} == {(1, (100.0, 100.0, 100.0))}
    found = await world.ask(charts, edges, world.start.plus_s(60), ())
    assert found["gw/chat/m", "gw"][0].latency_ms == (None, None, None)
    assert found[None, "gw"][0].latency_ms == (100.0, 100.0, 100.0)


async def test_a_database_without_a_check_has_no_charts(world: "World") -> None:
    """Nothing is an answer."""
    await world.begin()
    assert await world.ask(charts, [0, 1, 2], world.start, ()) == {}
