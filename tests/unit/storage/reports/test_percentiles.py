"""Percentiles of a report are within the error that is stated, wherever they are read from."""

import random
from math import ceil
from typing import TYPE_CHECKING, Any

import pytest

from monitor.clock import Moment
from monitor.domain.sketch import RELATIVE_ERROR
from monitor.errors import StorageError
from monitor.storage.reports.figures import Period, spans_of
from monitor.storage.reports.report import Asked, Group, report_rows
from monitor.storage.rollups.closing import Closer
from tests.latency_shapes import SHAPES

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World

HOURS, ANSWERS = 60, 240
SHARES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}


class Then:
    """Always the same moment."""

    def __init__(self, at: Moment) -> None:
        self._at = at

    def now(self) -> Moment:
        """It."""
        return self._at


def shaped(name: str, start: int = 0) -> list[int]:
    """Answers of a shape, in tenths of a millisecond."""
    return SHAPES[name](random.Random(f"{name} {start}"), ANSWERS)  # noqa: S311  the same every time


async def recorded(world: "World") -> Moment:
    """A check of each shape, all over some days; the moment after it."""
    await world.journal.register([world.check(name) for name in SHAPES], world.start)
    step_s = HOURS * 3600 / ANSWERS
    for name in SHAPES:
        answers = zip(shaped(name), shaped(name, 1), strict=True)
        await world.commit(
            *(
                world.result(turn * step_s, check=f"gw/chat/{name}", latency_ms=latency / 10, ttft_ms=ttft / 10)
                for turn, (latency, ttft) in enumerate(answers)
            )
        )
    return world.start.plus_s(HOURS * 3600)


async def rows_of(world: "World", now: Moment) -> list[dict[str, Any]]:
    """A report over everything."""
    period = Period("all", world.start.wall_us, now.wall_us)
    asked = Asked(by=(Group.CHECK, Group.ENDPOINT), trend=False)
    return await world.ask(report_rows, period, now, asked)


def wrong(row: dict[str, Any], figure: str, values: list[int]) -> list[str]:
    """The percentiles that are further off than is stated."""
    exact = {share: sorted(values)[ceil(rank * len(values)) - 1] / 10 for share, rank in SHARES.items()}
    return [
        f"{row['check']} {figure} {share}: {row[f'{figure}_{share}_ms']} for {right}"
        for share, right in exact.items()
        if abs(row[f"{figure}_{share}_ms"] - right) > RELATIVE_ERROR * right
    ]


@pytest.mark.parametrize("closed", [False, True], ids=["single", "rolled_up"])
async def test_percentiles_of_twenty_shapes(world: "World", closed: bool) -> None:  # noqa: FBT001  of pytest
    """Of a check and of all together, from days, hours, five minutes and single results; averages exactly."""
    now = await recorded(world)
    if closed:
        await Closer(world.writer, Then(now), pausing=False).close()
        spans = await world.ask(spans_of, Period("", world.start.wall_us, now.wall_us), now)
        assert len({span.length_us for span in spans}) == 4
    *checks, endpoint = await rows_of(world, now)
    assert len(checks) == len(SHAPES) == 20
    everything: dict[str, list[int]] = {"latency": [], "ttft": []}
    found = []
    for row in checks:
        for start, figure in enumerate(everything):
            values = shaped(row["model"], start)
            everything[figure] += values
            found += wrong(row, figure, values)
        values = shaped(row["model"])
        assert row["latency_max_ms"] == max(values) / 10
        assert row["latency_avg_ms"] == pytest.approx(sum(values) / len(values) / 10, abs=0.001)
    found += [text for figure, values in everything.items() for text in wrong(endpoint, figure, values)]
    assert found == []


async def test_a_damaged_sketch_is_told_and_no_figure_is_made_up(world: "World") -> None:
    """Whoever reads it is told how to mend it; roll-ups that are made of it later do without what it held."""
    now = await recorded(world)
    await Closer(world.writer, Then(world.start.plus_s(3600)), pausing=False).close()
    world.write("UPDATE rollups_5m SET latency_sketch = ? WHERE check_id = 1", b"\x00")
    await Closer(world.writer, Then(now), pausing=False).close()
    with pytest.raises(StorageError) as caught:
        await rows_of(world, now)
    assert "db rebuild" in str(caught.value.hint)
