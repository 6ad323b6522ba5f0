"""The one writer thread: in order, whole or not at all, and refusals in words."""

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection

from monitor.errors import StorageError

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World


def _put(key: str) -> str:
    return f"INSERT INTO meta VALUES ('{key}', 'x')"  # noqa: S608  keys of these tests


async def test_work_runs_in_the_order_it_was_handed_over(world: "World") -> None:
    """Also when nobody waits in between."""
    seen: list[int] = []

    def append(number: int) -> Callable[[Connection], None]:
        return lambda _: seen.append(number)

    await asyncio.gather(*(world.writer.run(append(number)) for number in range(50)))
    assert seen == list(range(50))


async def test_all_work_runs_in_one_thread_that_is_not_the_loop(world: "World") -> None:
    """A slow disk never stops the loop."""
    threads = {await world.writer.run(lambda _: threading.current_thread()) for _ in range(3)}
    assert len(threads) == 1
    assert threads != {threading.current_thread()}


async def test_what_was_answered_is_committed(world: "World") -> None:
    """A reader sees it at once."""
    await world.writer.run(lambda connection: connection.exec_driver_sql(_put("a")))
    assert world.rows("SELECT value FROM meta WHERE key = 'a'") == [("x",)]


async def test_what_failed_left_nothing_and_the_next_goes_on(world: "World") -> None:
    """One transaction each."""

    def work(connection: Connection) -> None:
        connection.exec_driver_sql(_put("a"))
        connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")

    with pytest.raises(StorageError, match=r'no such table: nowhere|"nowhere" does not exist'):
        await world.writer.run(work)
    await world.writer.run(lambda connection: connection.exec_driver_sql(_put("b")))
    assert world.rows("SELECT key FROM meta WHERE value = 'x'") == [("b",)]


async def test_an_error_that_is_not_the_database_s_stays_what_it_is(world: "World") -> None:
    """A mistake of ours must not look like a disk's."""
    settled: list[bool] = []
    with pytest.raises(ZeroDivisionError):
        await world.writer.run(lambda _: 1 // 0, settled.append)
    assert settled == [False]


async def test_work_goes_on_when_its_caller_is_cancelled(world: "World") -> None:
    """Handed over is handed over; whoever asked again is not confused by the late answer."""
    gate = threading.Event()
    settled: list[bool] = []

    def work(connection: Connection) -> None:
        gate.wait(5)
        connection.exec_driver_sql(_put("a"))

    task = asyncio.create_task(world.writer.run(work, settled.append))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gate.set()
    await world.writer.run(lambda _: None)
    assert settled == [True]
    assert world.value("SELECT count(*) FROM meta WHERE key = 'a'") == 1


async def test_a_stopped_writer_refuses(world: "World") -> None:
    """Nothing waits for an answer that never comes."""
    assert await world.writer.stop()
    with pytest.raises(StorageError, match="is closed"):
        await world.writer.run(lambda _: None)


async def test_stopping_finishes_what_was_handed_over(world: "World") -> None:
    """The last batch of a run is written."""
    last = asyncio.create_task(world.writer.run(lambda connection: connection.exec_driver_sql(_put("last"))))
    await asyncio.sleep(0)
    assert await world.writer.stop()
    await last
    assert world.value("SELECT count(*) FROM meta WHERE key = 'last'") == 1


async def test_stopping_is_bounded(world: "World") -> None:
    """A disk that hangs does not keep the process."""
    gate = threading.Event()
    hanging = asyncio.create_task(world.writer.run(lambda _: gate.wait(5)))
    await asyncio.sleep(0)
    assert not await world.writer.stop(timeout_s=0.01)
    gate.set()
    await hanging
