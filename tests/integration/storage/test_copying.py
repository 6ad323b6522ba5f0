"""A history from one database into another and back: every row, over interruptions, and nothing into a wrong place."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import (
    BigInteger,
    Connection,
    Engine,
    Float,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    insert,
    select,
    text,
    update,
)

from monitor.config.postgres_url import parse
from monitor.errors import StartError, UsageError
from monitor.storage import tables
from monitor.storage.copying.copy import Copy, Step, copied_tables
from monitor.storage.copying.paging import pages
from monitor.storage.engine import open_for_writing
from monitor.storage.postgresql.database import PostgresDatabase
from monitor.storage.sqlite.database import SqliteDatabase

if TYPE_CHECKING:
    from monitor.storage.database import Database

ROWS = 40
WEEK_US = 7 * 86_400_000_000
START_US = 1_795_200_000_000_000
TEXTS = ("plain", "", "with \\ and \t and \n", "한국어 Ünï", "\\N", '{"a": 1}', "Z", "a", "Ä")


UNIQUE = {"check", "reason", "notification_id"}


class Killed(Exception):  # noqa: N818  it stands for a signal
    """The copy ends here, as a kill would end it."""


@pytest.fixture
def history(tmp_path: Path) -> SqliteDatabase:
    """A database with rows of every kind in every table."""
    database = SqliteDatabase(tmp_path / "source.db")
    engine = open_for_writing(database)
    dice = random.Random(5)  # noqa: S311  the same rows in each run
    with engine.begin() as connection:
        for table in copied_tables():
            connection.execute(insert(table), [_row(table, number, dice) for number in range(1, ROWS + 1)])
        connection.execute(insert(tables.meta), [{"key": "pruned_before_us", "value": "17"}])
    engine.dispose()
    return database


@pytest.fixture
def server_database(postgres_url: str) -> PostgresDatabase:
    """An empty one on a server."""
    url = parse(postgres_url)
    return PostgresDatabase(url, dict(url.parameters))


def _row(table: Table, number: int, dice: random.Random) -> dict[str, Any]:
    keys = {column.name for column in table.primary_key}
    return {
        column.name: number if column.foreign_keys or column.name == "id" else _value(column, number, dice, keys)
        for column in table.columns
    }


def _value(column: Any, number: int, dice: random.Random, keys: set[str]) -> Any:
    match column.type:
        case _ if column.nullable and dice.random() < 0.3:
            value: Any = None
        case SmallInteger():
            value = dice.randrange(12)
        case BigInteger():
            value = START_US + number * WEEK_US // 4 if column.name.endswith("_us") else dice.randrange(2**62)
        case Integer():
            value = number if column.name in keys else dice.randrange(2**31)
        case Float():
            value = dice.choice((0.1, 1e-300, 5.0, -0.0, dice.random() * 1e9))
        case LargeBinary():
            value = dice.randbytes(dice.randrange(40))
        case _:
            value = f"{dice.choice(TEXTS)}{number if column.name in keys or column.name in UNIQUE else ''}"
    return value


@contextmanager
def _opened(source: "Database", target: "Database") -> Iterator[tuple[Connection, Engine]]:
    connection, engine = source.snapshot(), open_for_writing(target, is_copy=True)
    try:
        yield connection, engine
    finally:
        connection.close()
        connection.engine.dispose()
        engine.dispose()


def _copy(source: "Database", target: "Database", tell: Callable[[Step], object] = lambda _: None) -> int:
    with _opened(source, target) as (connection, engine):
        return sum(digest.rows for digest in Copy(connection, engine, tell, page=7).run().values())


def _content(database: "Database") -> dict[str, list[Any]]:
    connection = database.snapshot()
    try:
        found = {table.name: [row for page in pages(connection, table) for row in page] for table in copied_tables()}
        found["meta"] = sorted(row for row in connection.execute(select(tables.meta)).all() if row.key != "write_test")
    finally:
        connection.close()
        connection.engine.dispose()
    return found


def _after(many: int) -> Callable[[Step], None]:
    left = [many]

    def tell(_: Step) -> None:
        left[0] -= 1
        if not left[0]:
            raise Killed

    return tell


def test_a_round_trip_gives_the_same_rows(
    history: SqliteDatabase, server_database: PostgresDatabase, tmp_path: Path
) -> None:
    """Through a server and back into a file, values and their types."""
    back = SqliteDatabase(tmp_path / "back.db")
    assert _copy(history, server_database) == ROWS * len(copied_tables())
    assert _copy(server_database, back) == ROWS * len(copied_tables())
    assert _content(server_database) == _content(history)
    assert repr(_content(back)) == repr(_content(history))


def test_killed_anywhere_it_goes_on_where_it_ended(
    history: SqliteDatabase, server_database: PostgresDatabase, tmp_path: Path
) -> None:
    """Nothing is copied twice, and nobody may use it in between."""
    told: list[Step] = []
    for many in (20, 45):
        with pytest.raises(Killed):
            _copy(history, server_database, _after(many))
        with pytest.raises(StartError, match="a copy that is not finished yet"):
            open_for_writing(server_database)
    _copy(history, server_database, told.append)
    assert told[0].table != copied_tables()[0].name
    assert _content(server_database) == _content(history)
    open_for_writing(server_database).dispose()
    with pytest.raises(UsageError, match="the target is not empty"):
        _copy(history, server_database)
    del tmp_path


def test_ids_go_on_after_the_copied_ones(history: SqliteDatabase, server_database: PostgresDatabase) -> None:
    """The next incident's messages must not meet old ones."""
    _copy(history, server_database)
    engine = server_database.write_engine()
    with engine.begin() as connection:
        row = {"reason": "new", "fault_domain": "", "action": ""}
        assert (
            connection.execute(insert(tables.reasons).values(row).returning(tables.reasons.c.id)).scalar() == ROWS + 1
        )
    engine.dispose()


def test_the_server_knows_what_it_holds(history: SqliteDatabase, server_database: PostgresDatabase) -> None:
    """Questions are planned right from the first one on, not when the server comes round to look."""
    _copy(history, server_database)
    connection = server_database.snapshot()
    known = connection.exec_driver_sql("SELECT reltuples FROM pg_class WHERE relname IN ('results', 'checks')")
    assert {int(rows) for (rows,) in known} == {ROWS}
    connection.close()


def test_a_row_that_differs_is_found(history: SqliteDatabase, server_database: PostgresDatabase) -> None:
    """The copy stays one that nobody may use."""

    def spoil(step: Step) -> None:
        if step.doing == "verify" and step.table == copied_tables()[0].name:
            with engine.begin() as connection:
                connection.execute(update(tables.incidents).where(tables.incidents.c.id == 3).values(severity="odd"))

    engine = server_database.write_engine()
    with pytest.raises(StartError, match=r"the copy of the table incidents is not equal to its source: 40 rows of 40"):
        _copy(history, server_database, spoil)
    engine.dispose()
    with pytest.raises(StartError, match="not finished"):
        open_for_writing(server_database)


def test_another_source_does_not_go_on(history: SqliteDatabase, tmp_path: Path) -> None:
    """Nor the same one after a daemon has run on it."""
    target = SqliteDatabase(tmp_path / "target.db")
    with pytest.raises(Killed):
        _copy(history, target, _after(9))
    other = SqliteDatabase(tmp_path / "other.db")
    open_for_writing(other).dispose()
    with pytest.raises(UsageError, match="unfinished copy of another database"):
        _copy(other, target)
    engine = open_for_writing(history)
    with engine.begin() as connection:
        connection.execute(text("UPDATE daemon_runs SET heartbeat_us = heartbeat_us + 1"))
    engine.dispose()
    with pytest.raises(UsageError, match="written to since"):
        _copy(history, target)
