"""Opening a database on a server, and reading it: what is held of a file is held here too."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.exc import DBAPIError, OperationalError

from monitor.config.postgres_url import parse
from monitor.errors import StartError, StorageError
from monitor.storage import tables, views
from monitor.storage.engine import open_for_writing
from monitor.storage.past import history
from monitor.storage.postgresql.database import PostgresDatabase
from monitor.storage.reader import Reader
from monitor.storage.revision import HEAD
from tests.postgres_server import PostgresServer

AWAY = OperationalError("CREATE VIEW", {}, Exception("no more"))


def _database(url: str) -> PostgresDatabase:
    parsed = parse(url)
    return PostgresDatabase(parsed, parsed.parameters)


@pytest.fixture
def migrated(postgres_url: str) -> PostgresDatabase:
    """With all tables, without a row."""
    return _database(postgres_url)


@pytest.fixture
def bare(postgres: PostgresServer) -> Iterator[PostgresDatabase]:
    """Without a table."""
    name = postgres.make_database()
    yield _database(postgres.url(name))
    postgres.drop_database(name)


def _do(database: PostgresDatabase, *statements: str) -> None:
    engine = database.write_engine()
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def _ask(database: PostgresDatabase, query: str) -> list[Any]:
    with database.snapshot() as connection:
        return list(connection.exec_driver_sql(query).scalars())


def test_migrations_give_the_schema_that_the_code_describes(postgres_url: str) -> None:
    """Tables, columns, their types, keys and indexes."""

    def ours(_: object, name: str | None, kind: str, *__: object) -> bool:
        return not (kind == "table" and (name == "alembic_version" or str(name).startswith(("results_2", "result_d"))))

    plain = create_engine(postgres_url.replace("postgresql", "postgresql+psycopg", 1), poolclass=NullPool)
    with plain.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": ours})
        assert compare_metadata(context, tables.metadata) == []
        found = connection.exec_driver_sql("SELECT viewname FROM pg_views WHERE schemaname = 'public'").scalars()
        assert set(found) == set(views.VIEWS)


@pytest.mark.parametrize("begin", [PostgresDatabase.hold, open_for_writing])
def test_the_tables_of_another_program_are_refused(
    bare: PostgresDatabase, begin: Callable[[PostgresDatabase], object]
) -> None:
    """A database that holds anything else is left exactly as it is: nobody leads there."""
    _do(bare, "CREATE TABLE monitors (id integer)")
    with pytest.raises(StartError, match="belongs to another program: it holds the tables monitors"):
        begin(bare)
    assert _ask(bare, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == ["monitors"]


@pytest.mark.parametrize("begin", [PostgresDatabase.hold, open_for_writing, Reader])
def test_a_newer_database_is_refused(migrated: PostgresDatabase, begin: Callable[[PostgresDatabase], object]) -> None:
    """An older program must not write what it does not understand."""
    _do(migrated, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StartError, match="by a newer version of RelayWatch: it has revision 9999, this version"):
        begin(migrated)


def test_a_failed_migration_leaves_nothing_behind(bare: PostgresDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step is all or nothing: the next start goes on with the one that failed."""

    def refuse(_: Connection) -> None:
        raise AWAY

    with monkeypatch.context() as patched:
        patched.setattr(views, "create", refuse)
        with pytest.raises(StartError, match="no more"):
            open_for_writing(bare)
    assert _ask(bare, "SELECT to_regclass('spending') IS NOT NULL AND to_regclass('rollups_5m') IS NULL") == [True]
    open_for_writing(bare).dispose()
    assert _ask(bare, "SELECT version_num FROM alembic_version") == [HEAD]


def test_a_reader_cannot_write(migrated: PostgresDatabase) -> None:
    """Whatever it asks."""
    with Reader(migrated) as reader, pytest.raises(DBAPIError, match="read-only transaction"):
        reader.connection.exec_driver_sql("INSERT INTO meta VALUES ('a', 'b')")


def test_a_question_that_the_database_refuses_is_a_storage_error(migrated: PostgresDatabase) -> None:
    """Not a traceback of a library."""
    with Reader(migrated) as reader:
        _do(migrated, "ALTER TABLE results RENAME TO former")
        with pytest.raises(StorageError, match="the database refused: relation"):
            history.results(reader, history.Selection())


def test_a_question_ends_when_nobody_waits_any_more(migrated: PostgresDatabase) -> None:
    """However long its statement would run; the reader is closed as ever."""
    wishes = iter([False, True])
    with Reader(migrated) as reader:
        reader.stop_when(lambda: next(wishes, True))
        with pytest.raises(DBAPIError, match="canceling statement due to user request"):
            reader.connection.exec_driver_sql("SELECT pg_sleep(60)")


def test_it_is_held_once_and_says_by_whom(migrated: PostgresDatabase) -> None:
    """By nobody before, and by nobody after."""
    assert migrated.holder() is None
    with migrated.hold():
        assert migrated.holder() is not None
    assert migrated.holder() is None
