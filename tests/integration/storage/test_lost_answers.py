"""A connection that is cut at a commit, on a real server: what was asked for takes effect once, and that is known."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

import pytest
from sqlalchemy import text

from monitor.alerting.batch import Batch, DaemonRun
from monitor.clock import Moment
from monitor.config.postgres_url import parse
from monitor.domain.check import Check, CheckKind
from monitor.domain.result import Result, Status, Trigger, Verdict
from monitor.errors import StorageError
from monitor.storage.journal import Journal
from monitor.storage.postgresql.database import PostgresDatabase
from monitor.storage.writer import Writer

START = Moment(1_795_200_000_000_000, 5_000_000_000)
CHECK = Check("gw/chat/m", "gw", CheckKind.CHAT, "m", "gw")
BEFORE, AFTER = "before", "after"


@dataclass
class Proxy:
    """Between client and server; cuts a connection at its next commit, before or after the server has done it.

    Attributes:
        cut: when; None lets everything pass.
        away: it takes no connection.
    """

    server: tuple[str, int]
    cut: str | None = None
    away: bool = False
    cuts: int = 0
    open: list[socket.socket] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._listening, *self.open):
            _end(one)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                if self.away:
                    _end(client)
                    continue
                server = socket.create_connection(self.server)
                self.open += [client, server]
                swallow = threading.Event()
                threading.Thread(target=self._up, args=(client, server, swallow), daemon=True).start()
                threading.Thread(target=self._down, args=(client, server, swallow), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket, swallow: threading.Event) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                if b"COMMIT" in data and self.cut is not None:
                    cut, self.cut = self.cut, None
                    self.cuts += 1
                    if cut == BEFORE:
                        break
                    swallow.set()
                server.sendall(data)
        if not swallow.is_set():
            _end(client, server)

    def _down(self, client: socket.socket, server: socket.socket, swallow: threading.Event) -> None:
        with suppress(OSError):
            while (data := server.recv(65536)) and not swallow.is_set():
                client.sendall(data)
        _end(client, server)


def _end(*sockets: socket.socket) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


@pytest.fixture
def proxy(postgres_url: str) -> Iterator[Proxy]:
    """In front of the server."""
    parameters = parse(postgres_url).parameters
    with Proxy((parameters["host"], int(parameters["port"]))) as made:
        yield made


@pytest.fixture
async def journal(proxy: Proxy, postgres_url: str) -> AsyncIterator[Journal]:
    """A daemon's, through the proxy."""
    url = parse(postgres_url)
    through = {**url.parameters, "port": str(proxy.port), "sslmode": "disable", "gssencmode": "disable"}
    database = PostgresDatabase(url, through)
    held = await asyncio.to_thread(database.hold)
    engine = database.write_engine()
    writer = Writer(engine, held.fence)
    made = Journal(writer)
    await made.register([CHECK], START)
    await made.begin_run(DaemonRun("1", 1, "host", START))
    yield made
    proxy.cut = None
    await writer.stop()
    await asyncio.to_thread(held.release)
    engine.dispose()


def _batch(number: int, size: int = 3) -> Batch:
    results = [
        Result(CHECK.id, at, at.plus_s(0.1), Trigger.ON_PHASE, Verdict(Status.UP), 200, 100.0)
        for at in (START.plus_s(number * 100 + i) for i in range(size))
    ]
    return Batch(results=results)


def _recorded(postgres_url: str) -> int:
    url = parse(postgres_url)
    database = PostgresDatabase(url, dict(url.parameters))
    with database.snapshot() as connection:
        return int(connection.execute(text("SELECT count(*) FROM results")).scalar_one())


@pytest.mark.parametrize("size", [3, 30], ids=["inserted", "copied"])
async def test_an_answer_that_is_lost_after_the_commit_is_found_out(
    journal: Journal, proxy: Proxy, postgres_url: str, size: int
) -> None:
    """The ledger does not even notice."""
    proxy.cut = AFTER
    await journal.commit(_batch(0, size))
    assert proxy.cuts == 1
    await journal.commit(_batch(1, size))
    assert await asyncio.to_thread(_recorded, postgres_url) == 2 * size


async def test_a_commit_that_never_arrived_is_done_again(journal: Journal, proxy: Proxy, postgres_url: str) -> None:
    """Once, by the ledger."""
    proxy.cut, batch = BEFORE, _batch(0)
    with pytest.raises(StorageError):
        await journal.commit(batch)
    await journal.commit(batch)
    assert await asyncio.to_thread(_recorded, postgres_url) == 3


@pytest.mark.parametrize("cut", [BEFORE, AFTER])
async def test_while_the_server_is_out_of_reach_nobody_knows_and_nothing_is_done_twice(
    journal: Journal, proxy: Proxy, postgres_url: str, cut: str
) -> None:
    """The same batch again, with more in it."""
    proxy.cut, proxy.away, batch = cut, True, _batch(0)
    for _ in range(3):
        with pytest.raises(StorageError):
            await journal.commit(batch)
    proxy.away = False
    batch.results += _batch(1).results
    for _ in range(100):
        try:
            await journal.commit(batch)
        except StorageError:
            await asyncio.sleep(0.1)  # it is asked again after a pause
        else:
            break
    assert await asyncio.to_thread(_recorded, postgres_url) == 6
