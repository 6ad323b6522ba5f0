"""From the outbox to people: claim, send, settle, and one module per channel."""
