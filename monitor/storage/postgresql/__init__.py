"""The engine of several machines: a PostgreSQL server, reached through psycopg 3.

Imported only where the configured URL asks for it.
"""
