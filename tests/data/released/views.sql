CREATE VIEW v_availability_daily AS 
SELECT r.check_id, r.started_at_us / 86400000000 * 86400000000 AS started_at_us,
  strftime('%Y-%m-%d', r.started_at_us / 86400000000 * 86400000000 / 1000000, 'unixepoch') AS day, c."check", c.endpoint, c.model,
  COUNT(*) AS probes, SUM(CASE WHEN r.trigger = 0 AND r.status <> 12 THEN 1 ELSE 0 END) AS counted, SUM(CASE WHEN r.trigger = 0 AND r.status IN (0, 1) THEN 1 ELSE 0 END) AS successes,
  100.0 * SUM(CASE WHEN r.trigger = 0 AND r.status IN (0, 1) THEN 1 ELSE 0 END) / NULLIF(SUM(CASE WHEN r.trigger = 0 AND r.status <> 12 THEN 1 ELSE 0 END), 0) AS availability,
  AVG(CASE WHEN r.trigger = 0 AND r.status IN (0, 1) THEN r.latency_100us END) / 10.0 AS latency_avg_ms
FROM results r
JOIN checks c ON c.id = r.check_id
GROUP BY r.check_id, r.started_at_us / 86400000000;
CREATE VIEW v_incidents AS 
SELECT i.id, k.check_id, i.started_at_us, c."check", i.key, i.kind, i.endpoint, i.severity, i.status, i.fault_domain,
  i.because, i.reason, i.action, i.failed_probes, i.duration_us / 1000000.0 AS duration_s,
  strftime('%Y-%m-%dT%H:%M:%S', i.started_at_us / 1000000, 'unixepoch') || printf('.%03dZ', i.started_at_us / 1000 % 1000) AS started_at, strftime('%Y-%m-%dT%H:%M:%S', i.detected_at_us / 1000000, 'unixepoch') || printf('.%03dZ', i.detected_at_us / 1000 % 1000) AS detected_at,
  strftime('%Y-%m-%dT%H:%M:%S', i.resolved_at_us / 1000000, 'unixepoch') || printf('.%03dZ', i.resolved_at_us / 1000 % 1000) AS resolved_at
FROM incidents i
LEFT JOIN incident_checks k ON k.incident_id = i.id
LEFT JOIN checks c ON c.id = k.check_id;
CREATE VIEW v_notifications AS 
SELECT o.id, o.notification_id, o.channel, o.event, o.severity, o.state, o.attempts, o.last_error, o.incident_id,
  k.check_id, i.started_at_us, o.created_at_us, strftime('%Y-%m-%dT%H:%M:%S', o.created_at_us / 1000000, 'unixepoch') || printf('.%03dZ', o.created_at_us / 1000 % 1000) AS created_at,
  strftime('%Y-%m-%dT%H:%M:%S', o.settled_at_us / 1000000, 'unixepoch') || printf('.%03dZ', o.settled_at_us / 1000 % 1000) AS settled_at, strftime('%Y-%m-%dT%H:%M:%S', o.next_attempt_us / 1000000, 'unixepoch') || printf('.%03dZ', o.next_attempt_us / 1000 % 1000) AS next_attempt
FROM outbox o
LEFT JOIN incidents i ON i.id = o.incident_id
LEFT JOIN incident_checks k ON k.incident_id = o.incident_id AND k.position = 0;
CREATE VIEW v_results AS 
SELECT r.check_id, r.started_at_us, c."check", c.endpoint, c.kind, c.model, c.provider,
  CASE r.status WHEN 0 THEN 'UP' WHEN 1 THEN 'DEGRADED' WHEN 2 THEN 'TIMEOUT' WHEN 3 THEN 'CONNECTION_ERROR' WHEN 4 THEN 'AUTH_ERROR' WHEN 5 THEN 'RATE_LIMITED' WHEN 6 THEN 'QUOTA_EXCEEDED' WHEN 7 THEN 'MODEL_NOT_FOUND' WHEN 8 THEN 'OVERLOADED' WHEN 9 THEN 'SERVER_ERROR' WHEN 10 THEN 'CLIENT_ERROR' WHEN 11 THEN 'INVALID_RESPONSE' WHEN 12 THEN 'UNKNOWN' END AS status, CASE r.trigger WHEN 0 THEN 'on_phase' WHEN 1 THEN 'confirm' WHEN 2 THEN 'manual' WHEN 3 THEN 'triage' WHEN 4 THEN 'maintenance' END AS "trigger",
  r.http_status, r.latency_100us / 10.0 AS latency_ms, r.ttft_100us / 10.0 AS ttft_ms, r.lag_100us / 10.0 AS lag_ms,
  NULLIF(w.reason, '') AS reason, NULLIF(w.fault_domain, '') AS fault_domain, NULLIF(w.action, '') AS action,
  d.request_id, d.dns_100us / 10.0 AS dns_ms, d.connect_100us / 10.0 AS connect_ms, d.tls_100us / 10.0 AS tls_ms,
  d.first_byte_100us / 10.0 AS first_byte_ms, d.certificate_days, r.input_tokens, r.output_tokens,
  strftime('%Y-%m-%dT%H:%M:%S', r.started_at_us / 1000000, 'unixepoch') || printf('.%03dZ', r.started_at_us / 1000 % 1000) AS started_at
FROM results r
JOIN checks c ON c.id = r.check_id
LEFT JOIN reasons w ON w.id = r.reason_id
LEFT JOIN result_details d ON d.check_id = r.check_id AND d.started_at_us = r.started_at_us;
