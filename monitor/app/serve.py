"""One run of the daemon as a process: an event loop, signals, and what is said at the end."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import structlog

from monitor.app.changes import Fallback, Refusal, log_doubts
from monitor.app.daemon import Daemon
from monitor.app.setup import Setup, prepare
from monitor.app.tasks import Wishes
from monitor.app.witness import availability_lines
from monitor.clock import US_PER_S, Clock, SystemClock
from monitor.config.last_good import recall
from monitor.config.load import Loaded
from monitor.errors import RelayWatchError, UsageError

log = structlog.get_logger("relaywatch.daemon")

Ready = Callable[[Daemon], None]


async def serve(
    load: Callable[[], Loaded],
    environ: Mapping[str, str],
    ready: Ready | None = None,
    within_s: float | None = None,
    *,
    last_good: Path | None = None,
) -> list[str]:
    """Run until a signal asks to stop, or for `within_s` seconds.

    Args:
        load: reads the configuration, now and on SIGHUP.
        environ: for secrets, systemd and the control socket.
        ready: called once everything is open and before the first probe.
        within_s: stop by itself after this long; None for never.
        last_good: the configuration file, to start with the copy of what it said last when it is invalid now.

    Returns:
        One line per check with its availability since the start.

    Raises:
        RelayWatchError: it cannot start, or a part of it died.
    """
    wishes = Wishes()
    _obey_signals(wishes)
    clock = SystemClock()
    setup, fallback = _setup(load, environ, clock, last_good)
    log_doubts(setup)
    async with Daemon(setup, environ, load, clock, fallback) as daemon:
        if ready is not None:
            ready(daemon)
        if within_s is not None:
            asyncio.get_running_loop().call_later(within_s, wishes.stop.set)
        await daemon.run(wishes)
        return availability_lines(daemon.checks, daemon.tally)


def _setup(
    load: Callable[[], Loaded], environ: Mapping[str, str], clock: Clock, last_good: Path | None
) -> tuple[Setup, Fallback | None]:
    """The present configuration; or, if it is invalid, the last valid one, and why."""
    try:
        return prepare(load(), environ, clock), None
    except UsageError as error:
        kept = None if last_good is None else recall(last_good, environ)
        if kept is None:
            raise
        try:
            setup = prepare(kept.loaded, environ, clock)
        except RelayWatchError:
            raise error from None
        fallback = Fallback(Refusal.of(error), kept.kept_at_us)
        kept_at = datetime.fromtimestamp(kept.kept_at_us / US_PER_S, UTC).isoformat(timespec="seconds")
        log.critical("runs_on_last_good", error=error.message, kept_at=kept_at, checks=len(setup.checks))
        return setup, fallback


def run_in_loop(main: Coroutine[Any, Any, list[str]]) -> list[str]:
    """Run a coroutine on the fastest event loop that is installed."""
    factory = None
    if find_spec("uvloop") is not None:
        import uvloop  # noqa: PLC0415  optional

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main)


def _obey_signals(wishes: Wishes) -> None:
    loop = asyncio.get_running_loop()

    def stop(number: signal.Signals) -> None:
        if wishes.stop.is_set():  # asked twice: at once, as after a kill; the database stands that
            os._exit(128 + number)
        wishes.stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    loop.add_signal_handler(signal.SIGHUP, wishes.reload.set)
