"""The tables of roll-ups: what each check's probes of a stretch of time came to. A public interface, as `tables` is.

Owns names, types and keys; how a row comes about is told in `rollups`, how several are put together in `domain.tally`.
All three tables are alike but for the length of their stretches, which begin at whole multiples of it since 1970 (UTC).
"""

from enum import Enum

from sqlalchemy import BigInteger, Column, Float, Integer, LargeBinary, PrimaryKeyConstraint, SmallInteger, Table, Text

from monitor.clock import US_PER_S
from monitor.domain.result import Status
from monitor.storage.metadata import check_key, metadata


class Level(Enum):
    """How long a roll-up's stretch of time is; the value is its table's name."""

    FIVE_MINUTES = "rollups_5m"
    HOUR = "rollups_hourly"
    DAY = "rollups_daily"

    @property
    def length_us(self) -> int:
        """Of one stretch, in microseconds."""
        return _LENGTHS_US[self]

    @property
    def table(self) -> Table:
        """Where its rows stand."""
        return metadata.tables[self.value]

    @property
    def until_key(self) -> str:
        """The key in `meta` under which it stands until when (exclusive, microseconds) every row is written."""
        return f"{self.value}_until_us"

    @property
    def from_key(self) -> str:
        """The key in `meta` under which it stands from when on rows are complete: older ones were deleted."""
        return f"{self.value}_from_us"


_LENGTHS_US = {Level.FIVE_MINUTES: 300 * US_PER_S, Level.HOUR: 3600 * US_PER_S, Level.DAY: 86_400 * US_PER_S}

STATUS_COLUMNS = {status: status.value.lower() for status in Status}
"""The column in which probes of a status are counted."""


def _timing(name: str) -> tuple[Column[int] | Column[bytes], ...]:
    """Of UP and DEGRADED on-phase answers; the sketch is that of `domain.sketch`, empty without one."""
    return (
        Column(f"{name}_count", Integer, nullable=False),
        Column(f"{name}_sum_100us", BigInteger, nullable=False),
        Column(f"{name}_min_100us", Integer),
        Column(f"{name}_max_100us", Integer),
        Column(f"{name}_sketch", LargeBinary, nullable=False),
    )


def _rollup(name: str) -> Table:
    return Table(
        name,
        metadata,
        check_key(),
        Column("started_at_us", BigInteger, nullable=False),
        Column("due", Integer, nullable=False),
        Column("excused", Integer, nullable=False),
        Column("counted", Integer, nullable=False),
        Column("successes", Integer, nullable=False),
        Column("probes", Integer, nullable=False),
        *(Column(column, Integer, nullable=False) for column in STATUS_COLUMNS.values()),
        *_timing("latency"),
        *_timing("ttft"),
        Column("answered", Integer, nullable=False),
        Column("input_tokens", BigInteger, nullable=False),
        Column("output_tokens", BigInteger, nullable=False),
        Column("uncounted", Integer, nullable=False),
        Column("cost_nusd", BigInteger),
        PrimaryKeyConstraint("check_id", "started_at_us"),
        sqlite_with_rowid=False,
    )


five_minutes, hourly, daily = (_rollup(level.value) for level in Level)

# What the tokens of a check cost since when, so that a roll-up made again costs what it did.
tariffs = Table(
    "tariffs",
    metadata,
    check_key(),
    Column("since_us", BigInteger, nullable=False),
    Column("input_usd", Float),
    Column("output_usd", Float),
    Column("uncounted_input", Integer, nullable=False),
    Column("uncounted_output", Integer, nullable=False),
    PrimaryKeyConstraint("check_id", "since_us"),
)

# One row at most: which daemon may write, where no lock of the operating system can say so.
leadership = Table(
    "leadership",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, nullable=False),
    Column("run_id", Integer),
    Column("pid", Integer, nullable=False),
    Column("host", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("since_us", BigInteger, nullable=False),
    Column("heartbeat_us", BigInteger, nullable=False),
    Column("released", SmallInteger, nullable=False),
    Column("batch", BigInteger, nullable=False),
)
