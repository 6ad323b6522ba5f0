"""The tables of facts beside the results: money, limits, catalogues. A public interface as those in `tables`.

Owns names, types and keys. The same units: microseconds since 1970-01-01 UTC (`_us`), billionths of a dollar (`_nusd`).
"""

from sqlalchemy import BigInteger, Column, Float, Integer, PrimaryKeyConstraint, SmallInteger, Table, Text

from monitor.storage.metadata import check_key, metadata

# One row per check and UTC day, whatever becomes of the single results.
spending = Table(
    "spending",
    metadata,
    Column("day", Integer, nullable=False),
    check_key(),
    Column("probes", Integer, nullable=False),
    Column("estimated", Integer, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cost_nusd", BigInteger),
    Column("until_us", BigInteger, nullable=False),
    PrimaryKeyConstraint("day", "check_id"),
    sqlite_with_rowid=False,
)

headroom = Table(
    "headroom",
    metadata,
    Column("endpoint", Text, nullable=False),
    Column("model", Text, nullable=False),  # empty: the whole endpoint's
    Column("kind", Text, nullable=False),
    Column("allowed", Float),
    Column("remaining", Float),
    Column("reset_at_us", BigInteger),
    Column("seen_at_us", BigInteger, nullable=False),
    PrimaryKeyConstraint("endpoint", "model", "kind"),
)

balances = Table(
    "balances",
    metadata,
    Column("endpoint", Text, nullable=False),
    Column("seen_at_us", BigInteger, nullable=False),
    Column("amount", Float, nullable=False),
    PrimaryKeyConstraint("endpoint", "seen_at_us"),
)

catalogues = Table(
    "catalogues",
    metadata,
    Column("endpoint", Text, primary_key=True),
    Column("models", Text, nullable=False),
    Column("seen_at_us", BigInteger, nullable=False),
    Column("kinds", Text, nullable=False),
)

catalogue_changes = Table(
    "catalogue_changes",
    metadata,
    Column("endpoint", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("model", Text, nullable=False),
    Column("appeared", SmallInteger, nullable=False),
    PrimaryKeyConstraint("endpoint", "at_us", "model"),
)

learned = Table(
    "learned",
    metadata,
    check_key(primary=True),
    Column("max_tokens", Integer),
    Column("other_limit", SmallInteger, nullable=False),
    Column("without_counts", SmallInteger, nullable=False),
    Column("not_enough", Integer),
)
