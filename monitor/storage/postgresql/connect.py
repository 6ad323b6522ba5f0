"""How a connection to the server is made, and what it promises: bounded waits, numbers as Python takes them.

Owns everything of psycopg but COPY; the one place that may find it missing.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, NullPool, create_engine

from monitor.errors import StartError

if TYPE_CHECKING:
    from monitor.config.secrets import Secret

Raw = Any  # psycopg's connection, which is not imported where its package is missing

CONNECT_TIMEOUT_S = 10
# A server that is gone without a word is noticed after 30 s at rest, and 20 s after something was sent to it.
_KEEPALIVE = {"keepalives_idle": "15", "keepalives_interval": "5", "keepalives_count": "3", "tcp_user_timeout": "20000"}
# What holds the writer for longer is a fault. All of it together is less than the half minute after which a ledger that
# makes no progress is one that should be started anew.
LOCK_TIMEOUT_MS = 8_000
STATEMENT_TIMEOUT_MS = 12_000
ANSWER_WITHIN_S = 15.0  # also of a server that stands still, whose bounds do so too
# A daemon that stands still inside a transaction does not keep another from taking over (`leadership`).
IDLE_IN_TRANSACTION_MS = 10_000
READ_TIMEOUT_MS = 600_000
READ_WITHIN_S = 620.0
# Whoever reads page by page may take their time over one.
READER_IDLE_MS = 3_600_000
OLDEST_SERVER = 13
_PER_VERSION = 10_000
# What a role or a database may have been given, and who runs for months or sums up to the last digit must not have.
_PLAIN = {"timezone": "UTC", "default_transaction_isolation": "read committed", "extra_float_digits": "1"}
# The one that is written to: another on the path may hold another RelayWatch, whose tables would be found first.
_ONE_SCHEMA = "set_config('search_path', coalesce(quote_ident(current_schema()), ''), false)"
_UNBOUNDED = {"idle_session_timeout": 14, "transaction_timeout": 17}  # since which version there is such a setting


class Source:
    """Connects to one database.

    Args:
        parameters: by libpq's names.
        password: asked before each connection; None leaves it to libpq's own places.
    """

    def __init__(self, parameters: Mapping[str, str], password: Callable[[], "Secret | None"]) -> None:
        waits = {"connect_timeout": str(CONNECT_TIMEOUT_S), **_KEEPALIVE}
        self._parameters = {"application_name": "relaywatch", **waits, **parameters, "client_encoding": "utf8"}
        self._password = password

    def write_engine(self) -> Engine:
        """Connections for one transaction after the other, each as recent commits left the data."""
        _psycopg()

        def connect() -> Raw:
            return self._connected(ANSWER_WITHIN_S, (STATEMENT_TIMEOUT_MS, IDLE_IN_TRANSACTION_MS))

        return _engine(connect)

    def read_engine(self) -> Engine:
        """Connections that cannot write; a transaction sees one moment."""
        psycopg = _psycopg()

        def connect() -> Raw:
            connection = self._connected(READ_WITHIN_S, (READ_TIMEOUT_MS, READER_IDLE_MS))
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            return connection

        return _engine(connect)

    def _connected(self, answer_within_s: float, bounds_ms: tuple[int, int]) -> Raw:
        from monitor.storage.postgresql.patient import PatientConnection  # noqa: PLC0415  an extra

        password = self._password()
        secret: dict[str, Any] = {} if password is None else {"password": password.reveal()}
        connection = PatientConnection.connect(**(secret | self._parameters))
        try:
            _must_fit(connection)
            _adapt(connection)
            connection.patience_s = CONNECT_TIMEOUT_S
            _bound(connection, *bounds_ms)
        except BaseException:
            connection.close()
            raise
        connection.patience_s = answer_within_s
        return connection


def lift_bounds(connection: Connection) -> None:
    """Whatever this transaction does may take as long as it takes; for connections that do one thing and are closed."""
    raw: Any = connection.connection.driver_connection
    raw.patience_s = None
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")


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


def _must_fit(connection: Raw) -> None:
    version, encoding = connection.info.server_version, connection.info.parameter_status("server_encoding")
    if version < OLDEST_SERVER * _PER_VERSION:
        raise StartError(
            f"the server is PostgreSQL {version // _PER_VERSION}, which is too old",
            hint=f"RelayWatch needs PostgreSQL {OLDEST_SERVER} or newer",
        )
    if encoding != "UTF8":
        raise StartError(
            f"the database is encoded in {encoding}, which does not take every text",
            hint="make one that does: `CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0`",
        )


def _bound(connection: Raw, statement_ms: int, idle_ms: int) -> None:
    connection.autocommit = True
    version = connection.info.server_version // _PER_VERSION
    bounds = {
        "statement_timeout": statement_ms,
        "lock_timeout": LOCK_TIMEOUT_MS,
        "idle_in_transaction_session_timeout": idle_ms,
        **{name: 0 for name, since in _UNBOUNDED.items() if version >= since},
        **_PLAIN,
    }
    chosen = (_ONE_SCHEMA, *(f"set_config('{name}', '{value}', false)" for name, value in bounds.items()))
    connection.execute("SELECT " + ", ".join(chosen))
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
