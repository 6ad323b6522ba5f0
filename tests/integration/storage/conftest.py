"""Batches to write, and a writer on a database of one's choice."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.alerting.batch import Batch
from monitor.clock import Moment
from monitor.domain.health import Health
from monitor.domain.result import FaultDomain, Result, Status, Trigger, Verdict
from monitor.storage.engine import open_for_writing
from monitor.storage.journal import Journal
from monitor.storage.sqlite.database import SqliteDatabase
from monitor.storage.writer import Writer

START = Moment(1_795_200_000_000_000, 0)


class Recorder:
    """A journal for tests without a loop of their own."""

    def __init__(self, path: Path) -> None:
        self._runner = asyncio.Runner()
        self._writer = Writer(open_for_writing(SqliteDatabase(path)))
        self._journal = Journal(self._writer)

    def commit(self, number: int, results: int = 50) -> None:
        """One batch of failures, each for a reason of its own, so that it needs room."""
        at = START.plus_s(number)
        batch = Batch(healths={"gw/chat/m": Health("gw/chat/m", START, consecutive_failures=number)})
        for step in range(results):
            verdict = Verdict(Status.TIMEOUT, FaultDomain.ENDPOINT, f"{number}-{step}-" + "x" * 180)
            batch.results.append(Result("gw/chat/m", at.plus_s(step / 100), at, Trigger.ON_PHASE, verdict))
        self._runner.run(self._journal.commit(batch))

    def close(self) -> None:
        """The writer ends."""
        assert self._runner.run(self._writer.stop())
        self._runner.close()


@pytest.fixture
def recorder_on(request: pytest.FixtureRequest) -> Callable[[Path], Recorder]:
    """Opens a journal; it is closed after the test."""

    def opened(path: Path) -> Recorder:
        recorder = Recorder(path)
        request.addfinalizer(recorder.close)
        return recorder

    return opened
