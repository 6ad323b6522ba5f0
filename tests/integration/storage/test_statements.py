"""Somebody's own statements on PostgreSQL: read only, told where they are wrong, and ended with their server."""

from collections.abc import Iterator

import pytest

from monitor.config.postgres_url import parse
from monitor.errors import StorageError, UsageError
from monitor.storage.past.statement import ask
from monitor.storage.postgresql.database import PostgresDatabase
from monitor.storage.reader import Reader


@pytest.fixture
def reader(postgres_url: str) -> Iterator[Reader]:
    """Of a migrated database without a row."""
    url = parse(postgres_url)
    with Reader(PostgresDatabase(url, url.parameters)) as reader:
        yield reader


def test_rows_come_with_their_columns(reader: Reader) -> None:
    """Percent signs are percent signs."""
    answer = ask(reader, "SELECT n, n % 2 AS odd, '100 %s' AS said FROM generate_series(1, 1200) AS n")
    rows = list(answer.rows)
    assert list(answer.columns) == ["n", "odd", "said"]
    assert (len(rows), tuple(rows[-1])) == (1200, (1200, 0, "100 %s"))


@pytest.mark.parametrize(
    "sql",
    [
        "WITH gone AS (DELETE FROM results RETURNING 1) SELECT * FROM gone",
        "SELECT lo_create(0)",
        "SELECT set_config('transaction_read_only', 'off', false)",
        "SELECT 1; COMMIT; DROP TABLE reasons",
        "DROP TABLE results",
        "COPY checks TO STDOUT",
        "EXPLAIN ANALYZE DELETE FROM results",
    ],
)
def test_what_is_more_than_reading_is_refused(reader: Reader, sql: str) -> None:
    """By the server, or before it is asked."""
    with pytest.raises(UsageError, match="db query only reads"):
        list(ask(reader, sql).rows)


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT *\nFROM nope", 'line 2, column 6: relation "nope" does not exist'),
        ("SELECT 1/0", "division by zero"),
        ("SELECT pg_read_file('/etc/hostname')", "permission denied"),
    ],
)
def test_a_wrong_statement_is_told_in_the_words_of_the_server(reader: Reader, sql: str, says: str) -> None:
    """With its place, where the server knows it."""
    with pytest.raises(UsageError, match="the statement is wrong") as caught:
        list(ask(reader, sql).rows)
    assert says in caught.value.message


def test_a_server_that_goes_away_is_no_crash(reader: Reader) -> None:
    """One message, also in the middle of the rows; the snapshot ends all the same."""
    rows = ask(reader, "SELECT n, pg_terminate_backend(pg_backend_pid()) FROM generate_series(1, 100000) AS n").rows
    with pytest.raises(StorageError, match="the database refused"):
        list(rows)
