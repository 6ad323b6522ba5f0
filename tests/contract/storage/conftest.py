"""Every kind of database that there is; a new one joins the list and must pass the same tests."""

import itertools
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine

from monitor.config.postgres_url import parse
from monitor.storage.engine import open_for_writing
from monitor.storage.journal import Journal
from monitor.storage.outbox.outbox import Outbox
from monitor.storage.postgresql.database import PostgresDatabase
from monitor.storage.sqlite.database import SqliteDatabase
from monitor.storage.writer import Writer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.postgres_server import PostgresServer


@dataclass
class Store:
    """A database as the ledger and delivery see it."""

    writer: Writer
    journal: Journal
    outbox: Outbox


@pytest.fixture(params=["sqlite", "postgresql"], scope="session")
def new_engine(request: pytest.FixtureRequest) -> Callable[[], Engine]:
    """Makes an empty, migrated database each time it is called."""
    made: Callable[[], Engine] = request.getfixturevalue(f"_new_{request.param}")
    return made


@pytest.fixture(scope="session")
def _new_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Engine]:
    folder = tmp_path_factory.mktemp("contract")
    empty = folder / "empty.db"
    open_for_writing(SqliteDatabase(empty)).dispose()
    numbers = itertools.count()

    def make() -> Engine:
        path: Path = folder / f"{next(numbers)}.db"
        shutil.copy(empty, path)
        return open_for_writing(SqliteDatabase(path))

    return make


@pytest.fixture(scope="session")
def _new_postgresql(postgres: "PostgresServer", postgres_template: str) -> Callable[[], Engine]:
    def make() -> Engine:
        url = parse(postgres.url(postgres.make_database(postgres_template)))
        return open_for_writing(PostgresDatabase(url, url.parameters))

    return make


@pytest.fixture
def engine(new_engine: Callable[[], Engine]) -> Engine:
    """An empty, migrated database."""
    return new_engine()


@pytest.fixture
async def store(engine: Engine) -> AsyncIterator[Store]:
    """A database as the ledger and delivery see it."""
    writer = Writer(engine)
    yield Store(writer, Journal(writer), Outbox(writer))
    assert await writer.stop()
