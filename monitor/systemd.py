"""What the daemon tells systemd: that it is ready, reloading, stopping, alive, or needs more time.

Owns the notification protocol (a datagram of `NAME=value` lines to `$NOTIFY_SOCKET`) and the watchdog loop. Knows
nothing of what progress is: the loop asks for the parts that make none. Without systemd everything here does nothing.

Protocol: https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
"""

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from structlog.typing import FilteringBoundLogger

_US_PER_S = 1_000_000
_LONGEST_STATUS = 200


class Notifier:
    """Tells systemd what the daemon is doing; never raises, and does nothing where no systemd listens.

    Every method returns whether the message was handed over.

    Args:
        environ: the process environment; `NOTIFY_SOCKET` is a path, or `@name` for an abstract socket.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = _address_of(environ.get("NOTIFY_SOCKET", ""))

    def ready(self, status: str) -> bool:
        """The start, or a reload, is complete."""
        return self._tell("READY=1", _status_line(status))

    def status(self, text: str) -> bool:
        """One line for people, shown by `systemctl status`; control characters are taken out."""
        return self._tell(_status_line(text))

    def reloading(self) -> bool:
        """A reload begins; `ready` ends it."""
        return self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self, status: str) -> bool:
        """The daemon has begun to stop."""
        return self._tell("STOPPING=1", _status_line(status))

    def alive(self) -> bool:
        """Put the watchdog off for another period."""
        return self._tell("WATCHDOG=1")

    def extend_timeout(self, seconds: float) -> bool:
        """Start, or stop, needs this many seconds more from now on (a migration, say); repeat before they are over."""
        return self._tell(f"EXTEND_TIMEOUT_USEC={round(seconds * _US_PER_S)}")

    def _tell(self, *lines: str) -> bool:
        if self._address is None:
            return False
        message = "\n".join(lines).encode("utf-8", "replace")
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as channel:
                channel.sendto(message, self._address)
        except OSError:  # a manager that is gone or does not listen must not stop the daemon
            return False
        return True


def watchdog_interval_s(environ: Mapping[str, str]) -> float | None:
    """Seconds between two signs of life: half of what systemd allows; None where it expects none of this process."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    try:
        allowed_us = int(environ.get("WATCHDOG_USEC", ""))
    except ValueError:
        return None
    return allowed_us / 2 / _US_PER_S if allowed_us > 0 else None


async def keep_alive(
    notifier: Notifier,
    interval_s: float,
    stalled: Callable[[], Sequence[str]],
    log: FilteringBoundLogger,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Give a sign of life each `interval_s`, but only while every part makes progress; runs until cancelled.

    Args:
        notifier: where the signs go.
        interval_s: from `watchdog_interval_s`.
        stalled: names the parts that make no progress; empty when all is well.
        log: told `watchdog_withheld` and `watchdog_resumed` when that changes.
        sleep: waits that many seconds.
    """
    told: tuple[str, ...] = ()
    while True:
        parts = tuple(stalled())
        if not parts:
            notifier.alive()
        if parts and parts != told:
            log.error("watchdog_withheld", stalled=list(parts), restart_within_s=2 * interval_s)
        elif told and not parts:
            log.info("watchdog_resumed", stalled=list(told))
        told = parts
        await sleep(interval_s)


def _address_of(name: str) -> str | None:
    if name.startswith("@"):
        return "\0" + name[1:]
    return name if name.startswith("/") else None


def _status_line(text: str) -> str:
    return f"STATUS={' '.join(text.split())}"[:_LONGEST_STATUS]
