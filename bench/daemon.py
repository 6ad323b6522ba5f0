"""The daemon under measurement: its configuration, its event loop, and what its database tells afterwards."""

import asyncio
import json
import sqlite3
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil

from bench.process import python, started, until

ASYNCIO, UVLOOP = "asyncio", "uvloop"
WITHOUT_UVLOOP = "import sys; sys.modules['uvloop'] = None; "
MAIN = "from monitor.cli.main import main; main(['run', '-c', {path!r}])"
ENDPOINT = """
[[endpoints]]
name = "e{number}"
base_url = {url}
check_models = false
concurrency = 100
models = {models}
"""
SETTINGS = """
[defaults]
interval = "{interval}"
confirm_interval = "{confirm}"

[storage]
url = "sqlite:///relaywatch.db"

[connectivity]
targets = []
"""


def loops() -> list[str]:
    """The event loops that are installed; the plain installation has the first only."""
    return [ASYNCIO, UVLOOP] if find_spec("uvloop") is not None else [ASYNCIO]


@dataclass(frozen=True, slots=True)
class Load:
    """What the daemon has to do.

    Attributes:
        checks: completions, spread over `endpoints`.
        interval: of every check, as it stands in a configuration.
        hook: where alerts go; None for nowhere.
    """

    checks: int
    interval: str
    endpoints: int = 10
    confirm: str = "5s"
    hook: str | None = None


def configure(folder: Path, load: Load, url: str) -> Path:
    """Write the configuration; each endpoint has its share of the models."""
    share = load.checks // load.endpoints
    parts = [SETTINGS.format(interval=load.interval, confirm=load.confirm)]
    for number in range(load.endpoints):
        models = [f"vendor/m{index}" for index in range(number * share, (number + 1) * share)]
        parts.append(ENDPOINT.format(number=number, url=json.dumps(url), models=json.dumps(models)))
    if load.hook is not None:
        parts.append(f'[[channels]]\nname = "hook"\ntype = "webhook"\nurl = "{load.hook}"\n')
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "relaywatch.toml"
    path.write_text("".join(parts))
    return path


@asynccontextmanager
async def running(config: Path, loop: str) -> AsyncIterator[psutil.Popen]:
    """The real daemon on one core, as `relaywatch run` starts it; ready when the first result is on disk.

    Its database exists already, as at every start but the first, which alone needs the migrations' library.
    """
    upgrade = MAIN.format(path=str(config)).replace("'run'", "'db', 'upgrade'")
    await asyncio.to_thread(subprocess.run, python("-c", upgrade), stdout=subprocess.DEVNULL, check=True)
    code = (WITHOUT_UVLOOP if loop == ASYNCIO else "") + MAIN.format(path=str(config))
    async with started(python("-c", code)) as process:
        await until(lambda: process.poll() is not None or has_result(database_of(config)), within_s=60)
        yield process


def database_of(config: Path) -> Path:
    """The database beside a configuration."""
    return config.with_name("relaywatch.db")


def has_result(database: Path) -> bool:
    """Whether any probe was recorded yet."""
    try:
        return bool(rows(database, "SELECT 1 FROM results LIMIT 1"))
    except sqlite3.OperationalError:
        return False


def rows(database: Path, query: str, *values: float) -> list[tuple[float, ...]]:
    """What a query answers, read-only."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()


def lags_ms(database: Path, from_us: int, to_us: int) -> list[float]:
    """How late each probe of a window began."""
    query = "SELECT lag_100us / 10.0 FROM results WHERE started_at_us >= ? AND started_at_us < ?"
    return [lag for (lag,) in rows(database, query, from_us, to_us)]


def probes(database: Path, from_us: int, to_us: int) -> int:
    """How many results of a window are on disk."""
    query = "SELECT count(*) FROM results WHERE started_at_us >= ? AND started_at_us < ?"
    return int(rows(database, query, from_us, to_us)[0][0])


def statuses(database: Path) -> dict[int, int]:
    """How many results of each status code there are: a measurement of failures is none."""
    return {int(code): int(count) for code, count in rows(database, "SELECT status, count(*) FROM results GROUP BY 1")}
