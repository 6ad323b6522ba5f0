"""Long-running parts as named tasks, and what they are asked from outside.

A part that dies takes the daemon down and says which it was.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog

from monitor.errors import InternalError, RelayWatchError

T = TypeVar("T")

log = structlog.get_logger("relaywatch.daemon")


@dataclass(slots=True)
class Wishes:
    """What the outside asks of a running daemon; set by signal handlers and tests."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    reload: asyncio.Event = field(default_factory=asyncio.Event)


async def named(name: str, part: Coroutine[Any, Any, Any], may_end: Callable[[], bool]) -> None:
    """Run one part of the daemon.

    Args:
        name: for the message when it dies.
        part: runs until the daemon stops.
        may_end: True when the part is expected to end.

    Raises:
        InternalError: the part died, or ended on its own.
    """
    try:
        await part
    except RelayWatchError:
        raise
    except Exception as error:
        cause = _innermost(error)
        if isinstance(cause, RelayWatchError):
            raise cause from error
        log.critical("part_died", part=name, exc_info=error)
        raise InternalError(f"the {name} died: {type(cause).__name__}: {cause}") from error
    if not may_end():
        raise InternalError(f"the {name} ended on its own")


def _innermost(error: BaseException) -> BaseException:
    """What happened, where a task group only says that something did."""
    return _innermost(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


async def unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """What `work` returns; None if `stop` came first, and then it was cancelled."""
    doing, stopped = asyncio.create_task(work), asyncio.create_task(stop.wait(), name="wish")
    try:
        await asyncio.wait([doing, stopped], return_when=asyncio.FIRST_COMPLETED)
        return doing.result() if doing.done() else None
    finally:
        stopped.cancel()
        doing.cancel()


async def first_of(stop: asyncio.Event, *others: asyncio.Event) -> bool:
    """Wait until one of them is set; True if `stop` is."""
    waits = [asyncio.create_task(event.wait(), name="wish") for event in (stop, *others)]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return stop.is_set()
