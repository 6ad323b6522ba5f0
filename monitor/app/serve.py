"""One run of the daemon as a process: an event loop, signals, and what is said at the end."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Mapping
from importlib.util import find_spec
from typing import Any

import structlog

from monitor.app.daemon import Daemon
from monitor.app.setup import prepare
from monitor.app.tasks import Wishes
from monitor.app.witness import availability_lines
from monitor.clock import SystemClock
from monitor.config.load import Loaded

log = structlog.get_logger("relaywatch.daemon")

Ready = Callable[[Daemon], None]


async def serve(
    loaded: Loaded,
    environ: Mapping[str, str],
    reload: Callable[[], Loaded],
    ready: Ready | None = None,
    within_s: float | None = None,
) -> list[str]:
    """Run until a signal asks to stop, or for `within_s` seconds.

    Args:
        loaded: the configuration.
        environ: for secrets, systemd and the control socket.
        reload: reads the configuration again, on SIGHUP.
        ready: called once everything is open and before the first probe.
        within_s: stop by itself after this long; None for never.

    Returns:
        One line per check with its availability since the start.

    Raises:
        RelayWatchError: it cannot start, or a part of it died.
    """
    wishes = Wishes()
    _obey_signals(wishes)
    clock = SystemClock()
    setup = prepare(loaded, environ, clock)
    for warning in (*loaded.warnings, *setup.access.warnings):
        log.warning("config_warning", path=warning.path, message=warning.message)
    del loaded  # what is needed of it is in `setup`; the rest is large
    async with Daemon(setup, environ, reload, clock) as daemon:
        if ready is not None:
            ready(daemon)
        if within_s is not None:
            asyncio.get_running_loop().call_later(within_s, wishes.stop.set)
        await daemon.run(wishes)
        return availability_lines(daemon.checks, daemon.tally)


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
