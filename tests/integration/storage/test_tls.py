"""A server behind TLS, as managed ones are: the right authority and name are asked for, and what is wrong is said."""

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import trustme

from monitor.config.postgres_url import parse
from monitor.errors import StartError
from monitor.storage.database import Holder
from monitor.storage.engine import open_for_writing
from monitor.storage.postgresql.database import PostgresDatabase
from tests.postgres_server import OWNER, PostgresServer

At = Callable[..., PostgresDatabase]
SSL_REQUEST = struct.pack(">II", 8, 80877103)
"""https://www.postgresql.org/docs/current/protocol-message-formats.html"""
PRIVILEGED = """
SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls
FROM pg_roles WHERE rolname = current_user
"""


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who signed the server's certificate."""
    return trustme.CA()


class Front:
    """TLS in front of a server, as PostgreSQL begins it: asked for in the clear, then the handshake.

    Args:
        server: takes what was encrypted.
        authority: signs the certificate, which is for `127.0.0.1`.
    """

    def __init__(self, server: tuple[str, int], authority: trustme.CA) -> None:
        self._server = server
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(self._context)
        self.encrypted = 0
        self.at_work: set[asyncio.Task[None]] = set()

    def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.at_work.add(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.read(8)
        if asked != SSL_REQUEST:  # in the clear, or nothing but a look
            writer.close()
            return
        writer.write(b"S")
        await writer.drain()
        try:
            await writer.start_tls(self._context)
        except (ssl.SSLError, ConnectionError):  # it does not like our certificate
            writer.close()
            return
        self.encrypted += 1
        inner = await asyncio.open_connection(*self._server)
        await asyncio.gather(_pass(reader, inner[1]), _pass(inner[0], writer))


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture
async def front(postgres: PostgresServer, authority: trustme.CA) -> AsyncIterator[tuple[Front, int]]:
    """It and its port."""
    made = Front(("127.0.0.1", postgres.port), authority)
    listening = await asyncio.start_server(made, "127.0.0.1", 0)
    yield made, listening.sockets[0].getsockname()[1]
    listening.close()
    await asyncio.gather(*made.at_work, return_exceptions=True)


@pytest.fixture
def at(front: tuple[Front, int], postgres: PostgresServer, tmp_path: Path) -> Iterator[At]:
    """A database behind it, reached as the options say."""
    name = postgres.make_database()

    def reached(ca: trustme.CA, host: str = "127.0.0.1", mode: str = "verify-full") -> PostgresDatabase:
        ca.cert_pem.write_to_path(tmp_path / "ca.pem")
        url = parse(f"postgresql://{OWNER}@{host}:{front[1]}/{name}?sslmode={mode}&sslrootcert=ca.pem")
        return PostgresDatabase(url, url.under(tmp_path))

    yield reached
    postgres.drop_database(name)


async def test_the_right_authority_and_name_are_let_in(at: At, authority: trustme.CA, front: tuple[Front, int]) -> None:
    """A role without privileges migrates, leads and reads, all of it encrypted."""
    database = at(authority)

    def use() -> tuple[bool, Holder | None]:
        with database.hold(), database.snapshot() as connection:
            open_for_writing(database).dispose()
            return bool(connection.exec_driver_sql(PRIVILEGED).scalar()), database.holder()

    privileged, holder = await asyncio.to_thread(use)
    assert not privileged
    assert holder is not None
    assert front[0].encrypted >= 4


async def _refusal(database: PostgresDatabase) -> StartError:
    with pytest.raises(StartError) as refused:
        await asyncio.to_thread(database.snapshot)
    return refused.value


async def test_another_authority_is_refused(at: At) -> None:
    """Somebody else's server must not get the history, nor the password."""
    refused = await _refusal(at(trustme.CA()))
    assert "certificate" in refused.message
    assert refused.hint is not None
    assert "sslrootcert" in refused.hint


async def test_another_name_is_refused(at: At, authority: trustme.CA) -> None:
    """The certificate is of another server."""
    refused = await _refusal(at(authority, host="localhost"))
    assert "certificate" in refused.message
    assert "localhost" in refused.message
    assert refused.hint is not None


async def test_the_name_is_not_asked_for_where_the_authority_is_enough(at: At, authority: trustme.CA) -> None:
    """As libpq has it."""
    connection = await asyncio.to_thread(at(authority, host="localhost", mode="verify-ca").snapshot)
    await asyncio.to_thread(connection.close)


async def test_a_server_without_tls_is_refused(postgres: PostgresServer, tmp_path: Path, authority: trustme.CA) -> None:
    """What was to be encrypted is never sent in the clear."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    url = parse(f"{postgres.url('postgres')}?sslmode=verify-full&sslrootcert=ca.pem")
    refused = await _refusal(PostgresDatabase(url, url.under(tmp_path)))
    assert "SSL" in refused.message
