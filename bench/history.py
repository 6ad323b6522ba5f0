"""Bar 7: questions about a long past, on 8.64 million single results and their roll-ups."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure, median
from bench.years import DAY_US, Past, fill
from monitor.storage.past.result_list import ResultList
from monitor.storage.past.selection import Selection
from monitor.storage.reader import Reader
from monitor.storage.reports.figures import Period, Wanted, figures, spans_of
from monitor.storage.reports.sums import COUNTED
from monitor.storage.sqlite.database import SqliteDatabase

ROUNDS = 15
NEWEST = 100
P95 = (0.95,)


async def history(folder: Path, *, quick: bool) -> list[Figure]:
    """What a month of all checks, a year of one, and the newest results cost, warm."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    path, past = folder / "history.db", Past(checks=20, days=2) if quick else Past()
    await fill(path, past)
    note = f"{past.checks} checks over {past.days} days, {past.rows:,} rows" if quick else ""
    return await asyncio.to_thread(measured, path, past, note)


def measured(path: Path, past: Past, note: str = "") -> list[Figure]:
    """Asks a database that is there.

    Args:
        path: what `years.fill` made.
        past: of the same size.
        note: how this run differs from the full measurement.
    """
    with Reader(SqliteDatabase(path)) as reader:
        found = [
            Figure("7", one.name, median(runs := warm_ms(one.ask)), one.limit_ms, runs=runs, note=note)
            for one in questions(reader, past)
        ]
    return found if note else [*found, _as_raw(path, _month(past), found[0].value)]


@dataclass(frozen=True, slots=True)
class Question:
    """Something that people ask of a long past.

    Attributes:
        name: with its unit at the end.
        ask: asks it once.
        limit_ms: the bar.
    """

    name: str
    ask: Callable[[], object]
    limit_ms: float


def questions(reader: Reader, past: Past) -> tuple[Question, ...]:
    """Those that bar 7 is about, of the checks that have the past."""
    month, year = _month(past), Period("year", past.now.wall_us - past.year * DAY_US, past.now.wall_us)
    every = tuple(range(1, past.checks + 1))
    return (
        Question(
            "availability and p95 of 100 checks over 30 days, ms", lambda: _told(reader, month, past, every), 25.0
        ),
        Question(
            "availability and p95 of one check over 365 days, ms", lambda: _told(reader, year, past, every[:1]), 10.0
        ),
        Question(
            "newest 100 results of all checks, ms", lambda: list(ResultList(reader, Selection(limit=NEWEST))), 20.0
        ),
    )


def _month(past: Past) -> Period:
    return Period("month", past.now.wall_us - past.days * DAY_US, past.now.wall_us)


def _told(reader: Reader, period: Period, past: Past, checks: tuple[int, ...]) -> list[tuple[float | None, ...]]:
    wanted = Wanted(checks, timings=("latency",), sums=COUNTED, due=False)
    found = figures(reader, spans_of(reader, period, past.now), past.now, wanted)
    return [
        (one.sums["successes"] / one.sums["counted"], *one.timing("latency").percentiles_ms(P95))
        for one in found.values()
    ]


def _as_raw(path: Path, month: Period, took_ms: float) -> Figure:
    """The same availability counted from single results, in the same run: what roll-ups save."""
    query = (
        "SELECT check_id, avg(status < 2) FROM results WHERE trigger = 0 AND status <> 12"
        " AND started_at_us >= ? AND started_at_us < ? GROUP BY check_id"
    )
    connection = sqlite3.connect(path)
    began = time.perf_counter()
    connection.execute(query, (month.since_us, month.until_us)).fetchall()
    raw_ms = 1000 * (time.perf_counter() - began)
    connection.close()
    return Figure("7", "the same from roll-ups against single results, ms", took_ms, 0.1, reference=raw_ms)


def warm_ms(ask: Callable[[], object], pause_s: float = 0.0) -> tuple[float, ...]:
    """How long each of several rounds took, after one that warms up."""
    ask()
    runs = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        ask()
        runs.append(1000 * (time.perf_counter() - began))
        time.sleep(pause_s)
    return tuple(runs)
