"""Every released schema with its rows, brought to this one: whole, killed anywhere, and while somebody reads."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.storage.engine import open_for_writing
from monitor.storage.revision import HEAD, STEPS
from monitor.storage.sqlite.database import SqliteDatabase
from monitor.storage.views import VIEWS
from tests import released

DIES = Path(__file__).parent / "upgrade_that_dies.py"
EVERY = 23  # statements between two of the points at which an upgrade is killed


class Mortal:
    """Upgrades that can be killed."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(DIES)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def upgrade(self, path: Path, last: int = 0) -> tuple[bool, list[str]]:
        """Whether it died, and what it had asked until then."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{path} {last}\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return answer["died"], answer["statements"]

    def close(self) -> None:
        """No more of them."""
        self._process.communicate(timeout=20)


@pytest.fixture(scope="module")
def mortal() -> Iterator[Mortal]:
    """One process for all: its imports take longer than an upgrade."""
    process = Mortal()
    yield process
    process.close()


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A database of each released schema, to be copied."""
    folder = tmp_path_factory.mktemp("released")
    found = {revision: folder / f"{revision}.db" for revision in released.REVISIONS}
    for revision, path in found.items():
        released.build(path, revision)
    return found


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> dict[str | None, dict[str, str]]:
    """What is defined at each revision, by a straight run of the steps; none in an empty file."""
    folder = tmp_path_factory.mktemp("schemas")
    found: dict[str | None, dict[str, str]] = {None: {}}
    for revision in released.REVISIONS:
        released.build_empty(folder / revision, revision)
        found[revision] = _asked(folder / revision, released.schema_of)
    open_for_writing(SqliteDatabase(folder / HEAD)).dispose()
    return {**found, HEAD: _asked(folder / HEAD, released.schema_of)}


@pytest.mark.parametrize("revision", released.REVISIONS)
def test_every_row_is_there_afterwards(tmp_path: Path, old: dict[str, Path], revision: str) -> None:
    """Each value as it was, with its type; columns that are new have what the step says; keys and checks hold."""
    path = tmp_path / "old.db"
    shutil.copy(old[revision], path)
    columns, before = _columns_and_rows(path)
    open_for_writing(SqliteDatabase(path)).dispose()
    assert _asked(path, lambda asked: released.rows_of(asked, columns)) == before
    assert _asked(path, _revision) == HEAD
    assert _asked(path, lambda asked: asked.execute("PRAGMA integrity_check").fetchall()) == [("ok",)]
    assert _asked(path, lambda asked: asked.execute("PRAGMA foreign_key_check").fetchall()) == []
    if revision == "0001":
        added = "SELECT DISTINCT scope, provider, acknowledged_by, memory FROM incidents"
        assert _asked(path, lambda asked: asked.execute(added).fetchall()) == [("check", None, None, "{}")]


@pytest.mark.parametrize("revision", released.REVISIONS)
def test_an_upgraded_database_is_as_a_new_one(
    tmp_path: Path, old: dict[str, Path], schemas: dict[str | None, dict[str, str]], revision: str
) -> None:
    """Nothing of the old views stays, nothing is missing; only the order of columns that were added may differ."""
    path = tmp_path / "old.db"
    shutil.copy(old[revision], path)
    open_for_writing(SqliteDatabase(path)).dispose()
    built = _asked(path, released.schema_of)
    assert {name: sorted(sql) for name, sql in built.items()} == {
        name: sorted(sql) for name, sql in schemas[HEAD].items()
    }
    for view in VIEWS:
        assert _asked(path, lambda asked, view=view: asked.execute(f"SELECT * FROM {view}").fetchall())  # noqa: S608


@pytest.mark.parametrize("revision", [None, *released.REVISIONS])
def test_an_upgrade_that_is_killed_is_taken_up_again(
    tmp_path: Path,
    old: dict[str, Path],
    schemas: dict[str | None, dict[str, str]],
    mortal: Mortal,
    revision: str | None,
) -> None:
    """At each of many statements, commits among them: a whole revision is left, and the next start finishes."""
    columns, before = _columns_and_rows(old[revision]) if revision else ({}, {})
    whole = _copied(old, revision, tmp_path / "whole.db")
    died, statements = mortal.upgrade(whole)
    assert not died
    commits = [number for number, sql in enumerate(statements, 1) if sql == "COMMIT"]
    assert len(commits) > sum(revision is None or step.revision > revision for step in STEPS)
    points = {*commits, *range(5, len(statements), EVERY)}
    left = set()
    for point in sorted(points):
        path = _copied(old, revision, tmp_path / f"{point}.db")
        assert mortal.upgrade(path, point)[0], statements[point - 1]
        left.add(reached := _asked(path, _revision))
        assert _tables(_asked(path, released.schema_of)) == _tables(schemas[reached])
        mortal.upgrade(path, 1 + point % 7)  # killed again, if there is so much left to do
        assert not mortal.upgrade(path)[0]
        assert _asked(path, released.schema_of) == _asked(whole, released.schema_of)
        assert _asked(path, lambda asked: released.rows_of(asked, columns)) == before
    assert left >= {revision, *(step.revision for step in STEPS if revision is None or step.revision > revision)}


@pytest.mark.parametrize("revision", released.REVISIONS)
def test_a_reader_sees_one_schema_or_the_other(
    tmp_path: Path, old: dict[str, Path], revision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A snapshot from before is as it was, to the end; whoever asks between two steps finds the views, never a gap."""
    path = tmp_path / "old.db"
    shutil.copy(old[revision], path)
    reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
    reader.execute("BEGIN")
    question = "SELECT * FROM v_availability_daily ORDER BY check_id"
    before = reader.execute(question).fetchall()
    monkeypatch.setattr("monitor.storage.upgrade.REPEAT_EVERY_S", 0.001)
    widths = set()

    def ask(_: object) -> None:
        questions = [f"SELECT * FROM {view}" for view in VIEWS]  # noqa: S608  names of the schema
        asked = _asked(path, lambda connection: list(map(connection.execute, questions)))
        widths.add(tuple(len(cursor.description) for cursor in asked))

    open_for_writing(SqliteDatabase(path), on_step=ask).dispose()
    assert reader.execute(question).fetchall() == before
    assert reader.execute("SELECT version_num FROM alembic_version").fetchone() == (revision,)
    reader.execute("COMMIT")
    assert [row[:10] for row in reader.execute(question)] == [row[:10] for row in before]
    assert reader.execute("SELECT version_num FROM alembic_version").fetchone() == (HEAD,)
    reader.close()
    assert len(widths) <= 2  # as before, and as now


def _copied(old: dict[str, Path], revision: str | None, path: Path) -> Path:
    if revision is not None:
        shutil.copy(old[revision], path)
    return path


def _columns_and_rows(path: Path) -> tuple[dict[str, list[str]], dict[str, released.Rows]]:
    """What must be the same afterwards: all rows, but for what every start and step writes."""
    columns = _asked(path, released.tables_of)
    del columns["alembic_version"], columns["meta"]
    rows: dict[str, released.Rows] = _asked(path, lambda asked: released.rows_of(asked, columns))
    return columns, rows


def _asked(path: Path, question: Any) -> Any:
    connection = sqlite3.connect(path)
    try:
        return question(connection)
    finally:
        connection.close()


def _revision(connection: sqlite3.Connection) -> str | None:
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'alembic_version'").fetchall():
        return None
    ((revision,),) = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    return str(revision)


def _tables(schema: dict[str, str]) -> dict[str, str]:
    """Without the views, which a file made anew gets with its last step."""
    return {name: sql for name, sql in schema.items() if name not in VIEWS}
