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


def _words(column: str, codes: Mapping[Status, int] | Mapping[Trigger, int]) -> str:
    cases = " ".join(f"WHEN {code} THEN '{word}'" for word, code in codes.items())
    return f"CASE {column} {cases} END"


_COUNTED = f"r.trigger = {ON_PHASE_CODE} AND r.status <> {UNKNOWN_CODE}"
_SUCCESS = f"r.trigger = {ON_PHASE_CODE} AND r.status IN {SUCCESS_CODES}"
_ON_PHASE_COUNT = f"SUM(CASE WHEN {_COUNTED} THEN 1 ELSE 0 END)"
_SUCCESS_COUNT = f"SUM(CASE WHEN {_SUCCESS} THEN 1 ELSE 0 END)"

_RESULTS = f"""
SELECT r.check_id, r.started_at_us, c."check", c.endpoint, c.kind, c.model, c.provider,
  {_words("r.status", STATUS_CODES)} AS status, {_words("r.trigger", TRIGGER_CODES)} AS "trigger",
  r.http_status, r.latency_100us / 10.0 AS latency_ms, r.ttft_100us / 10.0 AS ttft_ms, r.lag_100us / 10.0 AS lag_ms,
  NULLIF(w.reason, '') AS reason, NULLIF(w.fault_domain, '') AS fault_domain, NULLIF(w.action, '') AS action,
  d.request_id, d.dns_100us / 10.0 AS dns_ms, d.connect_100us / 10.0 AS connect_ms, d.tls_100us / 10.0 AS tls_ms,
  d.first_byte_100us / 10.0 AS first_byte_ms, d.certificate_days, r.input_tokens, r.output_tokens,
  @iso(r.started_at_us) AS started_at
FROM results r
JOIN checks c ON c.id = r.check_id
LEFT JOIN reasons w ON w.id = r.reason_id
LEFT JOIN result_details d ON d.check_id = r.check_id AND d.started_at_us = r.started_at_us
"""  # noqa: S608  constants of the code only

_AVAILABILITY_DAILY = f"""
SELECT r.check_id, r.started_at_us / 86400000000 * 86400000000 AS started_at_us,
  @day(r.started_at_us / 86400000000 * 86400000000) AS day, c."check", c.endpoint, c.model,
  COUNT(*) AS probes, {_ON_PHASE_COUNT} AS counted, {_SUCCESS_COUNT} AS successes,
  100.0 * {_SUCCESS_COUNT} / NULLIF({_ON_PHASE_COUNT}, 0) AS availability,
  AVG(CASE WHEN {_SUCCESS} THEN r.latency_100us END) / 10.0 AS latency_avg_ms
FROM results r
JOIN checks c ON c.id = r.check_id
GROUP BY r.check_id, r.started_at_us / 86400000000
"""  # noqa: S608  constants of the code only

_INCIDENTS = """
SELECT i.id, k.check_id, i.started_at_us, c."check", i.key, i.kind, i.endpoint, i.severity, i.status, i.fault_domain,
  i.because, i.reason, i.action, i.failed_probes, i.duration_us / 1000000.0 AS duration_s,
  @iso(i.started_at_us) AS started_at, @iso(i.detected_at_us) AS detected_at,
  @iso(i.resolved_at_us) AS resolved_at
FROM incidents i
LEFT JOIN incident_checks k ON k.incident_id = i.id
LEFT JOIN checks c ON c.id = k.check_id
"""

_NOTIFICATIONS = """
SELECT o.id, o.notification_id, o.channel, o.event, o.severity, o.state, o.attempts, o.last_error, o.incident_id,
  k.check_id, i.started_at_us, o.created_at_us, @iso(o.created_at_us) AS created_at,
  @iso(o.settled_at_us) AS settled_at, @iso(o.next_attempt_us) AS next_attempt
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
