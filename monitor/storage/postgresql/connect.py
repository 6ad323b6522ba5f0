"""How a connection to the server is made, and what it promises: bounded waits, numbers as Python takes them.

Owns everything of psycopg but COPY; the one place that may find it missing.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, NullPool, create_engine

from monitor.errors import StartError

if TYPE_CHECKING:
    from monitor.config.secrets import Secret

Raw = Any  # psycopg's connection, which is not imported where its package is missing

CONNECT_TIMEOUT_S = 10
# A server that is gone without a word is noticed after 30 s at rest, and 20 s after something was sent to it.
_KEEPALIVE = {"keepalives_idle": "15", "keepalives_interval": "5", "keepalives_count": "3", "tcp_user_timeout": "20000"}
# What holds the writer for longer is a fault; migrations lift it for themselves.
STATEMENT_TIMEOUT_MS = 60_000
LOCK_TIMEOUT_MS = 15_000
# A daemon that stands still inside a transaction does not keep another from taking over (`leadership`).
IDLE_IN_TRANSACTION_MS = 10_000
READ_TIMEOUT_MS = 600_000
# Whoever reads page by page may take their time over one.
READER_IDLE_MS = 3_600_000


class Source:
    """Connects to one database.

    Args:
        parameters: by libpq's names.
        password: None leaves it to libpq's own places.
    """

    def __init__(self, parameters: Mapping[str, str], password: "Secret | None") -> None:
        waits = {"connect_timeout": str(CONNECT_TIMEOUT_S), **_KEEPALIVE}
        self._parameters = {"application_name": "relaywatch", **waits, **parameters, "client_encoding": "utf8"}
        self._password = password

    def write_engine(self) -> Engine:
        """Connections for one transaction after the other, each as recent commits left the data."""
        psycopg = _psycopg()

        def connect() -> Raw:
            connection = self._connected(psycopg)
            _bound(connection, STATEMENT_TIMEOUT_MS, IDLE_IN_TRANSACTION_MS)
            return connection

        return _engine(connect)

    def read_engine(self) -> Engine:
        """Connections that cannot write; a transaction sees one moment."""
        psycopg = _psycopg()

        def connect() -> Raw:
            connection = self._connected(psycopg)
            _bound(connection, READ_TIMEOUT_MS, READER_IDLE_MS)
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            return connection

        return _engine(connect)

    def _connected(self, psycopg: Any) -> Raw:
        secret = {} if self._password is None else {"password": self._password.reveal()}
        connection = psycopg.connect(**{**self._parameters, **secret})
        _adapt(connection)
        return connection


def _psycopg() -> Any:
    try:
        import psycopg  # noqa: PLC0415  an extra
    except ImportError as missing:
        raise StartError(
            f"PostgreSQL needs a package that is not installed ({missing.name or missing})",
            hint="install it: pip install 'relaywatch[postgres]'",
        ) from missing
    return psycopg


def _engine(connect: Any) -> Engine:
    # Positional parameters, so that one text of a prepared statement serves for every row of a batch.
    return create_engine(
        "postgresql+psycopg://", creator=connect, poolclass=NullPool, paramstyle="format", use_native_hstore=False
    )


def _bound(connection: Raw, statement_ms: int, idle_ms: int) -> None:
    connection.autocommit = True
    bounds = {
        "statement_timeout": statement_ms,
        "lock_timeout": LOCK_TIMEOUT_MS,
        "idle_in_transaction_session_timeout": idle_ms,
    }
    chosen = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in bounds.items())
    connection.execute(f"SELECT {chosen}, set_config('timezone', 'UTC', false)")
    connection.autocommit = False


def _adapt(connection: Raw) -> None:
    from psycopg.adapt import Loader  # noqa: PLC0415  an extra
    from psycopg.types.numeric import Int8Dumper  # noqa: PLC0415  the same

    class Number(Loader):
        """Sums of big integers come as `numeric`, which is no integer to Python."""

        def load(self, data: Any) -> int | float:
            text = bytes(data)
            return int(text) if text.lstrip(b"-").isdigit() else float(text)

    class YesOrNo(Int8Dumper):
        """What is yes or no is a small integer in every table, as SQLite has it."""

        def dump(self, obj: Any) -> bytes:
            return b"1" if obj else b"0"

    connection.adapters.register_loader("numeric", Number)
    connection.adapters.register_dumper(bool, YesOrNo)
    # One type for every integer: else each mixture of small and large ones in a row is a statement of its own.
    connection.adapters.register_dumper(int, Int8Dumper)
