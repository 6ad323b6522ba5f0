"""`db query`: one statement that reads, whatever it gives; nothing else is let through."""

import csv
import io
import json
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Ended, Relaywatch

pytestmark = pytest.mark.usefixtures("recorded")


def rows(relaywatch: "Relaywatch", sql: str, *options: str) -> list[dict[str, Any]]:
    """What a statement gives as JSON."""
    ended = relaywatch("db", "query", sql, *options, "--format", "json")
    assert (ended.code, ended.err) == (0, "")
    found = json.loads(ended.out, parse_constant=pytest.fail)
    assert isinstance(found, list)
    return found


def test_a_view_is_read(relaywatch: "Relaywatch") -> None:
    """As JSON, as CSV and as a table."""
    sql = 'SELECT "check", count(*) AS n FROM v_results GROUP BY 1 ORDER BY 1'
    expected = [{"check": "gw/chat/openai/gpt-4.1", "n": 3}, {"check": "gw/models", "n": 3}]
    assert rows(relaywatch, sql) == expected
    found = list(csv.DictReader(io.StringIO(relaywatch("db", "query", sql, "--format", "csv").out)))
    assert found == [{name: str(value) for name, value in row.items()} for row in expected]
    table = relaywatch("db", "query", sql).out.splitlines()
    assert [line.split() for line in table] == [["check", "n"], *([row["check"], str(row["n"])] for row in expected)]


def test_every_kind_of_value_is_right_in_json(relaywatch: "Relaywatch") -> None:
    """Nothing is null, big integers are whole, blobs hexadecimal; what JSON has no word for is null."""
    sql = "SELECT NULL AS a, 9223372036854775807 AS b, x'00ff' AS c, 9e999 AS d, 0.1 AS e, 'é' AS f, 1 AS a"
    (row,) = rows(relaywatch, sql)
    assert row == {"a": None, "b": 9223372036854775807, "c": "00ff", "d": None, "e": 0.1, "f": "é", "a_2": 1}
    assert rows(relaywatch, "SELECT 1 AS n WHERE 0") == []


def test_hostile_text_does_nothing(relaywatch: "Relaywatch") -> None:
    """Neither in a cell nor in the name of a column."""
    for form in ("table", "json", "csv"):
        out = relaywatch("db", "query", "SELECT char(27) || '[2J=1+1' AS \"\x1b[31mred\"", "--format", form).out
        assert "\x1b" not in out
    assert relaywatch("db", "query", "SELECT '=1+1' AS a", "--format", "csv").out.splitlines()[1] == "'=1+1"


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM results",
        "UPDATE checks SET model = 'x'",
        "INSERT INTO meta VALUES ('a', 'b')",
        "DROP TABLE results",
        "CREATE TEMP TABLE t (a)",
        "WITH x AS (SELECT 1) DELETE FROM results",
        "WITH x AS (SELECT 1) INSERT INTO meta SELECT 'a', 'b'",
        "EXPLAIN DELETE FROM results",
        "ATTACH 'other.db' AS other",
        "/* SELECT */ ATTACH 'other.db' AS other",
        "VACUUM INTO 'other.db'",
        "COMMIT",
        "PRAGMA query_only = 0",
        "PRAGMA journal_mode = delete",
        "PRAGMA user_version = 7",
        "PRAGMA wal_checkpoint",
        "EXPLAIN PRAGMA query_only = 0",
        "SELECT load_extension('evil')",
        "SELECT 1; DELETE FROM results",
        "SELECT 1; SELECT 2",
        "",
        "/* nothing */",
    ],
)
def test_what_is_more_than_reading_is_refused(relaywatch: "Relaywatch", recorded: Path, sql: str) -> None:
    """With one clear message, exit 2, and nothing changed."""

    def content() -> list[str]:
        connection = sqlite3.connect(recorded / "relaywatch.db")
        try:
            return [*connection.iterdump(), *map(str, connection.execute("PRAGMA user_version"))]
        finally:
            connection.close()

    before = content()
    ended = relaywatch("db", "query", sql)
    assert (ended.code, ended.out) == (2, "")
    assert "db query only reads" in ended.err or "no statement" in ended.err
    assert "Traceback" not in ended.err
    assert content() == before
    assert not (recorded / "other.db").exists()


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT 1 FORM v_results", "near "),
        (
            "SELECT *\nFROM results\nWHERE WHERE 1",
            'line 3, column 7: near "WHERE": syntax error\n  WHERE WHERE 1\n        ^',
        ),
        (
            "SELECT colour FROM checks",
            "line 1, column 8: no such column: colour\n  SELECT colour FROM checks\n         ^",
        ),
        ("SELECT * FROM resluts", "line 1, column 15: no such table: resluts"),
        ("SELECT count(", "line 1, column 14: incomplete input"),
        ("SELECT abs()", "wrong number of arguments to function abs()"),
        ("SELECT ?", "the statement is wrong"),
        ("SELECT 'a\x00b'", "the statement is wrong"),
    ],
)
def test_a_wrong_statement_is_told_with_its_place(relaywatch: "Relaywatch", sql: str, says: str) -> None:
    """One clear message, exit 2."""
    ended = relaywatch("db", "query", sql)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err


def test_a_pragma_that_reads_and_a_plan_are_answered(relaywatch: "Relaywatch") -> None:
    """To find one's way about."""
    assert [row["name"] for row in rows(relaywatch, "PRAGMA table_info(meta)")] == ["key", "value"]
    assert "meta" in rows(relaywatch, "EXPLAIN QUERY PLAN SELECT * FROM meta")[0]["detail"]


COUNTED = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150) SELECT i FROM n"


def test_a_table_is_bounded_and_says_so(relaywatch: "Relaywatch") -> None:
    """A hundred rows without a wish; all of them for programs."""
    ended = relaywatch("db", "query", COUNTED)
    assert len(ended.out.splitlines()) == 101
    assert "there is more: these are the first 100" in ended.err
    assert len(rows(relaywatch, COUNTED)) == 150
    assert relaywatch("db", "query", COUNTED, "--limit", "150").err == ""


def test_a_long_statement_is_ended(relaywatch: "Relaywatch") -> None:
    """After --timeout, with one clear message."""
    endless = COUNTED.replace("150", "1e12").replace("SELECT i FROM n", "SELECT count(*) FROM n")
    ended = relaywatch("db", "query", endless, "--timeout", "100ms")
    assert (ended.code, ended.out) == (2, "")
    assert "took longer than 100ms" in ended.err
    assert "--timeout 'soon'" in relaywatch("db", "query", "SELECT 1", "--timeout", "soon").err


def test_ctrl_c_ends_the_statement(relaywatch: "Relaywatch", monkeypatch: pytest.MonkeyPatch) -> None:
    """Quietly: the engine is asked every few milliseconds whether to go on."""

    def interrupted(_timeout: str) -> Any:
        asked = iter([False, KeyboardInterrupt()])

        def overdue() -> bool:
            answer = next(asked, False)
            if isinstance(answer, KeyboardInterrupt):
                raise answer
            return False

        return overdue

    monkeypatch.setattr("monitor.cli.db_query._overdue", interrupted)
    endless = COUNTED.replace("150", "1e12").replace("SELECT i FROM", "SELECT count(*) FROM")
    ended: Ended = relaywatch("db", "query", endless)
    assert (ended.code, ended.out, ended.err) == (130, "", "")


def test_a_statement_is_read_from_stdin(relaywatch: "Relaywatch", monkeypatch: pytest.MonkeyPatch) -> None:
    """With a minus sign in its place."""
    monkeypatch.setattr("sys.stdin", io.StringIO("SELECT 1 AS one;\n"))
    assert rows(relaywatch, "-") == [{"one": 1}]


def test_a_database_that_only_may_be_read_is_enough(relaywatch: "Relaywatch", recorded: Path) -> None:
    """Nothing is created beside it."""
    folder = recorded / "other"
    folder.mkdir()
    shutil.copy(recorded / "relaywatch.db", folder / "relaywatch.db")
    (folder / "relaywatch.toml").write_text((recorded / "relaywatch.toml").read_text(encoding="utf-8"), "utf-8")
    assert rows(relaywatch, "SELECT count(*) AS n FROM results", "-c", str(folder / "relaywatch.toml")) == [{"n": 6}]
