"""The channel `console`: a few readable lines on a stream, for terminals and for the journal of systemd.

Owns the look and the writing. A stream that nobody reads (a paused terminal, a full pipe) holds up nothing but this
channel: it is written by a thread of its own.
"""

import asyncio
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TextIO

from monitor.alerting.notification import Notification
from monitor.alerting.plain import harmless, printable
from monitor.delivery.channel import SEND_TIMEOUT_S, Delivered, Permanent, Receipt, Retry

INDENT = "    "


@dataclass(frozen=True, slots=True)
class _Job:
    message_id: str
    text: str
    done: asyncio.Future[str | None]


class ConsoleChannel:
    """Writes to one stream.

    Args:
        stream: where to; standard output if None, as it is at the time of writing.
    """

    def __init__(self, name: str, stream: TextIO | None = None, *, timeout_s: float = SEND_TIMEOUT_S) -> None:
        self.name = name
        self._stream = stream
        self._timeout_s = timeout_s
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._turn = asyncio.Lock()
        self._written: str | None = None
        self._stuck = False

    async def send(self, notification: Notification, thread: str | None = None) -> Receipt:  # noqa: ARG002  no threads here
        """Write once. What was written after all, while the stream seemed stuck, is not written again."""
        try:
            async with asyncio.timeout(self._timeout_s), self._turn:
                if self._written == notification.id:
                    return Delivered("written")
                if self._stuck:
                    return Retry("the stream takes no more text")
                problem = await self._hand_over(notification)
        except TimeoutError:
            return Retry(f"the stream took no text within {self._timeout_s:g} s")
        return Delivered("written") if problem is None else Permanent(problem)

    async def close(self) -> None:
        """Let the thread end; what it is stuck with is left to it."""
        if self._thread is not None:
            self._jobs.put(None)

    async def _hand_over(self, notification: Notification) -> str | None:
        done: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._stuck = True
        self._start().put(_Job(notification.id, rendered(notification), done))
        return await done

    def _start(self) -> "SimpleQueue[_Job | None]":
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=f"console-{self.name}", daemon=True)
            self._thread.start()
        return self._jobs

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            problem = self._write(job.text)
            if problem is None:
                self._written = job.message_id
            self._stuck = False
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                job.done.get_loop().call_soon_threadsafe(_settle, job.done, problem)

    def _write(self, text: str) -> str | None:
        stream = sys.stdout if self._stream is None else self._stream
        encoding = stream.encoding or "utf-8"
        try:
            stream.write(text.encode(encoding, "replace").decode(encoding))
            stream.flush()
        except (OSError, ValueError) as error:
            return f"the stream is closed ({type(error).__name__})"
        return None


def rendered(notification: Notification) -> str:
    """The lines of a notification: event and title first, the rest indented below."""
    title, message = printable(notification.title), harmless(notification.message)
    lines = [f"[{notification.event}] {title}", *(INDENT + printable(line) for line in message.split("\n"))]
    if notification.incident is None and notification.recommended_action:
        lines.append(INDENT + printable(notification.recommended_action))
    return "\n".join(lines) + "\n"


def _settle(done: asyncio.Future[str | None], problem: str | None) -> None:
    if not done.done():
        done.set_result(problem)
