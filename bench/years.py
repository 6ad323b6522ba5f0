"""A database with a past: raw results of 100 checks at 30 s, their roll-ups, and a year of roll-ups of the first check.

Owns how it is filled, by direct inserts and the program's own closer, so that the roll-ups are those of real life.
"""

import asyncio
import random
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from monitor.clock import US_PER_S, Moment, SystemClock
from monitor.storage.engine import open_for_writing
from monitor.storage.rollup_tables import Level
from monitor.storage.rollups.closing import Closer
from monitor.storage.sqlite.database import SqliteDatabase
from monitor.storage.writer import Writer

DAY_US = 86_400 * US_PER_S
INTERVAL_US = 30 * US_PER_S
END_US = SystemClock().now().wall_us // DAY_US * DAY_US
"""The last midnight of UTC: what is older than it is kept is deleted by a daemon that runs on this past."""
TAIL_US = 7 * 60 * US_PER_S + 11
"""So much has come since the last whole five minutes, and is not closed yet."""
_SHAPES = 4096
_ENDPOINTS = 10


@dataclass(frozen=True, slots=True)
class Past:
    """How much of it.

    Attributes:
        checks: each at 30 s, 1 % of the probes failed.
        days: of single results.
        year: whole days of hourly and daily roll-ups of the first check, up to the end.
    """

    checks: int = 100
    days: int = 30
    year: int = 365

    @property
    def rows(self) -> int:
        """How many results."""
        return self.checks * self.days * DAY_US // INTERVAL_US

    @property
    def now(self) -> Moment:
        """When questions are asked: a little after a whole hour, and in the middle of everything."""
        return Moment(END_US + TAIL_US, 0)


async def fill(path: Path, past: Past) -> None:
    """Makes the database; takes about 10 s for a million results."""
    engine = open_for_writing(SqliteDatabase(path))
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = 0")
        _fill(connection, past)
    finally:
        connection.close()
    writer = Writer(engine)

    class _Then:
        """The end of the past, with a clock that runs."""

        _real = SystemClock()

        def now(self) -> Moment:
            return Moment(past.now.wall_us, self._real.now().mono_us)

    await Closer(writer, _Then(), pausing=False).close()
    await writer.stop()
    await asyncio.to_thread(_add_years, path, past)


def _fill(connection: sqlite3.Connection, past: Past) -> None:
    since_us, until_us = END_US - past.days * DAY_US, END_US + TAIL_US
    connection.execute("BEGIN")
    connection.executemany(
        'INSERT INTO checks (id, "check", endpoint, kind, model, provider, first_seen_us) VALUES (?, ?, ?, ?, ?, ?, ?)',
        (
            (number, f"{_endpoint(number)}/chat/m{number}", _endpoint(number), "chat", f"m{number}", "vendor", 0)
            for number in range(1, past.checks + 1)
        ),
    )
    connection.executemany(
        "INSERT INTO rhythms (check_id, first_due_us, phase_us, interval_us, until_us) VALUES (?, ?, ?, ?, ?)",
        (
            (number, since_us + _phase(number), since_us + _phase(number) + INTERVAL_US, INTERVAL_US, until_us)
            for number in range(1, past.checks + 1)
        ),
    )
    run = (since_us, until_us, until_us)
    connection.execute(
        "INSERT INTO daemon_runs (version, pid, host, started_at_us, heartbeat_us, ended_at_us)"
        " VALUES ('bench', 1, 'bench', ?, ?, ?)",
        run,
    )
    connection.execute("INSERT INTO reasons (reason, fault_domain, action) VALUES ('HTTP 503', 'endpoint', 'wait')")
    connection.execute("COMMIT")
    _results(connection, past, since_us, until_us)


def _results(connection: sqlite3.Connection, past: Past, since_us: int, until_us: int) -> None:
    """Latencies with a long tail; every hundredth probe failed."""
    dice = random.Random(7)  # noqa: S311  the same past every time
    shapes = [round(10_000 * dice.lognormvariate(-0.4, 0.45)) for _ in range(_SHAPES)]
    connection.execute("CREATE TEMP TABLE shapes (id INTEGER PRIMARY KEY, latency INTEGER)")
    connection.executemany("INSERT INTO shapes VALUES (?, ?)", enumerate(shapes))
    for number in range(1, past.checks + 1):
        connection.execute("BEGIN")
        connection.execute(
            "WITH RECURSIVE turn(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM turn WHERE n < :last),"
            " dice AS MATERIALIZED (SELECT n, abs(random()) AS a FROM turn)"
            " INSERT INTO results (check_id, started_at_us, status, trigger, http_status, latency_100us, ttft_100us,"
            " lag_100us, reason_id, input_tokens, output_tokens)"
            " SELECT :check, :since + n * :interval + a % 1000, iif(a % 100 = 0, 9, 0), 0, iif(a % 100 = 0, 503, 200),"
            " s.latency, iif(a % 100 = 0, NULL, s.latency / 2), 5, iif(a % 100 = 0, 1, NULL),"
            " iif(a % 100 = 0, NULL, 12), iif(a % 100 = 0, NULL, 16)"
            " FROM dice JOIN shapes s ON s.id = a / 128 % :shapes",
            {
                "check": number,
                "since": since_us + _phase(number),
                "interval": INTERVAL_US,
                "last": (until_us - since_us - _phase(number)) // INTERVAL_US,
                "shapes": _SHAPES,
            },
        )
        connection.execute("COMMIT")


def _add_years(path: Path, past: Past) -> None:
    """The first check's roll-ups once more, earlier and earlier; single results of that time are said to be gone."""
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(
            "INSERT OR REPLACE INTO meta (key, value) VALUES ('pruned_before_us', ?)", (END_US - past.days * DAY_US,)
        )
        for level in (Level.HOUR, Level.DAY):
            columns = ", ".join(f'"{column.name}"' for column in level.table.columns if column.name != "started_at_us")
            for times in range(1, -(-past.year // past.days)):
                connection.execute(
                    f"INSERT INTO {level.value} (started_at_us, {columns})"  # noqa: S608  constants of the code
                    f" SELECT started_at_us - ?, {columns} FROM {level.value} WHERE check_id = 1"
                    " AND started_at_us >= ? AND started_at_us < ?",
                    (times * past.days * DAY_US, END_US - past.days * DAY_US, END_US),
                )
    connection.close()


def _endpoint(number: int) -> str:
    return f"e{number % _ENDPOINTS}"


def _phase(number: int) -> int:
    return number * 271_828 % INTERVAL_US
