"""What rules are judged by: the same figures as a report's, for many checks at once."""

import random
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from monitor.alerting.batch import RhythmChange
from monitor.clock import US_PER_S
from monitor.domain.availability import Rhythm, percent
from monitor.domain.result import Result, Status, Trigger, Verdict
from monitor.domain.rules import Counts, CountsOf, Percentile, PercentileOf, Timing
from monitor.storage import tables
from monitor.storage.reader import Reader
from monitor.storage.reports.measures import Answers, measure
from monitor.storage.reports.report import Period, report
from monitor.storage.retention.retention import PRUNED_KEY

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World

FAR_US = 1 << 62
UNKNOWN = Verdict(Status.UNKNOWN)


async def _counts(world: "World", window_s: float, now_s: float, check: str = "gw/chat/m", *, due: bool) -> Counts:
    wanted = CountsOf(window_s, due)
    answers: Answers = await world.ask(measure, {wanted: [check]}, world.start.plus_s(now_s))
    return answers.counts[wanted].get(check, Counts())


async def _every_10_s(world: "World", check: str = "gw/chat/m") -> None:
    at = world.start.wall_us
    rhythm = Rhythm(at, at + 10 * US_PER_S, 10 * US_PER_S, FAR_US)
    await world.commit(rhythms=[RhythmChange(check, at, rhythm)])


async def test_what_counts(world: "World") -> None:
    """Confirm probes, UNKNOWN and maintenance are left out; what started before the window, or now, too."""
    await world.commit(
        world.failure(0),
        world.result(10),
        world.result(20, Verdict(Status.DEGRADED)),
        world.failure(30),
        world.failure(35, trigger=Trigger.CONFIRM),
        world.failure(36, trigger=Trigger.TRIAGE),
        world.failure(40, trigger=Trigger.MAINTENANCE),
        world.result(50, UNKNOWN),
        world.failure(70),
    )
    assert await _counts(world, 60, 70, due=False) == Counts(successes=2, counted=3)


async def test_due_is_what_a_report_calls_due(world: "World") -> None:
    """Missing and UNKNOWN were due, maintenance was not; the probe that may be under way is not missed."""
    await world.begin()
    await _every_10_s(world)
    kinds: dict[int, dict[str, Any]] = {30: {"verdict": UNKNOWN}, 40: {"trigger": Trigger.MAINTENANCE}}
    await world.commit(*(world.result(at, **kinds.get(at, {})) for at in (0, 10, 20, 30, 40, 60, 70, 80)))
    assert await _counts(world, 95, 95, due=True) == Counts(successes=6, counted=6, due=8)
    assert await _counts(world, 200, 200, due=True) == Counts(successes=6, counted=6, due=16)


async def test_a_check_without_a_result_was_due_all_the_same(world: "World") -> None:
    """Otherwise the worst gap in coverage would look like none."""
    await world.begin()
    await world.journal.register([world.check()], world.start)
    await _every_10_s(world)
    assert await _counts(world, 100, 130, due=True) == Counts(due=7)


async def test_nothing_counts_twice_in_what_was_pruned(world: "World") -> None:
    """Where the window reaches back beyond what is kept, it begins with what is."""
    await world.begin()
    await _every_10_s(world)
    await world.commit(*(world.result(at) for at in range(0, 100, 10)))

    kept_since = {"key": PRUNED_KEY, "value": str(world.start.plus_s(50).wall_us)}
    await world.writer.run(lambda connection: connection.execute(tables.meta.insert().values(kept_since)))
    assert await _counts(world, 1000, 100, due=True) == Counts(successes=5, counted=5, due=5)


async def test_a_check_that_is_not_in_the_database_has_no_answer(world: "World") -> None:
    """It was configured a moment ago."""
    wanted = CountsOf(60)
    answers = await world.ask(measure, {wanted: ["gw/chat/new"]}, world.start)
    assert answers.counts == {wanted: {}}


@pytest.mark.parametrize("checks", [1, 7])
async def test_figures_agree_with_the_report(world: "World", checks: int) -> None:
    """Availability, coverage and percentiles of random histories are the report's."""
    await world.begin()
    names = [f"gw/chat/m{number}" for number in range(checks)]
    for name in names:
        await _every_10_s(world, name)
    await world.commit(*_random_history(world, names))
    now, wanted = world.start.plus_s(2000), CountsOf(1500, due=True)
    p50, p95 = (PercentileOf(Timing.LATENCY, one, 1500) for one in (50, 95))
    ttft = PercentileOf(Timing.TTFT, 99, 1500)
    async with world.held():
        answers = await world.ask(measure, dict.fromkeys((wanted, p95, p50, ttft), names), now)
        rows = await world.ask(report, Period("", world.start.plus_s(500).wall_us, now.wall_us), now)
    for row in rows[:checks]:
        name = row["check"]
        counts = answers.counts[wanted][name]
        assert percent(counts.successes, counts.counted) == row["availability"]
        assert percent(min(counts.counted, counts.due), counts.due) == row["coverage"]
        figures = [answers.percentiles[one].get(name, Percentile()).ms for one in (p50, p95, ttft)]
        assert figures == [row["latency_p50_ms"], row["latency_p95_ms"], row["ttft_p99_ms"]]


def _random_history(world: "World", names: list[str]) -> list[Result]:
    dice = random.Random(5)  # noqa: S311  the same history every time
    statuses = [Verdict(status) for status in (Status.UP, Status.UP, Status.DEGRADED, Status.TIMEOUT, Status.UNKNOWN)]
    triggers = (Trigger.ON_PHASE,) * 4 + (Trigger.CONFIRM, Trigger.MAINTENANCE)
    return [
        world.result(
            at + dice.random(),
            dice.choice(statuses),
            name,
            trigger=dice.choice(triggers),
            latency_ms=dice.choice([None, round(dice.uniform(1, 9), 1)]),
            ttft_ms=dice.choice([None, round(dice.uniform(1, 9), 1)]),
        )
        for name in names
        for at in range(0, 2000, 10)
    ]


async def test_a_question_is_one_statement_for_hundreds_of_checks(world: "World") -> None:
    """Not one per check."""
    names = [f"gw/chat/m{number}" for number in range(500)]
    await world.commit(*(world.result(1, check=name) for name in names))
    statements: list[str] = []

    def ask(reader: Reader) -> Answers:
        event.listen(reader.connection.engine, "before_cursor_execute", lambda *seen: statements.append(str(seen[2])))
        return measure(
            reader, {CountsOf(60): names, PercentileOf(Timing.LATENCY, 95, 60): names}, world.start.plus_s(9)
        )

    answers = await world.ask(ask)
    assert len(answers.counts[CountsOf(60)]) == len(names)
    assert sum("FROM results" in statement for statement in statements) == 3
