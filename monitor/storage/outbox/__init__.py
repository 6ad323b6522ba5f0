"""The outbox: notifications on their way out, whose turn it is, and which other channels get them as well."""
