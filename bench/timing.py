"""Bars 3, 4, 10 and 11: how punctual the daemon is, how true its latencies are, how fast it tells and starts."""

import asyncio
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from bench.daemon import Load, configure, database_of, lags_ms, loops, rows, running
from bench.figures import Figure, median, percentile
from bench.process import measure, python, started, until
from bench.target import Waiting, fast_target
from monitor.clock import SystemClock
from monitor.simulator.faults import Fault, FaultKind
from monitor.simulator.gateway import Gateway
from monitor.simulator.script import parse_script
from monitor.simulator.sinks import Received, WebhookSink

DAY_US = 86_400_000_000
DELAY_S = 0.05
RELAYWATCH = ("-c", "from monitor.cli.main import main; main()")


async def lag(folder: Path, *, quick: bool) -> list[Figure]:
    """How late probes start at 333/s, alone and while a report reads many rows."""
    window_s, count, warm_s = (5.0, 200_000, 2.0) if quick else (30.0, 2_000_000, 32.0)
    note = f"{window_s:g} s, {count:,} rows" if quick else ""
    async with fast_target() as url:
        config = configure(folder, Load(10_000, "30s"), url)
        async with running(config, loops()[-1]) as process:
            await asyncio.sleep(warm_s)
            alone = await _lags(config, measure(process, window_s))
        _fill(database_of(config), count)
        async with running(config, loops()[-1]) as process:
            await asyncio.sleep(warm_s)
            beside = await _lags(config, _reports(config, window_s))
    return [
        Figure("3", "schedule lag p99 at 333/s, ms", percentile(alone, 0.99), 10.0, note=note),
        Figure("3", "schedule lag p99 while a report reads, ms", percentile(beside, 0.99), 25.0, note=note),
    ]


async def truth(folder: Path, *, quick: bool) -> list[Figure]:
    """Reported latency against what the server itself took."""
    window_s = 4.0 if quick else 30.0
    async with _waiting_server() as url:
        config = configure(folder, Load(100, "1s"), url)
        async with running(config, loops()[-1]) as process:
            await asyncio.sleep(3)
            Waiting.took_s.clear()
            from_us = _now_us()
            await measure(process, window_s)
        own_ms = [1000 * took_s for took_s in Waiting.took_s]
        query = "SELECT latency_100us / 10.0 FROM results WHERE started_at_us >= ?"
        told_ms = [ms for (ms,) in rows(database_of(config), query, from_us)]
    note = f"{window_s:g} s" if quick else ""
    return [
        Figure(
            "4",
            f"reported minus real latency, {name}, ms",
            percentile(told_ms, q) - percentile(own_ms, q),
            bar,
            note=note,
        )
        for name, q, bar in (("p50", 0.5, 1.0), ("p99", 0.99, 10.0))
    ]


async def telling(folder: Path, *, quick: bool) -> list[Figure]:
    """From the end of the probe that crosses the threshold to the arrival at a webhook."""
    rounds, clock = (3 if quick else 40), SystemClock()
    models = [f"vendor/m{number}" for number in range(10)]
    script = parse_script("".join(f'[[models]]\nid = "{model}"\nlatency = "5ms"\n' for model in models), source="bench")
    took_ms = []
    async with Gateway(script, clock=clock) as gateway, WebhookSink() as sink:
        load = Load(10, "500ms", endpoints=1, confirm="100ms", hook=sink.url)
        config = configure(folder, load, gateway.base_url)
        async with running(config, loops()[-1]):
            for number in range(rounds):
                model = models[number % len(models)]
                gateway.set_fault(model, Fault(kind=FaultKind.STATUS, status=503))
                took_ms.append(1000 * await _told(sink, model, "opened", clock))
                gateway.set_fault(model, None)
                await _told(sink, model, "resolved", clock)
    note = f"{rounds} outages" if quick else ""
    return [Figure("10", "crossing probe's end to webhook, p99, ms", percentile(took_ms, 0.99), 500.0, note=note)]


async def starting(folder: Path, *, quick: bool) -> list[Figure]:
    """`--help`, and from the start of `run` to the first probe."""
    rounds = 3 if quick else 9
    helped = [await asyncio.to_thread(_help) for _ in range(rounds)]
    begun = []
    async with _waiting_server() as url:
        for number in range(rounds):
            config = configure(folder / str(number), Load(100, "60s"), url)
            Waiting.took_s.clear()
            began = time.perf_counter()
            async with started(python(*RELAYWATCH, "run", "-c", str(config))):
                await until(lambda: bool(Waiting.took_s), within_s=30, every_s=0.005)
                begun.append(time.perf_counter() - began - DELAY_S)
    return [
        Figure("11", "relaywatch --help, s", median(helped), 0.35, runs=tuple(helped)),
        Figure("11", "run to the first probe at 100 checks, s", median(begun), 2.0, runs=tuple(begun)),
    ]


async def _lags(config: Path, meanwhile: object) -> list[float]:
    from_us = _now_us()
    await meanwhile  # type: ignore[misc]  # any awaitable
    to_us = _now_us()
    await asyncio.sleep(1)
    return lags_ms(database_of(config), from_us, to_us)


async def _reports(config: Path, window_s: float) -> None:
    """One report after the other, on the core that is not measured."""
    until_s = time.perf_counter() + window_s
    command = python(*RELAYWATCH, "report", "-c", str(config), "--window", "24h")
    while time.perf_counter() < until_s:
        report = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL)
        if await report.wait():
            raise RuntimeError(f"the report failed with {report.returncode}")


def _fill(database: Path, count: int) -> None:
    """`count` results of the first 100 checks, spread over the last day."""
    checks, now_us = 100, _now_us()
    per_check = count // checks
    step_us = DAY_US // per_check
    connection = sqlite3.connect(database)
    with connection:
        connection.executemany(
            "INSERT OR IGNORE INTO results (check_id, started_at_us, status, trigger, http_status, latency_100us,"
            " lag_100us, input_tokens, output_tokens) VALUES (?, ?, 0, 0, 200, ?, 5, 12, 1)",
            (
                (check, now_us - DAY_US + turn * step_us, 500 + (check * turn) % 4000)
                for check in range(1, checks + 1)
                for turn in range(per_check)
            ),
        )
    connection.close()


@asynccontextmanager
async def _waiting_server() -> AsyncIterator[str]:
    Waiting.delay_s, Waiting.took_s = DELAY_S, []
    server = await asyncio.get_running_loop().create_server(Waiting, "127.0.0.1", 0, backlog=1024)
    host, port = server.sockets[0].getsockname()
    try:
        yield f"http://{host}:{port}/v1"
    finally:
        server.close()


async def _told(sink: WebhookSink, model: str, event: str, clock: SystemClock) -> float:
    """Seconds from the end of the probe to the arrival."""
    seen = len(sink.received)

    def fits(received: Received) -> bool:
        told = received.body
        return received in sink.received[seen:] and (told["event"], told["details"]["model"]) == (event, model)

    arrived = await sink.wait_for(fits, 30)
    details = arrived.body["details"]
    now = clock.now()
    arrived_s = arrived.at_mono_s + (now.wall_us - now.mono_us) / 1e6
    ended_s = datetime.fromisoformat(details["timestamp"]).timestamp() + (details["latency_ms"] or 0) / 1000
    return arrived_s - ended_s


def _help() -> float:
    began = time.perf_counter()
    subprocess.run(python(*RELAYWATCH, "--help"), stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def _now_us() -> int:
    return time.time_ns() // 1000  # noqa: TID251  compared with what other processes write
