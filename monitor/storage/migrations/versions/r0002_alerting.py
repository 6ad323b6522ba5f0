"""Incidents of many checks, acknowledgements, silences, threads, fallbacks.

Revision 0002. Columns are only added, so an older row stays as it is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    _widen()
    _threads()
    _silences()


def _widen() -> None:
    op.add_column("incidents", sa.Column("scope", sa.Text(), nullable=False, server_default="check"))
    op.add_column("incidents", sa.Column("provider", sa.Text(), nullable=True))
    op.add_column("incidents", sa.Column("acknowledged_by", sa.Text(), nullable=True))
    op.add_column("incidents", sa.Column("acknowledged_at_us", sa.BigInteger(), nullable=True))
    op.add_column("incidents", sa.Column("acknowledgement", sa.Text(), nullable=True))
    op.add_column("incidents", sa.Column("memory", sa.Text(), nullable=False, server_default="{}"))
    # A key may pass from one open incident to another within one transaction, in any order.
    op.drop_index("ix_incidents_open", table_name="incidents")
    is_open = sa.text("resolved_at_us IS NULL")
    op.create_index("ix_incidents_open", "incidents", ["key"], sqlite_where=is_open, postgresql_where=is_open)
    op.add_column("incident_checks", sa.Column("joined_at_us", sa.BigInteger(), nullable=True))
    op.add_column("incident_events", sa.Column("explanation", sa.Text(), nullable=True))
    op.add_column("outbox", sa.Column("fell_back_to", sa.Text(), nullable=True))


def _threads() -> None:
    op.create_table(
        "threads",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("thread", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_threads_incident_id")),
        sa.PrimaryKeyConstraint("channel", "incident_id", name=op.f("pk_threads")),
    )


def _silences() -> None:
    op.create_table(
        "silences",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("matcher", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("starts_at_us", sa.BigInteger(), nullable=False),
        sa.Column("ends_at_us", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.Text(), nullable=False),
        sa.Column("expired_at_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silences")),
    )
