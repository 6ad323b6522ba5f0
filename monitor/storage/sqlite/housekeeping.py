"""How a file forgets: rows go one bite at a time, and their pages are given back to the disk.

Owns `auto_vacuum`: a new file is made with it, and one that was made without gets it by `compact`, which writes the
whole file anew. Free pages are kept up to a share of the file, because new rows need them soon.
"""

import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from monitor.config.size import rough_size
from monitor.domain.ages import Grain
from monitor.errors import UsageError
from monitor.storage import tables
from monitor.storage.faults import DatabaseFault, start_error
from monitor.storage.retention.housekeeping import TableSize
from monitor.storage.retention.sweeps import Bite, Budget, OldRows, Sweep
from monitor.storage.sqlite import sampling
from monitor.storage.sqlite.checkpoints import Checkpoints
from monitor.storage.sqlite.dialect import write_engine

INCREMENTAL = 2
KEPT_FREE_BYTES = 4_000_000
KEPT_FREE_SHARE = 32
"""One page in so many may be free."""


class FileHousekeeping:
    """Of one file."""

    step_us = 0

    def whole(self, before_us: int) -> int:
        """Any moment."""
        return before_us

    def shrinks_by(self, grain: Grain) -> bool:
        """Pages of all rows are given back."""
        del grain
        return True

    def raw(self, before_us: int) -> Sequence[Sweep]:
        """Row by row: they are clustered by check, so that old rows of all checks lie everywhere in the file."""
        return OldRows(tables.results, before_us), OldRows(tables.result_details, before_us)

    def give_back(self) -> Sweep:
        """Free pages go to the end of the file and are cut off."""
        return FreePages()

    def make_room(self, connection: Connection) -> None:
        """The log is moved into the file, where that needs no room, and what it took on the disk is used again."""
        files = connection.exec_driver_sql("PRAGMA database_list").all()
        Checkpoints(Path(files[0][2])).finish()

    def used_bytes(self, connection: Connection) -> int:
        """Pages that hold something."""
        return (_pragma(connection, "page_count") - _pragma(connection, "freelist_count")) * page_bytes(connection)

    def table_sizes(self, connection: Connection, names: Sequence[str]) -> dict[str, TableSize]:
        """Counted where that is quick, estimated from samples where the file is large."""
        return sampling.table_sizes(connection, names, self.used_bytes(connection))


class FreePages:
    """Gives free pages back to the disk, but for those that new rows will need soon.

    Args:
        kept_bytes: how much may stay free, however small the file is.
    """

    name = "free_pages"

    def __init__(self, kept_bytes: int = KEPT_FREE_BYTES) -> None:
        self._kept_bytes = kept_bytes

    def bite(self, connection: Connection, after: Any, budget: Budget) -> Bite:
        """Some pages; nothing in a file that was made without `auto_vacuum`."""
        del after
        if _pragma(connection, "auto_vacuum") != INCREMENTAL:
            return Bite(0)
        page, count = page_bytes(connection), _pragma(connection, "page_count")
        kept = max(self._kept_bytes // page, count // KEPT_FREE_SHARE)
        more = _pragma(connection, "freelist_count") - kept
        for gone in range(1, more + 1):
            _cut_off_one(connection)
            budget.spend(1)
            if budget.is_spent:
                return Bite(gone, after=True)
        return Bite(max(0, more))


def page_bytes(connection: Connection) -> int:
    """How large a page of this file is."""
    return _pragma(connection, "page_size")


def gives_back(connection: Connection) -> bool:
    """True if the file was made so that it can shrink."""
    return _pragma(connection, "auto_vacuum") == INCREMENTAL


def must_have_room(path: Path) -> None:
    """Raises UsageError if the disk has not room enough for what `compact` writes meanwhile."""
    needed, free = 2 * path.stat().st_size, shutil.disk_usage(path.parent).free
    if free < needed:
        raise UsageError(
            f"compacting {path} needs {rough_size(needed)} of free disk for a while; there are {rough_size(free)}",
            hint="free some space; without compacting, free room inside the file is used again",
        )


def compact(path: Path) -> tuple[int, int]:
    """Writes the whole file anew, without free pages, and so that it can give pages back from now on.

    Nobody else may write meanwhile.

    Returns:
        Its size before and after, in bytes.

    Raises:
        UsageError: the disk has not room enough for the copy that is made meanwhile.
        StartError: the database refused.
    """
    before = path.stat().st_size
    must_have_room(path)
    engine = write_engine(path)
    try:
        driver = engine.raw_connection()
        try:
            cursor = driver.cursor()
            cursor.execute(f"PRAGMA auto_vacuum = {INCREMENTAL}")
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            driver.close()
    except (sqlite3.Error, *DatabaseFault) as fault:
        raise start_error(fault, path) from fault
    finally:
        engine.dispose()
    return before, path.stat().st_size


def _pragma(connection: Connection, name: str) -> int:
    return int(connection.exec_driver_sql(f"PRAGMA {name}").scalar() or 0)


def _cut_off_one(connection: Connection) -> None:
    # With a number it answers one row without columns a page, of which Python's driver takes the first only.
    connection.exec_driver_sql("PRAGMA incremental_vacuum(1)")
