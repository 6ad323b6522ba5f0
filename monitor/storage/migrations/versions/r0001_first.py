"""The first schema.

Revision 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward, in the order that the foreign keys ask for."""
    _checks()
    _daemon_runs()
    _incidents()
    _meta()
    _reasons()
    _incident_checks()
    _incident_events()
    _outbox()
    _result_details()
    _results()
    _rhythms()
    _state_memory()
    _states()


def _checks() -> None:
    op.create_table(
        "checks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("check", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("first_seen_us", sa.BigInteger(), nullable=False),
        sa.Column("removed_at_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checks")),
        sa.UniqueConstraint("check", name=op.f("uq_checks_check")),
    )


def _daemon_runs() -> None:
    op.create_table(
        "daemon_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("started_at_us", sa.BigInteger(), nullable=False),
        sa.Column("heartbeat_us", sa.BigInteger(), nullable=False),
        sa.Column("ended_at_us", sa.BigInteger(), nullable=True),
        sa.Column("stop_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_daemon_runs")),
    )


def _incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("fault_domain", sa.Text(), nullable=True),
        sa.Column("because", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=True),
        sa.Column("started_at_us", sa.BigInteger(), nullable=False),
        sa.Column("detected_at_us", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at_us", sa.BigInteger(), nullable=True),
        sa.Column("duration_us", sa.BigInteger(), nullable=True),
        sa.Column("failed_probes", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("pending_cause", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    op.create_index(
        "ix_incidents_open",
        "incidents",
        ["key"],
        unique=True,
        sqlite_where=sa.text("resolved_at_us IS NULL"),
        postgresql_where=sa.text("resolved_at_us IS NULL"),
    )
    op.create_index("ix_incidents_started_at_us", "incidents", ["started_at_us"], unique=False)


def _meta() -> None:
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
    )


def _reasons() -> None:
    op.create_table(
        "reasons",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("fault_domain", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reasons")),
        sa.UniqueConstraint("reason", "fault_domain", "action", name=op.f("uq_reasons_reason_fault_domain_action")),
        sqlite_autoincrement=True,
    )


def _incident_checks() -> None:
    op.create_table(
        "incident_checks",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("check_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["check_id"], ["checks.id"], name=op.f("fk_incident_checks_check_id")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_incident_checks_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", "check_id", name=op.f("pk_incident_checks")),
    )
    op.create_index("ix_incident_checks_check_id", "incident_checks", ["check_id"], unique=False)


def _incident_events() -> None:
    op.create_table(
        "incident_events",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("fault_domain", sa.Text(), nullable=True),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("notifications", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_incident_events_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", "sequence", name=op.f("pk_incident_events")),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notification_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_us", sa.BigInteger(), nullable=True),
        sa.Column("lease_until_us", sa.BigInteger(), nullable=True),
        sa.Column("lease_run", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("settled_at_us", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_outbox_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("channel", "notification_id", name=op.f("uq_outbox_channel_notification_id")),
    )
    op.create_index("ix_outbox_incident_id", "outbox", ["incident_id"], unique=False)
    op.create_index(
        "ix_outbox_open",
        "outbox",
        ["channel", "incident_id", "sequence"],
        unique=False,
        sqlite_where=sa.text("settled_at_us IS NULL"),
        postgresql_where=sa.text("settled_at_us IS NULL"),
    )


def _result_details() -> None:
    op.create_table(
        "result_details",
        sa.Column("check_id", sa.Integer(), nullable=False),
        sa.Column("started_at_us", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("dns_100us", sa.Integer(), nullable=True),
        sa.Column("connect_100us", sa.Integer(), nullable=True),
        sa.Column("tls_100us", sa.Integer(), nullable=True),
        sa.Column("first_byte_100us", sa.Integer(), nullable=True),
        sa.Column("total_100us", sa.Integer(), nullable=True),
        sa.Column("certificate_days", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["check_id"], ["checks.id"], name=op.f("fk_result_details_check_id")),
        sa.PrimaryKeyConstraint("check_id", "started_at_us", name=op.f("pk_result_details")),
        sqlite_with_rowid=False,
        postgresql_partition_by="RANGE (started_at_us)",
    )


def _results() -> None:
    op.create_table(
        "results",
        sa.Column("check_id", sa.Integer(), nullable=False),
        sa.Column("started_at_us", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("trigger", sa.SmallInteger(), nullable=False),
        sa.Column("http_status", sa.SmallInteger(), nullable=True),
        sa.Column("latency_100us", sa.Integer(), nullable=True),
        sa.Column("ttft_100us", sa.Integer(), nullable=True),
        sa.Column("lag_100us", sa.Integer(), nullable=False),
        sa.Column("reason_id", sa.Integer(), nullable=True),
        sa.Column("input_tokens", sa.Integer(), nullable=True),
        sa.Column("output_tokens", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["check_id"], ["checks.id"], name=op.f("fk_results_check_id")),
        sa.ForeignKeyConstraint(["reason_id"], ["reasons.id"], name=op.f("fk_results_reason_id")),
        sa.PrimaryKeyConstraint("check_id", "started_at_us", name=op.f("pk_results")),
        sqlite_with_rowid=False,
        postgresql_partition_by="RANGE (started_at_us)",
    )
    op.create_index(
        "ix_results_reason_id",
        "results",
        ["reason_id"],
        unique=False,
        sqlite_where=sa.text("reason_id IS NOT NULL"),
        postgresql_where=sa.text("reason_id IS NOT NULL"),
    )


def _rhythms() -> None:
    op.create_table(
        "rhythms",
        sa.Column("check_id", sa.Integer(), nullable=False),
        sa.Column("first_due_us", sa.BigInteger(), nullable=False),
        sa.Column("phase_us", sa.BigInteger(), nullable=False),
        sa.Column("interval_us", sa.BigInteger(), nullable=False),
        sa.Column("until_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["check_id"], ["checks.id"], name=op.f("fk_rhythms_check_id")),
        sa.PrimaryKeyConstraint("check_id", "first_due_us", name=op.f("pk_rhythms")),
    )


def _state_memory() -> None:
    op.create_table(
        "state_memory",
        sa.Column("check_id", sa.Integer(), nullable=False),
        sa.Column("memory", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["check_id"], ["checks.id"], name=op.f("fk_state_memory_check_id")),
        sa.PrimaryKeyConstraint("check_id", name=op.f("pk_state_memory")),
    )


def _states() -> None:
    op.create_table(
        "states",
        sa.Column("check_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("since_us", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("reason_id", sa.Integer(), nullable=True),
        sa.Column("retry_after_s", sa.Float(), nullable=True),
        sa.Column("loading", sa.SmallInteger(), nullable=False),
        sa.Column("latest_at_us", sa.BigInteger(), nullable=True),
        sa.Column("latency_ms", sa.Float(), nullable=True),
        sa.Column("consecutive_failures", sa.Integer(), nullable=False),
        sa.Column("consecutive_successes", sa.Integer(), nullable=False),
        sa.Column("auth_failures", sa.Integer(), nullable=False),
        sa.Column("streak_started_us", sa.BigInteger(), nullable=True),
        sa.Column("last_counted_us", sa.BigInteger(), nullable=True),
        sa.Column("loading_since_us", sa.BigInteger(), nullable=True),
        sa.Column("slow", sa.SmallInteger(), nullable=False),
        sa.Column("slow_since_us", sa.BigInteger(), nullable=True),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("hour_successes", sa.Integer(), nullable=True),
        sa.Column("hour_counted", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["check_id"], ["checks.id"], name=op.f("fk_states_check_id")),
        sa.ForeignKeyConstraint(["reason_id"], ["reasons.id"], name=op.f("fk_states_reason_id")),
        sa.PrimaryKeyConstraint("check_id", name=op.f("pk_states")),
    )
    op.create_index(
        "ix_states_reason_id",
        "states",
        ["reason_id"],
        unique=False,
        sqlite_where=sa.text("reason_id IS NOT NULL"),
        postgresql_where=sa.text("reason_id IS NOT NULL"),
    )
