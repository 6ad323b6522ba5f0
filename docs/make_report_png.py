"""Makes `docs/report.png`: the HTML report of a made-up month, photographed by Chromium.

python docs/make_report_png.py

The month is invented: an outage of three hours, a model that becomes slower, single failures. What is made of it is
the program's own work: its roll-ups, and `relaywatch report`.
"""

import asyncio
import math
import random
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from monitor.clock import US_PER_S, SystemClock
from monitor.storage.engine import open_for_writing
from monitor.storage.rollups.closing import Closer
from monitor.storage.sqlite.database import SqliteDatabase
from monitor.storage.writer import Writer

SIZE = (1160, 1180)
SCALE = 0.8
BROWSER = "chromium"
INTERVAL_US = 120 * US_PER_S
HOUR_US, DAY_US = 3600 * US_PER_S, 86_400 * US_PER_S
DAYS = 60
MONTH = 30
OUTAGE_DAY = 18.4
OUTAGE_HOURS = 3
FAILED = (9, 503, 1)
CONFIG = """\
[storage]
url = "sqlite:///relaywatch.db"
[[endpoints]]
name = "gateway"
base_url = "http://127.0.0.1:9/v1"
models = ["openai/gpt-4.1", "openai/gpt-4.1-mini", "anthropic/claude-sonnet-4", "google/gemini-2.5-flash"]
"""


@dataclass(frozen=True)
class Model:
    """One that is asked; `slower` is by how much it slows down in the month, `failures` how many of a thousand fail."""

    name: str
    median_ms: int
    failures: float = 0.1
    slower: float = 1.0
    is_broken: bool = False


MODELS = (
    Model("openai/gpt-4.1", 620, failures=0.4),
    Model("openai/gpt-4.1-mini", 380, is_broken=True),
    Model("anthropic/claude-sonnet-4", 840, slower=2.2),
    Model("google/gemini-2.5-flash", 310, failures=3.0),
)


def main() -> None:
    """Invent the month, make the report, photograph it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "relaywatch.toml").write_text(CONFIG, encoding="utf-8")
        asyncio.run(_record(folder / "relaywatch.db", SystemClock().now().wall_us))
        command = [str(Path(sys.executable).with_name("relaywatch")), "report", "--window", f"{MONTH}d"]
        subprocess.run([*command, "--format", "html", "-o", "report.html"], cwd=folder, check=True)
        target = Path(__file__).with_name("report.png")
        _photograph(folder / "report.html", target)
        print(target, target.stat().st_size)


def _photograph(page: Path, target: Path) -> None:
    size = f"--window-size={SIZE[0]},{SIZE[1]}"
    how = ["--headless", "--no-sandbox", "--hide-scrollbars", size, f"--force-device-scale-factor={SCALE}"]
    subprocess.run(
        [BROWSER, *how, f"--screenshot={target}", page.as_uri()],
        check=True,
        capture_output=True,
    )


async def _record(path: Path, now_us: int) -> None:
    engine = open_for_writing(SqliteDatabase(path))
    with sqlite3.connect(path) as connection:
        _fill(connection, now_us)
    connection.close()
    writer = Writer(engine)
    await Closer(writer, SystemClock(), pausing=False).close()
    await writer.stop()


def _fill(connection: sqlite3.Connection, now_us: int) -> None:
    since_us = now_us - DAYS * DAY_US
    _insert(connection, "reasons", {"reason": "HTTP 503", "fault_domain": "model", "action": "wait"})
    run = {"started_at_us": since_us, "heartbeat_us": now_us}
    _insert(connection, "daemon_runs", {"version": "1", "pid": 1, "host": "made-up", **run})
    for number, model in enumerate(MODELS, start=1):
        check = {"id": number, "check": f"gateway/chat/{model.name}", "endpoint": "gateway", "kind": "chat"}
        provider = model.name.split("/")[0]
        _insert(connection, "checks", {**check, "model": model.name, "provider": provider, "first_seen_us": since_us})
        rhythm = {"first_due_us": since_us, "phase_us": since_us + INTERVAL_US, "interval_us": INTERVAL_US}
        _insert(connection, "rhythms", {"check_id": number, **rhythm, "until_us": now_us})
        for result in _results(number, model, now_us):
            _insert(connection, "results", result)
    _outage(connection, now_us)


def _results(number: int, model: Model, now_us: int) -> Iterator[dict[str, int | None]]:
    dice = random.Random(number)  # noqa: S311  the same month every time
    for at_us in range(now_us - DAYS * DAY_US, now_us, INTERVAL_US):
        day = (at_us - now_us) / DAY_US + MONTH
        of_the_day = 1 + 0.2 * math.sin(2 * math.pi * day)
        slower = 1 + (model.slower - 1) * max(0.0, day) / MONTH
        took_ms = model.median_ms * of_the_day * slower * dice.lognormvariate(0, 0.3)
        is_out = model.is_broken and OUTAGE_DAY <= day < OUTAGE_DAY + OUTAGE_HOURS / 24
        failed = is_out or 1000 * dice.random() < model.failures
        status, http_status, reason = FAILED if failed else (0, 200, None)
        yield {
            "check_id": number, "started_at_us": at_us, "status": status, "trigger": 0, "http_status": http_status,
            "latency_100us": round(10 * took_ms), "ttft_100us": None if failed else round(6 * took_ms),
            "lag_100us": 3, "reason_id": reason, "input_tokens": None if failed else 12,
            "output_tokens": None if failed else 16,
        }  # fmt: skip


def _outage(connection: sqlite3.Connection, now_us: int) -> None:
    began_us = now_us - round((MONTH - OUTAGE_DAY) * DAY_US)
    lasted_us = OUTAGE_HOURS * HOUR_US
    number = next(place for place, model in enumerate(MODELS, start=1) if model.is_broken)
    row = {
        "id": 1, "key": "k", "kind": "outage", "endpoint": "gateway", "severity": "critical", "status": "SERVER_ERROR",
        "fault_domain": "model", "started_at_us": began_us, "detected_at_us": began_us,
        "resolved_at_us": began_us + lasted_us, "duration_us": lasted_us, "failed_probes": 90, "sequence": 1,
        "told": "[]",
    }  # fmt: skip
    _insert(connection, "incidents", row)
    _insert(connection, "incident_checks", {"incident_id": 1, "position": 0, "check_id": number})


def _insert(connection: sqlite3.Connection, table: str, row: Mapping[str, object]) -> None:
    names = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))  # noqa: S608  our words


if __name__ == "__main__":
    main()
