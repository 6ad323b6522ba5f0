"""What the database says, in words for people."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from monitor.storage.fault_words import words_of_a_server
from monitor.storage.faults import start_error, start_error_of_os, storage_error


def _fault(code: int, text: str = "whatever SQLite says") -> sqlite3.OperationalError:
    fault = sqlite3.OperationalError(text)
    fault.sqlite_errorcode = code
    return fault


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (sqlite3.SQLITE_FULL, "the disk is full"),
        (sqlite3.SQLITE_READONLY_DBMOVED, "it is read-only"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "another program holds it locked"),
        (sqlite3.SQLITE_CORRUPT_INDEX, "the file is damaged"),
        (sqlite3.SQLITE_NOTADB, "the file is not an SQLite database"),
        (sqlite3.SQLITE_CANTOPEN_ISDIR, "it cannot be opened"),
        (sqlite3.SQLITE_IOERR_WRITE, "the disk failed to read or write"),
        (sqlite3.SQLITE_PERM, "access is denied"),
        (sqlite3.SQLITE_ERROR, "whatever SQLite says"),
    ],
)
def test_a_fault_is_said_in_words(code: int, words: str) -> None:
    """The extended code is understood by its kind; what is not known is said as it came."""
    plain = _fault(code)
    wrapped = OperationalError("INSERT INTO results VALUES (secret)", {}, plain)
    for fault in (plain, wrapped):
        error = storage_error(fault)
        assert error.message == f"the database refused: {words}"
        assert "secret" not in str(error)
        assert start_error(fault, Path("/x.db")).message == f"cannot use the database /x.db: {words}"


def test_the_operating_system_s_words_are_kept() -> None:
    """With a hint of what to look at."""
    error = start_error_of_os(PermissionError(13, "Permission denied"), Path("/x.db"))
    assert error.message == "cannot use the database /x.db: permission denied"
    assert error.hint is not None


def test_a_pooler_that_swaps_sessions_is_known_by_what_it_breaks() -> None:
    """Prepared statements stand in the session that is gone."""
    for state in ("26000", "42P05"):
        fault = type("Fault", (Exception,), {"sqlstate": state})('prepared statement "_pg3_0" does not exist')
        words = words_of_a_server(fault)
        assert "pooler" in words.what
        assert "session mode" in words.hint
