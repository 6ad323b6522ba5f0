"""Streams, tokens and money, rate limits, balances, catalogues, and how a model wants to be asked.

Revision 0003. Columns and tables are only added, so an older row stays as it is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    for name in ("first_event_100us", "last_token_100us", "max_stall_100us"):
        op.add_column("result_details", sa.Column(name, sa.Integer(), nullable=True))
    op.add_column("result_details", sa.Column("answered_by", sa.Text(), nullable=True))
    _spending()
    _limits()
    _catalogues()
    op.create_table(
        "learned",
        sa.Column("check_id", sa.Integer(), nullable=False),
        sa.Column("max_tokens", sa.Integer(), nullable=True),
        sa.Column("other_limit", sa.SmallInteger(), nullable=False),
        sa.Column("without_counts", sa.SmallInteger(), nullable=False),
        sa.Column("not_enough", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["check_id"], ["checks.id"], name=op.f("fk_learned_check_id")),
        sa.PrimaryKeyConstraint("check_id", name=op.f("pk_learned")),
    )


def _spending() -> None:
    op.create_table(
        "spending",
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("check_id", sa.Integer(), nullable=False),
        sa.Column("probes", sa.Integer(), nullable=False),
        sa.Column("estimated", sa.Integer(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost_nusd", sa.BigInteger(), nullable=True),
        sa.Column("until_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["check_id"], ["checks.id"], name=op.f("fk_spending_check_id")),
        sa.PrimaryKeyConstraint("day", "check_id", name=op.f("pk_spending")),
        sqlite_with_rowid=False,
    )


def _limits() -> None:
    op.create_table(
        "headroom",
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("allowed", sa.Float(), nullable=True),
        sa.Column("remaining", sa.Float(), nullable=True),
        sa.Column("reset_at_us", sa.BigInteger(), nullable=True),
        sa.Column("seen_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("endpoint", "model", "kind", name=op.f("pk_headroom")),
    )
    op.create_table(
        "balances",
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("seen_at_us", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("endpoint", "seen_at_us", name=op.f("pk_balances")),
    )


def _catalogues() -> None:
    op.create_table(
        "catalogues",
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("models", sa.Text(), nullable=False),
        sa.Column("seen_at_us", sa.BigInteger(), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("endpoint", name=op.f("pk_catalogues")),
    )
    op.create_table(
        "catalogue_changes",
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("appeared", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("endpoint", "at_us", "model", name=op.f("pk_catalogue_changes")),
    )
