"""How a file forgets: free pages go back to the disk, a limit of size is kept, large tables are estimated."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine

from monitor.clock import Moment, SystemClock
from monitor.domain.ages import Ages
from monitor.errors import UsageError
from monitor.storage import tables
from monitor.storage.engine import open_for_writing
from monitor.storage.reader import Reader
from monitor.storage.retention.retention import Fit, Retention
from monitor.storage.retention.sweeps import Budget
from monitor.storage.rollup_tables import Level
from monitor.storage.sqlite import sampling
from monitor.storage.sqlite.database import SqliteDatabase
from monitor.storage.sqlite.housekeeping import FileHousekeeping, FreePages, compact
from monitor.storage.writer import Writer

DAY_S = 86_400
DAY_US = DAY_S * 1_000_000
DAYS, CHECKS = 20, 5
FIRST_US = 20_000 * DAY_US
NOW = Moment(FIRST_US + DAYS * DAY_US, 0)
KEEP = 1000 * DAY_S


class Then:
    """Always the same moment."""

    def now(self) -> Moment:
        """It."""
        return NOW


async def at_once(seconds: float) -> None:
    """No rest."""
    del seconds


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with results of 20 days, and roll-ups that are said to be made."""
    path = tmp_path / "x.db"
    open_for_writing(SqliteDatabase(path)).dispose()
    with closing(sqlite3.connect(path)) as connection, connection:
        for number in range(1, CHECKS + 1):
            insert = (
                'INSERT INTO checks (id, "check", endpoint, kind, provider, first_seen_us) VALUES (?, ?, ?, ?, ?, ?)'
            )
            connection.execute(insert, (number, f"c{number}", "e", "chat", "p", FIRST_US))
            connection.executemany(
                "INSERT INTO results (check_id, started_at_us, status, trigger, http_status, latency_100us, lag_100us)"
                " VALUES (?, ?, 0, 0, 200, ?, 3)",
                ((number, FIRST_US + turn * 300_000_000 + number, 1000 + turn) for turn in range(DAYS * 288)),
            )
        for level in Level:
            connection.execute("INSERT INTO meta VALUES (?, ?)", (level.until_key, str(NOW.wall_us)))
    return path


@pytest.fixture
def engine(path: Path) -> Engine:
    """It, opened."""
    return open_for_writing(SqliteDatabase(path))


@pytest.fixture
async def writer(engine: Engine) -> AsyncIterator[Writer]:
    """Its writer."""
    made = Writer(engine)
    yield made
    assert await made.stop()


async def _size(path: Path) -> int:
    return (await asyncio.to_thread(path.stat)).st_size


async def _used(writer: Writer) -> int:
    return await writer.run(FileHousekeeping().used_bytes)


async def test_free_pages_go_back_to_the_disk(writer: Writer, path: Path) -> None:
    """A new file shrinks when rows have gone, but for what new rows will need."""
    before = await _size(path)
    await writer.run(lambda connection: connection.execute(tables.results.delete()))
    sweep, bites = FreePages(kept_bytes=10_240), 0
    after: object = True
    while after is not None:
        bite = await writer.run(lambda connection: sweep.bite(connection, None, Budget(50, 60.0, SystemClock())))
        after, bites = bite.after, bites + 1
    assert bites > 5
    await writer.stop()
    assert 10_240 < await _size(path) < before // 4


async def test_the_oldest_results_go_until_the_limit_is_kept(writer: Writer) -> None:
    """Not many more, the newest day stays, and the second time there is nothing to do."""
    limit = round(await _used(writer) * 0.7)
    ages = Ages(KEEP, KEEP, KEEP, size_limit=limit)
    retention = Retention(writer, Then(), rest=at_once)
    pruned = await retention.prune(ages)
    assert pruned.fit is Fit.SHORTENED
    assert 0.85 * limit < await _used(writer) <= limit
    left = await writer.run(lambda c: c.exec_driver_sql("SELECT min(started_at_us) FROM results").scalar_one())
    assert FIRST_US < left < NOW.wall_us - DAY_US
    assert left // 300_000_000 * 300_000_000 == await retention.kept_since_us()
    assert (await retention.prune(ages)).fit is Fit.FITS


async def test_a_limit_that_cannot_be_kept_is_said_and_ends(writer: Writer) -> None:
    """The results of the newest day and coarse roll-ups stay."""
    row: dict[str, object] = {column.name: 0 for column in Level.HOUR.table.columns}
    row |= {"check_id": 1, "latency_sketch": bytes(1000), "ttft_sketch": b""}
    rows = [row | {"started_at_us": FIRST_US + hour * 3_600_000_000} for hour in range(480)]
    await writer.run(lambda connection: connection.execute(Level.HOUR.table.insert(), rows))
    pruned = await Retention(writer, Then(), rest=at_once).prune(Ages(KEEP, KEEP, KEEP, size_limit=300_000))
    assert pruned.fit is Fit.OUT_OF_REACH
    count = "SELECT (SELECT count(*) FROM results), (SELECT count(*) FROM rollups_hourly)"
    assert await writer.run(lambda c: tuple(c.exec_driver_sql(count).one())) == (CHECKS * 288, 480)


def test_a_file_of_an_earlier_version_is_compacted(tmp_path: Path) -> None:
    """It is small afterwards, whole, and gives pages back from then on."""
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("CREATE TABLE t (a)")
        with connection:
            connection.executemany("INSERT INTO t VALUES (zeroblob(900))", [()] * 2000)
        with connection:
            connection.execute("DELETE FROM t WHERE rowid > 10")
    before, after = compact(path)
    assert after < before // 10
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (10,)
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)


def test_no_room_to_compact_is_told_beforehand(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what it needs and what there is."""
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(UsageError, match=r"needs .* of free disk for a while; there are 1 kB"):
        compact(path)


def test_a_large_file_is_estimated_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a few percent, and said to be an estimate."""
    with Reader(SqliteDatabase(path)) as reader:
        used = FileHousekeeping().used_bytes(reader.connection)
        exact = sampling.table_sizes(reader.connection, ("results", "checks"), used)
        monkeypatch.setattr(sampling, "COUNTED_UP_TO_BYTES", 0)
        told = sampling.table_sizes(reader.connection, ("results", "checks"), used)
    assert exact["results"].rows == CHECKS * DAYS * 288
    assert exact["results"].exact
    assert not told["results"].exact
    assert told["checks"].exact
    assert told["results"].rows == pytest.approx(exact["results"].rows, rel=0.05)
    assert told["results"].size == pytest.approx(exact["results"].size, rel=0.3)
