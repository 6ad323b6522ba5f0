"""Servers that stand still, refuse to write, or have been given settings: what a daemon's writer makes of them."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection

from monitor.config.postgres_url import parse
from monitor.errors import StartError, StorageError
from monitor.storage import tables
from monitor.storage.copying.loading import load
from monitor.storage.engine import open_for_writing
from monitor.storage.faults import DatabaseFault
from monitor.storage.postgresql import connect
from monitor.storage.postgresql.database import PostgresDatabase
from monitor.storage.writer import Writer

if TYPE_CHECKING:
    from tests.postgres_server import PostgresServer

SETTINGS = (
    "statement_timeout", "lock_timeout", "idle_session_timeout", "transaction_timeout",
    "default_transaction_isolation", "timezone", "extra_float_digits",
)  # fmt: skip


def _database(url: str) -> PostgresDatabase:
    parsed = parse(url)
    return PostgresDatabase(parsed, parsed.parameters)


def _note(text: str) -> Callable[[Connection], object]:
    return lambda connection: connection.execute(tables.meta.insert().values(key=text, value=""))


def _noted(connection: Connection) -> list[str]:
    found = connection.exec_driver_sql("SELECT key FROM meta WHERE key LIKE 'note%%' ORDER BY key")
    return list(found.scalars())


def _backend(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


@contextmanager
def _standing_still(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.fixture
async def writer(postgres_url: str) -> AsyncIterator[Writer]:
    """A daemon's."""
    database = _database(postgres_url)
    held = await asyncio.to_thread(database.hold)
    made = Writer(database.write_engine(), held.fence)
    yield made
    await made.stop()
    await asyncio.to_thread(held.release)


async def _once_it_can(writer: Writer, work: Callable[[Connection], object]) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await writer.run(work)
            except StorageError:
                await asyncio.sleep(0.05)  # it is asked again after a pause
            else:
                return


async def test_a_server_that_stands_still_is_given_up(monkeypatch: pytest.MonkeyPatch, writer: Writer) -> None:
    """Its machine takes every packet, its own bounds stand still with it: refused after a while, then done once."""
    await writer.stop()
    monkeypatch.setattr(connect, "ANSWER_WITHIN_S", 0.5)
    patient = Writer(writer._link._engine, writer._fence)
    pid = await patient.run(_backend)
    with _standing_still(pid):
        with pytest.raises(StorageError, match="not reachable"):
            await patient.run(_note("note one"))
        await patient.run(_note("note two"))
    await patient.run(_note("note three"))
    assert await patient.run(_noted) == ["note three", "note two"]
    await patient.stop()


async def test_a_server_that_became_read_only_is_not_held_on_to(
    writer: Writer, postgres: "PostgresServer", postgres_url: str
) -> None:
    """After a failover the old connection may lead to what is a standby now; the next one leads to the primary."""
    name = postgres_url.rpartition("/")[2]
    pid = await writer.run(_backend)
    postgres.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on", f"SELECT pg_terminate_backend({pid})")
    with pytest.raises(StorageError):
        await writer.run(_note("note one"))
    with pytest.raises(StorageError, match="read-only standby"):
        await writer.run(_note("note one"))
    postgres.run(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    await _once_it_can(writer, _note("note two"))
    assert await writer.run(_noted) == ["note two"]


async def test_what_a_role_was_given_does_not_bend_a_daemon(
    writer: Writer, postgres: "PostgresServer", postgres_url: str
) -> None:
    """Sessions that rest are kept, transactions see what others committed, numbers keep their digits."""
    name = postgres_url.rpartition("/")[2]
    given = {
        "statement_timeout": "'3s'", "lock_timeout": "'1ms'", "idle_session_timeout": "'1s'", "timezone": "'-3'",
        "transaction_timeout": "'2s'", "default_transaction_isolation": "serializable", "extra_float_digits": "-5",
    }  # fmt: skip
    role = f"ALTER ROLE relaywatch IN DATABASE {name}"
    postgres.run(*(f"{role} SET {setting} = {value}" for setting, value in given.items()))
    del writer

    def shown(connection: Connection) -> dict[str, str]:
        return {setting: str(connection.exec_driver_sql(f"SHOW {setting}").scalar()) for setting in SETTINGS}

    writing = Writer(_database(postgres_url).write_engine())
    assert await writing.run(shown) == {
        "statement_timeout": "12s", "lock_timeout": "8s", "idle_session_timeout": "0", "transaction_timeout": "0",
        "default_transaction_isolation": "read committed", "timezone": "UTC", "extra_float_digits": "1",
    }  # fmt: skip
    await writing.stop()


def test_a_database_that_does_not_take_every_text_refuses_the_start(postgres: "PostgresServer") -> None:
    """Else the first reason in Korean would stop all writing."""
    name = "relaywatch_latin"
    postgres.run(f"CREATE DATABASE {name} OWNER relaywatch ENCODING LATIN1 TEMPLATE template0")
    for begin in (PostgresDatabase.hold, open_for_writing):
        with pytest.raises(StartError, match="encoded in LATIN1") as caught:
            begin(_database(postgres.url(name)))
        assert "ENCODING 'UTF8'" in str(caught.value.hint)
    postgres.drop_database(name)


def test_a_server_that_is_too_old_refuses_the_start() -> None:
    """In words."""
    info = SimpleNamespace(server_version=120_022, parameter_status=lambda _: "UTF8")
    with pytest.raises(StartError, match="is PostgreSQL 12, which is too old") as caught:
        connect._must_fit(SimpleNamespace(info=info))
    assert "13 or newer" in str(caught.value.hint)


def test_an_upgrade_may_take_as_long_as_it_takes(postgres_url: str) -> None:
    """The bounds of a daemon's statements are not those of an index on a hundred million rows."""
    engine = _database(postgres_url).write_engine()
    with engine.begin() as connection:
        connect.lift_bounds(connection)
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "0"
    engine.dispose()


def test_what_a_copy_is_refused_is_a_fault_like_any_other(postgres_url: str) -> None:
    """Not one of the driver's own, which nobody expects: a text of another time that this engine does not take."""
    engine = _database(postgres_url).write_engine()
    with engine.connect() as connection, pytest.raises(DatabaseFault, match="NUL"):
        load(connection, tables.meta, [("key", "a\0b")])
    engine.dispose()
