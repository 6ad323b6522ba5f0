"""From the configuration to the database: the one place that knows which engines there are."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.config.load import Loaded
from monitor.config.paths import sqlite_path
from monitor.config.urls import is_postgres
from monitor.errors import ConfigError
from monitor.storage.database import Database
from monitor.storage.sqlite.database import SqliteDatabase

if TYPE_CHECKING:
    from monitor.config.secrets import Secret


def database_of(loaded: Loaded, environ: Mapping[str, str]) -> Database:
    """The configured database; nothing is opened.

    Args:
        loaded: names the database, and where its secret is.
        environ: for the secret.

    Raises:
        ConfigError: its secret is not to be had.
    """
    if is_postgres(loaded.config.storage.url):
        return _on_a_server(loaded, environ)
    return SqliteDatabase(sqlite_path(loaded.config, loaded.base_dir))


def database_at(url: str, base_dir: Path) -> Database:
    """The database at a URL that is known to be right; a password is left to the engine's own places.

    Args:
        url: as `[storage] url` takes it.
        base_dir: where relative paths begin.
    """
    if not is_postgres(url):
        return SqliteDatabase(base_dir / url.removeprefix("sqlite:///"))
    from monitor.config.postgres_url import parse  # noqa: PLC0415  who has a file does not pay
    from monitor.storage.postgresql.database import PostgresDatabase  # noqa: PLC0415  the same

    parsed = parse(url)
    return PostgresDatabase(parsed, parsed.under(base_dir))


def _on_a_server(loaded: Loaded, environ: Mapping[str, str]) -> Database:
    from monitor.config.access import database_password  # noqa: PLC0415  who has a file does not pay
    from monitor.config.postgres_url import parse  # noqa: PLC0415  the same
    from monitor.storage.postgresql.database import PostgresDatabase  # noqa: PLC0415  the same

    url, known = parse(loaded.config.storage.url), database_password(loaded, environ)

    def password() -> "Secret | None":
        """As it is now: its file may have been written anew."""
        nonlocal known
        with suppress(ConfigError):  # it is being written
            known = database_password(loaded, environ)
        return known

    return PostgresDatabase(url, url.under(loaded.base_dir), password)
