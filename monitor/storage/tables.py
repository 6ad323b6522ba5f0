"""The tables. Owns names, types and keys; a public interface, documented in `docs/database.md`.

Times are microseconds since 1970-01-01 UTC (`_us`), short durations tenths of a millisecond (`_100us`): integers, which
SQLite keeps in as few bytes as they need. What is particular to one engine is how results are laid out.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from monitor.storage.metadata import check_key, metadata

__all__ = ["metadata"]

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

checks = Table(
    "checks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("check", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("model", Text),
    Column("provider", Text, nullable=False),
    Column("first_seen_us", BigInteger, nullable=False),
    Column("removed_at_us", BigInteger),
    UniqueConstraint("check"),
)

# Ids are never reused: a cached id of a deleted reason must miss, not mean something else.
reasons = Table(
    "reasons",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("fault_domain", Text, nullable=False),
    Column("action", Text, nullable=False),
    UniqueConstraint("reason", "fault_domain", "action"),
    sqlite_autoincrement=True,
)

results = Table(
    "results",
    metadata,
    check_key(),
    Column("started_at_us", BigInteger, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("trigger", SmallInteger, nullable=False),
    Column("http_status", SmallInteger),
    Column("latency_100us", Integer),
    Column("ttft_100us", Integer),
    Column("lag_100us", Integer, nullable=False),
    Column("reason_id", Integer, ForeignKey("reasons.id")),
    Column("input_tokens", Integer),
    Column("output_tokens", Integer),
    PrimaryKeyConstraint("check_id", "started_at_us"),
    sqlite_with_rowid=False,
)

result_details = Table(
    "result_details",
    metadata,
    check_key(),
    Column("started_at_us", BigInteger, nullable=False),
    Column("request_id", Text),
    Column("dns_100us", Integer),
    Column("connect_100us", Integer),
    Column("tls_100us", Integer),
    Column("first_byte_100us", Integer),
    Column("total_100us", Integer),
    Column("certificate_days", Float),
    Column("first_event_100us", Integer),
    Column("last_token_100us", Integer),
    Column("max_stall_100us", Integer),
    Column("answered_by", Text),
    PrimaryKeyConstraint("check_id", "started_at_us"),
    sqlite_with_rowid=False,
)

states = Table(
    "states",
    metadata,
    check_key(primary=True),
    Column("state", SmallInteger, nullable=False),
    Column("since_us", BigInteger, nullable=False),
    Column("status", SmallInteger),
    Column("reason_id", Integer, ForeignKey("reasons.id")),
    Column("retry_after_s", Float),
    Column("loading", SmallInteger, nullable=False),
    Column("latest_at_us", BigInteger),
    Column("latency_ms", Float),
    Column("consecutive_failures", Integer, nullable=False),
    Column("consecutive_successes", Integer, nullable=False),
    Column("auth_failures", Integer, nullable=False),
    Column("streak_started_us", BigInteger),
    Column("last_counted_us", BigInteger),
    Column("loading_since_us", BigInteger),
    Column("slow", SmallInteger, nullable=False),
    Column("slow_since_us", BigInteger),
    Column("hour", Integer, nullable=False),
    Column("hour_successes", Integer),
    Column("hour_counted", Integer),
)

# Apart from `states` because it changes once an hour while all is well, and is several times as wide.
state_memory = Table(
    "state_memory",
    metadata,
    check_key(primary=True),
    Column("memory", Text, nullable=False),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("fault_domain", Text),
    Column("because", Text),
    Column("reason", Text),
    Column("action", Text),
    Column("started_at_us", BigInteger, nullable=False),
    Column("detected_at_us", BigInteger, nullable=False),
    Column("resolved_at_us", BigInteger),
    Column("duration_us", BigInteger),
    Column("failed_probes", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("told", Text, nullable=False),
    Column("pending_cause", Text),
    Column("scope", Text, nullable=False, server_default="check"),
    Column("provider", Text),
    Column("acknowledged_by", Text),
    Column("acknowledged_at_us", BigInteger),
    Column("acknowledgement", Text),
    Column("memory", Text, nullable=False, server_default="{}"),
)
Index(
    "ix_incidents_open",
    incidents.c.key,
    sqlite_where=text("resolved_at_us IS NULL"),
)
Index("ix_incidents_started_at_us", incidents.c.started_at_us)

incident_checks = Table(
    "incident_checks",
    metadata,
    Column("incident_id", Integer, ForeignKey("incidents.id"), nullable=False),
    Column("position", Integer, nullable=False),
    check_key(),
    Column("joined_at_us", BigInteger),
    PrimaryKeyConstraint("incident_id", "check_id"),
)
Index("ix_incident_checks_check_id", incident_checks.c.check_id)

incident_events = Table(
    "incident_events",
    metadata,
    Column("incident_id", Integer, ForeignKey("incidents.id"), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("fault_domain", Text),
    Column("severity", Text, nullable=False),
    Column("reason", Text),
    Column("decision", Text, nullable=False),
    Column("notifications", Integer, nullable=False),
    Column("explanation", Text),
    PrimaryKeyConstraint("incident_id", "sequence"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("notification_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("incident_id", Integer, ForeignKey("incidents.id")),
    Column("sequence", Integer, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_us", BigInteger),
    Column("lease_until_us", BigInteger),
    Column("lease_run", Integer),
    Column("last_error", Text),
    Column("settled_at_us", BigInteger),
    Column("fell_back_to", Text),
    UniqueConstraint("channel", "notification_id"),
)
Index("ix_outbox_incident_id", outbox.c.incident_id)
Index(
    "ix_outbox_open",
    outbox.c.channel,
    outbox.c.incident_id,
    outbox.c.sequence,
    sqlite_where=text("settled_at_us IS NULL"),
)

# Where a channel keeps the messages of one incident together: Slack's first message, say.
threads = Table(
    "threads",
    metadata,
    Column("channel", Text, nullable=False),
    Column("incident_id", Integer, ForeignKey("incidents.id"), nullable=False),
    Column("thread", Text, nullable=False),
    PrimaryKeyConstraint("channel", "incident_id"),
)

silences = Table(
    "silences",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("matcher", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("starts_at_us", BigInteger, nullable=False),
    Column("ends_at_us", BigInteger),
    Column("until", Text, nullable=False),
    Column("expired_at_us", BigInteger),
)

daemon_runs = Table(
    "daemon_runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("host", Text, nullable=False),
    Column("started_at_us", BigInteger, nullable=False),
    Column("heartbeat_us", BigInteger, nullable=False),
    Column("ended_at_us", BigInteger),
    Column("stop_reason", Text),
)

rhythms = Table(
    "rhythms",
    metadata,
    check_key(),
    Column("first_due_us", BigInteger, nullable=False),
    Column("phase_us", BigInteger, nullable=False),
    Column("interval_us", BigInteger, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    PrimaryKeyConstraint("check_id", "first_due_us"),
)

for _table in (results, states):
    Index(
        f"ix_{_table.name}_reason_id",
        _table.c.reason_id,
        sqlite_where=text("reason_id IS NOT NULL"),
    )
