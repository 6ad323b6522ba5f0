"""Slow work off the event loop: questions to the database and long encodings, in two threads of the web room's own.

The loop's default threads are left to name resolution, which a slow question must not hold up.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

import orjson
import structlog

from monitor.domain.cursor import Position
from monitor.errors import RelayWatchError
from monitor.storage.outbox.outbox import Waiting
from monitor.storage.past.selection import Selection
from monitor.web.sources import Past, Span

_T = TypeVar("_T")
_THREADS = 2

log = structlog.get_logger("relaywatch.web")


class EncodedPage(NamedTuple):
    """Some results as JSON, and where those after them begin; None where there are none."""

    body: bytes
    following: Position | None


class Reading:
    """The web room's threads, and what it asks the database."""

    def __init__(self, past: Past) -> None:
        self._past = past
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="web")

    async def run(self, work: Callable[[], _T]) -> _T:
        """What `work` returns, from a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def incidents(self, state: str, limit: int) -> Sequence[Mapping[str, Any]]:
        """Rows of incidents, newest first; raises RelayWatchError."""
        return await self.run(lambda: self._past.incidents(state, limit))

    async def results(self, selection: Selection) -> EncodedPage | None:
        """Single results as JSON; None where the check never was; raises RelayWatchError."""

        def answer() -> EncodedPage | None:
            page = self._past.results(selection)
            return None if page is None else EncodedPage(orjson.dumps(page.rows), page.following)

        return await self.run(answer)

    async def report(self, spans: Sequence[Span], by: str) -> bytes:
        """Figures as JSON; raises UsageError for unknown groups, else RelayWatchError."""
        return await self.run(lambda: orjson.dumps(self._past.report(spans, by)))

    async def silences(self, *, everything: bool) -> Sequence[Mapping[str, Any]]:
        """Rows of silences, oldest first; raises RelayWatchError."""
        return await self.run(lambda: self._past.silences(everything=everything))

    async def catalogue(self, endpoint: str) -> Sequence[Mapping[str, Any]]:
        """The models of an endpoint's list; raises RelayWatchError."""
        return await self.run(lambda: self._past.catalogue(endpoint))

    async def catalogue_changes(self, endpoint: str, limit: int) -> Sequence[Mapping[str, Any]]:
        """Which of them came and went, newest first; raises RelayWatchError."""
        return await self.run(lambda: self._past.catalogue_changes(endpoint, limit))

    async def backlog(self) -> dict[str, Waiting] | None:
        """What waits and what died, by channel; None while the database does not answer."""
        try:
            return dict(await self.run(self._past.backlog))
        except RelayWatchError as error:
            log.warning("outbox_unreadable", error=error.message)
            return None

    def close(self) -> None:
        """End the threads; a question under way is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)
