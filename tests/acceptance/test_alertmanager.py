"""The installed daemon and a real Alertmanager: what fires, what is resolved, what two daemons say together."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from monitor.simulator.faults import Fault, FaultKind

if TYPE_CHECKING:
    from monitor.simulator.sinks import WebhookSink
    from tests.acceptance.conftest import World

pytestmark = pytest.mark.needs("prometheus-alertmanager")
BROKEN, FINE = "openai/gpt-4.1", "anthropic/claude-sonnet-4"
CHECK = f"gw/chat/{BROKEN}"
DOWN = Fault(kind=FaultKind.STATUS, status=503)
AGAIN_S = 0.1


class Alertmanager:
    """A running Alertmanager that tells one webhook at once.

    Args:
        folder: for its configuration and data.
        sink: who is told.
    """

    def __init__(self, folder: Path, sink: "WebhookSink") -> None:
        self._folder = folder
        self._sink = sink
        self._process: asyncio.subprocess.Process | None = None
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    async def start(self) -> None:
        """With an empty memory."""
        config = {
            "route": {
                "receiver": "hook", "group_by": ["service"], "group_wait": "0s", "group_interval": "1s",
                "repeat_interval": "1h",
            },
            "receivers": [{"name": "hook", "webhook_configs": [{"url": self._sink.url, "send_resolved": True}]}],
        }  # fmt: skip
        self._folder.mkdir(exist_ok=True)
        path = self._folder / "alertmanager.yml"
        path.write_text(json.dumps(config))  # which is YAML too
        log = (self._folder / "log").open("ab")
        with log:
            self._process = await asyncio.create_subprocess_exec(
                "prometheus-alertmanager",
                f"--config.file={path}",
                f"--storage.path={self._folder / 'data'}",
                f"--web.listen-address={self.url.removeprefix('http://')}",
                "--cluster.listen-address=",
                stdout=log,
                stderr=log,
            )
        await self.until(lambda alerts: alerts == [], 20)

    async def kill(self) -> None:
        """As a crash would: nothing is written down."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def alerts(self) -> list[dict[str, Any]] | None:
        """What is firing; None while it does not answer."""
        timeout = aiohttp.ClientTimeout(total=5)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as client,
                client.get(f"{self.url}/api/v2/alerts?active=true") as answer,
            ):
                found: list[dict[str, Any]] = await answer.json()
                return found
        except aiohttp.ClientError:
            return None

    async def until(self, condition: Callable[[list[dict[str, Any]]], bool], within_s: float) -> list[dict[str, Any]]:
        """What is firing, once that meets the condition."""
        seen: list[dict[str, Any]] | None = None
        try:
            async with asyncio.timeout(within_s):
                while True:
                    seen = await self.alerts()
                    if seen is not None and condition(seen):
                        return seen
                    await asyncio.sleep(AGAIN_S)  # what another process does wakes nobody here
        except TimeoutError:
            log = (self._folder / "log").read_text()[-2000:]
            pytest.fail(f"within {within_s} s, at last {seen}; its log:\n{log}")


@asynccontextmanager
async def _running(folder: Path, sink: "WebhookSink") -> AsyncIterator[Alertmanager]:
    made = Alertmanager(folder, sink)
    try:
        await made.start()
        yield made
    finally:
        await made.kill()


def _channel(*members: Alertmanager | str, more: str = "") -> str:
    urls = [member if isinstance(member, str) else member.url for member in members]
    return f'[[channels]]\nname = "alerts"\ntype = "alertmanager"\nurls = {json.dumps(urls)}\n{more}\n'


def _told(sink: "WebhookSink") -> list[tuple[str, str]]:
    """Status and check of every alert that Alertmanager told of, in order."""
    return [
        (alert["status"], alert["labels"].get("check", ""))
        for received in sink.received
        for alert in received.body["alerts"]
    ]


async def test_an_outage_fires_and_is_resolved(world: "World", tmp_path: Path) -> None:
    """With labels to route by and annotations to read; a member that is dead changes nothing."""
    gateway, sink = await world.gateway(BROKEN, FINE), await world.hook()
    alertmanager = await world.enter(_running(tmp_path / "am", sink))
    gateway.set_fault(BROKEN, DOWN)
    daemon = world.deployment()
    daemon.configure(daemon.endpoint(gateway, BROKEN, FINE), _channel(alertmanager, "http://127.0.0.1:9"))
    await daemon.start()
    (alert,) = await alertmanager.until(bool, 15)
    assert (
        alert["labels"].items()
        >= {
            "alertname": "RelayWatchOutage",
            "service": "gw",
            "severity": "critical",
            "key": CHECK,
            "model": BROKEN,
        }.items()
    )
    assert "503" in alert["annotations"]["description"]
    assert alert["annotations"]["recommended_action"]
    await daemon.until(lambda: _told(sink) == [("firing", CHECK)], 10, "firing")
    sent = daemon.events("notification_sent", about="opened")[0]
    assert sent["answer"].startswith("taken by 1 of 2; 127.0.0.1:9: cannot connect")
    gateway.set_fault(BROKEN, None)
    await daemon.until(lambda: _told(sink) == [("firing", CHECK), ("resolved", CHECK)], 15, "resolved")
    assert await alertmanager.alerts() == []
    assert await daemon.stop() == 0


async def test_two_daemons_tell_once(world: "World", tmp_path: Path) -> None:
    """The same configuration twice: one alert, one message, one resolution."""
    gateway, sink = await world.gateway(BROKEN, FINE), await world.hook()
    alertmanager = await world.enter(_running(tmp_path / "am", sink))
    daemons = [world.deployment() for _ in range(2)]
    for daemon in daemons:
        daemon.configure(daemon.endpoint(gateway, BROKEN, FINE), _channel(alertmanager))
        await daemon.start()
    gateway.set_fault(BROKEN, DOWN)
    for daemon in daemons:
        await daemon.wait_for("notification_sent", 15, about="opened")
    assert len(await alertmanager.until(bool, 5)) == 1
    gateway.set_fault(BROKEN, None)
    for daemon in daemons:
        await daemon.wait_for("notification_sent", 15, about="resolved")
    await daemons[0].until(lambda: ("resolved", CHECK) in _told(sink), 10, "resolved")
    statuses = [status for status, _ in _told(sink)]
    assert statuses == ["firing", "resolved"]
    for daemon in daemons:
        assert await daemon.stop() == 0


async def test_a_restarted_alertmanager_learns_of_it_again(world: "World", tmp_path: Path) -> None:
    """What lasts is posted once more, here by a daemon that starts anew, with the same labels; then it is resolved."""
    gateway, sink = await world.gateway(BROKEN, FINE), await world.hook()
    alertmanager = await world.enter(_running(tmp_path / "am", sink))
    gateway.set_fault(BROKEN, DOWN)
    daemon = world.deployment()
    daemon.configure(daemon.endpoint(gateway, BROKEN, FINE), _channel(alertmanager))
    await daemon.start()
    (before,) = await alertmanager.until(bool, 15)
    await alertmanager.kill()
    assert await daemon.stop() == 0
    await alertmanager.start()
    await daemon.start()
    (after,) = await alertmanager.until(bool, 10)
    assert after["labels"] == before["labels"]
    assert after["startsAt"] == before["startsAt"]
    assert after["endsAt"] > before["endsAt"]
    gateway.set_fault(BROKEN, None)
    await alertmanager.until(lambda alerts: alerts == [], 15)
    assert await daemon.stop() == 0


async def test_an_alertmanager_that_was_down_is_told_the_end_too(world: "World", tmp_path: Path) -> None:
    """Firing was told, then it died; the resolution waits for it."""
    gateway, sink = await world.gateway(BROKEN, FINE), await world.hook()
    alertmanager = await world.enter(_running(tmp_path / "am", sink))
    gateway.set_fault(BROKEN, DOWN)
    daemon = world.deployment()
    daemon.configure(daemon.endpoint(gateway, BROKEN, FINE), _channel(alertmanager))
    await daemon.start()
    await alertmanager.until(bool, 15)
    await alertmanager.kill()
    gateway.set_fault(BROKEN, None)
    await daemon.wait_for("notification_retry", 15, about="resolved")
    await alertmanager.start()
    await daemon.wait_for("notification_sent", 20, about="resolved")
    assert await alertmanager.alerts() == []
    assert await daemon.stop() == 0


async def test_a_notice_and_a_test_are_taken(world: "World", tmp_path: Path) -> None:
    """`notify test` says what the real one answered."""
    gateway, sink = await world.gateway(FINE), await world.hook()
    alertmanager = await world.enter(_running(tmp_path / "am", sink))
    daemon = world.deployment()
    daemon.configure(daemon.endpoint(gateway, FINE), _channel(alertmanager))
    ended = await daemon.command("notify", "test")
    assert ended.code == 0, ended.stderr
    (alert,) = await alertmanager.until(bool, 5)
    assert alert["labels"]["alertname"] == "RelayWatchTest"
