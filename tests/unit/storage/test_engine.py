"""Opening a database: created, migrated, refused; each refusal is one clear message."""

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from monitor.errors import StartError
from monitor.storage import migrate, revision, tables, views
from monitor.storage.engine import open_for_writing
from monitor.storage.sqlite import dialect
from monitor.storage.sqlite.database import SqliteDatabase


def _schema(path: Path) -> dict[str, list[str]]:
    # The parts of each definition, since Alembic writes constraints in another order.
    with sqlite3.connect(path) as connection:
        found = dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall())
    connection.close()
    return {name: sorted(part.strip() for part in re.split("[,()]", sql)) for name, sql in found.items()}


def _revision(path: Path) -> list[str]:
    with sqlite3.connect(path) as connection:
        found = [row[0] for row in connection.execute("SELECT version_num FROM alembic_version")]
    connection.close()
    return found


def test_a_new_database_is_current_and_readable_by_its_group(tmp_path: Path) -> None:
    """The file is made with mode 0640, whatever the umask, and holds every table."""
    path = tmp_path / "new.db"
    before = os.umask(0o077)
    try:
        open_for_writing(SqliteDatabase(path)).dispose()
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640
    assert set(tables.metadata.tables) <= set(_schema(path))


def test_migrations_give_the_schema_that_the_code_describes(tmp_path: Path) -> None:
    """What the scripts build and what the tables say is the same SQL."""
    migrated, described = tmp_path / "migrated.db", tmp_path / "described.db"
    open_for_writing(SqliteDatabase(migrated)).dispose()
    plain = create_engine(f"sqlite:///{described}")
    tables.metadata.create_all(plain)
    plain.dispose()
    built = _schema(migrated)
    for name in ("alembic_version", "sqlite_sequence", *views.VIEWS):
        built.pop(name, None)
    expected = _schema(described)
    expected.pop("sqlite_sequence", None)
    assert built == expected


def test_the_known_head_is_the_newest_script() -> None:
    """Alembic is not asked at every start, so the code must know."""
    assert migrate.revisions() == [step.revision for step in revision.STEPS]


def test_what_is_not_needed_is_not_imported(tmp_path: Path) -> None:
    """A current file opens without Alembic and without the other engine: they cost memory and time."""
    path = tmp_path / "current.db"
    open_for_writing(SqliteDatabase(path)).dispose()
    code = (
        "import sys; from pathlib import Path; from monitor.storage.engine import open_for_writing;"
        "from monitor.storage.sqlite.database import SqliteDatabase;"
        f"open_for_writing(SqliteDatabase(Path({str(path)!r})));"
        "print({'alembic', 'psycopg', 'sqlalchemy.dialects.postgresql'} & {*sys.modules} or 'none')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "none\n"


def test_a_migration_is_announced_once(tmp_path: Path) -> None:
    """Who waits for the start learns that it takes longer; the second start does not migrate."""
    path, announced = tmp_path / "new.db", list[str]()
    for _ in range(2):
        open_for_writing(SqliteDatabase(path), on_step=lambda step: announced.append(step.step.revision)).dispose()
    assert announced == [step.revision for step in revision.STEPS]


def test_the_instance_is_given_once(tmp_path: Path) -> None:
    """The name of a database outlives every start."""
    path, names = tmp_path / "new.db", set[str]()
    for _ in range(2):
        open_for_writing(SqliteDatabase(path)).dispose()
        with sqlite3.connect(path) as connection:
            names.add(connection.execute("SELECT value FROM meta WHERE key = 'instance'").fetchone()[0])
        connection.close()
    (name,) = names
    assert re.fullmatch("[0-9a-f]{8}", name)


def test_pragmas_hold_on_every_connection(tmp_path: Path) -> None:
    """Durability and integrity are set and looked at again."""
    opened = open_for_writing(SqliteDatabase(tmp_path / "new.db"))
    with opened.connect() as connection:
        values = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "page_size")
        }
    opened.dispose()
    assert values == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
        "page_size": 1024,
    }


def test_a_pragma_that_does_not_hold_refuses_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that cannot do WAL says "delete" and no error."""
    monkeypatch.setitem(dialect._PRAGMAS, "busy_timeout", "'nonsense'")
    with pytest.raises(StartError, match="PRAGMA busy_timeout is 0 and cannot be set"):
        open_for_writing(SqliteDatabase(tmp_path / "new.db"))


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    """An older program must not write what it does not understand."""
    path = tmp_path / "newer.db"
    open_for_writing(SqliteDatabase(path)).dispose()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StartError, match="by a newer version of RelayWatch: it has revision 9999, this version"):
        open_for_writing(SqliteDatabase(path))


def test_the_tables_of_another_program_are_refused(tmp_path: Path) -> None:
    """A database that holds anything else is left exactly as it is."""
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE monitors (id)")
    connection.close()
    with pytest.raises(StartError, match="belongs to another program: it holds the tables monitors"):
        open_for_writing(SqliteDatabase(path))
    assert list(_schema(path)) == ["monitors"]


def test_a_folder_that_does_not_exist_is_said(tmp_path: Path) -> None:
    """The hint makes it."""
    with pytest.raises(StartError, match=r"folder of the database .* does not exist") as caught:
        open_for_writing(SqliteDatabase(tmp_path / "nowhere" / "x.db"))
    assert "mkdir -p" in str(caught.value)


def test_a_folder_in_place_of_a_file_is_said(tmp_path: Path) -> None:
    """A path that ends too early."""
    with pytest.raises(StartError, match="is a folder"):
        open_for_writing(SqliteDatabase(tmp_path))


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    """Nothing of it is overwritten."""
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader,\n" * 100)
    with pytest.raises(StartError, match="the file is not an SQLite database"):
        open_for_writing(SqliteDatabase(path))
    assert path.read_text().startswith("Dear reader")


def test_a_damaged_database_is_said(tmp_path: Path) -> None:
    """A page of nonsense where the tables are listed."""
    path = tmp_path / "damaged.db"
    open_for_writing(SqliteDatabase(path)).dispose()
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 3000)
    with pytest.raises(StartError, match="the file is damaged"):
        open_for_writing(SqliteDatabase(path))


def test_a_failed_migration_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step is all or nothing: the next start goes on with the one that failed."""
    path = tmp_path / "new.db"

    def refuse(_: object) -> None:
        raise sqlite3.OperationalError("no more")

    with monkeypatch.context() as patched:
        patched.setattr(views, "create", refuse)
        with pytest.raises(StartError, match="no more"):
            open_for_writing(SqliteDatabase(path))
    assert revision.HEAD not in _revision(path)
    assert "spending" in _schema(path)
    assert "rollups_5m" not in _schema(path)
    open_for_writing(SqliteDatabase(path)).dispose()
    assert _revision(path) == [revision.HEAD]
