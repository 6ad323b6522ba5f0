"""The reference: the least that any prober must do, written as plainly as possible.

A heap of due times, one aiohttp session with prebuilt URL and body, a check of the JSON, a little state per check, and
a batch a second into SQLite from a thread. No schedule lag is kept, nothing is classified, nobody is told.
"""

import asyncio
import heapq
import json
import sqlite3
import sys
import time

import aiohttp

BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "ping"}], "max_tokens": 16}).encode()
HEADERS = {"Content-Type": "application/json", "Authorization": "Bearer sk-benchmark-benchmark"}


class Skeleton:
    """`count` checks at `interval_s` against one URL, over kept connections.

    Args:
        path: of the database; its table `results` has `at_us`.
    """

    def __init__(self, url: str, count: int, interval_s: float, path: str) -> None:
        self._url = url
        self._count = count
        self._interval_s = interval_s
        self._path = path
        self._rows: list[tuple[int, int, int, int]] = []
        self._failures = [0] * count
        self._up = [False] * count
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Probe until the process is ended."""
        database = sqlite3.connect(self._path, check_same_thread=False)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute(
            "CREATE TABLE results (check_id INTEGER, at_us INTEGER, status INTEGER, latency_us INTEGER,"
            " PRIMARY KEY (check_id, at_us)) WITHOUT ROWID"
        )
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=3600)
        async with (
            aiohttp.ClientSession(
                connector=connector, headers=HEADERS, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
            ) as session,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(self._write(database))
            group.create_task(self._schedule(session))

    async def _schedule(self, session: aiohttp.ClientSession) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        heap = [(start + self._interval_s * number / self._count, number) for number in range(self._count)]
        heapq.heapify(heap)
        while True:
            due, number = heap[0]
            await asyncio.sleep(max(0.0, due - loop.time()))
            heapq.heapreplace(heap, (due + self._interval_s, number))
            task = asyncio.create_task(self._probe(session, number))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _probe(self, session: aiohttp.ClientSession, number: int) -> None:
        started_us, began = time.time_ns() // 1000, time.perf_counter()  # noqa: TID251  a program of its own
        try:
            async with session.post(self._url, data=BODY, timeout=aiohttp.ClientTimeout(total=10)) as response:
                answer = json.loads(await response.read())
                good = response.status == 200 and bool(answer["choices"][0]["message"]["content"])
        except (aiohttp.ClientError, TimeoutError, ValueError, LookupError):
            good = False
        self._failures[number] = 0 if good else self._failures[number] + 1
        self._up[number] = self._failures[number] < 3
        self._rows.append((number, started_us, int(good), round((time.perf_counter() - began) * 1e6)))

    async def _write(self, database: sqlite3.Connection) -> None:
        while True:
            await asyncio.sleep(1)
            rows, self._rows = self._rows, []
            await asyncio.to_thread(_insert, database, rows)


def _insert(database: sqlite3.Connection, rows: list[tuple[int, int, int, int]]) -> None:
    with database:
        database.executemany("INSERT OR IGNORE INTO results VALUES (?, ?, ?, ?)", rows)


def _main(url: str, count: str, interval_s: str, path: str, loop: str) -> None:
    factory = None
    if loop == "uvloop":
        import uvloop  # noqa: PLC0415  optional

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(Skeleton(url, int(count), float(interval_s), path).run())


if __name__ == "__main__":
    _main(*sys.argv[1:])
