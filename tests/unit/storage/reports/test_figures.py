"""Figures of any period: the same from roll-ups as from single results, and never of more than is kept."""

import random
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from monitor.alerting.batch import RhythmChange
from monitor.clock import US_PER_S, Moment, SystemClock
from monitor.domain.availability import Rhythm
from monitor.domain.reply import Usage
from monitor.domain.result import Result, Status, Trigger, Verdict
from monitor.domain.stretches import SINGLE
from monitor.domain.tally import Tally
from monitor.storage.reports.figures import Period, Wanted, figures, spans_of, tallies
from monitor.storage.rollup_tables import Level
from monitor.storage.rollups.closing import Closer

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World

DAY_S, HOUR_S, STEP_S = 86_400, 3600, 1200
DAYS = 3
SHARES = (0.5, 0.95, 0.99)
NAMES = ("gw/chat/a", "gw/chat/b")
STATUSES = (*(Status.UP,) * 6, Status.DEGRADED, Status.TIMEOUT, Status.SERVER_ERROR, Status.UNKNOWN)
TRIGGERS = (*(Trigger.ON_PHASE,) * 6, Trigger.CONFIRM, Trigger.MAINTENANCE)


class Then:
    """A wall clock that stands at a moment of the test; durations are real."""

    def __init__(self, at: Moment) -> None:
        self.at = at
        self._real = SystemClock()

    def now(self) -> Moment:
        """The moment of the test."""
        return replace(self.at, mono_us=self._real.now().mono_us)


async def past(world: "World", seed: int) -> Moment:
    """Days of two checks, with everything that counts differently; the moment after it."""
    dice = random.Random(seed)  # noqa: S311  the same past every time
    await world.journal.register([world.check("a"), world.check("b")], world.start)
    await world.begin()
    rhythms = [rhythm(world, name, dice) for name in NAMES]
    await world.commit(*(one for name in NAMES for one in results(world, name, dice)), rhythms=rhythms)
    now = world.start.plus_s(DAYS * DAY_S + dice.uniform(0, HOUR_S))
    world.write("UPDATE daemon_runs SET heartbeat_us = ?", now.wall_us)
    return now


def rhythm(world: "World", name: str, dice: random.Random) -> RhythmChange:
    """Due every twenty minutes until the end of everything."""
    first_us, step_us = world.start.wall_us + dice.randrange(STEP_S * US_PER_S), STEP_S * US_PER_S
    return RhythmChange(name, world.start.wall_us, Rhythm(first_us, first_us + step_us, step_us, 1 << 62))


def results(world: "World", name: str, dice: random.Random) -> list[Result]:
    """One about every twenty minutes, some missing."""
    return [
        world.result(
            at + dice.uniform(0, STEP_S),
            Verdict(dice.choice(STATUSES)),
            name,
            trigger=dice.choice(TRIGGERS),
            latency_ms=dice.choice([None, round(dice.lognormvariate(5, 1), 1)]),
            ttft_ms=dice.choice([None, round(dice.lognormvariate(3, 1), 1)]),
            usage=dice.choice([Usage(), Usage(12, 5), Usage(7)]),
        )
        for at in range(0, DAYS * DAY_S, STEP_S)
        if dice.random() < 0.95
    ]


def some_period(world: "World", dice: random.Random) -> Period:
    """Any part of the past."""
    since, until = sorted(dice.uniform(0, DAYS * DAY_S) for _ in range(2))
    return Period("", world.start.plus_s(since).wall_us, world.start.plus_s(until).wall_us)


def seen(tally: Tally) -> dict[str, Any]:
    """Everything that a tally tells."""
    shown = {name: getattr(tally, name) for name in Tally.__slots__ if name not in {"latency", "ttft"}}
    for name in ("latency", "ttft"):
        timing = getattr(tally, name)
        shown[name] = (timing.count, timing.total, timing.least, timing.most, timing.percentiles_ms(SHARES))
    return shown


async def told(world: "World", period: Period, now: Moment) -> dict[int, dict[str, Any]]:
    """What figures say of a period, by check."""
    found = await world.ask(tallies, period, now)
    return {check: seen(tally) for check, tally in found.items()}


@pytest.mark.parametrize("seed", range(2))
async def test_roll_ups_tell_what_single_results_tell(world: "World", seed: int) -> None:
    """Every figure of every period, before and after its stretches were closed."""
    now, dice = await past(world, seed), random.Random(seed)  # noqa: S311  the same periods every time
    periods = [some_period(world, dice) for _ in range(8)]
    before = [await told(world, period, now) for period in periods]
    await Closer(world.writer, Then(now), pausing=False).close()
    assert [await told(world, period, now) for period in periods] == before
    spans = [span for period in periods for span in await world.ask(spans_of, period, now)]
    assert {span.length_us for span in spans} == {SINGLE, *(level.length_us for level in Level)}


@pytest.mark.parametrize("seed", range(2))
async def test_what_is_deleted_is_not_told(world: "World", seed: int) -> None:
    """Finer rows go first; a period then begins and ends where what is left can tell it, exactly."""
    now, dice = await past(world, seed), random.Random(seed)  # noqa: S311  the same periods every time
    await Closer(world.writer, Then(now), pausing=False).close()
    periods = [some_period(world, dice) for _ in range(6)]
    spans = [await world.ask(spans_of, period, now) for period in periods]
    raw_s, five_s, hour_s = sorted((dice.uniform(0, DAYS * DAY_S) for _ in range(3)), reverse=True)
    delete(world, "results", "pruned_before_us", world.start.plus_s(raw_s).wall_us)
    for level, at_s in ((Level.FIVE_MINUTES, five_s), (Level.HOUR, hour_s)):
        at_us = world.start.plus_s(at_s).wall_us // level.length_us * level.length_us
        delete(world, level.value, level.from_key, at_us)
    for period, whole in zip(periods, spans, strict=True):
        left = await world.ask(spans_of, period, now)
        if left:
            shorter = Period("", left[0].since_us, left[-1].until_us)
            assert period.since_us <= shorter.since_us < shorter.until_us <= whole[-1].until_us
            assert await told(world, period, now) == await told(world, shorter, now)


def delete(world: "World", table: str, key: str, before_us: int) -> None:
    """As retention does."""
    world.write(f"DELETE FROM {table} WHERE started_at_us < ?", before_us)  # noqa: S608  of the test
    world.write(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, str(before_us)
    )


async def test_half_deleted_hours_of_results_are_told_by_roll_ups(world: "World") -> None:
    """Exactly what they told before, where whole stretches lie in the period."""
    now = await past(world, 1)
    await Closer(world.writer, Then(now), pausing=False).close()
    since_us = -(-world.start.plus_s(DAY_S).wall_us // Level.HOUR.length_us) * Level.HOUR.length_us
    period = Period("", since_us, since_us + 26 * Level.HOUR.length_us)
    before = await told(world, period, now)
    delete(world, "results", "pruned_before_us", world.start.plus_s(2.5 * DAY_S).wall_us)
    assert await told(world, period, now) == before


async def test_only_some_checks(world: "World") -> None:
    """What is asked of one is what is told of it among all."""
    now = await past(world, 2)
    await Closer(world.writer, Then(now), pausing=False).close()
    period = Period("", world.start.plus_s(5000).wall_us, now.wall_us)
    everything = await told(world, period, now)
    one = await world.ask(tallies, period, now, Wanted([2]))
    assert {check: seen(tally) for check, tally in one.items()} == {2: everything[2]}


async def test_counts_without_percentiles(world: "World") -> None:
    """Sketches are not read where nobody looks at them; what was due is left out where nobody asks."""
    now = await past(world, 3)
    period = Period("", world.start.wall_us, now.wall_us)
    spans = await world.ask(spans_of, period, now)
    found = await world.ask(figures, spans, now, Wanted(timings=(), due=False))
    assert found[1].sketches == {}
    assert (found[1].sums["due"], found[1].sums["counted"] > 0) == (0, True)


async def test_parts_of_a_period_add_up(world: "World") -> None:
    """Each result lies in one of them, wherever it is cut."""
    now = await past(world, 4)
    await Closer(world.writer, Then(now), pausing=False).close()
    edges = [world.start.plus_s(at).wall_us for at in range(0, DAYS * DAY_S, 7 * HOUR_S)]
    parts = [await world.ask(tallies, Period("", *part), now) for part in pairwise(edges)]
    whole = await world.ask(tallies, Period("", edges[0], edges[-1]), now)
    for check, tally in whole.items():
        assert seen(Tally.sum_of(part[check] for part in parts if check in part)) == seen(tally)


async def test_what_no_roll_up_tells_the_cost_of(world: "World") -> None:
    """Tokens of closed stretches without a price then, and those of single results."""
    now = await past(world, 5)
    period = Period("", world.start.wall_us, now.wall_us)
    spans = await world.ask(spans_of, period, now)
    before = (await world.ask(figures, spans, now))[1].unpriced
    await Closer(world.writer, Then(now), pausing=False).close()
    spans = await world.ask(spans_of, period, now)
    assert (await world.ask(figures, spans, now))[1].unpriced == before
    world.write("UPDATE rollups_daily SET cost_nusd = 7 WHERE check_id = 1")
    priced = (await world.ask(figures, spans, now))[1]
    assert priced.sums["cost_nusd"] == 7 * priced.sums["priced"] > 0
    assert all(less < more for less, more in zip(priced.unpriced, before, strict=True))


async def test_nothing_is_under_way_after_the_end(world: "World") -> None:
    """The turns that a daemon lost at last were due, however soon after its end somebody asks."""
    await world.begin()
    first = world.start.wall_us
    forever = RhythmChange(NAMES[0], first, Rhythm(first, first + US_PER_S, US_PER_S, 1 << 62))
    await world.commit(world.result(0, check=NAMES[0]), rhythms=[forever])
    period = Period("", first, world.start.plus_s(60).wall_us)
    async with world.held():
        (alive,) = (await world.ask(tallies, period, world.start.plus_s(10))).values()
    world.write("UPDATE daemon_runs SET ended_at_us = ?", world.start.plus_s(9.5).wall_us)
    (ended,) = (await world.ask(tallies, period, world.start.plus_s(10))).values()
    assert (alive.due, ended.due) == (1, 10)
