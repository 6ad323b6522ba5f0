"""`docs/database.md` and the real schema say the same, and every question there is answered through the keys."""

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect

from monitor.clock import Moment
from monitor.config.postgres_url import parse
from monitor.storage.engine import open_for_writing
from monitor.storage.postgresql.database import PostgresDatabase
from monitor.storage.rollups.closing import Closer
from monitor.storage.sqlite.database import SqliteDatabase
from monitor.storage.writer import Writer
from tests import released

PAGE = (Path(__file__).parents[3] / "docs" / "database.md").read_text(encoding="utf-8")
NOW_S = 1_795_230_000  # some hours after the day that was recorded
TYPES = {"integer": r"INTEGER|BIGINT|SMALLINT", "text": r"TEXT|VARCHAR\(32\)", "float": "FLOAT", "bytes": "BLOB"}


class Stopped:
    """A clock for roll-ups: the recorded day is over."""

    def now(self) -> Moment:
        """Always the same."""
        return Moment(NOW_S * 1_000_000, 0)


def _section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def _parts(title: str) -> dict[str, str]:
    """What is said under each heading of a section, by the names in the heading."""
    parts = _section(title).split("\n### ")[1:]
    return {name: part for part in parts for name in re.findall("`(.+?)`", part.partition("\n")[0])}


def _columns(part: str) -> list[tuple[str, list[str]]]:
    """The columns of a table of the page, each with the other cells of its line."""
    lines = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| `")]
    return [(name, cells[1:]) for cells in lines for name in re.findall("`(.+?)`", cells[0])]


TABLES, VIEWS = _parts("Tables"), _parts("Views")
QUESTIONS = re.findall(r"### (.+?)\n.*?```sql\n(.*?)```", _section("Questions"), re.DOTALL)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A database with a recorded day, its roll-ups, and today's two kinds of trouble; read-only."""
    path = tmp_path_factory.mktemp("documented") / "filled.db"
    released.build(path, "0003")
    with sqlite3.connect(path) as plain:
        run = (3, "0.1.0", 102, "here", 1_795_219_320_000_000, NOW_S * 1_000_000, None, None)
        plain.execute("INSERT INTO daemon_runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", run)
    plain.close()
    engine = open_for_writing(SqliteDatabase(path))

    async def close() -> None:
        writer = Writer(engine)
        await Closer(writer, Stopped(), pausing=False).close()
        await writer.stop()

    asyncio.run(close())
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    yield connection
    connection.close()


def test_every_table_and_view_is_documented_and_nothing_else(filled: sqlite3.Connection) -> None:
    """What one reads there is there, and what is there one can read about."""
    query = "SELECT name FROM sqlite_schema WHERE type = ? AND name NOT LIKE 'sqlite%'"
    assert set(TABLES) == {name for (name,) in filled.execute(query, ("table",))}
    assert set(VIEWS) == {name for (name,) in filled.execute(query, ("view",))}


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_column_is_documented(filled: sqlite3.Connection, table: str) -> None:
    """With its type, whether it may be null, and what it means; in the order of the steps that brought it or not."""
    documented = dict(_columns(TABLES[table]))
    real = {row[1]: row for row in filled.execute(f'PRAGMA table_info("{table}")')}
    assert set(documented) == set(real)
    for name, (kind, *meaning) in documented.items():
        word, _, null = kind.partition(", ")
        assert re.fullmatch(TYPES[word], real[name][2]), name
        assert (null == "null") == (not real[name][3]), name
        assert meaning or name.startswith("ttft"), name


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_key_and_index_is_documented(filled: sqlite3.Connection, table: str) -> None:
    """What one may filter on."""
    part = TABLES[table]
    info = filled.execute(f'PRAGMA table_info("{table}")').fetchall()
    key = [row[1] for row in sorted(info, key=lambda row: row[5]) if row[5]]
    assert re.findall("`(.+?)`", part.split("Key:")[1].split(".")[0]) == key
    unique, indexes = [], {}
    for _, name, _, origin, partial in filled.execute(f'PRAGMA index_list("{table}")').fetchall():
        columns = [row[2] for row in filled.execute(f'PRAGMA index_info("{name}")')]
        if origin == "u":
            unique.append(columns)
        if origin == "c":
            (sql,) = filled.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
            indexes[name] = (columns, sql.partition(" WHERE ")[2] if partial else "")
    said = re.findall(r"Index `(\w+)`: (.+?)(?: where `(.+?)`)?\.(?: |\n)", part)
    assert {name: (re.findall(r"`(\w+)`", columns), where) for name, columns, where in said} == indexes
    assert [re.findall("`(.+?)`", text) for text in re.findall(r"Unique: (.+?)\.", part)] == unique


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_every_column_of_a_view_is_documented(filled: sqlite3.Connection, view: str) -> None:
    """The filters first; each with what it means."""
    described = filled.execute(f"SELECT * FROM {view} LIMIT 0").description  # noqa: S608  names of the page
    documented = _columns(VIEWS[view])
    assert sorted(name for name, _ in documented) == sorted(column[0] for column in described)
    assert all(meaning for _, meaning in documented)


@pytest.mark.parametrize(("title", "sql"), QUESTIONS, ids=[title for title, _ in QUESTIONS])
def test_every_question_is_answered_through_the_keys(filled: sqlite3.Connection, title: str, sql: str) -> None:
    """It gives rows, and reads neither all results nor all roll-ups."""
    asked = sql.replace("unixepoch()", str(NOW_S))
    assert filled.execute(asked).fetchall(), title
    steps = [row[3] for row in filled.execute(f"EXPLAIN QUERY PLAN {asked}")]
    assert not [step for step in steps if re.match(r"SCAN (r|results|rollups_\w+)( |$)", step)]
    assert not [step for step in steps if re.match(r"SCAN d USING|SCAN d VIRTUAL", step)]


def test_there_is_an_answer_to_what_people_ask() -> None:
    """At least a dozen."""
    assert len(QUESTIONS) >= 12


def test_the_questions_are_answered_by_postgresql_too(postgres_url: str) -> None:
    """With the one replacement that the page names; and it has the tables, columns and views of the page."""
    url = parse(postgres_url)
    engine = open_for_writing(PostgresDatabase(url, url.parameters))
    with engine.begin() as connection:
        for _, sql in QUESTIONS:
            connection.exec_driver_sql(sql.replace("unixepoch()", "extract(epoch FROM now())::bigint")).fetchall()
        real = inspect(connection)
        for name, part in {**TABLES, **VIEWS}.items():
            assert {column["name"] for column in real.get_columns(name)} == {column for column, _ in _columns(part)}
    engine.dispose()
