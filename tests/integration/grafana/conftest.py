"""A database with a day and two hours of history, on either engine, and dashboards as Grafana fills them in."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert

from monitor.clock import US_PER_S, from_iso
from monitor.domain.result import Status
from monitor.storage import tables
from monitor.storage.codes import STATUS_CODES
from monitor.storage.database import Database
from monitor.storage.engine import open_for_writing
from monitor.storage.rollup_tables import Level, tariffs
from monitor.storage.rollups.making import make
from monitor.storage.rollups.sources import Block
from monitor.storage.sqlite.database import SqliteDatabase

FOLDER = Path(__file__).parents[3] / "docs" / "grafana"
START_US = from_iso("2026-11-20T00:00:00Z")
HOUR_US = 3600 * US_PER_S
HOURS = 26
STEP_US = 300 * US_PER_S
ODD = 'gw/chat/it\'s "odd" $__from ${check}'
CHECKS = {1: ("gw/models", "gw", None), 2: (ODD, "gw", ODD.removeprefix("gw/chat/")), 3: ("b/chat/m", "b", "m")}
UP, FAILED, UNKNOWN = (STATUS_CODES[status] for status in (Status.UP, Status.SERVER_ERROR, Status.UNKNOWN))

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Recorded:
    """A database and what is in it.

    Attributes:
        source: the dashboard that is for it.
        results: the rows of `results`.
    """

    source: str
    engine: Engine
    results: Sequence[Mapping[str, Any]]

    def ask(self, sql: str) -> Rows:
        """What Grafana gets."""
        with self.engine.connect() as connection:
            cursor = connection.connection.cursor()
            cursor.execute(sql)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@dataclass(frozen=True)
class Dashboard:
    """One JSON file."""

    json: dict[str, Any]

    @property
    def panels(self) -> dict[str, dict[str, Any]]:
        """By title."""
        return {panel["title"]: panel for panel in self.json["panels"]}

    @property
    def variables(self) -> dict[str, dict[str, Any]]:
        """By name."""
        return {variable["name"]: variable for variable in self.json["templating"]["list"]}

    def sql(self, title: str, resolution: str = "rollups_hourly", checks: Sequence[str] | None = None) -> str:
        """What a panel sends: all endpoints, and these checks (None: all)."""
        (target,) = self.panels[title]["targets"]
        text = target.get("rawSql") or target["rawQueryText"]
        return self.filled(text, resolution, checks)

    def filled(self, text: str, resolution: str = "rollups_hourly", checks: Sequence[str] | None = None) -> str:
        """Variables as Grafana puts them in: at once, so that a `$` in a value stays; a custom 'all' as it stands."""
        values = {
            "endpoint:sqlstring": _sqlstring(["gw", "b"]),
            "check:sqlstring": self.variables["check"]["allValue"] if checks is None else _sqlstring(checks),
        }
        plain = {"__from": START_US // 1000, "__to": (START_US + HOURS * HOUR_US) // 1000, "resolution": resolution}
        return re.sub(
            r"\$\{([^}]+)\}|\$(\w+)",
            lambda found: str(values[found[1]] if found[1] is not None else plain[found[2]]),
            text,
        )


def _sqlstring(several: Sequence[str]) -> str:
    return ",".join("'" + one.replace("'", "''") + "'" for one in several)


@pytest.fixture(scope="session")
def dashboard_of() -> Callable[[str], Dashboard]:
    """The dashboard for a data source."""
    return lambda name: Dashboard(json.loads((FOLDER / f"relaywatch-{name}.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    """The same history on each engine."""
    if request.param == "sqlite":
        database: Database = SqliteDatabase(tmp_path_factory.mktemp("grafana") / "relaywatch.db")
    else:
        database = _on_postgres(request)
    engine = open_for_writing(database)
    results = list(_results())
    with engine.begin() as connection:
        _fill(connection, results)
    yield Recorded(request.param, engine, results)
    engine.dispose()


def _on_postgres(request: pytest.FixtureRequest) -> Database:
    from monitor.config.postgres_url import parse  # noqa: PLC0415  only tests that need it pay
    from monitor.storage.postgresql.database import PostgresDatabase  # noqa: PLC0415  the same

    server = request.getfixturevalue("postgres")
    url = parse(server.url(server.make_database(request.getfixturevalue("postgres_template"))))
    return PostgresDatabase(url, url.parameters)


def _results() -> Iterator[dict[str, Any]]:
    """Every five minutes; one hour of failures, and one moment at which the monitor itself failed."""
    for number in CHECKS:
        for step in range(HOURS * 12):
            is_down, is_own = number == 2 and step // 12 == 3, number == 2 and step == 60
            status = FAILED if is_down else UNKNOWN if is_own else UP
            answered = status == UP and number != 1
            yield {
                "check_id": number,
                "started_at_us": START_US + step * STEP_US + number * US_PER_S,
                "status": status,
                "trigger": 0,
                "http_status": 503 if is_down else 200,
                "latency_100us": None if is_own else 1000 + 7 * step * number,
                "ttft_100us": 500 + step if answered else None,
                "lag_100us": 3,
                "reason_id": 1 if is_down else None,
                "input_tokens": 10 if answered else None,
                "output_tokens": 5 if answered else None,
            }


def _fill(connection: Connection, results: Sequence[Mapping[str, Any]]) -> None:
    until_us = START_US + HOURS * HOUR_US
    if connection.dialect.name == "postgresql":
        from monitor.storage.postgresql.partitions import ensure, week_of  # noqa: PLC0415  the same

        ensure(connection, {week_of(START_US), week_of(until_us)})
    for number, (check, endpoint, model) in CHECKS.items():
        kind = "models" if model is None else "chat"
        connection.execute(
            insert(tables.checks).values(
                id=number, check=check, endpoint=endpoint, kind=kind, model=model, provider="", first_seen_us=START_US
            )
        )
        first_us = START_US + number * US_PER_S
        rhythm = {"first_due_us": first_us, "phase_us": first_us + STEP_US, "interval_us": STEP_US}
        connection.execute(insert(tables.rhythms).values(check_id=number, until_us=until_us, **rhythm))
        price = {"input_usd": 2.0, "output_usd": 8.0, "uncounted_input": 0, "uncounted_output": 0}
        connection.execute(insert(tariffs).values(check_id=number, since_us=0, **price))
        _believe(connection, number)
    reason = {"reason": "HTTP 503 <b>", "fault_domain": "endpoint", "action": "wait_or_switch"}
    connection.execute(insert(tables.reasons).values(id=1, **reason))
    connection.execute(insert(tables.results), list(results))
    _trouble(connection)
    for level in (Level.FIVE_MINUTES, Level.HOUR, Level.DAY):
        last_us = until_us // level.length_us * level.length_us
        make(connection, Block(level, list(CHECKS), START_US, last_us))


def _believe(connection: Connection, number: int) -> None:
    counts = dict.fromkeys(
        ("consecutive_failures", "consecutive_successes", "auth_failures", "loading", "slow", "hour"), 0
    )
    state = {"state": 2 if number == 2 else 1, "status": FAILED if number == 2 else UP, "since_us": START_US}
    connection.execute(insert(tables.states).values(check_id=number, latency_ms=120.0, **state, **counts))


def _trouble(connection: Connection) -> None:
    """An outage that is over, one that is open, and messages: sent, waiting, given up."""
    began_us = START_US + 3 * HOUR_US
    for number, resolved_us in ((1, began_us + HOUR_US), (2, None)):
        connection.execute(
            insert(tables.incidents).values(
                id=number, key=f"k{number}", kind="outage", endpoint="gw", severity="critical", status="SERVER_ERROR",
                fault_domain="endpoint", because="failures_in_a_row", reason="HTTP 503", action="wait_or_switch",
                started_at_us=began_us, detected_at_us=began_us, resolved_at_us=resolved_us,
                duration_us=None if resolved_us is None else HOUR_US, failed_probes=12, sequence=1, told="[]",
                scope="check", memory="{}",
            )
        )  # fmt: skip
        connection.execute(insert(tables.incident_checks).values(incident_id=number, position=0, check_id=2))
    for number, state in enumerate(("sent", "pending", "dead"), start=1):
        connection.execute(
            insert(tables.outbox).values(
                id=number, notification_id=f"n{number}", channel="ops", event="opened", severity="critical", body="{}",
                incident_id=1, sequence=1, created_at_us=began_us, state=state, attempts=number,
                settled_at_us=None if state == "pending" else began_us, last_error="HTTP 500",
            )
        )  # fmt: skip
