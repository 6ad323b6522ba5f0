"""The views for people, Grafana and Datasette: names and ISO times beside the integers on which to filter.

They hold no data, so a migration drops them and they are created anew from here. For `@iso(column)` and `@day(column)`
each engine has words of its own.
"""

import re
from collections.abc import Mapping

from sqlalchemy import Connection, Dialect

from monitor.domain.result import Status, Trigger
from monitor.storage import dialect
from monitor.storage.codes import ON_PHASE_CODE, STATUS_CODES, SUCCESS_CODES, TRIGGER_CODES, UNKNOWN_CODE
from monitor.storage.rollup_tables import Level


def _words(column: str, codes: Mapping[Status, int] | Mapping[Trigger, int]) -> str:
    cases = " ".join(f"WHEN {code} THEN '{word}'" for word, code in codes.items())
    return f"CASE {column} {cases} END"


_COUNTED = f"r.trigger = {ON_PHASE_CODE} AND r.status <> {UNKNOWN_CODE}"
_SUCCESS = f"r.trigger = {ON_PHASE_CODE} AND r.status IN {SUCCESS_CODES}"

_RESULTS = f"""
SELECT r.check_id, r.started_at_us, c."check", c.endpoint, c.kind, c.model, c.provider,
  {_words("r.status", STATUS_CODES)} AS status, {_words("r.trigger", TRIGGER_CODES)} AS "trigger",
  r.http_status, r.latency_100us / 10.0 AS latency_ms, r.ttft_100us / 10.0 AS ttft_ms, r.lag_100us / 10.0 AS lag_ms,
  NULLIF(w.reason, '') AS reason, NULLIF(w.fault_domain, '') AS fault_domain, NULLIF(w.action, '') AS action,
  d.request_id, d.dns_100us / 10.0 AS dns_ms, d.connect_100us / 10.0 AS connect_ms, d.tls_100us / 10.0 AS tls_ms,
  d.first_byte_100us / 10.0 AS first_byte_ms, d.certificate_days, r.input_tokens, r.output_tokens,
  @iso(r.started_at_us) AS started_at, d.total_100us / 10.0 AS total_ms,
  d.first_event_100us / 10.0 AS first_event_ms, d.last_token_100us / 10.0 AS last_token_ms,
  d.max_stall_100us / 10.0 AS max_stall_ms, d.answered_by
FROM results r
JOIN checks c ON c.id = r.check_id
LEFT JOIN reasons w ON w.id = r.reason_id
LEFT JOIN result_details d ON d.check_id = r.check_id AND d.started_at_us = r.started_at_us
"""  # noqa: S608  constants of the code only

_DAY_US = Level.DAY.length_us
_SUMMED = ("probes", "counted", "successes", "latency_count", "latency_sum_100us", "input_tokens", "output_tokens")
_OF_A_ROLLUP = ", ".join(f"r.{name} AS {name}" for name in _SUMMED)
_OF_A_RESULT = f"""1 AS probes, CASE WHEN {_COUNTED} THEN 1 ELSE 0 END AS counted,
    CASE WHEN {_SUCCESS} THEN 1 ELSE 0 END AS successes,
    CASE WHEN {_SUCCESS} AND r.latency_100us IS NOT NULL THEN 1 ELSE 0 END AS latency_count,
    CASE WHEN {_SUCCESS} THEN COALESCE(r.latency_100us, 0) ELSE 0 END AS latency_sum_100us,
    COALESCE(r.input_tokens, 0) AS input_tokens, COALESCE(r.output_tokens, 0) AS output_tokens"""


def _until(level: Level) -> str:
    """Up to when its rows are written; what began later is asked of the next finer one."""
    return f"COALESCE((SELECT CAST(value AS BIGINT) FROM meta WHERE key = '{level.until_key}'), 0)"  # noqa: S608


def _since_day(what: str, table: str, since: Level, until: Level | None) -> str:
    """The rows of one table for the days that are not closed; by check, since time alone is no key."""
    end = "" if until is None else f" AND r.started_at_us < {_until(until)}"
    return f"""SELECT k.id AS check_id, r.started_at_us / {_DAY_US} * {_DAY_US} AS started_at_us, {what}
    FROM checks k CROSS JOIN {table} r WHERE r.check_id = k.id AND r.started_at_us >= {_until(since)}{end}"""  # noqa: S608


_SUMS = ", ".join(f"CAST(SUM({name}) AS BIGINT) AS {name}" for name in _SUMMED)
_OPEN_DAYS = f"""SELECT check_id, started_at_us, {_SUMS}
  FROM (
    {_since_day(_OF_A_ROLLUP, Level.HOUR.value, Level.DAY, Level.HOUR)}
    UNION ALL {_since_day(_OF_A_ROLLUP, Level.FIVE_MINUTES.value, Level.HOUR, Level.FIVE_MINUTES)}
    UNION ALL {_since_day(_OF_A_RESULT, "results", Level.FIVE_MINUTES, None)}
  ) AS finer GROUP BY check_id, started_at_us"""  # noqa: S608  constants of the code only

_DAY = """d.check_id, d.started_at_us, @day(d.started_at_us) AS day, c."check", c.endpoint, c.model,
  d.probes, d.counted, d.successes, 100.0 * d.successes / NULLIF(d.counted, 0) AS availability,
  d.latency_sum_100us / 10.0 / NULLIF(d.latency_count, 0) AS latency_avg_ms"""

# Closed days and those that are not stand apart, so that a filter on check and time reaches the key of the former. What
# is not closed is at most a day's roll-ups and some minutes of results, but for a database that is being caught up.
_AVAILABILITY_DAILY = f"""
SELECT {_DAY}, d.due, d.excused, 100.0 * d.counted / NULLIF(d.due - d.excused, 0) AS coverage,
  d.input_tokens, d.output_tokens, d.cost_nusd / 1000000000.0 AS cost_usd
FROM checks c CROSS JOIN {Level.DAY.value} d
WHERE d.check_id = c.id AND d.started_at_us < {_until(Level.DAY)}
UNION ALL
SELECT {_DAY}, CAST(NULL AS INTEGER), CAST(NULL AS INTEGER), NULL, d.input_tokens, d.output_tokens, NULL
FROM ({_OPEN_DAYS}) AS d
JOIN checks c ON c.id = d.check_id
"""  # noqa: S608  constants of the code only

_INCIDENTS = """
SELECT i.id, k.check_id, i.started_at_us, c."check", i.key, i.kind, i.endpoint, i.severity, i.status, i.fault_domain,
  i.because, i.reason, i.action, i.failed_probes, i.duration_us / 1000000.0 AS duration_s,
  @iso(i.started_at_us) AS started_at, @iso(i.detected_at_us) AS detected_at,
  @iso(i.resolved_at_us) AS resolved_at, i.scope, i.provider, i.acknowledged_by,
  @iso(i.acknowledged_at_us) AS acknowledged_at, i.acknowledgement
FROM incidents i
LEFT JOIN incident_checks k ON k.incident_id = i.id
LEFT JOIN checks c ON c.id = k.check_id
"""

_NOTIFICATIONS = """
SELECT o.id, o.notification_id, o.channel, o.event, o.severity, o.state, o.attempts, o.last_error, o.incident_id,
  k.check_id, i.started_at_us, o.created_at_us, @iso(o.created_at_us) AS created_at,
  @iso(o.settled_at_us) AS settled_at, @iso(o.next_attempt_us) AS next_attempt, o.fell_back_to
FROM outbox o
LEFT JOIN incidents i ON i.id = o.incident_id
LEFT JOIN incident_checks k ON k.incident_id = o.incident_id AND k.position = 0
"""

VIEWS: Mapping[str, str] = {
    "v_results": _RESULTS,
    "v_availability_daily": _AVAILABILITY_DAILY,
    "v_incidents": _INCIDENTS,
    "v_notifications": _NOTIFICATIONS,
}


_SAID = re.compile(r"@(iso|day)\(([^)]*)\)")


def drop(connection: Connection) -> None:
    """Takes the views away, so that a migration may change what they stand on."""
    for name in VIEWS:
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")


def create(connection: Connection) -> None:
    """Creates every view as it is defined here."""
    for name, query in VIEWS.items():
        connection.exec_driver_sql(f"CREATE VIEW {name} AS {_spoken(connection.dialect, query)}")


def _spoken(engine: Dialect, query: str) -> str:
    said = {"iso": dialect.iso_sql, "day": dialect.day_sql}
    return _SAID.sub(lambda found: said[found[1]](engine, found[2]), query)
