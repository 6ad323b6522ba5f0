"""A million results of the first schema: upgraded where they lie, while they are read, killed twice on the way."""

import asyncio
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from monitor.clock import SystemClock
from monitor.domain.sketch import Sketch
from tests import released

if TYPE_CHECKING:
    from tests.acceptance.conftest import Deployment, World

DIES = Path(__file__).parents[1] / "integration" / "storage" / "upgrade_that_dies.py"
CHECKS, EACH, EVERY_US = 20, 50_000, 5_000_000
FIVE_MINUTES_US, HOUR_US, DAY_US = 300_000_000, 3_600_000_000, 86_400_000_000
CAUGHT_UP_WITHIN_S = 300.0
DAYS_EVERY = 16  # reads: until roll-ups are made this one adds up a million results
FILL = """
INSERT INTO meta VALUES ('instance', 'c0ffee01');
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {checks} - 1)
INSERT INTO checks (id, "check", endpoint, kind, model, provider, first_seen_us)
  SELECT i + 1, 'gw/chat/m' || i, 'gw', 'chat', 'm' || i, 'gw', {begin} FROM n;
INSERT INTO rhythms SELECT id, {begin}, {begin} + {every}, {every}, {end} FROM checks;
INSERT INTO daemon_runs VALUES (1, '0.0.1', 1, 'here', {begin}, {end}, NULL, NULL);
INSERT INTO reasons VALUES (1, 'HTTP 503', 'endpoint', 'wait_or_switch');
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {each} - 1)
INSERT INTO results SELECT c.id, {begin} + i * {every} + c.id, CASE WHEN i % 997 = 0 THEN 9 ELSE 0 END, i % 50 = 49,
  200, 1000 + (i * 7919 + c.id * 104729) % 9000, NULL, 0, CASE WHEN i % 997 = 0 THEN 1 END, 11, 3
  FROM checks c CROSS JOIN n;
"""
# Independent of how the daemon makes them: a roll-up against what SQL adds up.
FROM_RESULTS = f"""
SELECT check_id, started_at_us / {FIVE_MINUTES_US} * {FIVE_MINUTES_US}, COUNT(*), SUM("trigger" = 0),
  SUM("trigger" = 0 AND status = 0), SUM(status = 0), SUM(status = 9),
  SUM(CASE WHEN "trigger" = 0 AND status = 0 THEN latency_100us END),
  MIN(CASE WHEN "trigger" = 0 AND status = 0 THEN latency_100us END),
  MAX(CASE WHEN "trigger" = 0 AND status = 0 THEN latency_100us END), SUM(input_tokens), SUM(output_tokens)
FROM results WHERE check_id > 1 AND started_at_us < ? GROUP BY 1, 2"""  # noqa: S608  numbers of this test
SAID = """
SELECT check_id, started_at_us, probes, counted, successes, up, server_error, latency_sum_100us,
  latency_min_100us, latency_max_100us, input_tokens, output_tokens
FROM {table} WHERE check_id > 1 AND started_at_us < ? AND probes > 0"""
FROM_FINER = """
SELECT check_id, started_at_us / {length} * {length}, SUM(probes), SUM(counted), SUM(successes), SUM(up),
  SUM(server_error), SUM(latency_sum_100us), MIN(latency_min_100us), MAX(latency_max_100us), SUM(input_tokens),
  SUM(output_tokens)
FROM {finer} WHERE check_id > 1 AND started_at_us < ? AND probes > 0 GROUP BY 1, 2"""
ROWS = """SELECT COUNT(*), SUM(latency_100us), SUM(status), SUM(started_at_us % 1000003)
  FROM results WHERE check_id = ?"""
DAYS = "SELECT SUM(probes), SUM(counted), SUM(successes) FROM v_availability_daily WHERE check_id = ?"


class Watcher:
    """Reads on and on, as dashboards do; each answer must be what it was before anything began."""

    def __init__(self, path: Path) -> None:
        self._uri = f"file:{path}?mode=ro"
        self._stop = Event()
        self._thread = Thread(target=self._read)
        self.expected = {check: self._ask(ROWS, check) for check in range(2, CHECKS + 1)}
        self.days = {check: self._ask(DAYS, check) for check in (2, CHECKS)}
        self.reads = 0
        self.wrong: list[Any] = []
        self._snapshot = sqlite3.connect(self._uri, uri=True, isolation_level=None, check_same_thread=False)
        self._snapshot.execute("BEGIN")
        self._before = self._snapshot.execute("SELECT version_num FROM alembic_version").fetchall()
        self._thread.start()

    def end(self) -> None:
        """The last read; the snapshot from before the upgrade is asked once more."""
        self._stop.set()
        self._thread.join()
        assert self._snapshot.execute("SELECT version_num FROM alembic_version").fetchall() == self._before
        assert self._snapshot.execute(ROWS, (2,)).fetchone() == self.expected[2]
        self._snapshot.close()

    def _read(self) -> None:
        while not self._stop.wait(0.1):
            self._compare(ROWS, 2 + self.reads % (CHECKS - 1), self.expected)
            if self.reads % DAYS_EVERY == 0:
                self._compare(DAYS, CHECKS if self.reads % 2 else 2, self.days)
            self.reads += 1

    def _compare(self, query: str, check: int, expected: dict[int, Any]) -> None:
        try:
            found = self._ask(query, check)
        except sqlite3.Error as fault:
            found = str(fault)
        if found != expected[check]:
            self.wrong.append((check, found))

    def _ask(self, query: str, check: int) -> Any:
        with closing(sqlite3.connect(self._uri, uri=True, timeout=10)) as connection:
            return connection.execute(query, (check,)).fetchone()


async def test_a_million_old_results_are_upgraded_where_they_lie(world: "World") -> None:
    """Killed inside a step of the schema, and again while roll-ups are made; right at the end, and never wrong."""
    daemon = world.deployment()
    daemon.configure(daemon.endpoint(await world.gateway("m0"), "m0", more="check_models = false"))
    end_us = SystemClock().now().wall_us // EVERY_US * EVERY_US - EVERY_US
    await asyncio.to_thread(_fill, daemon.database, end_us)
    watcher = await asyncio.to_thread(Watcher, daemon.database)

    await asyncio.to_thread(_die_in_a_step, daemon.database)
    assert daemon.rows("SELECT version_num FROM alembic_version") == [("0003",)]
    upgraded = await daemon.command("db", "upgrade")
    assert "is now at revision 0004" in upgraded.stdout, upgraded.stderr

    await daemon.start()
    begin_us = end_us - EACH * EVERY_US
    has_begun = begin_us + HOUR_US
    await daemon.until(lambda: _until_us(daemon, "rollups_5m") > has_begun, CAUGHT_UP_WITHIN_S, "a first roll-up")
    await daemon.kill()
    assert begin_us < _until_us(daemon, "rollups_5m") < end_us - HOUR_US  # half-way
    await daemon.start()
    await daemon.until(lambda: _is_caught_up(daemon, end_us), CAUGHT_UP_WITHIN_S, "every roll-up")
    assert await daemon.stop() == 0

    watcher.end()
    assert watcher.wrong == []
    assert watcher.reads > 10
    await asyncio.to_thread(_must_be_right, daemon, watcher)


def _fill(path: Path, end_us: int) -> None:
    released.build_empty(path, "0001")
    facts = {"checks": CHECKS, "each": EACH, "every": EVERY_US, "end": end_us, "begin": end_us - EACH * EVERY_US}
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = off")
        connection.executescript(FILL.format(**facts))


def _die_in_a_step(path: Path) -> None:
    """In the middle of the last one; the steps before are committed."""
    trial = path.with_name("trial.db")
    released.build_empty(trial, "0001")
    (whole,) = _upgraded((trial, 0))
    point = 1 + next(number for number, sql in enumerate(whole["statements"]) if "CREATE TABLE rollups_hourly" in sql)
    (killed,) = _upgraded((path, point))
    assert killed["died"]


def _upgraded(*wishes: tuple[Path, int]) -> list[dict[str, Any]]:
    text = "".join(f"{path} {last}\n" for path, last in wishes)
    done = subprocess.run([sys.executable, DIES], input=text, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def _until_us(daemon: "Deployment", table: str) -> int:
    found = daemon.rows("SELECT value FROM meta WHERE key = ?", f"{table}_until_us")
    return int(found[0][0]) if found else 0


def _is_caught_up(daemon: "Deployment", end_us: int) -> bool:
    lengths = {"rollups_5m": FIVE_MINUTES_US, "rollups_hourly": HOUR_US, "rollups_daily": DAY_US}
    return all(_until_us(daemon, table) >= end_us // length * length for table, length in lengths.items())


def _must_be_right(daemon: "Deployment", watcher: Watcher) -> None:
    rows = daemon.rows
    assert rows("PRAGMA integrity_check") == [("ok",)]
    assert rows("PRAGMA foreign_key_check") == []
    assert {check: rows(ROWS, check)[0] for check in watcher.expected} == watcher.expected
    until_us = _until_us(daemon, "rollups_5m")
    assert sorted(rows(SAID.format(table="rollups_5m"), until_us)) == sorted(rows(FROM_RESULTS, until_us))
    coarser = (("rollups_hourly", "rollups_5m", HOUR_US), ("rollups_daily", "rollups_hourly", DAY_US))
    for table, finer, length in coarser:
        until_us = _until_us(daemon, table)
        added = rows(FROM_FINER.format(finer=finer, length=length), until_us)
        assert sorted(rows(SAID.format(table=table), until_us)) == sorted(added)
        assert added
    assert rows("SELECT MAX(due) FROM rollups_5m WHERE check_id > 1") == [(FIVE_MINUTES_US // EVERY_US,)]
    for count, sketch in rows("SELECT latency_count, latency_sketch FROM rollups_hourly WHERE check_id > 1"):
        held = Sketch()
        held.add(sketch)
        assert held.count == count
