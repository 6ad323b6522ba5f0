"""The notification protocol and the watchdog loop, against real datagram sockets."""

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from structlog import get_logger
from structlog.testing import capture_logs

import monitor
from monitor.systemd import Notifier, keep_alive, watchdog_interval_s

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


class Manager:
    """Plays systemd: a bound datagram socket and what arrived on it."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(address)

    def heard(self) -> list[str]:
        """Every message since the last call."""
        messages = []
        while True:
            try:
                messages.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return messages

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


@pytest.fixture
def path(tmp_path: Path) -> str:
    """The manager's socket."""
    return str(tmp_path / "notify")


@pytest.fixture
def manager(path: str) -> Iterator[Manager]:
    """A manager that listens on `path`."""
    manager = Manager(path)
    yield manager
    manager.close()


@pytest.fixture
def notifier(path: str) -> Notifier:
    """A notifier towards `path`."""
    return Notifier({"NOTIFY_SOCKET": path})


@pytest.mark.parametrize(
    ("tell", "expected"),
    [
        (lambda n: n.ready("watching 3 checks"), "READY=1\nSTATUS=watching 3 checks"),
        (lambda n: n.status("2 of 3 checks up"), "STATUS=2 of 3 checks up"),
        (lambda n: n.stopping("draining"), "STOPPING=1\nSTATUS=draining"),
        (lambda n: n.alive(), "WATCHDOG=1"),
        (lambda n: n.extend_timeout(1.5), "EXTEND_TIMEOUT_USEC=1500000"),
    ],
)
def test_each_message_is_what_systemd_reads(
    manager: Manager, notifier: Notifier, tell: Callable[[Notifier], bool], expected: str
) -> None:
    """Every method sends exactly the documented lines, in one datagram."""
    assert tell(notifier)
    assert manager.heard() == [expected]


def test_a_reload_carries_the_monotonic_time(manager: Manager, notifier: Notifier) -> None:
    """RELOADING=1 comes with the time at which it began, so that systemd can tell it from an older one."""
    before = time.monotonic_ns() // 1000
    notifier.reloading()
    reloading, stamp = manager.heard()[0].split("\n")
    assert reloading == "RELOADING=1"
    assert before <= int(stamp.removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000


def test_an_abstract_socket_is_reached() -> None:
    """A leading @ in NOTIFY_SOCKET means the abstract namespace."""
    name = f"relaywatch-test-{secrets.token_hex(8)}"
    manager = Manager(f"\0{name}")
    assert Notifier({"NOTIFY_SOCKET": f"@{name}"}).alive()
    assert manager.heard() == ["WATCHDOG=1"]
    manager.close()


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1234"}])
def test_without_a_socket_that_can_be_reached_nothing_happens(environ: dict[str, str]) -> None:
    """No systemd, or one that listens where we cannot speak: every message is a quiet no."""
    notifier = Notifier(environ)
    assert not notifier.ready("watching")


def test_a_manager_that_went_away_is_survived(notifier: Notifier) -> None:
    """A socket that nobody has bound does not raise."""
    assert not notifier.alive()


def test_a_manager_that_reads_nothing_is_survived(manager: Manager, notifier: Notifier) -> None:
    """A full queue neither blocks nor raises."""
    heard = 0
    while notifier.alive():
        heard += 1
    assert heard == len(manager.heard())


@pytest.mark.parametrize("text", ["gone\nREADY=1", "a\r\nb", "\x85STOPPING=1", "x" * 5000, "\ud800"])
def test_a_status_stays_one_short_line(manager: Manager, notifier: Notifier, text: str) -> None:
    """Text from elsewhere cannot smuggle in a second assignment, nor be too long, nor fail to encode."""
    assert notifier.status(text)
    (message,) = manager.heard()
    assert len(message.splitlines()) == 1
    assert len(message) <= 200


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "60000000"}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
    ],
)
def test_the_watchdog_interval_is_half_of_what_is_allowed(environ: dict[str, str], expected: float | None) -> None:
    """Half the period, and only if this process is the one that systemd watches."""
    assert watchdog_interval_s(environ) == expected


class Turns:
    """A sleep that ends the loop after as many turns as there are answers."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.slept: list[float] = []

    def stalled(self) -> list[str]:
        """The next answer."""
        return self._answers.pop(0)

    async def sleep(self, seconds: float) -> None:
        """Note the wait; cancel when the answers are used up."""
        self.slept.append(seconds)
        if not self._answers:
            raise asyncio.CancelledError


async def _run(notifier: Notifier, turns: Turns) -> list[dict[str, object]]:
    log: FilteringBoundLogger = get_logger()
    with capture_logs() as events, pytest.raises(asyncio.CancelledError):
        await keep_alive(notifier, 30.0, turns.stalled, log, turns.sleep)
    return [dict(event) for event in events]


async def test_signs_of_life_only_while_all_parts_progress(manager: Manager, notifier: Notifier) -> None:
    """A stalled part withholds the sign, and is told once until something changes."""
    turns = Turns([], ["ledger"], ["ledger"], ["ledger", "delivery"], [], [])
    events = await _run(notifier, turns)
    assert manager.heard() == ["WATCHDOG=1"] * 3
    assert turns.slept == [30.0] * 6
    assert events == [
        {"event": "watchdog_withheld", "log_level": "error", "stalled": ["ledger"], "restart_within_s": 60.0},
        {"event": "watchdog_withheld", "log_level": "error", "stalled": ["ledger", "delivery"], "restart_within_s": 60},
        {"event": "watchdog_resumed", "log_level": "info", "stalled": ["ledger", "delivery"]},
    ]


def test_the_version_is_that_of_the_distribution() -> None:
    """`monitor.__version__` is looked up, and nothing else is invented."""
    assert monitor.__version__[0].isdigit()
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = monitor.nothing
