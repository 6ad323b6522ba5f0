"""The database: tables, the one writer thread, and questions about the past."""
