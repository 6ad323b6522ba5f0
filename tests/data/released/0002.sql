-- What the second schema adds: an incident of a whole endpoint that somebody has taken on, a silence, a thread, a copy.
INSERT INTO incidents (id, key, kind, endpoint, severity, status, fault_domain, because, reason, action, started_at_us,
  detected_at_us, resolved_at_us, duration_us, failed_probes, sequence, told, pending_cause, scope, provider,
  acknowledged_by, acknowledged_at_us, acknowledgement, memory) VALUES
  (3, 'gw', 'outage', 'gw', 'critical', 'TIMEOUT', 'endpoint', 'failures_in_a_row', 'no headers within 10 s',
   'wait_or_switch', 1795211000000000, 1795211010000000, NULL, NULL, 40, 3, '[["TIMEOUT","endpoint"]]', NULL, 'endpoint',
   'openai', 'alice', 1795211300000000, 'on it',
   '{"channels":["ops"],"withheld":null,"grown":true,"escalated":1,"joined_at_us":1795211020000000,"first_at_us":1795211010000000,"last_at_us":1795211300000000,"hold_until_us":null,"easing_since_us":null}');
INSERT INTO incident_checks (incident_id, position, check_id, joined_at_us) VALUES
  (3, 0, 2, 1795211000000000), (3, 1, 1, 1795211020000000);
INSERT INTO incident_events (incident_id, sequence, kind, at_us, status, fault_domain, severity, reason, decision,
  notifications, explanation) VALUES
  (3, 1, 'opened', 1795211010000000, 'TIMEOUT', 'endpoint', 'critical', 'no headers within 10 s', 'told', 1,
   '{"ops":"told","hook":"not_matched"}'),
  (3, 2, 'acknowledged', 1795211300000000, 'TIMEOUT', 'endpoint', 'critical', NULL, 'told', 1, NULL);
INSERT INTO outbox (id, notification_id, channel, event, severity, body, incident_id, sequence, created_at_us, state,
  attempts, next_attempt_us, lease_until_us, lease_run, last_error, settled_at_us, fell_back_to) VALUES
  (5, 'c0ffee01-3-1', 'ops', 'opened', 'critical', '{"version":1,"id":"c0ffee01-3-1","event":"opened"}', 3, 1,
   1795211010000000, 'sent', 1, NULL, NULL, NULL, NULL, 1795211010900000, 'hook');
INSERT INTO threads (channel, incident_id, thread) VALUES ('ops', 3, '1795211010.000100');
INSERT INTO silences (id, matcher, author, reason, created_at_us, starts_at_us, ends_at_us, until, expired_at_us) VALUES
  (1, '{"endpoints":["lab"]}', 'bob', 'moving racks', 1795170000000000, 1795170000000000, 1795173600000000, 'time', 1795173600000000),
  (2, '{"endpoints":["gw"],"severities":["warning"]}', 'alice', 'known', 1795211300000000, 1795211300000000, NULL, 'resolved', NULL);
