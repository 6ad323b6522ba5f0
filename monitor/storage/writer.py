"""The one writer thread: everything that changes the database runs here, in order, each in a transaction of its own.

Owns the thread and the translation of what the database refuses into `StorageError`; the connection is `link`'s. Does
not know what is written.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Engine

from monitor.errors import StorageError
from monitor.storage.faults import DatabaseFault, storage_error
from monitor.storage.fence import Fence
from monitor.storage.link import Link

T = TypeVar("T")


class _Job(NamedTuple):
    work: Callable[[Connection], Any]
    settled: Callable[[bool], None] | None
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


class Writer:
    """Runs callables on the one writing connection.

    Args:
        engine: of `engine.open_for_writing`; the thread opens its connection when the first work arrives.
        fence: proves before each commit that this daemon may write; None where nobody else can.
        held: told, in the writer thread, for how many seconds each piece of work has held the connection.
    """

    _fence: Fence | None = None

    def __init__(
        self, engine: Engine, fence: Fence | None = None, held: Callable[[float], object] = lambda _s: None
    ) -> None:
        self.dialect = engine.dialect
        self._fence = fence
        self._held = held
        self._link = Link(engine, fence)
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._stopped = False
        # A daemon thread: a disk that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._work, name="storage-writer", daemon=True)
        self._thread.start()

    async def run(self, work: Callable[[Connection], T], settled: Callable[[bool], None] | None = None) -> T:
        """What `work` returns, after its transaction was committed.

        Work that was handed over runs even if the caller is cancelled meanwhile.

        Args:
            work: is given the connection inside a transaction.
            settled: told, in the writer thread, whether the transaction was committed; for caches of that thread.

        Raises:
            StorageError: the database refused; nothing of this work was written. Where the answer to its commit was
                lost and the database is away, it may have been: `settled` is told before the next work runs.
            LeadershipError: another daemon has taken the database over.
        """
        if self._stopped:
            raise StorageError("the database is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.put(_Job(work, settled, loop, future))
        return await future

    async def assure(self) -> None:
        """Prove that this daemon is still the one that may act for the database; asks it only where that is not sure.

        Raises:
            LeadershipError: another has taken over.
            StorageError: the database cannot be asked.
        """
        if self._fence is not None and not self._fence.is_sure():
            await self.run(self._fence.verify)

    async def stop(self, timeout_s: float = 5.0) -> bool:
        """Ends the thread after the work handed over so far and closes the connection.

        Returns:
            False if the work did not end within `timeout_s`; the thread is then left to die with the process.
        """
        if not self._stopped:
            self._stopped = True
            self._jobs.put(None)
        await asyncio.to_thread(self._thread.join, timeout_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            outcome, fault, began_s = None, None, time.monotonic()
            try:
                outcome = self._link.transact(job.work, job.settled or _nobody)
            except BaseException as error:  # noqa: BLE001  whatever it is belongs to who asked
                fault = _for_people(error)
            self._held(time.monotonic() - began_s)
            _answer(job, outcome, fault)
        self._link.close()


def _nobody(committed: bool) -> None:  # noqa: FBT001  a callback
    """Nobody wants to know."""
    del committed


def _for_people(error: BaseException) -> BaseException:
    if not isinstance(error, DatabaseFault):
        return error
    refusal = storage_error(error)
    refusal.__cause__ = error
    return refusal


def _answer(job: _Job, outcome: object, fault: BaseException | None) -> None:
    def settle() -> None:
        if job.future.cancelled():
            return
        if fault is None:
            job.future.set_result(outcome)
        else:
            job.future.set_exception(fault)

    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        job.loop.call_soon_threadsafe(settle)
