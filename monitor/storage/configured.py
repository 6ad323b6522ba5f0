"""From the configuration to the database: the one place that knows which engines there are."""

from collections.abc import Mapping

from monitor.config.load import Loaded
from monitor.config.paths import sqlite_path
from monitor.storage.database import Database
from monitor.storage.sqlite.database import SqliteDatabase


def database_of(loaded: Loaded, environ: Mapping[str, str]) -> Database:
    """The configured database; nothing is opened.

    Args:
        loaded: names the database, and where its secret is.
        environ: for the secret.

    Raises:
        UsageError: its secret is not to be had, or what its engine needs is not installed.
    """
    del environ  # a file has no secret
    return SqliteDatabase(sqlite_path(loaded.config, loaded.base_dir))
