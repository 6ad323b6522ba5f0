"""A database on a PostgreSQL server: opening it, reading it, and what may be known of it without being its owner."""

import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine

from monitor.storage.database import Holder, Sizes
from monitor.storage.faults import DatabaseFault, start_error
from monitor.storage.postgresql.connect import Source
from monitor.storage.postgresql.housekeeping import used_bytes
from monitor.storage.postgresql.leadership import Leadership, holder
from monitor.storage.revision import revision_of

if TYPE_CHECKING:
    from monitor.config.postgres_url import PostgresUrl
    from monitor.config.secrets import Secret

WISH_EVERY_S = 0.05


class PostgresDatabase:
    """The database at a URL.

    Args:
        url: where it is.
        parameters: of the URL, its files as they are to be opened.
        password: asked before each connection; None leaves it to libpq's own places.
    """

    def __init__(
        self, url: "PostgresUrl", parameters: Mapping[str, str], password: Callable[[], "Secret | None"] = lambda: None
    ) -> None:
        self._url = url
        self._source = Source(parameters, password)
        self._readers: Engine | None = None

    @property
    def name(self) -> str:
        """How people know it."""
        return self._url.shown

    def prepare(self) -> None:
        """The server's part: a database and a role are made by who runs it."""

    def write_engine(self) -> Engine:
        """Connections that write."""
        return self._source.write_engine()

    def snapshot(self) -> Connection:
        """A read-only transaction that sees one moment."""
        if self._readers is None:
            self._readers = self._source.read_engine()
        try:
            connection = self._readers.connect()
            connection.exec_driver_sql("SELECT 1")  # the moment is now
        except DatabaseFault as fault:
            raise start_error(fault, self.name) from fault
        return connection

    def hold(self) -> Leadership:
        """The lead, which is given up when the process ends in good order and lost when it is silent for long."""
        try:
            with closing(self.snapshot()) as connection:
                revision_of(connection, self.name)  # one of another program is left exactly as it is
            return Leadership(self.write_engine(), self.name)
        except DatabaseFault as fault:
            raise start_error(fault, self.name) from fault

    def holder(self) -> Holder | None:
        """Who leads, as the database says."""
        connection = self.snapshot()
        try:
            return holder(connection)
        except DatabaseFault as fault:
            raise start_error(fault, self.name) from fault
        finally:
            connection.close()

    def sizes(self, connection: Connection) -> Sizes:
        """Tables and indexes of its schema; the server's log belongs to all its databases."""
        return Sizes(used_bytes(connection), 0, 0)

    def room(self) -> int | None:
        """The server's disk is its own business."""
        return None

    @property
    def is_remote(self) -> bool:
        """It may be restarted, or out of reach, while the daemon goes on."""
        return True

    def log_mover(self) -> None:
        """The server sees to its log."""

    def stop_when(self, connection: Connection, wished: Callable[[], bool]) -> None:
        """A thread asks, and has the server cancel what it is doing."""
        driver: Any = connection.connection.driver_connection
        threading.Thread(target=_cancel_when, args=(driver, wished), name="storage-canceller", daemon=True).start()


def _cancel_when(driver: Any, wished: Callable[[], bool]) -> None:
    pause = threading.Event()
    while not driver.closed:
        if wished():
            driver.cancel_safe(timeout=5)
        pause.wait(WISH_EVERY_S)
