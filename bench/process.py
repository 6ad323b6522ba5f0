"""Processes under measurement: on a core of their own, with what they use between two moments."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

MEASURED_CORE = 0
TARGET_CORE = 1
STOPS_WITHIN_S = 15.0


@dataclass(frozen=True, slots=True)
class Sample:
    """What a process used in a window.

    Attributes:
        cpu_s: user and system time, all threads.
        rss_mb: resident memory at the end of the window.
        written_kb: what it sent towards the disk.
    """

    cpu_s: float
    rss_mb: float
    written_kb: float


@asynccontextmanager
async def started(
    command: Sequence[str], *, core: int = MEASURED_CORE, environ: Mapping[str, str] | None = None
) -> AsyncIterator[psutil.Popen]:
    """A running process on one core, stopped at the end.

    Raises:
        RuntimeError: it died in between; holds the end of what it said on stderr.
    """
    with tempfile.TemporaryFile() as said:
        process = psutil.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env={**os.environ, **(environ or {})},
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )
        try:
            yield process
            if process.poll() is not None:
                said.seek(0)
                raise RuntimeError(f"{' '.join(command[:3])} died: {said.read().decode()[-2000:]}")
        finally:
            await _stopped(process)


async def measure(process: psutil.Popen, seconds: float) -> Sample:
    """What the process uses in the next `seconds`."""
    before, written = process.cpu_times(), process.io_counters().write_bytes
    await asyncio.sleep(seconds)
    after = process.cpu_times()
    return Sample(
        cpu_s=after.user + after.system - before.user - before.system,
        rss_mb=process.memory_info().rss / 2**20,
        written_kb=(process.io_counters().write_bytes - written) / 1024,
    )


async def until(condition: Callable[[], bool], within_s: float, every_s: float = 0.02) -> None:
    """Wait for a condition; TimeoutError if it does not come true in time."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110  what is awaited happens in another process
            await asyncio.sleep(every_s)


async def _stopped(process: psutil.Popen) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        await asyncio.to_thread(process.wait, STOPS_WITHIN_S)
    except psutil.TimeoutExpired:
        process.kill()
        await asyncio.to_thread(process.wait)


def python(*arguments: str) -> list[str]:
    """A command of this interpreter."""
    return [sys.executable, *arguments]


def repository() -> Path:
    """Where `bench` lies: child processes import it from there."""
    return Path(__file__).parent.parent
