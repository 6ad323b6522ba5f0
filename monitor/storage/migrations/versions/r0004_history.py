"""Roll-ups by five minutes, hour and day; what tokens cost since when; who may write.

Revision 0004. Tables are only added; what was recorded before is rolled up afterwards, while probing goes on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_STATUSES = (
    "up", "degraded", "timeout", "connection_error", "auth_error", "rate_limited", "quota_exceeded", "model_not_found",
    "overloaded", "server_error", "client_error", "invalid_response", "unknown",
)  # fmt: skip


def upgrade() -> None:
    """Forward."""
    for name in ("rollups_5m", "rollups_hourly", "rollups_daily"):
        _rollups(name)
    _tariffs()
    _leadership()


def _rollups(name: str) -> None:
    op.create_table(
        name,
        sa.Column("check_id", sa.Integer(), nullable=False),
        sa.Column("started_at_us", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.Integer(), nullable=False),
        sa.Column("excused", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("successes", sa.Integer(), nullable=False),
        sa.Column("probes", sa.Integer(), nullable=False),
        *(sa.Column(status, sa.Integer(), nullable=False) for status in _STATUSES),
        *_timing("latency"),
        *_timing("ttft"),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("uncounted", sa.Integer(), nullable=False),
        sa.Column("cost_nusd", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["check_id"], ["checks.id"], name=op.f(f"fk_{name}_check_id")),
        sa.PrimaryKeyConstraint("check_id", "started_at_us", name=op.f(f"pk_{name}")),
        sqlite_with_rowid=False,
    )


def _timing(name: str) -> tuple[sa.Column[int] | sa.Column[bytes], ...]:
    return (
        sa.Column(f"{name}_count", sa.Integer(), nullable=False),
        sa.Column(f"{name}_sum_100us", sa.BigInteger(), nullable=False),
        sa.Column(f"{name}_min_100us", sa.Integer(), nullable=True),
        sa.Column(f"{name}_max_100us", sa.Integer(), nullable=True),
        sa.Column(f"{name}_sketch", sa.LargeBinary(), nullable=False),
    )


def _tariffs() -> None:
    op.create_table(
        "tariffs",
        sa.Column("check_id", sa.Integer(), nullable=False),
        sa.Column("since_us", sa.BigInteger(), nullable=False),
        sa.Column("input_usd", sa.Float(), nullable=True),
        sa.Column("output_usd", sa.Float(), nullable=True),
        sa.Column("uncounted_input", sa.Integer(), nullable=False),
        sa.Column("uncounted_output", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["check_id"], ["checks.id"], name=op.f("fk_tariffs_check_id")),
        sa.PrimaryKeyConstraint("check_id", "since_us", name=op.f("pk_tariffs")),
    )


def _leadership() -> None:
    op.create_table(
        "leadership",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("since_us", sa.BigInteger(), nullable=False),
        sa.Column("heartbeat_us", sa.BigInteger(), nullable=False),
        sa.Column("released", sa.SmallInteger(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leadership")),
        if_not_exists=True,  # a daemon takes the lead before it migrates
    )
