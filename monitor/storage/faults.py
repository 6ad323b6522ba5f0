"""What went wrong with the database, in words for people: one short message and what to do about it."""

import sqlite3
from pathlib import Path

from sqlalchemy.exc import DBAPIError, IntegrityError

from monitor.errors import StartError, StorageError
from monitor.storage.fault_words import Words, words_of_a_server

DatabaseFault = (DBAPIError, sqlite3.Error)


_FULL = Words("the disk is full", "free some space on that disk")
_WORDS = {
    sqlite3.SQLITE_FULL: _FULL,
    # Room in shared memory is taken from the disk when the database is opened.
    sqlite3.SQLITE_IOERR_SHMSIZE: _FULL,
    sqlite3.SQLITE_READONLY: Words(
        "it is read-only", "check the owner and mode of the file and its folder, and that the disk is mounted writable"
    ),
    sqlite3.SQLITE_BUSY: Words("another program holds it locked", "end the program that has the database open"),
    sqlite3.SQLITE_LOCKED: Words("another program holds it locked", "end the program that has the database open"),
    sqlite3.SQLITE_CORRUPT: Words("the file is damaged", "restore a backup, or move the file away to begin anew"),
    sqlite3.SQLITE_NOTADB: Words("the file is not an SQLite database", "check `[storage] url`"),
    sqlite3.SQLITE_CANTOPEN: Words("it cannot be opened", "check that its folder exists and may be written"),
    sqlite3.SQLITE_PERM: Words("access is denied", "check the owner and mode of the file and its folder"),
    sqlite3.SQLITE_AUTH: Words("access is denied", "check the owner and mode of the file and its folder"),
    sqlite3.SQLITE_IOERR: Words("the disk failed to read or write", "check the disk and its free space"),
}
_PRIMARY_CODE = 0xFF


def storage_error(fault: Exception) -> StorageError:
    """The refusal of one transaction; takes what drivers raise, too."""
    words = _words(fault)
    return StorageError(f"the database refused: {words.what}", hint=words.hint or None)


def start_error(fault: DBAPIError | sqlite3.Error, database: str | Path) -> StartError:
    """Why the database cannot be used at all."""
    words = _words(fault)
    return StartError(f"cannot use the database {database}: {words.what}", hint=words.hint or None)


def start_error_of_os(fault: OSError, path: Path) -> StartError:
    """Why a file of the database cannot be used, as the operating system says."""
    return StartError(
        f"cannot use the database {path}: {(fault.strerror or str(fault)).lower()}",
        hint="check the owner and mode of the file and its folder, and that the disk is mounted writable",
    )


def no_folder(path: Path) -> StartError:
    """The database's folder does not exist."""
    return StartError(f"the folder of the database {path} does not exist", hint=f"create it: mkdir -p '{path.parent}'")


def is_integrity_fault(fault: DBAPIError | sqlite3.Error) -> bool:
    """True if a key or constraint was violated."""
    return isinstance(fault, IntegrityError) or isinstance(_origin(fault), sqlite3.IntegrityError)


def is_cannot_open(fault: DBAPIError | sqlite3.Error) -> bool:
    """True if the file could not be opened as asked, or not without writing beside it."""
    code = getattr(_origin(fault), "sqlite_errorcode", 0) & _PRIMARY_CODE
    return code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)


def _words(fault: Exception) -> Words:
    origin = _origin(fault)
    if not isinstance(origin, sqlite3.Error):
        return words_of_a_server(origin)
    code = getattr(origin, "sqlite_errorcode", 0)
    return _WORDS.get(code) or _WORDS.get(code & _PRIMARY_CODE) or Words(str(origin), "")


def _origin(fault: Exception) -> BaseException:
    return (fault.orig or fault) if isinstance(fault, DBAPIError) else fault
