-- What the third schema adds: streams, money, limits, catalogues, and how models want to be asked.
UPDATE result_details SET first_event_100us = 950, last_token_100us = 1900, max_stall_100us = 240, answered_by = 'gpt-4.1-2025'
WHERE check_id = 3;
INSERT INTO spending (day, check_id, probes, estimated, input_tokens, output_tokens, cost_nusd, until_us) VALUES
  (20776, 2, 2880, 4, 31680, 8640, 132480000, 1795132799000000),
  (20777, 2, 1440, 2, 15840, 4320, 66240000, 1795219142000000),
  (20777, 3, 1440, 0, 15840, 4321, NULL, 1795219143000000);
INSERT INTO headroom (endpoint, model, kind, allowed, remaining, reset_at_us, seen_at_us) VALUES
  ('gw', '', 'requests', 500, 499, 1795219200000000, 1795219141000000),
  ('gw', 'openai/gpt-4.1', 'tokens', 30000, 1200.5, NULL, 1795219142000000);
INSERT INTO balances (endpoint, seen_at_us, amount) VALUES ('gw', 1795132800000000, 12.5), ('gw', 1795136400000000, 12.25);
INSERT INTO catalogues (endpoint, models, seen_at_us, kinds) VALUES
  ('gw', '["openai/gpt-4.1","anthropic/claude-sonnet-4"]', 1795200000000000, '{"openai/gpt-4.1":"chat"}');
INSERT INTO catalogue_changes (endpoint, at_us, model, appeared) VALUES
  ('gw', 1795160000000000, 'openai/gpt-4', 0), ('gw', 1795160000000000, 'openai/gpt-4.1', 1);
INSERT INTO learned (check_id, max_tokens, other_limit, without_counts, not_enough) VALUES (2, 64, 1, 0, 16), (3, NULL, 0, 1, NULL);
