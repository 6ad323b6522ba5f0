"""The APIs that a simulated gateway speaks, one module each: reading requests, writing answers, whole and streamed."""
