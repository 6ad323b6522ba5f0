-- What a daemon of the first schema leaves behind: a day of probes, an outage that ended, one that goes on, messages in
-- every state. Times begin at 2026-11-20T00:00:00Z (1795132800000000).
INSERT INTO meta (key, value) VALUES
  ('instance', 'c0ffee01'), ('write_test', '0badcafe'), ('pruned_before_us', '1795046400000000');
INSERT INTO checks (id, "check", endpoint, kind, model, provider, first_seen_us, removed_at_us) VALUES
  (1, 'gw/models', 'gw', 'models', NULL, 'gw', 1795132800000000, NULL),
  (2, 'gw/chat/openai/gpt-4.1', 'gw', 'chat', 'openai/gpt-4.1', 'openai', 1795132800000000, NULL),
  (3, 'gw/chat/anthropic/claude-sonnet-4', 'gw', 'chat', 'anthropic/claude-sonnet-4', 'anthropic', 1795132800000000, NULL),
  (4, 'lab/chat/모델', 'lab', 'chat', '모델', 'lab', 1795132800000000, 1795176000000000);
INSERT INTO daemon_runs (id, version, pid, host, started_at_us, heartbeat_us, ended_at_us, stop_reason) VALUES
  (1, '0.0.1', 100, 'here', 1795132800000000, 1795140000000000, 1795140003000000, 'stopped'),
  (2, '0.0.1', 101, 'here', 1795140060000000, 1795219190000000, NULL, NULL);
INSERT INTO reasons (id, reason, fault_domain, action) VALUES
  (1, 'HTTP 503: no capacity', 'endpoint', 'wait_or_switch'),
  (3, 'answered after 6.2 s', '', ''),
  (7, 'no network', 'monitor', 'check_network');
INSERT INTO rhythms (check_id, first_due_us, phase_us, interval_us, until_us) VALUES
  (1, 1795132801000000, 1000000, 30000000, 1795219200000000),
  (2, 1795132802000000, 2000000, 30000000, 1795176000000000),
  (2, 1795176002000000, 2000000, 60000000, 1795219200000000),
  (3, 1795132803000000, 3000000, 60000000, 1795219200000000),
  (4, 1795132804000000, 4000000, 60000000, 1795176000000000);
-- An outage of ten minutes at noon, slow answers afterwards, and a minute without a network.
WITH RECURSIVE turns (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM turns WHERE n < 1439),
  probes AS (
    SELECT c.id AS check_id, 1795132800000000 + n * 60000000 + c.id * 1000000 AS at_us, n
    FROM turns CROSS JOIN checks c WHERE c.id < 4 OR n < 720)
INSERT INTO results (check_id, started_at_us, status, "trigger", http_status, latency_100us, ttft_100us, lag_100us,
  reason_id, input_tokens, output_tokens)
SELECT check_id, at_us,
  CASE WHEN check_id > 1 AND n BETWEEN 720 AND 729 THEN 9 WHEN n = 900 THEN 12 WHEN n BETWEEN 730 AND 732 THEN 1 ELSE 0 END,
  CASE WHEN n = 300 THEN 4 ELSE 0 END,
  CASE WHEN n = 900 THEN NULL WHEN check_id > 1 AND n BETWEEN 720 AND 729 THEN 503 ELSE 200 END,
  CASE WHEN n = 900 THEN NULL WHEN n BETWEEN 730 AND 732 THEN 62000 ELSE 2000 + (n * 7919 + check_id * 104729) % 9000 END,
  CASE WHEN check_id = 3 AND n % 900 <> 0 THEN 900 + n % 400 END,
  n % 17,
  CASE WHEN check_id > 1 AND n BETWEEN 720 AND 729 THEN 1 WHEN n = 900 THEN 7 WHEN n BETWEEN 730 AND 732 THEN 3 END,
  CASE WHEN check_id > 1 AND n % 900 <> 0 THEN 11 END,
  CASE WHEN check_id > 1 AND n % 900 <> 0 THEN 2 + n % 3 END
FROM probes;
INSERT INTO results (check_id, started_at_us, status, "trigger", http_status, latency_100us, lag_100us, reason_id)
SELECT check_id, started_at_us + 5000000, 9, 1, 503, 800, 0, 1 FROM results
WHERE status = 9 AND check_id = 2 AND started_at_us < 1795176180000000;
INSERT INTO result_details (check_id, started_at_us, request_id, dns_100us, connect_100us, tls_100us, first_byte_100us,
  total_100us, certificate_days)
SELECT check_id, started_at_us, 'req_' || check_id || '_' || started_at_us, 12, 34, 56, 700, latency_100us, 61.25
FROM results WHERE status NOT IN (0, 12);
INSERT INTO states (check_id, state, since_us, status, reason_id, retry_after_s, loading, latest_at_us, latency_ms,
  consecutive_failures, consecutive_successes, auth_failures, streak_started_us, last_counted_us, loading_since_us, slow,
  slow_since_us, hour, hour_successes, hour_counted) VALUES
  (1, 1, 1795132801000000, 0, NULL, NULL, 0, 1795219141000000, 812.5, 0, 1439, 0, NULL, 1795219141000000, NULL, 0, NULL, 498671, 60, 60),
  (2, 1, 1795176602000000, 0, NULL, NULL, 0, 1795219142000000, 244.0, 0, 709, 0, NULL, 1795219142000000, NULL, 0, NULL, 498671, 60, 60),
  (3, 2, 1795176003000000, 9, 1, 20.5, 0, 1795219143000000, 80.0, 12, 0, 0, 1795176003000000, 1795219143000000, NULL, 0, NULL, 498671, 58, 60);
INSERT INTO state_memory (check_id, memory) VALUES
  (1, '{"failures":["0",20],"slow_answers":["0",10],"failed_at_us":[],"slowed_at_us":[],"hours":[[60,60],[60,60]]}'),
  (2, '{"failures":["0",20],"slow_answers":["3",10],"failed_at_us":[],"slowed_at_us":[1795176660000000],"hours":[[60,60]]}'),
  (3, '{"failures":["fff",20],"slow_answers":["0",10],"failed_at_us":[1795176003000000,1795176063000000],"slowed_at_us":[],"hours":[]}');
INSERT INTO incidents (id, key, kind, endpoint, severity, status, fault_domain, because, reason, action, started_at_us,
  detected_at_us, resolved_at_us, duration_us, failed_probes, sequence, told, pending_cause) VALUES
  (1, 'gw/chat/openai/gpt-4.1', 'outage', 'gw', 'critical', 'SERVER_ERROR', 'endpoint', 'failures_in_a_row',
   'HTTP 503: no capacity', 'wait_or_switch', 1795176002000000, 1795176012000000, 1795176602000000, 600000000, 13, 2,
   '[["SERVER_ERROR","endpoint"]]', NULL),
  (2, 'gw/chat/anthropic/claude-sonnet-4', 'outage', 'gw', 'critical', 'SERVER_ERROR', 'endpoint', 'failures_in_a_row',
   'HTTP 503: no capacity', 'wait_or_switch', 1795176003000000, 1795176013000000, NULL, NULL, 12, 1,
   '[["SERVER_ERROR","endpoint"]]', '["TIMEOUT","endpoint"]');
INSERT INTO incident_checks (incident_id, position, check_id) VALUES (1, 0, 2), (2, 0, 3);
INSERT INTO incident_events (incident_id, sequence, kind, at_us, status, fault_domain, severity, reason, decision,
  notifications) VALUES
  (1, 1, 'opened', 1795176012000000, 'SERVER_ERROR', 'endpoint', 'critical', 'HTTP 503: no capacity', 'told', 1),
  (1, 2, 'resolved', 1795176602000000, 'SERVER_ERROR', 'endpoint', 'critical', NULL, 'told', 1),
  (2, 1, 'opened', 1795176013000000, 'SERVER_ERROR', 'endpoint', 'critical', 'HTTP 503: no capacity', 'no_route', 0);
INSERT INTO outbox (id, notification_id, channel, event, severity, body, incident_id, sequence, created_at_us, state,
  attempts, next_attempt_us, lease_until_us, lease_run, last_error, settled_at_us) VALUES
  (1, 'c0ffee01-1-1', 'ops', 'opened', 'critical', '{"version":1,"id":"c0ffee01-1-1","event":"opened"}', 1, 1,
   1795176012000000, 'sent', 1, NULL, NULL, NULL, NULL, 1795176012400000),
  (2, 'c0ffee01-1-2', 'ops', 'resolved', 'critical', '{"version":1,"id":"c0ffee01-1-2","event":"resolved"}', 1, 2,
   1795176602000000, 'dead', 9, NULL, NULL, NULL, 'HTTP 404', 1795176700000000),
  (3, 'c0ffee01-2-1', 'ops', 'opened', 'critical', '{"version":1,"id":"c0ffee01-2-1","event":"opened"}', 2, 1,
   1795176013000000, 'pending', 2, 1795219260000000, NULL, NULL, 'timed out', NULL),
  (4, 'c0ffee01-n-1', 'hook', 'notice', 'warning', '{"version":1,"id":"c0ffee01-n-1","event":"notice"}', NULL, 0,
   1795186800000000, 'leased', 1, NULL, 1795186820000000, 2, NULL, NULL);
