"""Bars 1, 5 and 12: what a probe and a check cost, in CPU and in memory."""

import asyncio
import time
from pathlib import Path

from bench.daemon import Load, configure, database_of, loops, probes, rows, running
from bench.figures import Figure, median
from bench.process import measure, python, repository, started
from bench.target import fast_target

MANY, FEW = Load(10_000, "30s"), Load(100, "300ms")
RATE_CHECKS, RATE_INTERVAL_S = 10_000, 30.0
SETTLES_S = 1.0


async def cost(folder: Path, *, quick: bool) -> list[Figure]:
    """CPU per probe at 333/s against the skeleton on the same event loop, and memory at both sizes."""
    window_s, rounds, warm_s = (4.0, 1, 2.0) if quick else (30.0, 3, 32.0)
    note = f"{rounds} x {window_s:g} s" if quick else ""
    figures = []
    async with fast_target() as url:
        for loop in loops()[-1:] if quick else loops():
            ours, theirs, memory = [], [], 0.0
            for number in range(rounds):
                one = await _daemon(configure(folder / f"{loop}-{number}", MANY, url), loop, warm_s, window_s)
                ours.append(one[0])
                memory = max(memory, one[1])
                theirs.append(await _skeleton(folder / f"{loop}-{number}.db", url, loop, warm_s, window_s))
            few = await _daemon(configure(folder / f"{loop}-few", FEW, url), loop, warm_s, window_s)
            figures += [
                Figure(
                    "1", f"CPU per probe at 333/s on {loop}, ms", median(ours), 1.25, median(theirs), tuple(ours), note
                ),
                Figure("5", f"RSS at 100 checks on {loop}, MB", few[1], 75.0, note=note),
                Figure("5", f"RSS at 10,000 checks on {loop}, MB", memory, 110.0, note=note),
                # Noise is about 25 %: growth is what exceeds that.
                Figure(
                    "12",
                    f"CPU per probe at 333/s, 10,000 checks against 100, on {loop}, ms",
                    median(ours),
                    1.25,
                    few[0],
                ),
            ]
    return figures


async def _daemon(config: Path, loop: str, warm_s: float, window_s: float) -> tuple[float, float]:
    async with running(config, loop) as process:
        await asyncio.sleep(warm_s)
        from_us = _now_us()
        sample = await measure(process, window_s)
        to_us = _now_us()
        await asyncio.sleep(SETTLES_S)
        count = probes(database_of(config), from_us, to_us)
    return 1000 * sample.cpu_s / count, sample.rss_mb


async def _skeleton(database: Path, url: str, loop: str, warm_s: float, window_s: float) -> float:
    arguments = (f"{url}/chat/completions", str(RATE_CHECKS), str(RATE_INTERVAL_S), str(database), loop)
    command = python(str(repository() / "bench" / "skeleton.py"), *arguments)
    async with started(command) as process:
        await asyncio.sleep(warm_s)
        from_us = _now_us()
        sample = await measure(process, window_s)
        to_us = _now_us()
        await asyncio.sleep(2 * SETTLES_S)
        query = "SELECT count(*) FROM results WHERE at_us >= ? AND at_us < ?"
        count = rows(database, query, from_us, to_us)[0][0]
    return 1000 * sample.cpu_s / count


def _now_us() -> int:
    return time.time_ns() // 1000  # noqa: TID251  compared with what other processes write
