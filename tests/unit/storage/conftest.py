"""A database of its own for every test, and short ways to say what is written into it."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Engine

from monitor.alerting.batch import Batch, DaemonRun, Queued
from monitor.alerting.notification import Event, Notification
from monitor.clock import Moment
from monitor.config.postgres_url import parse
from monitor.domain.action import Action
from monitor.domain.check import Check, CheckKind
from monitor.domain.health import DownBecause
from monitor.domain.incident import Cause, Incident
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import FaultDomain, Result, Status, Trigger, Verdict
from monitor.domain.severity import Severity
from monitor.storage.database import Database
from monitor.storage.engine import open_for_writing
from monitor.storage.journal import Journal
from monitor.storage.outbox.outbox import Outbox
from monitor.storage.postgresql.database import PostgresDatabase
from monitor.storage.reader import Reader
from monitor.storage.sqlite.database import SqliteDatabase
from monitor.storage.writer import Writer

T = TypeVar("T")
START = Moment(1_795_200_000_000_000, 5_000_000_000)  # 2026-11-20T18:40:00Z
DOWN = Verdict(Status.SERVER_ERROR, FaultDomain.ENDPOINT, "HTTP 503", Action.WAIT_OR_SWITCH)


@dataclass
class World:
    """An open database, and builders with short defaults."""

    database: Database
    writer: Writer
    journal: Journal
    outbox: Outbox
    start: Moment = START

    @property
    def path(self) -> Path:
        """The file, where there is one."""
        assert isinstance(self.database, SqliteDatabase)
        return self.database.path

    @staticmethod
    def check(name: str = "m", endpoint: str = "gw", **options: Any) -> Check:
        """A chat check."""
        return Check(f"{endpoint}/chat/{name}", endpoint, CheckKind.CHAT, name, endpoint, **options)

    @staticmethod
    def result(at_s: float = 0, verdict: Verdict | None = None, check: str = "gw/chat/m", **fields: Any) -> Result:
        """A result that started `at_s` after the start and took 250 ms."""
        at = START.plus_s(at_s)
        given = {"trigger": Trigger.ON_PHASE, "latency_ms": 250.0, "http_status": 200, **fields}
        return Result(check, at, at.plus_s(0.25), verdict=verdict or Verdict(Status.UP), **given)

    @staticmethod
    def failure(at_s: float = 0, **fields: Any) -> Result:
        """A 503."""
        return World.result(at_s, DOWN, **{"http_status": 503, **fields})

    @staticmethod
    def incident(
        number: int = 1, check: str = "gw/chat/m", *, resolved_s: float | None = None, **fields: Any
    ) -> Incident:
        """An outage that began at the start and was detected 10 s later."""
        return Incident(
            **{
                "id": number,
                "key": check,
                "kind": IncidentKind.OUTAGE,
                "endpoint": check.partition("/")[0],
                "checks": (check,),
                "severity": Severity.CRITICAL,
                "cause": Cause(Status.SERVER_ERROR, FaultDomain.ENDPOINT),
                "because": DownBecause.FAILURES_IN_A_ROW,
                "reason": "HTTP 503",
                "action": Action.WAIT_OR_SWITCH,
                "started_at": START,
                "detected_at": START.plus_s(10),
                "resolved_at": None if resolved_s is None else START.plus_s(resolved_s),
                **fields,
            },
        )

    @staticmethod
    def queued(
        notification_id: str = "n1", channel: str = "ops", incident_id: int | None = None, sequence: int = 1
    ) -> Queued:
        """A notification on its way."""
        notification = Notification(notification_id, Event.OPENED, "critical", "gw", "gw is down", "gw is down\nsince")
        return Queued(channel, notification, incident_id, sequence, START)

    async def commit(self, *results: Result, **parts: Any) -> None:
        """One batch."""
        await self.journal.commit(Batch(results=list(results), **parts))

    async def begin(self, at: Moment = START) -> None:
        """A daemon run, and an outbox that knows it."""
        await self.journal.begin_run(DaemonRun("1.0", 42, "here", at))
        await self.outbox.void_leases(at)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query gives, asked on a connection of its own."""
        if isinstance(self.database, SqliteDatabase):
            with closing(sqlite3.connect(self.path)) as file:
                return file.execute(sql).fetchall()
        with closing(self.database.snapshot()) as connection:
            return [tuple(row) for row in connection.exec_driver_sql(sql)]

    def write(self, sql: str, *values: Any) -> None:
        """On a connection of its own; a question mark is a value's place."""
        if isinstance(self.database, SqliteDatabase):
            with closing(sqlite3.connect(self.path)) as file, file:
                file.execute(sql, values)
            return
        with self.database.write_engine().begin() as connection:
            connection.exec_driver_sql(sql.replace("?", "%s"), values)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """As by a daemon that runs."""
        hold = await asyncio.to_thread(self.database.hold)
        try:
            yield
        finally:
            await asyncio.to_thread(hold.__exit__, None, None, None)

    async def ask(self, question: Callable[..., T], *args: Any, **options: Any) -> T:
        """What a reader answers, in a thread."""

        def work() -> T:
            with Reader(self.database) as reader:
                return question(reader, *args, **options)

        return await asyncio.to_thread(work)

    def value(self, sql: str) -> Any:
        """The one value that a query gives."""
        ((value,),) = self.rows(sql)
        return value


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database without a row, to be copied."""
    path = tmp_path_factory.mktemp("storage") / "empty.db"
    open_for_writing(SqliteDatabase(path)).dispose()
    return path


@pytest.fixture
def database(tmp_path: Path, empty_database: Path) -> tuple[Path, Engine]:
    """A file of its own, opened."""
    path = tmp_path / "relaywatch.db"
    shutil.copy(empty_database, path)
    return path, open_for_writing(SqliteDatabase(path))


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest) -> tuple[Database, Engine]:
    """A database of its own, of each kind."""
    if request.param == "sqlite":
        path, engine = request.getfixturevalue("database")
        return SqliteDatabase(path), engine
    url = parse(request.getfixturevalue("postgres_url"))
    database = PostgresDatabase(url, url.parameters)
    return database, open_for_writing(database)


@pytest.fixture
async def world(opened: tuple[Database, Engine]) -> AsyncIterator[World]:
    """The same as the ledger and delivery see it."""
    database, engine = opened
    writer = Writer(engine)
    yield World(database, writer, Journal(writer), Outbox(writer))
    assert await writer.stop()
